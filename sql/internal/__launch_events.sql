-- The rows of an events table under fixed names, also those that cannot be used, with the reason.
--
-- @param events: VARCHAR      the events table
-- @param user_id: VARCHAR     its column of users
-- @param product_id: VARCHAR  its column of products
-- @param date: VARCHAR        its column of dates
-- @param units: VARCHAR       its column of units; 'units' need not exist
-- @param price: VARCHAR       its column of prices paid for a unit; 'price' need not exist
-- @param event: VARCHAR       its column of what happened; 'event' need not exist
-- @param channel: VARCHAR     its column of channels; 'channel' need not exist
-- @param purchase: VARCHAR    the value of event that stands for a purchase
-- @returns user_: same as input     the user
-- @returns product_: same as input  the product
-- @returns day_: DATE               the day
-- @returns units_: DOUBLE           units, 1 where there are none
-- @returns price_: DOUBLE           price of a unit, NULL when it is not known
-- @returns channel_: VARCHAR        channel
-- @returns event_: VARCHAR          what happened, NULL without the column
-- @returns bought_: BOOLEAN         whether it was a purchase
-- @returns uncounted_: BOOLEAN      whether there is a column of units, and none in it
-- @returns priceless_: BOOLEAN      whether what is given as the price is none
-- @returns why_: VARCHAR            why the row cannot be used, NULL where it can
-- @example FROM __launch_events('purchases', 'user_id', 'product_id', 'date', 'units', 'price', 'event', 'channel', 'purchase')
SELECT
    user_, product_, day_, coalesce(units_, 1) AS units_, price_, channel_, event_, bought_,
    raw_units_ IS NULL AND has_units_ AS uncounted_, raw_price_ IS NOT NULL AND price_ IS NULL AS priceless_,
    CASE
        WHEN __launch_id_text(user_) IS NULL THEN 'no user'
        WHEN __launch_id_text(product_) IS NULL THEN 'no product'
        WHEN day_ IS NULL THEN 'no date from 1970 to 2200'
        WHEN raw_units_ IS NOT NULL AND units_ IS NULL THEN 'units that are no number'
        WHEN bought_ AND units_ <= 0 THEN 'units of 0 or below'
    END AS why_
FROM (
    SELECT
        user_, product_, __launch_valid_day(raw_day_) AS day_, raw_units_, __launch_valid_units(raw_units_) AS units_,
        typeof(raw_units_) <> '"NULL"' AS has_units_, raw_price_, __launch_valid_price(raw_price_) AS price_, nullif(trim(raw_channel_::VARCHAR), '') AS channel_, raw_event_::VARCHAR AS event_,
        CASE
            WHEN typeof(raw_event_) = '"NULL"' THEN true
            ELSE coalesce(lower(trim(raw_event_::VARCHAR)) = lower(trim(purchase)), false)
        END AS bought_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, user_id, events)) AS user_,
            COLUMNS(lambda c: __launch_column(c, product_id, events)) AS product_,
            COLUMNS(lambda c: __launch_column(c, date, events)) AS raw_day_,
            COLUMNS(lambda c: __launch_column(c, units, events)) AS raw_units_,
            COLUMNS(lambda c: __launch_column(c, price, events)) AS raw_price_,
            COLUMNS(lambda c: __launch_column(c, event, events)) AS raw_event_,
            COLUMNS(lambda c: __launch_column(c, channel, events)) AS raw_channel_
        FROM query(__launch_read(
            __launch_named(events, 'events'), [user_id, product_id, date, units, price, event, channel],
            ['units', 'price', 'event', 'channel'], [date], [units, price]
        ))
    )
)
