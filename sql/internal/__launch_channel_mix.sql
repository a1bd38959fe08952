-- Channels from an audience alone: money in proportion to the buyers that are expected among the users of each channel. No rows without
-- a table.
--
-- @param audience: VARCHAR     a table as launch_audience returns it
-- @param budget: DOUBLE        money for all together, or NULL
-- @param minimum: ANY = NULL   least money: a number for each channel, or a MAP or STRUCT by channel
-- @param maximum: ANY = NULL   most money, in the same way
-- @param level: DOUBLE = 0.8   probability of the intervals
-- @param channel: VARCHAR = 'channel'          the column of channels
-- @param probability: VARCHAR = 'probability'  the column of the probability to buy
-- @param is_control: VARCHAR = 'is_control'    the column of users who are not told, if there is one; they do not count
-- @returns channel: VARCHAR           the channel; NULL for users of whom none is known
-- @returns spend: DOUBLE              its money; NULL without a budget
-- @returns share: DOUBLE              its share; NULL where no channel is known
-- @returns expected_outcome: DOUBLE   buyers expected among its users: of each candidate, so that a user may count twice
-- @returns outcome_lower: DOUBLE      lower end of its interval
-- @returns outcome_upper: DOUBLE      upper end
-- @returns marginal_return: DOUBLE    NULL
-- @returns saturation: DOUBLE         NULL
-- @returns adstock: DOUBLE            NULL
-- @returns bound: VARCHAR             none, minimum or maximum
-- @returns identified: BOOLEAN        false: a probability to buy is not what telling changes
-- @returns status: VARCHAR            ok or refused
-- @returns reason: VARCHAR            what it rests on
-- @example FROM __launch_channel_mix('audience', 100)
WITH raw_ AS MATERIALIZED (
    SELECT
        COLUMNS(lambda c: __launch_column(c, channel, coalesce(audience, 'audience')))::VARCHAR AS channel_,
        COLUMNS(lambda c: __launch_column(c, probability, coalesce(audience, 'audience'))) AS chance_,
        COLUMNS(lambda c: __launch_column(c, coalesce(is_control, '__launch_none'), coalesce(audience, 'audience'))) AS aside_
    FROM query(__launch_from(audience, [channel, probability], ['none', 'is_control']))
),
read_ AS (
    SELECT
        nullif(trim(channel_), '') AS channel_, coalesce(TRY_CAST(aside_ AS BOOLEAN), false) AS aside_,
        CASE WHEN __launch_amount(chance_) BETWEEN 0 AND 1 THEN __launch_amount(chance_)::DOUBLE END AS chance_
    FROM raw_
),
left_out_ AS MATERIALIZED (
    SELECT nullif(concat_ws('; ',
        CASE WHEN count(*) FILTER (aside_) > 0 THEN format('{} users are set aside and not told', count(*) FILTER (aside_)) END,
        CASE WHEN count(*) FILTER (NOT aside_ AND chance_ IS NULL) > 0 THEN format(
            '{} rows of the audience have no probability from 0 to 1 and are left out', count(*) FILTER (NOT aside_ AND chance_ IS NULL)) END
    ), '') AS note_
    FROM read_
),
channels_ AS MATERIALIZED (
    SELECT
        channel_, count(told_) AS users_, __launch_sum(told_) AS buyers_, sqrt(__launch_sum(told_ * (1 - told_))) AS deviation_,
        bool_and(aside_) AS all_aside_,
        row_number() OVER (ORDER BY channel_ NULLS LAST) AS place_
    FROM (SELECT *, CASE WHEN NOT aside_ THEN chance_ END AS told_ FROM read_)
    GROUP BY channel_
),
split_ AS (
    SELECT unnest(__launch_proportion(list_, budget)) AS part_
    FROM (
        SELECT list({
            'channel': channel_, 'weight': buyers_, 'minimum': __launch_bound('minimum', minimum, channel_, names_),
            'maximum': __launch_bound('maximum', maximum, channel_, names_)
        } ORDER BY place_) AS list_
        FROM channels_, (SELECT list(channel_ ORDER BY channel_) AS names_ FROM channels_ WHERE channel_ IS NOT NULL)
        WHERE channel_ IS NOT NULL AND users_ > 0
    )
),
width_ AS (SELECT __launch_normal_width(__launch_level(level)) AS width_)
SELECT
    channel_ AS channel,
    part_['spend'] AS spend,
    part_['share'] AS share,
    buyers_ AS expected_outcome,
    greatest(buyers_ - width_ * deviation_, 0) AS outcome_lower,
    least(buyers_ + width_ * deviation_, users_) AS outcome_upper,
    NULL::DOUBLE AS marginal_return,
    NULL::DOUBLE AS saturation,
    NULL::DOUBLE AS adstock,
    coalesce(part_['bound'], 'none') AS bound,
    false AS identified,
    CASE WHEN users_ > 0 THEN 'ok' ELSE 'refused' END AS status,
    CASE WHEN all_aside_ THEN 'all its users are set aside' WHEN users_ = 0 THEN 'no user has a probability from 0 to 1'
    ELSE concat_ws('; ',
        format('{} users, each counted for each candidate, of whom {:.1f} are expected to buy', users_, buyers_),
        CASE WHEN channel_ IS NULL THEN 'no channel of theirs is known: no share' ELSE 'money in proportion to expected buyers' END,
        note_,
        'a probability to buy is not what telling changes: compare with the users set aside'
    ) END AS reason
FROM channels_ CROSS JOIN width_ CROSS JOIN left_out_ LEFT JOIN split_ ON place_ = part_['place']
ORDER BY 1
