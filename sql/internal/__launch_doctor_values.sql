-- Checks of launch_doctor: dates and prices that stand for something else than they seem to.
--
-- @param sales: VARCHAR        the sales table
-- @param products: VARCHAR     the products table, or NULL
-- @param candidates: VARCHAR   the candidates, or NULL
-- @param product_id: VARCHAR   the column of products in all of them
-- @param date: VARCHAR         the column of dates in sales
-- @param price: VARCHAR        the column of prices, which need not exist
-- @param launch_date: VARCHAR  the column of launch dates; 'launch_date' need not exist
-- @returns name_: VARCHAR     the check
-- @returns bad_: BOOLEAN      whether there is something to mend
-- @returns fatal_: BOOLEAN    whether nothing can be learned before it is mended
-- @returns affected_: BIGINT  how many are concerned
-- @returns all_: BIGINT       of how many
-- @returns like_: VARCHAR     one of them
-- @returns fix_: VARCHAR      what to do
-- @example FROM __launch_doctor_values('sales', 'products', NULL, 'product_id', 'date', 'price', 'launch_date')
WITH rows_ AS MATERIALIZED (
    SELECT
        1 AS part_, sales AS table_, key_::VARCHAR AS key_, TRY_CAST(day_ AS DATE) AS day_, __launch_amount(price_) AS price_,
        typeof(day_) AS type_, NULL::VARCHAR AS undated_, NULL::VARCHAR AS unpriced_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, coalesce(sales, 'sales'))) AS key_,
            COLUMNS(lambda c: __launch_column(c, date, coalesce(sales, 'sales'))) AS day_,
            COLUMNS(lambda c: __launch_column(c, price, coalesce(sales, 'sales'))) AS price_
        FROM query(__launch_read(sales, [product_id, date], ['price', price], [date], [price]))
    )
    UNION ALL
    SELECT
        2, products, key_::VARCHAR, TRY_CAST(day_ AS DATE), __launch_amount(price_), typeof(day_),
        CASE WHEN coalesce(__launch_valid_day(day_), TRY_CAST(day_ AS DATE)) IS NULL THEN day_::VARCHAR END,
        CASE WHEN __launch_amount(price_) IS NULL THEN price_::VARCHAR END
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, coalesce(products, 'products'))) AS key_,
            COLUMNS(lambda c: __launch_column(c, launch_date, coalesce(products, 'products'))) AS day_,
            COLUMNS(lambda c: __launch_column(c, price, coalesce(products, 'products'))) AS price_
        FROM query(__launch_read(products, [product_id, launch_date], ['launch_date', 'price', price, 'cost'], [launch_date], [price, 'cost']))
    )
    UNION ALL
    SELECT 3, candidates, key_::VARCHAR, TRY_CAST(day_ AS DATE), __launch_amount(price_), typeof(day_), NULL, NULL
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, coalesce(candidates, 'candidates'))) AS key_,
            COLUMNS(lambda c: __launch_column(c, launch_date, coalesce(candidates, 'candidates'))) AS day_,
            COLUMNS(lambda c: __launch_column(c, price, coalesce(candidates, 'candidates'))) AS price_
        FROM query(__launch_read(candidates, [product_id, launch_date], ['launch_date', 'price', price, 'cost'], [launch_date], [price, 'cost']))
    )
),
-- A date that is written where none is known lies far from the others; data of the year 2000 have its first day too.
middle_ AS (SELECT quantile_disc(day_, 0.5) AS middle_ FROM rows_ WHERE part_ = 1),
judged_ AS (
    SELECT
        *,
        day_ IS NOT NULL AND day_::VARCHAR IN (
            '1899-12-30', '1900-01-01', '1970-01-01', '2000-01-01', '2099-12-31', '9999-12-31'
        ) AND coalesce(abs(day_ - middle_) > 3 * 366, true) AS sentinel_,
        coalesce(price_ <= 0 OR price_ >= 100 * usual_, false) AS far_
    FROM (
        SELECT
            *,
            -- What the same product usually costs in sales, what products usually cost elsewhere.
            median(CASE WHEN price_ > 0 AND isfinite(price_) THEN price_ END) OVER (
                PARTITION BY part_, CASE WHEN part_ = 1 THEN key_ END
            ) AS usual_
        FROM rows_
    ), middle_
),
counted_ AS (
    SELECT
        count(*) FILTER (sentinel_) AS sentinels_,
        count(day_) AS days_,
        min(CASE WHEN sentinel_ THEN concat(table_, ', product ', coalesce(key_, 'NULL'), ', ', day_) END) AS sentinel_like_,
        arg_min(CASE WHEN part_ = 1 THEN date ELSE launch_date END, (part_, key_)) FILTER (sentinel_) AS sentinel_column_,
        arg_min(table_, (part_, key_)) FILTER (sentinel_) AS sentinel_table_,
        min(day_) FILTER (sentinel_) AS sentinel_day_,
        count(*) FILTER (far_) AS far_,
        count(price_) AS prices_,
        min(CASE WHEN far_ THEN concat(table_, ', product ', coalesce(key_, 'NULL'), ', price ', price_) END) AS far_like_,
        arg_min(table_, (part_, key_)) FILTER (far_) AS far_table_,
        count(*) FILTER (day_ IS NOT NULL AND __launch_zone_note(type_) IS NOT NULL) AS zoned_,
        arg_min(table_, (part_, key_)) FILTER (__launch_zone_note(type_) IS NOT NULL) AS zoned_table_,
        arg_min(CASE WHEN part_ = 1 THEN date ELSE launch_date END, (part_, key_))
            FILTER (__launch_zone_note(type_) IS NOT NULL) AS zoned_column_,
        min(__launch_zone_note(type_)) AS zone_,
        count(*) FILTER (part_ = 2) AS listed_, count(undated_) AS undated_, count(unpriced_) AS unpriced_,
        min('product ' || coalesce(key_, 'NULL') || ', ' || undated_) AS undated_like_,
        min('product ' || coalesce(key_, 'NULL') || ', ' || unpriced_) AS unpriced_like_
    FROM judged_
),
days_ AS MATERIALIZED (
    SELECT day_, isodow(day_) AS weekday_, count(*) AS count_
    FROM rows_ WHERE part_ = 1 AND day_ IS NOT NULL GROUP BY day_
),
-- Whether weeks are named by their Sundays, and what the last day has beside the same weekday of the eight weeks before it.
weeks_ AS (
    SELECT
        count(*) AS dates_, count(*) >= 6 AND bool_and(weekday_ = 7) AS sundays_, min(day_) AS first_sunday_,
        max(day_) AS last_, arg_max(count_, day_) AS on_last_, arg_max(weekday_, day_) AS last_weekday_
    FROM days_
),
last_ AS (
    SELECT *, coalesce(before_.times_ >= 8 AND on_last_ < 0.5 * least_, false) AS cut_
    FROM weeks_, (
        SELECT count(*) AS times_, min(count_) AS least_, median(count_) AS usual_
        FROM days_, weeks_ WHERE weekday_ = last_weekday_ AND day_ < last_ AND day_ >= last_ - 56
    ) AS before_
)
SELECT unnest([
    {
        'name_': 'sentinel_dates', 'bad_': sentinels_ > 0, 'fatal_': false,
        'affected_': sentinels_, 'all_': days_, 'like_': sentinel_like_,
        'fix_': concat(
            'A date that stands for no date: make it NULL, (SELECT * REPLACE (nullif(TRY_CAST(', __launch_identifier(sentinel_column_),
            ' AS DATE), DATE ''', sentinel_day_, ''') AS ', __launch_identifier(sentinel_column_), ') FROM ', sentinel_table_, ').'
        )
    },
    {
        'name_': 'prices_far_from_others', 'bad_': far_ > 0, 'fatal_': false,
        'affected_': far_, 'all_': prices_, 'like_': far_like_,
        'fix_': concat(
            'A price of 0 or below, or of a hundred times the usual one, is rarely a price: correct it, or make it NULL, ',
            '(SELECT * REPLACE (CASE WHEN coalesce(TRY_CAST(', __launch_identifier(price), ' AS DOUBLE), 1) > 0 THEN ', __launch_identifier(price), ' END AS ',
            __launch_identifier(price), ') FROM ', far_table_, ').'
        )
    },
    {
        'name_': 'unread_launch_dates', 'bad_': undated_ > 0, 'fatal_': false,
        'affected_': undated_, 'all_': listed_, 'like_': undated_like_,
        'fix_': 'Their launch is taken as the first day with sales: write their launch dates as year-month-day. Of texts such as '
            || '12/05/2024 no row tells whether May or December is meant.'
    },
    {
        'name_': 'unread_prices_of_products', 'bad_': unpriced_ > 0, 'fatal_': false,
        'affected_': unpriced_, 'all_': listed_, 'like_': unpriced_like_,
        'fix_': 'These prices count as missing: write them as 1234.50. Of texts such as 1,234 no row tells whether they are one and a bit '
            || 'or over a thousand.'
    },
    {
        'name_': 'dates_with_time_zone', 'bad_': zoned_ > 0, 'fatal_': false,
        'affected_': zoned_, 'all_': days_, 'like_': zoned_table_ || ': ' || zone_,
        'fix_': concat(
            'The day depends on the time zone of the session: SET TimeZone = ''America/New_York'', or say it, ',
            '(SELECT * REPLACE ((', __launch_identifier(zoned_column_), ' AT TIME ZONE ''America/New_York'')::DATE AS ',
            __launch_identifier(zoned_column_), ') FROM ', zoned_table_, ').'
        )
    },
    {
        'name_': 'weeks_named_by_sunday', 'bad_': sundays_, 'fatal_': false,
        'affected_': CASE WHEN sundays_ THEN dates_ ELSE 0 END, 'all_': dates_,
        'like_': CASE WHEN sundays_ THEN first_sunday_::VARCHAR END,
        'fix_': concat(
            'A week runs from Monday, so a Sunday names the week that ends on it. Where it names the week that begins on it, as in ',
            'the United States, name the Monday: (SELECT * REPLACE (', __launch_identifier(date), '::DATE + 1 AS ',
            __launch_identifier(date), ') FROM ', sales, ').'
        )
    },
    {
        'name_': 'last_day_incomplete', 'bad_': cut_, 'fatal_': false,
        'affected_': CASE WHEN cut_ THEN on_last_ ELSE 0 END, 'all_': usual_::BIGINT,
        'like_': CASE WHEN cut_ THEN concat(last_, ': ', on_last_, ' rows, ', usual_::BIGINT, ' on the same day of earlier weeks') END,
        'fix_': concat(
            'The last day seems to be running still and counts as it is: leave it out, (FROM ', sales, ' WHERE ',
            __launch_identifier(date), '::DATE < DATE ''', last_, ''').'
        )
    }
], recursive := true)
FROM counted_, last_
