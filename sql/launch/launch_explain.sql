-- Why each forecast is what it is: what moved it against the mean curve of its category, in units over the horizon.
-- The contributions of a candidate add up to forecast_total - baseline_total. The last row of kind comparable stands
-- for all past launches that are not listed. What a candidate sold so far is not part of it. A candidate that cannot
-- be forecast comes back as one row with status refused and the reason.
--
-- @param candidates: VARCHAR                   the products that were forecast
-- @param model: BLOB                           the model, such as (SELECT model FROM my_model)
-- @param k: BIGINT = 10                        past launches listed per candidate, those that moved it most
-- @param signals: VARCHAR = NULL               what was seen before and after launches, such as mentions or searches: a
--                                              table with key, date, value and, if there are several, signal (its name)
-- @param covariates: VARCHAR = NULL            what is planned ahead, such as prices, promotions or events: a table
--                                              with date, the product (or key, or neither: for all) and a column of
--                                              numbers or booleans for each series
-- @param signal_key: VARCHAR = NULL            the column of candidates that key refers to, such as 'category'; NULL
--                                              for the column of products
-- @param product_id: VARCHAR = 'product_id'    the column of products in candidates
-- @param launch_date: VARCHAR = 'launch_date'  the column of launch dates in candidates
-- @param price: VARCHAR = 'price'              the column of prices in candidates, if there is one
-- @returns product_id: same as input  the candidate
-- @returns kind: VARCHAR           comparable (a past launch), attribute, price, season (time of the launch) or
--                                  signal (before the launch)
-- @returns name: VARCHAR           the past launch, the attribute, or launch season and launch year
-- @returns value: VARCHAR          the candidate's value; of a past launch its units over the observed steps
-- @returns contribution: DOUBLE    units by which it raises the forecast over the mean curve, negative where it lowers it
-- @returns forecast_total: DOUBLE  yhat, summed over the steps that the mean curve has too
-- @returns baseline_total: DOUBLE  units of the mean curve of the category at these steps
-- @returns status: VARCHAR         ok or refused
-- @returns reason: VARCHAR         what the model knows and the candidate lacks, or why there is no forecast
-- @example FROM launch_explain('candidates', (SELECT model FROM model), k := 3)
-- @example SELECT product_id, kind, sum(contribution) FROM launch_explain('candidates', (SELECT model FROM model))
--          GROUP BY ALL
WITH asked_ AS MATERIALIZED (
    SELECT
        *, count(*) OVER (PARTITION BY key_) AS copies_,
        coalesce(info_->>'frequency', 'week') AS frequency_,
        coalesce((info_->>'horizon')::BIGINT, 1) AS horizon_,
        false AS required_
    FROM __launch_attributes(candidates, product_id, launch_date, price, candidates, priced := true)
    CROSS JOIN (SELECT launch_model_info(model::BLOB)::JSON AS info_)
),
single_ AS (FROM asked_ WHERE __launch_refusal(key_, copies_, undated_) IS NULL),
explained_ AS (
    SELECT key_, unnest(launch_explained_) AS row_
    FROM (
        SELECT
            key_,
            __launch_explain(model::BLOB, launch_, attributes_, k := k, covariates := covariates_) AS launch_explained_
        FROM single_
        LEFT JOIN __launch_covariates('single_', candidates, product_id, signals, covariates, signal_key) AS told_
            ON told_.id_ = single_.key_::VARCHAR
    )
    UNION ALL
    SELECT key_, {'status': 'refused', 'reason': __launch_refusal(key_, copies_, undated_)}
    FROM asked_ WHERE __launch_refusal(key_, copies_, undated_) IS NOT NULL
)
SELECT
    key_ AS product_id,
    row_['kind'] AS kind,
    row_['name'] AS name,
    row_['value'] AS value,
    row_['contribution'] AS contribution,
    row_['forecast_total'] AS forecast_total,
    row_['baseline_total'] AS baseline_total,
    row_['status'] AS status,
    row_['reason'] AS reason
FROM explained_
