-- Channels from clicks and conversions alone, where there is no history of spend: rates drawn together, money in proportion to
-- conversions, or to the probability of bringing most for its money where the cost of a click is known. No rows without a table.
--
-- @param campaigns: VARCHAR    channel, and clicks and conversions (or trials and successes); cost of a click, if it is known
-- @param budget: DOUBLE        money for all together, or NULL
-- @param minimum: ANY = NULL   least money: a number for each channel, or a MAP or STRUCT by channel
-- @param maximum: ANY = NULL   most money, in the same way
-- @param level: DOUBLE = 0.8   probability of the intervals
-- @param channel: VARCHAR = 'channel'          the column of channels
-- @param clicks: VARCHAR = 'clicks'            the column of clicks, or any other trials; trials, if there is none of that name
-- @param conversions: VARCHAR = 'conversions'  the column of conversions; successes, if there is none of that name
-- @param cost: VARCHAR = 'cost'                the column of what a click costs, if there is one
-- @returns channel: VARCHAR           the channel
-- @returns spend: DOUBLE              its money; NULL without a budget
-- @returns share: DOUBLE              its share
-- @returns expected_outcome: DOUBLE   conversions of that money; without a budget, or where the cost of a click is not known, of as many clicks as before
-- @returns outcome_lower: DOUBLE      lower end of its interval
-- @returns outcome_upper: DOUBLE      upper end
-- @returns marginal_return: DOUBLE    conversions of one more unit of money; NULL where the cost is not known
-- @returns saturation: DOUBLE         NULL
-- @returns adstock: DOUBLE            NULL
-- @returns bound: VARCHAR             none, minimum or maximum
-- @returns identified: BOOLEAN        false: who converts after a click may have bought without it
-- @returns status: VARCHAR            ok or refused
-- @returns reason: VARCHAR            what it rests on
-- @example FROM __launch_channel_rates('(FROM (VALUES (''mail'', 900, 40), (''search'', 300, 5)) t(channel, clicks, conversions))', 100)
WITH raw_ AS MATERIALIZED (
    SELECT
        COLUMNS(lambda c: __launch_column(c, channel, coalesce(campaigns, 'campaigns')))::VARCHAR AS channel_,
        COLUMNS(lambda c: __launch_column(c, clicks, coalesce(campaigns, 'campaigns'))) AS clicks_,
        COLUMNS(lambda c: __launch_column(c, conversions, coalesce(campaigns, 'campaigns'))) AS conversions_,
        COLUMNS(lambda c: __launch_column(c, 'trials', coalesce(campaigns, 'campaigns'))) AS trials_,
        COLUMNS(lambda c: __launch_column(c, 'successes', coalesce(campaigns, 'campaigns'))) AS successes_,
        COLUMNS(lambda c: __launch_column(c, coalesce(cost, '__launch_none'), coalesce(campaigns, 'campaigns'))) AS cost_
    FROM query(__launch_from(
        campaigns, [channel], ['none', 'clicks', 'conversions', 'trials', 'successes', 'cost', clicks, conversions]
    ))
),
kind_ AS MATERIALIZED (
    SELECT
        CASE WHEN clicked_ THEN true WHEN tried_ THEN false ELSE error(
            'campaigns have neither clicks nor trials: name the column, clicks := ''visits''') END AS clicked_,
        CASE WHEN converted_ THEN true WHEN succeeded_ THEN false ELSE error(
            'campaigns have neither conversions nor successes: name the column, conversions := ''orders''') END AS converted_,
        costed_
    FROM (
        SELECT
            typeof(any_value(clicks_)) <> '"NULL"' AS clicked_, typeof(any_value(trials_)) <> '"NULL"' AS tried_,
            typeof(any_value(conversions_)) <> '"NULL"' AS converted_, typeof(any_value(successes_)) <> '"NULL"' AS succeeded_,
            typeof(any_value(cost_)) <> '"NULL"' AS costed_
        FROM raw_
        WHERE campaigns IS NOT NULL
        HAVING campaigns IS NOT NULL
    )
),
channels_ AS MATERIALIZED (
    SELECT
        channel_, __launch_exact_sum(tried_) AS trials_, __launch_exact_sum(gained_) AS successes_,
        coalesce(__launch_exact_sum(paid_ * tried_) / nullif(__launch_exact_sum(tried_), 0), max(paid_)) AS cost_,
        CASE
            WHEN channel_ IS NULL THEN format('{} rows of campaigns have no channel', count(*))
            WHEN count(*) FILTER (tried_ IS NULL) > 0 THEN format(
                'clicks are no number: {}', coalesce(min(CASE WHEN tried_ IS NULL THEN raw_tried_ END), 'NULL'))
            WHEN count(*) FILTER (gained_ IS NULL) > 0 THEN format(
                'conversions are no number: {}', coalesce(min(CASE WHEN gained_ IS NULL THEN raw_gained_ END), 'NULL'))
            WHEN min(tried_) < 0 OR min(gained_) < 0 THEN 'clicks and conversions must not be negative'
            WHEN __launch_exact_sum(gained_) > __launch_exact_sum(tried_) THEN format(
                '{} conversions of {} clicks: there cannot be more conversions than clicks',
                __launch_id_text(__launch_exact_sum(gained_)), __launch_id_text(__launch_exact_sum(tried_)))
            WHEN any_value(costed_) AND NOT coalesce(bool_and(paid_ > 0), false) THEN 'the cost of a click is missing or not above 0'
        END AS why_
    FROM (
        SELECT
            channel_, costed_,
            __launch_valid_units(CASE WHEN clicked_ THEN clicks_::VARCHAR ELSE trials_::VARCHAR END) AS tried_,
            CASE WHEN clicked_ THEN clicks_::VARCHAR ELSE trials_::VARCHAR END AS raw_tried_,
            __launch_valid_units(CASE WHEN converted_ THEN conversions_::VARCHAR ELSE successes_::VARCHAR END) AS gained_,
            CASE WHEN converted_ THEN conversions_::VARCHAR ELSE successes_::VARCHAR END AS raw_gained_,
            __launch_valid_units(cost_) AS paid_
        FROM raw_, kind_
    )
    GROUP BY channel_
),
asked_ AS MATERIALIZED (
    SELECT *, row_number() OVER (ORDER BY channel_) AS place_, (SELECT list(channel_ ORDER BY channel_) FROM channels_) AS names_
    FROM channels_ WHERE why_ IS NULL
),
rates_ AS MATERIALIZED (
    SELECT *, CASE WHEN row_['probability_best'] IS NULL THEN row_['rate'] * trials_ ELSE row_['probability_best'] END AS weight_
    FROM (
        SELECT unnest(__launch_rates(list_, level := level)) AS row_
        FROM (SELECT list({'trials': trials_, 'successes': successes_, 'cost': cost_} ORDER BY place_) AS list_ FROM asked_)
    ) JOIN asked_ ON place_ = row_['place']
),
split_ AS (
    SELECT unnest(__launch_proportion(list_, budget)) AS part_
    FROM (
        SELECT list({
            'channel': channel_, 'weight': weight_, 'minimum': __launch_bound('minimum', minimum, channel_, names_),
            'maximum': __launch_bound('maximum', maximum, channel_, names_)
        } ORDER BY place_) AS list_
        FROM rates_
    )
),
-- Clicks that the money buys, or as many as before.
bought_ AS (
    SELECT
        *, CASE WHEN cost_ IS NULL OR budget IS NULL THEN trials_ ELSE part_['spend'] / cost_ END AS clicks_
    FROM rates_ JOIN split_ ON place_ = part_['place']
)
SELECT
    channel_ AS channel,
    part_['spend'] AS spend,
    part_['share'] AS share,
    row_['rate'] * clicks_ AS expected_outcome,
    row_['lower'] * clicks_ AS outcome_lower,
    row_['upper'] * clicks_ AS outcome_upper,
    row_['rate'] / cost_ AS marginal_return,
    NULL::DOUBLE AS saturation,
    NULL::DOUBLE AS adstock,
    part_['bound'] AS bound,
    false AS identified,
    'ok' AS status,
    concat_ws('; ',
        format('{} of {} clicks convert', __launch_id_text(successes_), __launch_id_text(trials_)) || CASE WHEN trials_ > 0 THEN format(', {:.2f} %', 100 * successes_ / trials_) ELSE '' END,
        format('taken for {:.2f} %, drawn {:.0f} % of the way to all channels', 100 * row_['rate'], 100 * row_['pull']),
        CASE WHEN cost_ IS NULL
        THEN 'what a click costs is not known: money in proportion to conversions, and the outcome is that of as many clicks as before'
        ELSE 'money in proportion to the probability of bringing most for it' END,
        CASE WHEN trials_ = 0 AND cost_ IS NULL THEN 'no clicks yet: it gets its minimum alone'
        WHEN trials_ = 0 THEN 'no clicks yet: its share is to find out' END,
        'rates without a history of spend say nothing of saturation, nor of what would have been bought without the click'
    ) AS reason
FROM bought_
UNION ALL BY NAME
SELECT channel_ AS channel, 'none' AS bound, false AS identified, 'refused' AS status, why_ AS reason FROM channels_ WHERE why_ IS NOT NULL
ORDER BY 1
