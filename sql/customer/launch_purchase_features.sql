-- What was known of each user and candidate before a day: how often, how lately and how much the user bought, how near that is
-- to what the candidate is, and how past launches alike were taken. The features that launch_train_purchase learns from; nothing
-- of the day itself or later is looked at. Lines bought are weighted by exp(-age / 90 days).
--
-- @param events: VARCHAR                       what users did: user, product and date, and, if there are, units, price, event and
--                                              channel
-- @param products: VARCHAR                     all products with their attributes, and the launch date of those that are launches
-- @param candidates: VARCHAR                   products that do not exist yet: id, attributes, and launch date
-- @param as_of: ANY = NULL                     the day; NULL for the launch of each, or the day after the last event where that comes
--                                              first
-- @param days: BIGINT = 30                     days from a launch within which a purchase counts, as the model has it
-- @param active: BIGINT = 90                   days within which an active user has an event, as the model has it
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
-- @returns product_id: same as input           the candidate
-- @returns user_id: same as input              the user; only those with an event before the day
-- @returns as_of: DATE                         the day
-- @returns active: BOOLEAN                     whether the user has an event within so many days, which the model is of
-- @returns days_since_purchase: DOUBLE     days since the user last bought anything
-- @returns recent_purchase_days: DOUBLE    days with a purchase, weighted by exp(-age / 30 days)
-- @returns purchase_days: DOUBLE           days with a purchase
-- @returns spend: DOUBLE                   units times price
-- @returns basket_size: DOUBLE             lines a day with a purchase
-- @returns activity_trend: DOUBLE          ln((1 + days with a purchase of late) / (1 + that of as many days, of three times as many before)).
--                                              
-- @returns main_channel_share: DOUBLE      share of the lines in the channel that is used most
-- @returns launches_bought: DOUBLE         share of past launches that the user bought within the days; only those whose days were over.
--                                              
-- @returns launch_share: DOUBLE            share of the lines that were of products launched in the 180 days before
-- @returns alike_purchases: DOUBLE         of the lines, sum of likeness to the product to the power of four
-- @returns alike_purchases_wide: DOUBLE    the same to the power of two
-- @returns alike_share: DOUBLE             mean likeness of the lines
-- @returns most_alike: DOUBLE              likeness of the product bought that is most alike
-- @returns alike_views: DOUBLE             of products looked at, sum of likeness to the power of four
-- @returns alike_launches_bought: DOUBLE   share of alike launches that the user bought, drawn to 0
-- @returns category_purchases: DOUBLE      lines of the product's category
-- @returns category_share: DOUBLE          their share of all lines
-- @returns category_affinity: DOUBLE       logarithm of that share over that of all users, drawn to 0
-- @returns category_days: DOUBLE           days with a purchase in the category, weighted as lines are
-- @returns days_since_category: DOUBLE     days since the last of them
-- @returns category_rhythm: DOUBLE         mean days between them
-- @returns category_due: DOUBLE            days since the last one over that mean
-- @returns brand_share: DOUBLE             share of the lines of the product's brand
-- @returns brand_affinity: DOUBLE          logarithm of that share over that of all users, drawn to 0
-- @returns attribute_affinity: DOUBLE      the sum of such logarithms over all attributes with levels
-- @returns best_affinity: DOUBLE           the largest of them
-- @returns price_distance: DOUBLE          ln(price / geometric mean of the prices the user paid in the category)
-- @returns price_level_distance: DOUBLE    how much dearer the product is than its category, less how much dearer than their categories the user buys; logarithms.
--                                              
-- @returns launch_take_up: DOUBLE          take-up of past launches by all users, weighted by likeness squared
-- @returns alike_buyers: DOUBLE            lines a user bought of alike products in the last days, over all active users
-- @returns category_buyers: DOUBLE         lines a user bought of the category in the last days, over all active users
-- @returns price_level: DOUBLE             ln(price / mean price of the category)
-- @example FROM launch_purchase_features('purchases', 'goods', 'new_goods')
WITH pairs_ AS (
    SELECT unnest(__launch_purchase_features(
        user_, events_, asked_, excluded_, code_, product_, launch_, price_, category_, brand_, attributes_, candidate_, unread_,
        model_, days := days,
        active := active, as_of := __launch_as_of(as_of)
    )) AS pair_
    FROM (
        SELECT *, NULL::BLOB AS model_
        FROM __launch_market(
            events, products, candidates, NULL, NULL, user_id, product_id, date, units, price, event, channel, purchase,
            launch_date, category, brand, burn_in
        )
        WHERE __launch_named(candidates, 'candidates') IS NOT NULL
    )
)
SELECT
    goods_.key_ AS product_id, people_.key_ AS user_id, pair_['as_of'] AS as_of, pair_['active'] AS active,
    pair_['days_since_purchase'] AS days_since_purchase,
    pair_['recent_purchase_days'] AS recent_purchase_days,
    pair_['purchase_days'] AS purchase_days,
    pair_['spend'] AS spend,
    pair_['basket_size'] AS basket_size,
    pair_['activity_trend'] AS activity_trend,
    pair_['main_channel_share'] AS main_channel_share,
    pair_['launches_bought'] AS launches_bought,
    pair_['launch_share'] AS launch_share,
    pair_['alike_purchases'] AS alike_purchases,
    pair_['alike_purchases_wide'] AS alike_purchases_wide,
    pair_['alike_share'] AS alike_share,
    pair_['most_alike'] AS most_alike,
    pair_['alike_views'] AS alike_views,
    pair_['alike_launches_bought'] AS alike_launches_bought,
    pair_['category_purchases'] AS category_purchases,
    pair_['category_share'] AS category_share,
    pair_['category_affinity'] AS category_affinity,
    pair_['category_days'] AS category_days,
    pair_['days_since_category'] AS days_since_category,
    pair_['category_rhythm'] AS category_rhythm,
    pair_['category_due'] AS category_due,
    pair_['brand_share'] AS brand_share,
    pair_['brand_affinity'] AS brand_affinity,
    pair_['attribute_affinity'] AS attribute_affinity,
    pair_['best_affinity'] AS best_affinity,
    pair_['price_distance'] AS price_distance,
    pair_['price_level_distance'] AS price_level_distance,
    pair_['launch_take_up'] AS launch_take_up,
    pair_['alike_buyers'] AS alike_buyers,
    pair_['category_buyers'] AS category_buyers,
    pair_['price_level'] AS price_level
FROM pairs_
LEFT JOIN __launch_keys(nullif(trim(candidates), ''), product_id) goods_ ON pair_['product'] = goods_.text_
JOIN __launch_keys(events, user_id) people_ ON pair_['user'] = people_.text_
