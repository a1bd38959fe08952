-- Whether signals such as social mentions or search interest run ahead of sales, and by how many periods: at each lag
-- the correlation of what is new in the signal with what is new in the sales so much later, and how much smaller the
-- error of forecasts of held-out periods is with the signal than without. A signal with a gain is worth giving to
-- launch_train, as signals := the same table and signal_key := the same key.
--
-- @param signals: VARCHAR            a table with key, date, value and, if there are several, signal (its name)
-- @param sales: VARCHAR              the sales table
-- @param products: VARCHAR = NULL    the products table, where key is one of its columns
-- @param key: VARCHAR = NULL         the column of products, or of sales without products, that keys refer to, such as
--                                    'category'; NULL for the column of products
-- @param max_lag: BIGINT = 8         largest lag, 0 to 52 periods
-- @param frequency: VARCHAR = 'week'  day, week or month
-- @param product_id: VARCHAR = 'product_id'  the column of products in both tables
-- @param date: VARCHAR = 'date'      the column of dates in sales
-- @param units: VARCHAR = 'units'    the column of units in sales
-- @returns key: same as input        the key
-- @returns lag: BIGINT               periods between the signal and the sales; NULL where there is no result
-- @returns correlation: DOUBLE       -1 to 1
-- @returns gain: DOUBLE              share of the mean absolute error of one-period forecasts that the signal saves, at
--                                    most 1; below 0 it does harm; NULL at lag 0
-- @returns status: VARCHAR           ok or refused
-- @returns reason: VARCHAR           what to make of it, or why there is none
-- @returns signal: VARCHAR           the signal's name; signal where the table has none
-- @example FROM launch_signal(
--          '(SELECT category AS key, date, sum(units) AS value FROM sales JOIN products USING (product_id)
--          GROUP BY ALL)', 'sales', products := 'products', key := 'category')
WITH options_ AS MATERIALIZED (
    SELECT
        __launch_frequency(frequency) AS frequency_,
        CASE WHEN max_lag BETWEEN 0 AND 52 THEN max_lag::BIGINT
        ELSE error('max_lag must be between 0 and 52, got ' || coalesce(max_lag::VARCHAR, 'NULL')) END AS lags_
),
-- The keys as they came.
named_ AS (
    SELECT key_::VARCHAR AS link_, min(key_) AS key_
    FROM (
        SELECT COLUMNS(lambda c: __launch_column(c, 'key', 'signals ' || signals)) AS key_
        FROM query('FROM ' || signals)
    )
    GROUP BY link_
),
told_ AS MATERIALIZED (
    SELECT
        link_, name_, __launch_period(day_, frequency_) AS number_,
        __launch_average(value_) AS value_
    FROM __launch_series(signals, NULL, product_id) CROSS JOIN options_
    GROUP BY ALL
),
unread_ AS MATERIALIZED (
    SELECT unread_link_, nullif(concat_ws('; ',
        __launch_unread_rows(
            count(*) FILTER (lost_), count(*), 'this key in signals', 'date from 1970 to 2200, or no number that can be read in one way',
            min(CASE WHEN day_ IS NULL THEN raw_day_ ELSE raw_value_ END) FILTER (lost_)
        ) || ', and are left out',
        (FROM __launch_unread(sales, NULL, product_id, date, units, 'price', 'launch_date', summed := true))
    ), '') AS note_
    FROM (
        SELECT *, day_ IS NULL OR value_ IS NULL AS lost_
        FROM (
            SELECT
                COLUMNS(lambda c: __launch_column(c, 'key', 'signals ' || signals))::VARCHAR AS unread_link_,
                __launch_valid_day(COLUMNS(lambda c: __launch_column(c, 'date', 'signals ' || signals))) AS day_,
                __launch_valid_units(COLUMNS(lambda c: __launch_column(c, 'value', 'signals ' || signals))) AS value_,
                COLUMNS(lambda c: __launch_part(c, 'date', 1, 'signals ' || signals))::VARCHAR AS raw_day_,
                COLUMNS(lambda c: __launch_part(c, 'value', 1, 'signals ' || signals))::VARCHAR AS raw_value_
            FROM query(__launch_read(signals, ['key', 'date', 'value'], [], ['date'], ['value']))
        )
    )
    GROUP BY unread_link_
),
linked_ AS (
    SELECT key_::VARCHAR AS product_, min(group_::VARCHAR) AS link_
    FROM __launch_grouped(coalesce(products, sales), product_id, coalesce("key", product_id))
    GROUP BY product_
),
-- Only full periods.
sold_ AS MATERIALIZED (
    SELECT link_, number_, __launch_sum(units_) AS sold_units_
    FROM __launch_volumes(sales, frequency, product_id, date, units, 'price') AS rows_
    JOIN linked_ ON linked_.product_ = rows_.key_::VARCHAR
    CROSS JOIN (SELECT end_ FROM __launch_calendar(sales, frequency, product_id, date, units, 'price'))
    WHERE link_ IN (SELECT link_ FROM told_) AND number_ < end_ AND apart_ = 0
    GROUP BY ALL
),
-- From as many periods before the first sale as there are lags; a period without sales counts as 0.
spans_ AS (
    SELECT
        told_.link_, name_, first_,
        unnest(range(greatest(first_ - lags_, 0), (SELECT max(number_) + 1 FROM sold_))) AS number_
    FROM (SELECT DISTINCT link_, name_ FROM told_) AS told_
    JOIN (SELECT link_, min(number_) AS first_ FROM sold_ GROUP BY link_) AS starts_ ON starts_.link_ = told_.link_
    CROSS JOIN options_
),
paired_ AS (
    SELECT
        spans_.link_, spans_.name_, min(spans_.number_) AS start_,
        list(CASE WHEN spans_.number_ >= first_ THEN coalesce(sold_units_, 0) END ORDER BY spans_.number_) AS series_,
        list(value_ ORDER BY spans_.number_) AS values_
    FROM spans_
    LEFT JOIN sold_ ON sold_.link_ = spans_.link_ AND sold_.number_ = spans_.number_
    LEFT JOIN told_ ON told_.link_ = spans_.link_ AND told_.name_ = spans_.name_ AND told_.number_ = spans_.number_
    GROUP BY spans_.link_, spans_.name_
),
found_ AS (
    SELECT
        link_, name_,
        unnest(__launch_signal(
            series_, values_, __launch_period_start(start_, frequency_), frequency_, lags_
        )) AS row_
    FROM paired_ CROSS JOIN options_
),
without_ AS (
    SELECT named_.link_, name_, key_, CASE
        WHEN key_ IS NULL THEN 'key is NULL'
        WHEN name_ IS NULL THEN 'there is no row of this key with a date and a number'
        ELSE 'there are no sales of this key in a full period: key names the column that keys refer to' END AS why_
    FROM named_ LEFT JOIN (SELECT DISTINCT link_, name_ FROM told_) AS told_ ON told_.link_ = named_.link_
    WHERE named_.link_ IS NULL OR named_.link_ NOT IN (SELECT link_ FROM sold_)
)
SELECT
    named_.key_ AS key,
    row_['lag'] AS lag,
    row_['correlation'] AS correlation,
    row_['gain'] AS gain,
    row_['status'] AS status,
    row_['reason'] || coalesce('; ' || note_, '') AS reason,
    name_ AS signal
FROM found_ JOIN named_ ON named_.link_ = found_.link_ LEFT JOIN unread_ ON unread_link_ = found_.link_
UNION ALL BY NAME
SELECT key_ AS key, 'refused' AS status, why_ || coalesce('; ' || note_, '') AS reason,
    coalesce(name_, 'signal') AS signal
FROM without_ CROSS JOIN options_ LEFT JOIN unread_ ON unread_link_ IS NOT DISTINCT FROM key_::VARCHAR
ORDER BY 1, 7, 2
