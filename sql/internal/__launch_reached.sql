-- An audience counted by product and channel: a report needs no row for each user.
--
-- @param audience: VARCHAR    the table, as launch_audience returns it, or NULL
-- @param product_id: VARCHAR  its column of products
-- @returns product_id: same as input  the product
-- @returns channel: VARCHAR   the channel; NULL without one
-- @returns users: BIGINT      users listed; NULL for a candidate that is refused
-- @returns control: BIGINT    those of them that are set aside
-- @returns buyers: DOUBLE     sum of their probabilities
-- @returns units: DOUBLE      sum of their expected units
-- @returns reason: VARCHAR    why the candidate is refused
-- @example FROM __launch_reached('audience', 'product_id')
SELECT
    key_ AS product_id,
    channel_ AS channel,
    CASE WHEN fine_ THEN count(*) END AS users,
    CASE WHEN fine_ THEN count(*) FILTER (coalesce(lower(control_::VARCHAR) IN ('true', '1'), false)) END AS control,
    CASE WHEN fine_ THEN __launch_sum(probability_) END AS buyers,
    CASE WHEN fine_ THEN __launch_sum(expected_) END AS units,
    CASE WHEN NOT fine_ THEN coalesce(min(reason_), 'refused') END AS reason
FROM (
    SELECT
        * REPLACE (
            __launch_amount(probability_) AS probability_, __launch_amount(expected_) AS expected_,
            nullif(trim(channel_::VARCHAR), '') AS channel_, reason_::VARCHAR AS reason_
        ),
        typeof(status_) = '"NULL"' OR coalesce(lower(trim(status_::VARCHAR)) = 'ok', false) AS fine_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, coalesce(audience, 'audience'))) AS key_,
            COLUMNS(lambda c: __launch_column(c, 'probability', coalesce(audience, 'audience'))) AS probability_,
            COLUMNS(lambda c: __launch_column(c, 'expected_units', coalesce(audience, 'audience'))) AS expected_,
            COLUMNS(lambda c: __launch_column(c, 'channel', coalesce(audience, 'audience'))) AS channel_,
            COLUMNS(lambda c: __launch_column(c, 'is_control', coalesce(audience, 'audience'))) AS control_,
            COLUMNS(lambda c: __launch_column(c, 'status', coalesce(audience, 'audience'))) AS status_,
            COLUMNS(lambda c: __launch_column(c, 'reason', coalesce(audience, 'audience'))) AS reason_
        FROM query(__launch_from(
            audience, [product_id, 'probability'], ['expected_units', 'channel', 'is_control', 'status', 'reason']
        ))
    )
)
GROUP BY key_, channel_, fine_
