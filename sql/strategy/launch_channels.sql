-- How to split a budget over marketing channels, and what each then brings: carry-over and saturation of each channel, together with
-- trend, season, price and covariates, are estimated from spend and outcomes by period, and the split is the one of highest expected
-- outcome within bounds. Where the data cannot tell what a channel brings, identified is false and the reason says so; a spend beyond
-- the most ever spent is told too. It takes outcomes of all channels together in a table of their own, or those attributed to each
-- channel in campaigns. Without such a history there are three other ways: treatment names the column of a campaign that was dealt at
-- random, and its uplift is told; clicks names the column of clicks, and rates are told; and an audience has a mix of channels.
--
-- @param campaigns: VARCHAR                channel, date, spend, and outcome where it is attributed to the channel; NULL for an audience alone
-- @param outcomes: VARCHAR = NULL          date and outcome of all together, and price if it is known; several rows of a date are summed
-- @param budget: DOUBLE = NULL             money for all channels over the periods planned; NULL for what was spent on average
-- @param minimum: ANY = NULL               least money of a channel: a number for each, or a MAP or STRUCT such as {'tv': 100}; of fitted
--                                          channels without minimum and maximum, half of its share so far
-- @param maximum: ANY = NULL               most money of a channel, in the same way; without both, double its share so far
-- @param periods: BIGINT = 1               periods over which the budget is spent evenly
-- @param frequency: VARCHAR = 'week'       length of a period: day, week or month
-- @param level: DOUBLE = 0.8               probability of the intervals
-- @param covariates: VARCHAR = NULL        date and numbers that move the outcome too, such as promotions or competitors' prices
-- @param events: VARCHAR = NULL            date and name of events that move it
-- @param audience: VARCHAR = NULL          a table as launch_audience returns it, where there are no campaigns
-- @param treatment: VARCHAR = NULL         the column of what a customer got, in campaigns of a row for each customer, or for each group with
--                                          their number in a column trials
-- @param control: VARCHAR = NULL           the treatment that stands for none; NULL for NULL, '', control, none, no, false and 0
-- @param segment: VARCHAR = NULL           a column of customers' segments, to answer for each
-- @param known_before: VARCHAR[] = NULL    columns known before the campaign, which must not differ between treatments
-- @param clicks: VARCHAR = NULL            the column of clicks, or other trials, in campaigns of a row for each channel
-- @param conversions: VARCHAR = 'conversions'  the column of conversions beside clicks
-- @param cost: VARCHAR = 'cost'            the column of what a click costs, which need not exist
-- @param channel: VARCHAR = 'channel'      the column of channels
-- @param date: VARCHAR = 'date'            the column of dates in campaigns and outcomes
-- @param spend: VARCHAR = 'spend'          the column of money; with treatment that of what each row cost, or NULL where spend is no cost
-- @param outcome: VARCHAR = 'outcome'      the column of outcomes
-- @param price: VARCHAR = 'price'          the column of prices in outcomes, which need not exist
-- @returns channel: VARCHAR           the channel
-- @returns spend: DOUBLE              its money over the periods planned
-- @returns share: DOUBLE              its share of all that is spent
-- @returns expected_outcome: DOUBLE   what it brings on average over what may be true, over the periods planned, at a steady spend
-- @returns outcome_lower: DOUBLE      lower end of its interval
-- @returns outcome_upper: DOUBLE      upper end
-- @returns marginal_return: DOUBLE    outcome of one more unit of money
-- @returns saturation: DOUBLE         1 less the marginal over the mean return: 0 where outcome grows in proportion, 1 where it does not
--                                     grow, below 0 where it grows faster than spend
-- @returns adstock: DOUBLE            share of its effect that comes after the period of the spend
-- @returns bound: VARCHAR             the limit that the spend stands at: none, minimum or maximum
-- @returns identified: BOOLEAN        whether the data tell what it brings
-- @returns status: VARCHAR            ok or refused
-- @returns reason: VARCHAR            what it rests on, or why nothing is known
-- @returns segment: VARCHAR           the segment, where they are asked for; else NULL
-- @example WITH campaigns AS (
--              SELECT unnest(['tv', 'search']) AS channel, date, unnest([price, 20 / price]) AS spend
--              FROM (SELECT date, avg(price) AS price FROM sales GROUP BY date)
--          ), outcomes AS (SELECT date, sum(units) AS outcome FROM sales GROUP BY date)
--          FROM launch_channels('campaigns', outcomes := 'outcomes', budget := 30, maximum := {'tv': 20})
WITH given_ AS MATERIALIZED (
    SELECT
        COLUMNS(lambda c: __launch_column(c, channel, campaigns)) AS channel_,
        COLUMNS(lambda c: __launch_column(c, date, campaigns)) AS date_,
        COLUMNS(lambda c: __launch_column(c, CASE WHEN treatment IS NULL THEN spend ELSE 'spend' END, campaigns)) AS spend_,
        COLUMNS(lambda c: __launch_column(c, CASE WHEN outcomes IS NULL THEN outcome ELSE 'outcome' END, campaigns)) AS outcome_,
        typeof(COLUMNS(lambda c: __launch_column(c, date, campaigns))) AS date_type_,
        typeof(COLUMNS(lambda c: __launch_column(c, CASE WHEN treatment IS NULL THEN spend ELSE 'spend' END, campaigns))) AS spend_type_
    FROM query(__launch_from(
        CASE WHEN treatment IS NULL AND clicks IS NULL THEN campaigns END, [channel, date, CASE WHEN treatment IS NULL THEN spend ELSE 'spend' END, outcome], ['date', 'spend', 'outcome']
    ))
),
-- The way from what there is to a split.
way_ AS MATERIALIZED (
    SELECT CASE
        WHEN any_value(spend_type_) = '"NULL"' THEN error('campaigns ' || campaigns
            || ' have no column spend, which a fit needs: name it, spend := ''cost''' || other_)
        WHEN any_value(date_type_) = '"NULL"' THEN error('campaigns ' || campaigns
            || ' have no column date, which a fit needs: name it, date := ''week''' || other_)
        ELSE 'fit'
    END AS way_
    FROM given_, (
        SELECT '; or name the column of what customers got at random, treatment := ''treatment'', or that of clicks, clicks := ''clicks'''
            AS other_
    )
    GROUP BY other_
),
fit_ AS (
    SELECT channel_ AS channel, date_ AS date, spend_ AS spend, outcome_ AS outcome FROM given_ WHERE (SELECT way_ FROM way_) = 'fit'
)
SELECT *, NULL::VARCHAR AS segment
FROM __launch_channel_fit(
    'fit_', CASE WHEN campaigns IS NOT NULL AND treatment IS NULL AND clicks IS NULL THEN outcomes END, budget, minimum, maximum, covariates, events, frequency, periods, level, 'channel', 'date', date, 'spend',
    CASE WHEN outcomes IS NULL OR campaigns IS NULL OR treatment IS NOT NULL OR clicks IS NOT NULL THEN 'outcome' ELSE outcome END, price
)
UNION ALL
FROM __launch_channel_uplift(
    CASE WHEN treatment IS NOT NULL THEN campaigns END, budget, level, control, coalesce(treatment, 'treatment'), outcome, segment,
    CASE WHEN treatment IS NOT NULL THEN spend END,
    known_before := known_before
)
UNION ALL
SELECT *, NULL FROM __launch_channel_rates(
    CASE WHEN treatment IS NULL AND clicks IS NOT NULL THEN campaigns END, budget, minimum, maximum, level, channel,
    coalesce(clicks, 'clicks'), conversions, cost
)
UNION ALL
SELECT *, NULL FROM __launch_channel_mix(CASE WHEN campaigns IS NULL THEN audience END, budget, minimum, maximum, level, channel)
UNION ALL BY NAME
-- What was given and has no effect.
SELECT error(why_)::VARCHAR AS channel
FROM (
    SELECT CASE
        WHEN campaigns IS NULL AND audience IS NULL THEN 'there are no campaigns: give them, or audience := ''audience'''
        WHEN campaigns IS NOT NULL AND audience IS NOT NULL THEN 'an audience says nothing beside campaigns: leave one of them out'
        WHEN treatment IS NOT NULL AND clicks IS NOT NULL THEN 'give treatment or clicks, not both: they are two ways'
        WHEN treatment IS NOT NULL AND (minimum IS NOT NULL OR maximum IS NOT NULL)
            THEN 'minimum and maximum have no effect with treatment: leave them out'
        WHEN treatment IS NULL AND (control IS NOT NULL OR segment IS NOT NULL OR known_before IS NOT NULL)
            THEN 'control, segment and known_before are of campaigns dealt at random: name their column, treatment := ''treatment'''
        WHEN (campaigns IS NULL OR treatment IS NOT NULL OR clicks IS NOT NULL)
            AND (outcomes IS NOT NULL OR covariates IS NOT NULL OR events IS NOT NULL)
            THEN 'outcomes, covariates and events need spend by date in campaigns: leave them out'
    END AS why_
)
WHERE why_ IS NOT NULL
