-- The past launches behind each forecast: which ones, with what weight, scaled by how much. The explanation of a
-- forecast of architecture analog. The weights of a candidate add up to 1: after the k largest, one row without
-- comparable_id stands for all the others together.
--
-- @param candidates: VARCHAR                   the products that were forecast
-- @param model: BLOB                           the model, such as (SELECT model FROM my_model)
-- @param k: BIGINT = 10                        past launches listed per candidate
-- @param product_id: VARCHAR = 'product_id'    the column of products in candidates
-- @param launch_date: VARCHAR = 'launch_date'  the column of launch dates in candidates
-- @returns product_id: same as input     the candidate
-- @returns comparable_id: same as input  the past launch; NULL for all others together
-- @returns rank: INTEGER                 1 for the largest weight
-- @returns weight: DOUBLE                share in the forecast
-- @returns scale: DOUBLE                 what its units are multiplied by for the differences in attributes
-- @returns comparable_launch_date: DATE  its launch date
-- @returns comparable_units: DOUBLE      its units over the observed steps
-- @example FROM launch_comparables('candidates', (SELECT model FROM model), k := 5)
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
    row_['comparable_units'] AS comparable_units
FROM (
    SELECT key_, unnest(launch_compare(model::BLOB, launch_, attributes_, k := k)) AS row_
    FROM (
        SELECT *, count(*) OVER (PARTITION BY key_) AS copies_
        FROM __launch_attributes(candidates, product_id, launch_date, candidates)
        WHERE key_ IS NOT NULL
    )
    WHERE CASE WHEN copies_ = 1 THEN true ELSE error(
        'product_id ' || key_ || ' appears ' || copies_ || ' times in ' || candidates || ': keep one row per product'
    ) END
)
