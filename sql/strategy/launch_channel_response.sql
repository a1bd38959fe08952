-- What each channel brings at any steady spend, for a chart: 0 to 1.5 times the most ever spent in a period.
--
-- @param campaigns: VARCHAR                channel, date, spend, and outcome where it is attributed to the channel
-- @param outcomes: VARCHAR = NULL          date and outcome of all together, and price if it is known
-- @param points: BIGINT = 31               points of each curve, 2 to 1,000
-- @param frequency: VARCHAR = 'week'       length of a period: day, week or month
-- @param level: DOUBLE = 0.8               probability of the intervals
-- @param covariates: VARCHAR = NULL        date and numbers that move the outcome too
-- @param events: VARCHAR = NULL            date and name of events that move it
-- @param channel: VARCHAR = 'channel'      the column of channels
-- @param date: VARCHAR = 'date'            the column of dates in campaigns and outcomes
-- @param spend: VARCHAR = 'spend'          the column of money
-- @param outcome: VARCHAR = 'outcome'      the column of outcomes
-- @param price: VARCHAR = 'price'          the column of prices in outcomes, which need not exist
-- @returns channel: VARCHAR  the channel
-- @returns spend: DOUBLE     money a period
-- @returns outcome: DOUBLE   what it brings a period, on average over what may be true
-- @returns lower: DOUBLE     lower end of its interval
-- @returns upper: DOUBLE     upper end
-- @returns status: VARCHAR   ok, extrapolated (beyond the most ever spent) or refused
-- @returns reason: VARCHAR   what it rests on, or why nothing is known
-- @example WITH campaigns AS (SELECT 'tv' AS channel, date, avg(price) AS spend, sum(units) AS outcome FROM sales GROUP BY date)
--          FROM launch_channel_response('campaigns')
WITH curves_ AS (
    SELECT note_, unnest(__launch_channel_curves(
        campaigns_, outcomes_, known_, frequency := __launch_frequency(frequency), points := points, level := level
    )) AS row_
    FROM __launch_channel_tables(campaigns, outcomes, covariates, events, frequency, channel, date, date, spend, outcome, price)
)
SELECT
    row_['channel'] AS channel,
    row_['spend'] AS spend,
    row_['outcome'] AS outcome,
    row_['lower'] AS lower,
    row_['upper'] AS upper,
    row_['status'] AS status,
    concat_ws('; ', row_['reason'], note_) AS reason
FROM curves_
