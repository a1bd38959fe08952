-- The limit of one channel: a number holds for each, a MAP or STRUCT names them.
--
-- @scalar
-- @param option_name: VARCHAR  minimum or maximum, for the error
-- @param bound: ANY            the limit
-- @param channel_name: VARCHAR the channel
-- @param names: VARCHAR[]      all channels
-- @returns DOUBLE the money, NULL for no limit
-- @example __launch_bound('minimum', {'tv': 100}, 'tv', ['search', 'tv'])
CASE
    WHEN bound IS NULL THEN NULL
    WHEN json_type(to_json(bound)) <> 'OBJECT' THEN coalesce(__launch_amount(bound::VARCHAR), error(
        option_name || ' must be a number for every channel, or a MAP or STRUCT of channel and money, got ' || bound::VARCHAR
    ))
    WHEN len([k_ FOR k_ IN json_keys(to_json(bound)) IF NOT list_contains(names, k_)]) > 0 THEN error(
        option_name || ' names ''' || [k_ FOR k_ IN json_keys(to_json(bound)) IF NOT list_contains(names, k_)][1]
        || ''', which is no channel; the channels are: ' || array_to_string(names, ', ')
    )
    WHEN NOT list_contains(json_keys(to_json(bound)), channel_name) THEN NULL
    ELSE coalesce(
        __launch_amount(json_extract_string(to_json(bound), '$."' || channel_name || '"')),
        error(option_name || ' of ' || channel_name || ' is no number')
    )
END
