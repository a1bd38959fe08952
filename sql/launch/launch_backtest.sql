-- How good launch forecasts would have been: from each cutoff date, models trained on what was known then forecast
-- the launches up to the next cutoff. Nothing from the cutoff on is used, in attributes, weights and intervals alike,
-- but the signals of a launch, which count up to its launch date: each is forecast as on that day.
-- The category mean curve (naive) is always among the rows.
--
-- @param sales: VARCHAR                            the sales table
-- @param products: VARCHAR = NULL                  the products table
-- @param architectures: VARCHAR[] = ['analog']     models to compare with naive: all of launch_train;
--                                                  those with networks take minutes at each cutoff
-- @param cutoffs: DATE[] = NULL                    forecast origins; NULL for the dates on which 50, 60, 70, 80 and
--                                                  90 % of the launches had begun
-- @param frequency: VARCHAR = 'week'               length of a step: day, week or month
-- @param horizon: BIGINT = 13                      steps forecast and scored, from 1 to 520
-- @param level: DOUBLE = 0.8                       probability of the interval whose coverage is measured
-- @param burn_in: BIGINT = 1                       periods at the start of the data in which a first sale is no launch
-- @param signals: VARCHAR = NULL                   what was seen before and after launches, such as mentions or
--                                                  searches: a table with key, date, value and, if there are several,
--                                                  signal (its name)
-- @param covariates: VARCHAR = NULL                what is planned ahead, such as prices, promotions or events: a table
--                                                  with date, the product (or key, or neither: for all) and a column of
--                                                  numbers or booleans for each series
-- @param signal_key: VARCHAR = NULL                the column of products that key refers to, such as 'category'; NULL
--                                                  for the column of products
-- @param product_id: VARCHAR = 'product_id'        the column of products in both tables
-- @param date: VARCHAR = 'date'                    the column of dates in sales
-- @param units: VARCHAR = 'units'                  the column of units in sales
-- @param price: VARCHAR = 'price'                  the column of prices in sales, if there is one; what is learned from is the
--                                          price in products, as prices paid are not known before a launch
-- @param launch_date: VARCHAR = 'launch_date'      the column of launch dates in products, if there is one
-- @param hidden: BIGINT[] = NULL          networks: units of each hidden layer, [128, 64] if NULL
-- @param epochs: BIGINT = NULL            networks: passes over the launches at most, 100 if NULL
-- @param batch_size: BIGINT = NULL        networks: launches per step of the optimiser, 32 if NULL
-- @param learning_rate: DOUBLE = NULL     networks: learning rate of Adam, 0.004 if NULL
-- @param loss: VARCHAR = NULL             networks: what is minimised, quantile or mse; quantile if NULL
-- @param dropout: DOUBLE = NULL           networks: share of hidden units left out at random, 0.4 if NULL
-- @param networks: BIGINT = NULL          networks: how many are trained and averaged, 3 if NULL
-- @param patience: BIGINT = NULL          networks: epochs without a lower held-out loss until it stops, 10 if NULL
-- @param context_length: BIGINT = NULL    networks: latest steps of own sales looked at, all if NULL
-- @param available: VARCHAR = 'available'    the column of sales that says whether the product was on sale: a boolean,
--                                            or the share of the row's time; if there is one
-- @param preorders: VARCHAR = 'drop'         what sales before a given launch date are: drop leaves them out,
--                                            first_step counts them to step 1
-- @returns architecture: VARCHAR  the model
-- @returns cutoff: DATE           the forecast origin
-- @returns launches: BIGINT       launches forecast and observed
-- @returns wape: DOUBLE           sum of absolute errors over sum of units
-- @returns rmsle: DOUBLE          root mean squared error of ln(1 + units)
-- @returns bias: DOUBLE           sum of errors over sum of units; above 0: forecast too high
-- @returns mean_bias: DOUBLE      the same of the expected units: what totals are off by
-- @returns coverage: DOUBLE       share of periods within the interval
-- @returns pinball: DOUBLE        mean quantile loss of lower end, median and upper end, in units
-- @returns status: VARCHAR        ok or refused
-- @returns reason: VARCHAR        why refused
-- @example FROM launch_backtest('sales', products := 'products', architectures := ['analog', 'bass'], horizon := 6)
WITH training_ AS MATERIALIZED (
    FROM __launch_training(
        sales, products, frequency, horizon, product_id, date, units, price, launch_date, burn_in,
        signals, covariates, signal_key, available := available, preorders := preorders
    )
),
unsold_ AS MATERIALIZED (
    SELECT
        count(*) FILTER (NOT selling_) AS unsold_, count(*) AS launches_,
        min(CASE WHEN NOT selling_ THEN id_ END) AS unsold_like_
    FROM training_
),
run_ AS (
    SELECT unnest(__launch_backtest(
        id_, launch_, units_, attributes_,
        frequency := frequency, horizon := horizon, architectures := architectures, cutoffs := cutoffs::DATE[], level := level,
        covariates := covariates_, at_least := at_least_,
        hidden := hidden, epochs := epochs, batch_size := batch_size,
        learning_rate := learning_rate, loss := loss, dropout := dropout, networks := networks,
        patience := patience, context_length := context_length
    )) AS row_
    FROM training_
    WHERE (SELECT unsold_ < launches_ FROM unsold_)
    UNION ALL
    SELECT {'status': 'refused', 'reason': __launch_unsold(unsold_, launches_, unsold_like_)}
    FROM unsold_ WHERE unsold_ = launches_ AND launches_ > 0
)
SELECT
    row_['architecture'] AS architecture,
    row_['cutoff'] AS cutoff,
    row_['launches'] AS launches,
    row_['wape'] AS wape,
    row_['rmsle'] AS rmsle,
    row_['bias'] AS bias,
    row_['mean_bias'] AS mean_bias,
    row_['coverage'] AS coverage,
    row_['pinball'] AS pinball,
    row_['status'] AS status,
    nullif(concat_ws('; ', row_['reason'], CASE WHEN row_['status'] = 'ok' THEN __launch_idle_options(
        row_['architecture'], hidden, epochs, batch_size, learning_rate, loss, dropout, networks, patience, context_length
    ) END), '') AS reason
FROM run_
