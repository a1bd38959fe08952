-- The split of a budget over channels whose curves are fitted to spend and outcomes. No rows of a table without rows.
--
-- @param campaigns: VARCHAR   the campaigns table
-- @param outcomes: VARCHAR    total outcomes by date, or NULL for those of campaigns
-- @param budget: DOUBLE       money over the periods planned, or NULL
-- @param minimum: ANY         least money: a number for each channel, or a MAP or STRUCT by channel
-- @param maximum: ANY         most money, in the same way
-- @param covariates: VARCHAR  what else is known by date, or NULL
-- @param events: VARCHAR      dates and names of events, or NULL
-- @param frequency: VARCHAR   length of a period
-- @param periods: BIGINT      periods planned
-- @param level: DOUBLE        probability of the intervals
-- @param channel: VARCHAR     the column of channels
-- @param date: VARCHAR        the column of dates in campaigns
-- @param outcome_date: VARCHAR  the column of dates in outcomes
-- @param spend: VARCHAR       the column of money
-- @param outcome: VARCHAR     the column of outcomes
-- @param price: VARCHAR       the column of prices in outcomes, which need not exist
-- @returns channel: VARCHAR           the channel
-- @returns spend: DOUBLE              its money; these and all further columns are those of launch_channels
-- @returns share: DOUBLE              its share
-- @returns expected_outcome: DOUBLE   what it brings
-- @returns outcome_lower: DOUBLE      lower end of its interval
-- @returns outcome_upper: DOUBLE      upper end
-- @returns marginal_return: DOUBLE    outcome of one more unit of money
-- @returns saturation: DOUBLE         1 less the marginal over the mean return
-- @returns adstock: DOUBLE            share of the effect in later periods
-- @returns bound: VARCHAR             none, minimum or maximum
-- @returns identified: BOOLEAN        whether the data tell it
-- @returns status: VARCHAR            ok or refused
-- @returns reason: VARCHAR            what it rests on
-- @example FROM __launch_channel_fit(
--          '(SELECT ''tv'' AS channel, date, price AS spend, units AS outcome FROM sales)', NULL, 100, NULL, NULL, NULL, NULL,
--          'week', 1, 0.8, 'channel', 'date', 'date', 'spend', 'outcome', 'price')
WITH tables_ AS MATERIALIZED (
    FROM __launch_channel_tables(campaigns, outcomes, covariates, events, frequency, channel, date, outcome_date, spend, outcome, price)
),
bounds_ AS MATERIALIZED (
    SELECT name_, __launch_bound('minimum', minimum, name_, names_) AS least_, __launch_bound('maximum', maximum, name_, names_) AS most_
    FROM (SELECT unnest(names_) AS name_, names_ FROM tables_)
),
split_ AS (
    SELECT note_, unnest(__launch_channel_split(
        campaigns_, outcomes_, known_,
        (SELECT list({'channel': name_, 'minimum': least_, 'maximum': most_}) FROM bounds_),
        frequency := __launch_frequency(frequency), budget := budget, periods := periods, level := level
    )) AS row_
    FROM tables_
)
SELECT
    row_['channel'] AS channel,
    row_['spend'] AS spend,
    row_['share'] AS share,
    row_['expected_outcome'] AS expected_outcome,
    row_['outcome_lower'] AS outcome_lower,
    row_['outcome_upper'] AS outcome_upper,
    row_['marginal_return'] AS marginal_return,
    row_['saturation'] AS saturation,
    row_['adstock'] AS adstock,
    row_['bound'] AS bound,
    row_['identified'] AS identified,
    row_['status'] AS status,
    concat_ws('; ', row_['reason'], note_) AS reason
FROM split_
