-- Forecasts products that have no history: units by step from the launch on, with intervals and what each forecast
-- rests on. With a model it predicts; with sales (and products) and no model it trains one first. Candidates that are
-- in the sales already are on their way: what they sold so far corrects their forecast, with own_weight. A product
-- that cannot be forecast comes back as one row with status refused and the reason.
--
-- @param candidates: VARCHAR               the products to forecast: product, launch date and the attributes the model
--                                          was trained on
-- @param model: BLOB = NULL                a model, such as (SELECT model FROM my_model)
-- @param sales: VARCHAR = NULL             the sales table: to train on when no model is given, and for what
--                                          candidates sold so far
-- @param products: VARCHAR = NULL          the products table to train on when no model is given
-- @param level: DOUBLE = 0.8               probability of the central interval
-- @param horizon: BIGINT = NULL            steps to forecast; NULL for those of the model, or 13 when it trains
-- @param frequency: VARCHAR = 'week'       when it trains: day, week or month
-- @param architecture: VARCHAR = 'auto'    when it trains: as in launch_train; analog takes seconds, auto up to minutes
-- @param seed: BIGINT = 42                 when it trains: seed of random numbers
-- @param burn_in: BIGINT = 1               when it trains: periods at the start of the data in which a first sale is
--                                          no launch
-- @param signals: VARCHAR = NULL           what was seen before and after launches, such as mentions or searches: a
--                                          table with key, date, value and, if there are several, signal (its name)
-- @param covariates: VARCHAR = NULL        what is planned ahead, such as prices, promotions or events: a table with
--                                          date, the product (or key, or neither: for all) and a column of numbers or
--                                          booleans for each series
-- @param signal_key: VARCHAR = NULL        the column of candidates and products that key refers to, such as
--                                          'category'; NULL for the column of products
-- @param product_id: VARCHAR = 'product_id'    the column of products in all tables
-- @param date: VARCHAR = 'date'                the column of dates in sales
-- @param units: VARCHAR = 'units'              the column of units in sales
-- @param price: VARCHAR = 'price'              the column of prices in sales, if there is one; what is learned from is the
--                                          price in products, as prices paid are not known before a launch
-- @param launch_date: VARCHAR = 'launch_date'  the column of launch dates in candidates and products
-- @param hidden: BIGINT[] = NULL         training networks: units of each hidden layer, [128, 64] if NULL
-- @param epochs: BIGINT = NULL           training networks: passes over the launches at most, 100 if NULL
-- @param batch_size: BIGINT = NULL       training networks: launches per step of the optimiser, 32 if NULL
-- @param learning_rate: DOUBLE = NULL    training networks: learning rate of Adam, 0.004 if NULL
-- @param loss: VARCHAR = NULL            training networks: what is minimised, quantile or mse; quantile if NULL
-- @param dropout: DOUBLE = NULL          training networks: share of hidden units left out at random, 0.4 if NULL
-- @param networks: BIGINT = NULL         training networks: how many are trained and averaged, 3 if NULL
-- @param patience: BIGINT = NULL         training networks: epochs without a lower held-out loss until it stops,
--                                          10 if NULL
-- @param context_length: BIGINT = NULL   training networks: latest steps of own sales looked at, all if NULL
-- @param available: VARCHAR = 'available'    the column of sales that says whether the product was on sale: a boolean,
--                                            or the share of the row's time; if there is one
-- @param preorders: VARCHAR = 'drop'         what sales before a given launch date are: drop leaves them out,
--                                            first_step counts them to step 1
-- @param as_of: ANY = NULL                   the day the forecast is made, which stands beside it; sales must not go beyond it
-- @returns product_id: same as input  the candidate
-- @returns date: DATE            first day of the period
-- @returns step: INTEGER         1 for the period that contains the launch date
-- @returns yhat: DOUBLE          median forecast in units
-- @returns yhat_lower: DOUBLE    lower end of the interval
-- @returns yhat_upper: DOUBLE    upper end of the interval
-- @returns mean: DOUBLE          expected units: what adds up, over products and periods
-- @returns own_weight: DOUBLE    weight of the product's own sales, 0 for none
-- @returns model_id: VARCHAR     identity of the model
-- @returns status: VARCHAR       ok or refused
-- @returns reason: VARCHAR       what the forecast rests on, or why there is none
-- @returns as_of: DATE           the day it was made, if that was given
-- @example FROM launch_forecast('candidates', model := (SELECT model FROM model))
-- @example FROM launch_forecast('candidates', sales := 'sales', products := 'products', horizon := 8)
WITH known_ AS (
    SELECT CASE WHEN max(day_) > __launch_as_of(as_of) THEN error(format(
        'as_of is {}, but sales go to {}: give those of that time, such as (FROM {} WHERE {} <= DATE ''{}'')',
        __launch_as_of(as_of), max(day_), sales, date, __launch_as_of(as_of)
    )) ELSE true END AS fine_
    FROM __launch_sales(CASE WHEN as_of IS NOT NULL THEN sales END, product_id, date, units, price)
),
given_ AS MATERIALIZED (SELECT model::BLOB AS blob_ WHERE (SELECT fine_ FROM known_)),
asked_ AS MATERIALIZED (
    SELECT key_, launch_, attributes_, undated_, count(*) OVER (PARTITION BY key_) AS copies_
    FROM __launch_attributes(candidates, product_id, launch_date, price, candidates, priced := sales IS NULL)
),
trained_ AS MATERIALIZED (
    SELECT launch_fit(
        id_, launch_, units_, attributes_,
        frequency := frequency, horizon := coalesce(horizon, 13), architecture := architecture, seed := seed,
        covariates := covariates_, at_least := at_least_,
        hidden := hidden, epochs := epochs, batch_size := batch_size,
        learning_rate := learning_rate, loss := loss, dropout := dropout, networks := networks,
        patience := patience, context_length := context_length
    ) AS blob_,
    count(*) FILTER (NOT selling_) AS unsold_, count(*) AS launches_, min(CASE WHEN NOT selling_ THEN id_ END) AS unsold_like_
    FROM __launch_training(
        sales, products, frequency, coalesce(horizon, 13), product_id, date, units, price, launch_date, burn_in,
        signals, covariates, signal_key, (SELECT blob_ IS NULL FROM given_), available := available,
        preorders := preorders
    )
    WHERE (SELECT blob_ IS NULL FROM given_)
        -- A candidate that is on sale already is no comparable of its own.
        AND id_ NOT IN (SELECT key_::VARCHAR FROM asked_ WHERE key_ IS NOT NULL)
),
model_ AS MATERIALIZED (
    SELECT coalesce(
        (SELECT blob_ FROM given_), (SELECT CASE WHEN unsold_ < launches_ THEN blob_ END FROM trained_)
    ) AS blob_
),
-- What to tell of tables that were trained on, and of options of training that a trained model cannot follow.
told_ AS MATERIALIZED (
    SELECT nullif(concat_ws(
        '; ',
        __launch_idle_options(
            architecture, hidden, epochs, batch_size, learning_rate, loss, dropout, networks, patience, context_length
        ),
        unread_, __launch_unsold(unsold_, launches_, unsold_like_)
    ), '') AS note_
    FROM trained_, __launch_unread(sales, products, product_id, date, units, price, launch_date, available := available)
    WHERE sales IS NOT NULL AND (SELECT blob_ IS NULL FROM given_)
    UNION ALL
    SELECT nullif(concat_ws(
        '; ',
        __launch_idle_options(NULL, hidden, epochs, batch_size, learning_rate, loss, dropout, networks, patience, context_length),
        CASE WHEN lower(architecture) <> 'auto' AND lower(architecture) <> info_->>'architecture'
        THEN 'architecture: not used, as the model given is ' || (info_->>'architecture') END,
        CASE WHEN lower(frequency) NOT IN ('week', info_->>'frequency')
        THEN 'frequency: not used, as the model given has steps of a ' || (info_->>'frequency') END,
        CASE WHEN products IS NOT NULL THEN 'products: not used, as the model given is trained already' END
    ), '')
    FROM (SELECT launch_model_info(blob_)::JSON AS info_ FROM given_ WHERE blob_ IS NOT NULL)
),
calendar_ AS MATERIALIZED (
    SELECT info_->>'frequency' AS frequency_, (info_->>'horizon')::BIGINT AS horizon_
    FROM (SELECT launch_model_info(blob_)::JSON AS info_ FROM model_)
),
own_ AS (
    FROM __launch_own(
        sales, candidates, (SELECT coalesce(frequency_, 'week') FROM calendar_), (SELECT coalesce(horizon_, 1) FROM calendar_),
        product_id, date, units, price, launch_date, available, preorders
    )
),
single_ AS MATERIALIZED (
    SELECT
        key_, launch_, coalesce(frequency_, 'week') AS frequency_, coalesce(horizon_, 1) AS horizon_, false AS required_
    FROM asked_, calendar_
    WHERE copies_ = 1 AND key_ IS NOT NULL
),
refused_ AS (
    SELECT asked_.*, units_, at_least_, note_, covariates_, CASE
        WHEN __launch_refusal(asked_.key_, copies_, undated_) IS NOT NULL THEN __launch_refusal(asked_.key_, copies_, undated_)
        WHEN sales IS NOT NULL AND (SELECT blob_ IS NULL FROM model_)
        THEN coalesce(
            (SELECT note_ FROM told_), 'no past launch was found in the sales: FROM launch_doctor(...) says why'
        )
    END AS why_
    FROM asked_
    LEFT JOIN own_ ON own_.key_ = asked_.key_
    LEFT JOIN __launch_covariates('single_', candidates, product_id, signals, covariates, signal_key) AS told_
        ON told_.id_ = asked_.key_::VARCHAR
),
forecast_ AS (
    SELECT key_, note_, unnest(
        launch_predict(
            (SELECT blob_ FROM model_), launch_, attributes_, level := level, horizon := horizon, units := units_,
            covariates := covariates_, at_least := at_least_
        )
    ) AS row_
    FROM refused_ WHERE why_ IS NULL
    UNION ALL
    SELECT key_, NULL, {'status': 'refused', 'reason': why_} FROM refused_ WHERE why_ IS NOT NULL
)
SELECT
    key_ AS product_id,
    row_['date'] AS date,
    row_['step'] AS step,
    row_['yhat'] AS yhat,
    row_['yhat_lower'] AS yhat_lower,
    row_['yhat_upper'] AS yhat_upper,
    row_['mean'] AS mean,
    row_['own_weight'] AS own_weight,
    row_['model_id'] AS model_id,
    row_['status'] AS status,
    CASE WHEN row_['status'] = 'ok'
    THEN concat(row_['reason'], note_, '; ' || (SELECT note_ FROM told_)) ELSE row_['reason'] || coalesce(note_, '') END AS reason,
    __launch_as_of(as_of) AS as_of
FROM forecast_
