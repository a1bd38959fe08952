-- What may happen to each candidate: joint paths of units by step. At each step the scenarios have the quantiles of
-- launch_forecast; from step to step they hang together as the errors of past forecasts did, so that sums over steps
-- (a season's demand, the stock needed until a date) have the right spread. One scenario number is one world: products
-- rise and fall together as launches of one origin did. The same candidate and model give the same scenarios. With sales,
-- what candidates sold so far corrects them as in launch_forecast. A product that cannot be forecast comes back as one row with status refused and the
-- reason.
--
-- @param candidates: VARCHAR                   the products to forecast: product, launch date and the attributes the
--                                              model was trained on
-- @param model: BLOB                           the model, such as (SELECT model FROM my_model)
-- @param n: BIGINT = 100                       scenarios of each product, 1 to 10,000
-- @param sales: VARCHAR = NULL                 the sales table, for what candidates sold so far
-- @param signals: VARCHAR = NULL               what was seen before and after launches, such as mentions or searches: a
--                                              table with key, date, value and, if there are several, signal (its name)
-- @param covariates: VARCHAR = NULL            what is planned ahead, such as prices, promotions or events: a table
--                                              with date, the product (or key, or neither: for all) and a column of
--                                              numbers or booleans for each series
-- @param signal_key: VARCHAR = NULL            the column of candidates that key refers to, such as 'category'; NULL
--                                              for the column of products
-- @param product_id: VARCHAR = 'product_id'    the column of products in both tables
-- @param date: VARCHAR = 'date'                the column of dates in sales
-- @param units: VARCHAR = 'units'              the column of units in sales
-- @param price: VARCHAR = 'price'              the column of prices in sales, if there is one
-- @param launch_date: VARCHAR = 'launch_date'  the column of launch dates in candidates
-- @param available: VARCHAR = 'available'      the column of sales that says whether the product was on sale: a
--                                              boolean, or the share of the row's time; if there is one
-- @param preorders: VARCHAR = 'drop'         what sales before a given launch date are: drop leaves them out,
--                                            first_step counts them to step 1
-- @returns product_id: same as input  the candidate
-- @returns scenario: INTEGER     1 to n
-- @returns step: INTEGER         1 for the period that contains the launch date
-- @returns date: DATE            first day of the period
-- @returns units: DOUBLE         units of this scenario
-- @returns status: VARCHAR       ok or refused
-- @returns reason: VARCHAR       what the forecast rests on, or why there is none
-- @example FROM launch_scenarios('candidates', (SELECT model FROM model), n := 10)
-- @example SELECT product_id, quantile_cont(total, 0.95) AS stock FROM (
--              SELECT product_id, scenario, sum(units) AS total
--              FROM launch_scenarios('candidates', (SELECT model FROM model), n := 1000) GROUP BY ALL
--          ) GROUP BY product_id
WITH given_ AS MATERIALIZED (SELECT model::BLOB AS blob_),
asked_ AS MATERIALIZED (
    SELECT *, CASE
        WHEN __launch_refusal(key_, copies_, undated_) IS NOT NULL THEN __launch_refusal(key_, copies_, undated_)
        WHEN (SELECT blob_ IS NULL FROM given_) THEN 'the model is NULL: train one with launch_train, whose reason says why if it gives none'
    END AS why_
    FROM (
        SELECT key_, launch_, attributes_, undated_, count(*) OVER (PARTITION BY key_) AS copies_
        FROM __launch_attributes(candidates, product_id, launch_date, price, candidates, priced := sales IS NULL)
    )
),
calendar_ AS MATERIALIZED (
    SELECT info_->>'frequency' AS frequency_, (info_->>'horizon')::BIGINT AS horizon_
    FROM (SELECT launch_model_info(blob_)::JSON AS info_ FROM given_)
),
own_ AS (
    FROM __launch_own(
        sales, candidates, (SELECT coalesce(frequency_, 'week') FROM calendar_), (SELECT coalesce(horizon_, 1) FROM calendar_),
        product_id, date, units, price, launch_date, available, preorders
    )
),
single_ AS (
    SELECT
        key_, launch_, attributes_, coalesce(frequency_, 'week') AS frequency_, coalesce(horizon_, 1) AS horizon_,
        false AS required_
    FROM asked_, calendar_
    WHERE why_ IS NULL
),
drawn_ AS (
    SELECT
        single_.key_, note_,
        __launch_scenarios(
            (SELECT blob_ FROM given_), launch_, attributes_, single_.key_::VARCHAR, n := n, units := units_,
            covariates := covariates_, at_least := at_least_
        ) AS paths_
    FROM single_
    LEFT JOIN own_ ON own_.key_ = single_.key_
    LEFT JOIN __launch_covariates('single_', candidates, product_id, signals, covariates, signal_key) AS told_
        ON told_.id_ = single_.key_::VARCHAR
),
rows_ AS (
    SELECT
        key_, row_, note_,
        CASE WHEN row_['status'] = 'ok' THEN values_[(row_['step'] - 1) * n + 1 : row_['step'] * n] ELSE [NULL] END AS units_
    FROM (SELECT key_, note_, paths_['units'] AS values_, unnest(paths_['steps']) AS row_ FROM drawn_)
    UNION ALL
    SELECT key_, {'status': 'refused', 'reason': why_}, NULL, [NULL] FROM asked_ WHERE why_ IS NOT NULL
)
SELECT
    key_ AS product_id,
    CASE WHEN status_ = 'ok' THEN scenario_ END AS scenario,
    step_ AS step,
    date_ AS date,
    value_ AS units,
    status_ AS status,
    reason_ AS reason
FROM (
    SELECT
        key_, row_['step'] AS step_, row_['date'] AS date_, row_['status'] AS status_,
        row_['reason'] || coalesce(note_, '') AS reason_,
        unnest(units_) AS value_, generate_subscripts(units_, 1)::INTEGER AS scenario_
    FROM rows_
)
