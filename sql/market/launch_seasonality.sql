-- Which weeks, months or weekdays sell, for all products together (key NULL) and by category. An index of 1 is an
-- average period; it holds no growth, and no launches or withdrawals. The index of a key is pulled to that of the other
-- products, and that of all products to 1, as far as its sales do not show it. Movable events get rows of their own and
-- do not touch the index of their week. Units that are not known, and days without stock (the column available), are not
-- 0: other products and years tell of them. A key that cannot be told, such as one of fewer than 30 units a year, comes back
-- as one row with status refused.
--
-- @param sales: VARCHAR                     the sales table, of a year at least (two weeks for weekdays)
-- @param products: VARCHAR = NULL           the products table, for a season of each category
-- @param by: VARCHAR = 'category'           its column of groups; NULL for all products together only
-- @param frequency: VARCHAR = 'week'        seasons: month of the year, week (ISO) of the year, or day (of the week)
-- @param events: VARCHAR = NULL             a table of movable events with the columns date and name; an event of
--                                           several days has one row each
-- @param level: DOUBLE = 0.8                probability of the intervals
-- @param product_id: VARCHAR = 'product_id'  the column of products in both tables
-- @param date: VARCHAR = 'date'             the column of dates in sales
-- @param units: VARCHAR = 'units'           the column of units in sales
-- @returns key: same as input     the category, NULL for all products together
-- @returns period: BIGINT         month 1 to 12, ISO week 1 to 53, weekday 1 (Monday) to 7; NULL for an event
-- @returns label: VARCHAR         such as January, week 01, Monday, or the name of the event
-- @returns season_index: DOUBLE   sales per day of sale over those of an average period; for an event, sales of the
--                                 periods that hold it over what season and trend would give
-- @returns index_lower: DOUBLE    lower end of its interval
-- @returns index_upper: DOUBLE    upper end
-- @returns is_peak: BOOLEAN       whether index_lower is above 1 and neither neighbouring period has a higher index; for
--                                 an event, whether index_lower is above 1
-- @returns status: VARCHAR        ok or refused
-- @returns reason: VARCHAR        what the index rests on, or why there is none
-- @example FROM launch_seasonality('sales', products := 'products')
-- @example WITH old AS (SELECT 1 AS product_id, DATE '2022-01-01' + i::INTEGER AS date, 1 + i % 7 AS units FROM range(900) t(i))
--          FROM launch_seasonality('old', frequency := 'month')
SELECT
    typed_.key_ AS key,
    season_ AS period,
    CASE
        WHEN event_ IS NOT NULL THEN event_
        WHEN season_ IS NULL THEN NULL
        WHEN __launch_frequency(frequency) = 'month' THEN monthname(make_date(2000, season_::INTEGER, 1))
        WHEN __launch_frequency(frequency) = 'week' THEN format('week {:02d}', season_)
        ELSE dayname(DATE '2000-01-02' + season_::INTEGER) END AS label,
    index_ AS season_index,
    lower_ AS index_lower,
    upper_ AS index_upper,
    peak_ AS is_peak,
    CASE WHEN index_ IS NULL THEN 'refused' ELSE 'ok' END AS status,
    concat_ws('; ', reason_, (FROM __launch_unlisted(sales, products, product_id, "by")), (FROM __launch_unread(sales, NULL, product_id, date, units, 'price', 'launch_date', summed := true))) AS reason
FROM __launch_season(sales, products, "by", frequency, events, level, product_id, date, units) AS found_
LEFT JOIN (
    SELECT DISTINCT group_ AS key_ FROM __launch_grouped(products, product_id, "by")
) AS typed_ ON typed_.key_::VARCHAR = found_.key_
ORDER BY found_.key_ NULLS FIRST, season_ NULLS LAST, event_
