-- What to tell users of: for each of them the candidates that the user will most probably buy within the days of the model.
--
-- @param users: VARCHAR                        the users
-- @param candidates: VARCHAR                   products that do not exist yet: id, attributes, and launch date
-- @param events: VARCHAR                       what users did: user, product and date, and, if there are, units, price, event and
--                                              channel
-- @param products: VARCHAR                     all products with their attributes, and the launch date of those that are launches
-- @param model: BLOB                           the model of launch_train_purchase
-- @param k: BIGINT = 5                         candidates of a user at most
-- @param diversity: DOUBLE = 0.0               how far they are to be apart: 0 by probability alone, 1 by likeness alone
-- @param exclude: VARCHAR = NULL               a table of users who are not to be told; with a column of products of these alone
-- @param as_of: ANY = NULL                     the day that is asked as of; NULL for the launch of each, or the day after the last
--                                              event where that comes first
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
-- @returns user_id: same as input              the user; NULL where a candidate is refused
-- @returns product_id: same as input           the candidate; NULL where the user is refused
-- @returns rank: BIGINT                        from 1
-- @returns probability: DOUBLE                 that the user buys within the days
-- @returns expected_units: DOUBLE              probability times the units of a buyer like this one
-- @returns channel: VARCHAR                    the channel of most of the user's events, late ones counting more; NULL without
-- @returns status: VARCHAR                     ok or refused
-- @returns reason: VARCHAR                     what the user bought that is near; or why user or candidate are refused
-- @example FROM launch_recommend('purchases', 'new_goods', 'purchases', 'goods', (SELECT model FROM purchase_model), k := 1)
WITH chosen_ AS (
    SELECT unnest(__launch_recommend(
        user_, events_, asked_, excluded_, code_, product_, launch_, price_, category_, brand_, attributes_, candidate_, unread_,
        model_, k := k,
        diversity := diversity, as_of := __launch_as_of(as_of)
    )) AS row_
    FROM (
        FROM __launch_market(
            events, products, candidates, users, exclude, user_id, product_id, date, units, price, event, channel, purchase,
            launch_date, category, brand, burn_in
        )
        WHERE __launch_named(candidates, 'candidates') IS NOT NULL AND __launch_named(users, 'users') IS NOT NULL
        UNION ALL BY NAME SELECT model::BLOB AS model_
    )
),
channels_ AS (
    SELECT channel_, row_number() OVER (ORDER BY channel_) AS number_
    FROM (
        SELECT DISTINCT channel_
        FROM __launch_events(events, user_id, product_id, date, units, price, event, channel, purchase)
        WHERE why_ IS NULL AND channel_ IS NOT NULL
    )
)
SELECT
    people_.key_ AS user_id, goods_.key_ AS product_id, row_['rank'] AS rank, row_['probability'] AS probability,
    row_['expected_units'] AS expected_units, channel_ AS channel, row_['status'] AS status, row_['reason'] AS reason
FROM chosen_
LEFT JOIN __launch_keys(nullif(trim(candidates), ''), product_id) goods_ ON row_['product'] = goods_.text_
LEFT JOIN __launch_keys(nullif(trim(users), ''), user_id) people_ ON row_['user'] = people_.text_
LEFT JOIN channels_ ON row_['channel'] = number_
