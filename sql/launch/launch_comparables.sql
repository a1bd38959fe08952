-- The past launches behind each forecast: which ones, with what weight, scaled by how much. The explanation of a
-- forecast of architecture analog. The weights of a candidate add up to 1: after the k largest, rows without
-- comparable_id stand for the others, by the level of the category that tells most.
--
-- @param candidates: VARCHAR                   the products that were forecast
-- @param model: BLOB                           the model, such as (SELECT model FROM my_model)
-- @param k: BIGINT = 10                        past launches listed per candidate
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
-- @returns product_id: same as input     the candidate
-- @returns comparable_id: same as input  the past launch; NULL for several together
-- @returns rank: INTEGER                 1 for the largest weight
-- @returns weight: DOUBLE                share in the forecast
-- @returns scale: DOUBLE                 what its units are multiplied by for the differences in attributes
-- @returns comparable_launch_date: DATE  its launch date
-- @returns comparable_units: DOUBLE      its units over the observed steps
-- @returns comparable_group: VARCHAR     what several together are, such as 31 launches of category toys; NULL for one
-- @returns status: VARCHAR               ok, or refused: one row for a candidate that cannot be looked at
-- @returns reason: VARCHAR               why it cannot
-- @example FROM launch_comparables('candidates', (SELECT model FROM model), k := 5)
WITH asked_ AS MATERIALIZED (
    SELECT
        *, CASE
            WHEN __launch_refusal(key_, copies_, undated_) IS NOT NULL THEN __launch_refusal(key_, copies_, undated_)
            WHEN model IS NULL THEN 'the model is NULL: train one with launch_train, whose reason says why if it gives none'
            WHEN launch_ IS NULL THEN 'there is no launch_date of it: give it in the candidates'
        END AS why_
    FROM (
        SELECT
            key_, launch_, attributes_, undated_, count(*) OVER (PARTITION BY key_) AS copies_,
            coalesce(info_->>'frequency', 'week') AS frequency_,
            coalesce((info_->>'horizon')::BIGINT, 1) AS horizon_,
            false AS required_
        FROM __launch_attributes(candidates, product_id, launch_date, price, candidates, priced := true)
        CROSS JOIN (SELECT launch_model_info(model::BLOB)::JSON AS info_)
    )
),
single_ AS MATERIALIZED (FROM asked_ WHERE why_ IS NULL),
compared_ AS MATERIALIZED (
    SELECT key_, launch_, launch_compare(model::BLOB, launch_, attributes_, k := k, covariates := covariates_) AS rows_
    FROM single_
    LEFT JOIN __launch_covariates('single_', candidates, product_id, signals, covariates, signal_key) AS told_
        ON told_.id_ = single_.key_::VARCHAR
)
SELECT
    key_ AS product_id,
    CASE WHEN row_['comparable_id'] IS NOT NULL THEN coalesce(
        TRY(cast_to_type(row_['comparable_id'], key_)),
        error('the products of the model have ids such as ''' || row_['comparable_id'] || ''', those of ' || candidates
            || ' are ' || typeof(key_) || ': cast product_id of ' || candidates || ' to VARCHAR')
    ) END AS comparable_id,
    row_['rank'] AS rank,
    row_['weight'] AS weight,
    row_['scale'] AS scale,
    row_['comparable_launch_date'] AS comparable_launch_date,
    row_['comparable_units'] AS comparable_units,
    row_['comparable_group'] AS comparable_group,
    'ok' AS status,
    NULL::VARCHAR AS reason
FROM (SELECT key_, unnest(rows_) AS row_ FROM compared_)
UNION ALL BY NAME
SELECT DISTINCT key_ AS product_id, 'refused' AS status, why_ AS reason FROM asked_ WHERE why_ IS NOT NULL
UNION ALL BY NAME
SELECT key_ AS product_id, 'refused' AS status, 'launch_date must be between 1970-01-01 and 2200-12-31, got ' || launch_ AS reason
FROM compared_ WHERE coalesce(len(rows_), 0) = 0
