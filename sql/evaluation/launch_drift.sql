-- Whether new launches are still like those a model was trained on: its attributes and the errors of its forecasts, by batches of
-- launches, beside those of training. Attributes are compared with the launches of the same season of earlier years where there
-- are 30 products or more. A drift is told of where it is neither chance (of all drifts told of a share of at most
-- false_discovery is, on average) nor small. One row for each feature and batch; one that cannot be tested says why.
--
-- @param model: BLOB                        the model, such as (SELECT model FROM my_model)
-- @param sales: VARCHAR                     the sales table: the whole history
-- @param products: VARCHAR = NULL           the products table, as in training
-- @param signals: VARCHAR = NULL            as in launch_train
-- @param covariates: VARCHAR = NULL         as in launch_train
-- @param signal_key: VARCHAR = NULL         as in launch_train
-- @param batch: ANY = 'quarter'             new launches that are looked at together: of a month, quarter or year, all, or so many of
--                                           them (at least 10)
-- @param false_discovery: DOUBLE = 0.05     share of false ones among the drifts told of
-- @param least_effect: DOUBLE = 0.2         smaller effects are no drift
-- @param burn_in: BIGINT = 1                periods at the start of the data in which a first sale is no launch
-- @param product_id: VARCHAR = 'product_id'    the column of products in both tables
-- @param date: VARCHAR = 'date'                the column of dates in sales
-- @param units: VARCHAR = 'units'              the column of units in sales
-- @param price: VARCHAR = 'price'              the column of prices, if there is one
-- @param launch_date: VARCHAR = 'launch_date'  the column of launch dates in products, if there is one
-- @param available: VARCHAR = 'available'      as in launch_train
-- @param preorders: VARCHAR = 'drop'           as in launch_train
-- @returns kind: VARCHAR        attribute or error
-- @returns feature: VARCHAR     the attribute; of errors level (launches sell more or less than forecast) or spread (they are further
--                               from their forecasts)
-- @returns batch_from: DATE     first launch date of the batch
-- @returns batch_to: DATE       last launch date of the batch
-- @returns launches: BIGINT     launches of the batch
-- @returns statistic: DOUBLE    chi-square of categories, Kolmogorov-Smirnov of numbers, Student's t of errors
-- @returns effect: DOUBLE       how far apart they are, 0.2 is small and 0.8 large: Cohen's w of categories, the shift in standard
--                               deviations of numbers and of level, ln of the ratio of spreads
-- @returns threshold: DOUBLE    the least effect that is drift
-- @returns p_value: DOUBLE      probability of the statistic without drift
-- @returns q_value: DOUBLE      share of false ones among all tests that say as much (Benjamini-Hochberg)
-- @returns status: VARCHAR      ok, drift, or refused where there was no test
-- @returns reason: VARCHAR      what changed, or why there was no test
-- @example FROM launch_drift((SELECT model FROM old_model), 'sales', products := 'products')
-- @example SELECT kind, feature, batch_from, round(effect, 2) AS effect, status, reason FROM launch_drift((SELECT model FROM old_model),
--     'sales', products := 'products', batch := 'all')
WITH given_ AS MATERIALIZED (
    SELECT blob_, coalesce(info_->>'frequency', 'week') AS frequency_, coalesce((info_->>'horizon')::BIGINT, 1) AS horizon_
    FROM (SELECT model::BLOB AS blob_, launch_model_info(model::BLOB)::JSON AS info_)
),
listed_ AS MATERIALIZED (
    SELECT list({
        'product_id': id_, 'launch_date': launch_, 'units': units_, 'attributes': attributes_, 'covariates': covariates_,
        'at_least': at_least_
    }) AS launches_
    FROM __launch_training(
        sales, products, (SELECT frequency_ FROM given_), (SELECT horizon_ FROM given_), product_id, date, units, price,
        launch_date, burn_in, signals, covariates, signal_key, available := available, preorders := preorders
    )
    WHERE selling_
)
SELECT
    row_['kind'] AS kind,
    row_['feature'] AS feature,
    row_['batch_from'] AS batch_from,
    row_['batch_to'] AS batch_to,
    row_['launches'] AS launches,
    row_['statistic'] AS statistic,
    row_['effect'] AS effect,
    row_['threshold'] AS threshold,
    row_['p_value'] AS p_value,
    row_['q_value'] AS q_value,
    row_['status'] AS status,
    row_['reason'] AS reason
FROM (
    SELECT unnest(__launch_drift(
        (SELECT blob_ FROM given_), launches_, batch := batch::VARCHAR, false_discovery := false_discovery, least_effect := least_effect
    )) AS row_
    FROM listed_
)
ORDER BY batch_from, kind, feature
