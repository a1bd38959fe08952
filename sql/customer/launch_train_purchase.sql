-- Learns from past launches who buys a new product within so many days: what users had done before each launch, how near that
-- was to the product, and who then bought it. One row with the model as a value, and how good its probabilities are on launches
-- that came after those learned from.
--
-- @param events: VARCHAR                       what users did: user, product and date, and, if there are, units, price, event and
--                                              channel
-- @param products: VARCHAR                     all products with their attributes, and the launch date of those that are launches
-- @param days: BIGINT = 30                     days from the launch within which a purchase counts
-- @param active: BIGINT = 90                   the users that are asked about: those with an event within so many days before the
--                                              launch
-- @param negatives: BIGINT = 20                pairs of user and launch without a purchase that are learned from, for each one with,
--                                              2,000 at least; they are weighted, so probabilities are those of all
-- @param architecture: VARCHAR = 'auto'        auto (the others, weighted on later launches), logistic, gbm, or mlp
-- @param folds: BIGINT = 5                     parts of the launches in the order of time, each predicted from those before it
-- @param seed: BIGINT = 42                     seed of random numbers
-- @param user_id: VARCHAR = 'user_id'          the column of users
-- @param product_id: VARCHAR = 'product_id'    the column of products
-- @param date: VARCHAR = 'date'                the column of dates in events
-- @param units: VARCHAR = 'units'              the column of units in events, if there is one; else a purchase is one unit
-- @param price: VARCHAR = 'price'              the column of prices of a unit, if there is one
-- @param event: VARCHAR = 'event'              the column of what happened, if there is one; else all events are purchases
-- @param channel: VARCHAR = 'channel'          the column of channels, if there is one
-- @param purchase: VARCHAR = 'purchase'        the value of event that stands for a purchase
-- @param launch_date: VARCHAR = 'launch_date'  the column of launch dates; where it is NULL a product is no launch, and without
--                                              the column the first purchase is the launch
-- @param category: VARCHAR = 'category'        the column of categories, if there is one
-- @param brand: VARCHAR = 'brand'              the column of brands, if there is one
-- @param burn_in: BIGINT = 30                  days at the begin of events in which nothing is launched, without launch dates
-- @returns model: BLOB                         the model, NULL when refused
-- @returns model_id: VARCHAR                   its identity: same data, options and version, same id
-- @returns architecture: VARCHAR               as asked
-- @returns launches: BIGINT                    launches learned from
-- @returns pairs: BIGINT                       pairs of a launch and a user who was active before it
-- @returns rows: BIGINT                        of these, learned from
-- @returns positives: BIGINT                   of these, with a purchase
-- @returns base_rate: DOUBLE                   share of pairs with a purchase
-- @returns auc: DOUBLE                         probability that a buyer is above another user, on later launches as all figures
-- @returns average_precision: DOUBLE           mean over launches of the precision at the buyers, from the most probable on
-- @returns category_precision: DOUBLE          the same of users in the order of purchases in the category over days since
-- @returns lift: DOUBLE                        buyers among the most probable tenth over a tenth of the buyers, mean over launches
-- @returns category_lift: DOUBLE               the same of users in the order of purchases in the category over days since
-- @returns log_loss: DOUBLE                    mean of -ln of the probability of what happened
-- @returns brier: DOUBLE                       mean squared difference of probability and outcome
-- @returns calibration_error: DOUBLE           mean absolute difference of probability and share of buyers in ten bins of equal size
-- @returns expected_over_observed: DOUBLE      expected buyers over those there were
-- @returns status: VARCHAR                     ok or refused
-- @returns reason: VARCHAR                     why refused; else what is to be known of the data, NULL for nothing
-- @example CREATE OR REPLACE TEMP TABLE purchase_model AS
--     FROM launch_train_purchase('purchases', 'goods', architecture := 'logistic')
WITH fitted_ AS (
    SELECT __launch_fit_purchase(
        user_, events_, asked_, excluded_, code_, product_, launch_, price_, category_, brand_, attributes_, candidate_, unread_,
        model_, days := days,
        active := active, negatives := negatives, architecture := architecture, folds := folds, seed := seed
    ) AS blob_
    FROM (
        SELECT *, NULL::BLOB AS model_
        FROM __launch_market(
            events, products, NULL, NULL, NULL, user_id, product_id, date, units, price, event, channel, purchase,
            launch_date, category, brand, burn_in
        )
    )
),
noted_ AS (
    SELECT string_agg(CASE
        WHEN why_ IS NOT NULL THEN count_ || ' of ' || all_ || ' rows of events have ' || why_ || ' and are left out'
        ELSE count_ || ' of ' || all_ || ' rows of events are ' || coalesce('''' || event_ || '''', 'NULL') || ' and count as looked at'
    END, '; ' ORDER BY why_, event_) FILTER (why_ IS NOT NULL OR NOT bought_) AS note_
    FROM (
        SELECT
            why_, CASE WHEN why_ IS NULL THEN bought_ END AS bought_,
            CASE WHEN why_ IS NULL AND NOT bought_ THEN lower(trim(event_)) END AS event_, count(*) AS count_,
            sum(count(*)) OVER () AS all_
        FROM __launch_events(events, user_id, product_id, date, units, price, event, channel, purchase)
        GROUP BY ALL
    )
),
copied_ AS (
    SELECT CASE WHEN sum(count_ - 1) > 0 THEN sum(count_ - 1) || ' further rows of products are of one that is there already, such as '
        || min(key_) FILTER (count_ > 1) || ', and are left out' END AS copies_
    FROM (
        SELECT __launch_id_text(key_) AS key_, count(*) AS count_ FROM (
            SELECT COLUMNS(lambda c: __launch_column(c, product_id, products)) AS key_
            FROM query(__launch_from(__launch_named(products, 'products'), [product_id], ['none']))
        ) WHERE __launch_id_text(key_) IS NOT NULL GROUP BY ALL
    )
)
SELECT
    CASE WHEN info_->>'status' = 'ok' THEN blob_ END AS model,
    CASE WHEN info_->>'status' = 'ok' THEN info_->>'model_id' END AS model_id,
    lower(architecture) AS architecture,
    coalesce((info_->'purchase'->>'launches')::BIGINT, 0) AS launches,
    coalesce((info_->'purchase'->>'pairs')::BIGINT, 0) AS pairs,
    coalesce((info_->>'rows')::BIGINT, 0) AS rows,
    coalesce((info_->>'positives')::BIGINT, 0) AS positives,
    (info_->>'base_rate')::DOUBLE AS base_rate,
    (info_->'validation'->>'auc')::DOUBLE AS auc,
    (info_->'purchase'->>'launch_precision')::DOUBLE AS average_precision,
    (info_->'purchase'->>'category_precision')::DOUBLE AS category_precision,
    (info_->'purchase'->>'lift')::DOUBLE AS lift,
    (info_->'purchase'->>'category_lift')::DOUBLE AS category_lift,
    (info_->'validation'->>'log_loss')::DOUBLE AS log_loss,
    (info_->'validation'->>'brier')::DOUBLE AS brier,
    (info_->'validation'->>'calibration_error')::DOUBLE AS calibration_error,
    (info_->'purchase'->>'expected_over_observed')::DOUBLE AS expected_over_observed,
    coalesce(info_->>'status', 'refused') AS status,
    nullif(concat_ws('; ', CASE WHEN blob_ IS NULL THEN events || ' has no rows' ELSE info_->>'reason' END, note_, copies_), '') AS reason
FROM (SELECT blob_, launch_model_info(blob_)::JSON AS info_ FROM fitted_), noted_, copied_
