-- A new model of the kind of a given one, trained on all launches up to now, and whether it takes the place of the old
-- one. Both are judged on the newest launches, which neither has seen: the champion was trained before them, the challenger
-- on what was known on the first day of these. The challenger is promoted unless it is clearly worse; the model handed back
-- then is trained on all launches. One row; when the champion is kept its own bytes come back, so that the row can be stored
-- in its place whatever was decided.
--
-- @param model: BLOB                        the champion, such as (SELECT model FROM my_model)
-- @param sales: VARCHAR                     the sales table: the whole history, not the new rows alone
-- @param products: VARCHAR = NULL           the products table, as in training
-- @param signals: VARCHAR = NULL            as in launch_train
-- @param covariates: VARCHAR = NULL         as in launch_train
-- @param signal_key: VARCHAR = NULL         as in launch_train
-- @param level: DOUBLE = 0.8                probability of the interval of the margin: the champion is kept where it lies below 0
-- @param warm_start: BOOLEAN = true         networks begin with the weights of the champion, for three tenths of the epochs
-- @param burn_in: BIGINT = 1                periods at the start of the data in which a first sale is no launch
-- @param product_id: VARCHAR = 'product_id'    the column of products in both tables
-- @param date: VARCHAR = 'date'                the column of dates in sales
-- @param units: VARCHAR = 'units'              the column of units in sales
-- @param price: VARCHAR = 'price'              the column of prices, if there is one
-- @param launch_date: VARCHAR = 'launch_date'  the column of launch dates in products, if there is one
-- @param available: VARCHAR = 'available'      as in launch_train
-- @param preorders: VARCHAR = 'drop'           as in launch_train
-- @returns model: BLOB               the model to go on with: the new one if promoted, else the champion
-- @returns model_id: VARCHAR         its identity
-- @returns decision: VARCHAR         promote or keep
-- @returns margin: DOUBLE            WAPE of the champion less that of the challenger, above 0: the challenger is better
-- @returns margin_lower: DOUBLE      lower end of its interval
-- @returns margin_upper: DOUBLE      upper end
-- @returns champion_wape: DOUBLE     WAPE of the champion on the launches judged
-- @returns challenger_wape: DOUBLE   that of the challenger
-- @returns naive_wape: DOUBLE        that of the category mean curve, as the challenger could know it
-- @returns launches: BIGINT          launches judged
-- @returns cutoff: DATE              the challenger judged knew nothing from that day on
-- @returns champion_id: VARCHAR      identity of the champion
-- @returns status: VARCHAR           ok, or refused where there was nothing to judge by: the champion is kept then
-- @returns reason: VARCHAR           what the decision rests on, or why there was none to make
-- @example FROM launch_refit((SELECT model FROM old_model), 'sales', products := 'products')
-- @example SELECT decision, round(margin, 3) AS margin, reason FROM launch_refit((SELECT model FROM old_model), 'sales',
--     products := 'products')
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
),
refitted_ AS MATERIALIZED (
    SELECT unnest(__launch_refit((SELECT blob_ FROM given_), launches_, level := level, warm_start := warm_start)) AS row_ FROM listed_
)
SELECT
    row_['model'] AS model,
    row_['model_id'] AS model_id,
    row_['decision'] AS decision,
    row_['margin'] AS margin,
    row_['margin_lower'] AS margin_lower,
    row_['margin_upper'] AS margin_upper,
    row_['champion_wape'] AS champion_wape,
    row_['challenger_wape'] AS challenger_wape,
    row_['naive_wape'] AS naive_wape,
    row_['launches'] AS launches,
    row_['cutoff'] AS cutoff,
    row_['champion_id'] AS champion_id,
    row_['status'] AS status,
    concat_ws('; ', row_['reason'], unread_) AS reason
FROM refitted_, __launch_unread(sales, products, product_id, date, units, price, launch_date)
