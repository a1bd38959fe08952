-- Trains a model of launches from a sales table: how products with these attributes sold in their first periods. One
-- row with the model as a value, to be stored in a table, and its accuracy on launches it had not seen, beside that
-- of the category mean curve.
--
-- @param sales: VARCHAR                     the sales table
-- @param products: VARCHAR = NULL           the products table: every column but product and launch date is an
--                                           attribute (number, text, boolean, date)
-- @param signals: VARCHAR = NULL            what was seen before and after launches, such as mentions or searches: a
--                                           table with key, date, value and, if there are several, signal (its name)
-- @param covariates: VARCHAR = NULL         what is planned ahead, such as prices, promotions or events: a table with
--                                           date, the product (or key, or neither: for all) and a column of numbers or
--                                           booleans for each series
-- @param signal_key: VARCHAR = NULL         the column of products that key refers to, such as 'category'; NULL for the
--                                           column of products
-- @param frequency: VARCHAR = 'week'        length of a step: day, week or month
-- @param horizon: BIGINT = 13               steps to learn, from 1 to 520
-- @param architecture: VARCHAR = 'auto'     auto (mean of the others, weighted by held-out launches), naive (category
--                                           mean curve), analog (similar past launches), bass (diffusion), gbm
--                                           (boosted trees), lstm, cnn or vae (networks)
-- @param seed: BIGINT = 42                  seed of random numbers, for models that draw any
-- @param burn_in: BIGINT = 1                periods at the start of the data in which a first sale is no launch
-- @param product_id: VARCHAR = 'product_id'    the column of products in both tables
-- @param date: VARCHAR = 'date'                the column of dates in sales
-- @param units: VARCHAR = 'units'              the column of units in sales
-- @param price: VARCHAR = 'price'              the column of prices in sales, if there is one; what is learned from is the
--                                          price in products, as prices paid are not known before a launch
-- @param launch_date: VARCHAR = 'launch_date'  the column of launch dates in products, if there is one
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
-- @returns model: BLOB                  the model, NULL when refused
-- @returns model_id: VARCHAR            its identity: same data, options and version, same id
-- @returns architecture: VARCHAR        as asked
-- @returns frequency: VARCHAR           as asked
-- @returns horizon: INTEGER             as asked
-- @returns launches: BIGINT             past launches learned from
-- @returns observations: BIGINT         their observed periods
-- @returns validation_wape: DOUBLE      sum of absolute errors over sum of units, on launches held out
-- @returns validation_rmsle: DOUBLE     root mean square of ln(1 + yhat) - ln(1 + units) on them
-- @returns validation_bias: DOUBLE      sum of expected units over sum of units less 1 on them, above 0: too high
-- @returns naive_wape: DOUBLE           validation_wape of the category mean curve
-- @returns validation_coverage: DOUBLE  share of held-out periods within the 80 % interval, NULL for fewer than 10
--                                       held-out launches
-- @returns status: VARCHAR              ok or refused
-- @returns reason: VARCHAR              why refused; else what of the sales was left out, NULL for nothing
-- @example CREATE OR REPLACE TEMP TABLE my_model AS FROM launch_train('sales', products := 'products')
-- @example SELECT epoch, train_loss, validation_loss FROM launch_training_log((SELECT model FROM launch_train('sales',
--     products := 'products', architecture := 'lstm', hidden := [128, 64], learning_rate := 0.001, loss := 'mse',
--     epochs := 100, batch_size := 32, dropout := 0, networks := 1, patience := 100))) ORDER BY epoch DESC LIMIT 1
WITH fitted_ AS (
    SELECT launch_fit(
        id_, launch_, units_, attributes_, frequency := frequency, horizon := horizon, architecture := architecture, seed := seed,
        covariates := covariates_, at_least := at_least_,
        hidden := hidden, epochs := epochs, batch_size := batch_size,
        learning_rate := learning_rate, loss := loss, dropout := dropout, networks := networks,
        patience := patience, context_length := context_length
    ) AS blob_,
    count(*) AS launches_,
    count(*) FILTER (NOT selling_) AS unsold_,
    min(CASE WHEN NOT selling_ THEN id_ END) AS unsold_like_,
    count(*) FILTER (before_ > 0) AS early_,
    count(*) FILTER (__launch_idle(units_) > 0) AS idle_,
    min(CASE WHEN __launch_idle(units_) > 0 THEN id_ END) AS idle_like_,
    count(*) FILTER (list_bool_or(at_least_)) AS out_,
    max(TRY_CAST(list_sum(units_) AS DECIMAL(38, 3))) AS most_, arg_max(id_, list_sum(units_)) AS most_like_,
    sum(TRY_CAST(list_sum(units_) AS DECIMAL(38, 3))) AS all_
    FROM __launch_training(
        sales, products, frequency, horizon, product_id, date, units, price, launch_date, burn_in,
        signals, covariates, signal_key, available := available, preorders := preorders
    )
),
-- Products that sell, but are launched after all sales, or in the first periods of the data.
late_ AS (
    SELECT {
        'products': count(*) FILTER (given_ > last_), 'like': min(key_::VARCHAR) FILTER (given_ > last_), 'last': min(last_),
        'first': count(*) FILTER (in_first_), 'first_like': min(key_::VARCHAR) FILTER (in_first_), 'dated': count(given_)
    }
    FROM (
        SELECT *, __launch_period(given_, __launch_frequency(frequency)) - start_ BETWEEN 0 AND burn_in - 1 AS in_first_
        FROM __launch_dates(sales, products, product_id, date, units, price, launch_date), (
            SELECT max(day_) AS last_, __launch_period(min(day_), __launch_frequency(frequency)) AS start_
            FROM __launch_sales(sales, product_id, date, units, price)
        )
        WHERE counts_ AND first_sale_ IS NOT NULL
    )
),
told_ AS (
    SELECT
        CASE WHEN unsold_ < launches_ THEN blob_ END AS blob_, * EXCLUDE (blob_),
        CASE WHEN unsold_ < launches_ THEN launch_model_info(blob_)::JSON END AS info_,
        (FROM __launch_unread(sales, products, product_id, date, units, price, launch_date, available := available)) AS unread_,
        (FROM __launch_spelt(sales, products, product_id, product_id, 'sales', 'products')) AS spelt_,
        (SELECT pace_ FROM __launch_pace(sales, products, frequency, product_id, date, units)) AS pace_,
        (FROM late_) AS late_
    FROM fitted_
)
SELECT
    CASE WHEN info_->>'status' = 'ok' THEN blob_ END AS model,
    CASE WHEN info_->>'status' = 'ok' THEN info_->>'model_id' END AS model_id,
    coalesce(info_->>'architecture', lower(architecture)) AS architecture,
    coalesce(info_->>'frequency', __launch_frequency(frequency)) AS frequency,
    coalesce((info_->>'horizon')::BIGINT, __launch_horizon(horizon))::INTEGER AS horizon,
    coalesce((info_->>'launches')::BIGINT, 0) AS launches,
    coalesce((info_->>'observations')::BIGINT, 0) AS observations,
    (info_->'validation'->>'wape')::DOUBLE AS validation_wape,
    (info_->'validation'->>'rmsle')::DOUBLE AS validation_rmsle,
    (info_->'validation'->>'mean_bias')::DOUBLE AS validation_bias,
    (info_->'naive'->>'wape')::DOUBLE AS naive_wape,
    CASE WHEN (info_->>'held_out_launches')::BIGINT >= 10 THEN (info_->'validation'->>'coverage')::DOUBLE END AS validation_coverage,
    coalesce(info_->>'status', 'refused') AS status,
    CASE WHEN unsold_ = launches_ AND launches_ > 0 THEN __launch_unsold(unsold_, launches_, unsold_like_)
    WHEN blob_ IS NULL THEN concat_ws(
        '; ', 'no past launch was found in the sales: FROM launch_doctor(...) says why', unread_
    )
    WHEN info_->>'status' = 'ok' THEN nullif(concat_ws(
        '; ',
        info_->>'reason',
        __launch_idle_options(
            architecture, hidden, epochs, batch_size, learning_rate, loss, dropout, networks, patience, context_length
        ),
        unread_,
        spelt_,
        pace_,
        __launch_unsold(unsold_, launches_, unsold_like_),
        CASE WHEN json_array_length(info_->'unused_attributes') > 0 THEN
            'not looked at, as the architecture does not use them or they tell no launches apart: '
            || array_to_string((info_->'unused_attributes')::VARCHAR[], ', ')
        END,
        CASE WHEN late_['products'] > 0 THEN format(
            '{} products, such as {}, sold already though their launch date is after the last day of sales, {}: they are not learned from',
            late_['products'], late_['like'], late_['last']::VARCHAR
        ) END,
        CASE WHEN late_['first'] > 0 THEN format(
            '{} of {} products with a launch date, such as {}, began in the first {} of the sales and are not learned from: '
            || 'burn_in := 0 counts them, if these are launches and no first sales on record', late_['first'], late_['dated'], late_['first_like'],
            CASE burn_in WHEN 1 THEN lower(frequency) ELSE burn_in || ' periods' END
        ) END,
        CASE WHEN launches_ >= 5 AND 2 * most_ > all_ THEN format(
            '{} alone sold {:.0f} % of the units of {} launches: what is expected hangs on whether such a hit comes again', most_like_,
            100 * most_::DOUBLE / all_::DOUBLE, launches_
        ) END,
        CASE WHEN early_ > 0 THEN format(
            '{} of {} launches sold before their launch date, which is left out: preorders := ''first_step'' counts it',
            early_, launches_
        ) END,
        CASE WHEN idle_ > 0 THEN format(
            '{} of {} launches, such as {}, sold nothing at first, though much later: where the launch date is too early, these '
            || 'steps are no demand; NULL in its place takes the first sale', idle_, launches_, idle_like_
        ) END,
        CASE WHEN out_ > 0 THEN format(
            '{} of {} launches have steps that are known only from below, or not at all, as stock ran out or units are NULL: '
            || 'FROM launch_history(...) WHERE available < 1 shows when',
            out_, launches_
        ) END
    ), '')
    ELSE info_->>'reason' END AS reason
FROM told_
