-- What the dates of all products together say of sales: whether rows are of longer periods than asked, periods in which no
-- product has a row, a last period with hardly any, and categories that end before the others. One row; of a shop
-- with few rows nothing is said.
--
-- @param sales: VARCHAR       the sales table
-- @param products: VARCHAR    the products table, or NULL
-- @param frequency: VARCHAR   day, week or month
-- @param product_id: VARCHAR  the column of products in both
-- @param date: VARCHAR        the column of dates
-- @param units: VARCHAR       the column of units
-- @returns every_: BIGINT         days from one date to the next, the median, where that is longer than a period; NULL else
-- @returns span_: BIGINT          periods from the first to the last one with rows
-- @returns empty_: BIGINT         periods without a row of any product
-- @returns empty_like_: DATE      the first one
-- @returns thin_: BIGINT          rows of the last period, where the others have five times as many and more; NULL else
-- @returns usual_: BIGINT         rows of a period, the median of eight before the last one
-- @returns last_: DATE            the last period
-- @returns categories_: BIGINT    categories with sales in nearly all periods until they end
-- @returns ended_: BIGINT         those that end four periods and more before the others
-- @returns ended_like_: VARCHAR   one of them
-- @returns pace_: VARCHAR         the text, NULL when there is nothing to tell
-- @example FROM __launch_pace('sales', 'products', 'week', 'product_id', 'date', 'units')
WITH days_ AS MATERIALIZED (
    SELECT day_, __launch_period(day_, frequency) AS number_, count(*) AS rows_
    FROM __launch_sales(sales, product_id, date, units, 'price', 'available')
    GROUP BY day_
),
dates_ AS (
    SELECT CASE
        WHEN count(gap_) >= 3 AND median(gap_) > CASE __launch_frequency(frequency) WHEN 'day' THEN 1.5 WHEN 'week' THEN 10.5 ELSE 46 END
        THEN median(gap_)::BIGINT END AS every_
    FROM (SELECT day_ - lag(day_) OVER (ORDER BY day_) AS gap_ FROM days_)
),
numbers_ AS MATERIALIZED (
    SELECT *, lead(number_) OVER (ORDER BY number_) - number_ - 1 AS empty_, row_number() OVER (ORDER BY number_ DESC) AS back_
    FROM (SELECT number_, sum(rows_)::BIGINT AS rows_ FROM days_ GROUP BY number_)
),
-- A day or two without a row are a weekend.
usual_ AS (
    SELECT
        max(number_) - min(number_) + 1 AS span_, (median(rows_) FILTER (back_ BETWEEN 2 AND 9))::BIGINT AS usual_, __launch_period_start(max(number_), frequency) AS last_,
        -- Beside the last ones before it, as a shop may grow or close slowly.
        CASE WHEN median(rows_) FILTER (back_ BETWEEN 2 AND 9) >= 10 AND count(*) >= 9
                AND 5 * arg_max(rows_, number_) <= median(rows_) FILTER (back_ BETWEEN 2 AND 9)
            THEN arg_max(rows_, number_) END AS thin_,
        CASE WHEN median(rows_) >= 5 THEN coalesce(sum(empty_) FILTER (empty_ >= least_), 0)::BIGINT ELSE 0 END AS empty_,
        CASE WHEN median(rows_) >= 5 THEN __launch_period_start((min(number_) FILTER (empty_ >= least_)) + 1, frequency) END AS empty_like_
    FROM numbers_, (SELECT CASE __launch_frequency(frequency) WHEN 'day' THEN 4 ELSE 1 END AS least_)
),
categories_ AS (
    SELECT
        count(*) FILTER (steady_) AS categories_, count(*) FILTER (steady_ AND ends_ + 4 <= latest_) AS ended_,
        min(format('{} after {}', group_, __launch_period_start(ends_, frequency))) FILTER (steady_ AND ends_ + 4 <= latest_) AS ended_like_
    FROM (
        SELECT
            group_, max(number_) AS ends_, max(max(number_)) OVER () AS latest_,
            any_value(members_) >= 3 AND count(*) >= 26 AND count(*) >= 0.9 * (max(number_) - min(number_) + 1) AS steady_
        FROM (
            SELECT group_, members_, __launch_period(day_, frequency) AS number_
            FROM __launch_sales(sales, product_id, date, units, 'price', 'available')
            JOIN (
                SELECT listed_, group_, count(*) OVER (PARTITION BY group_) AS members_ FROM (
                    SELECT key_::VARCHAR AS listed_, min(group_::VARCHAR) AS group_ FROM __launch_grouped(products, product_id, 'category') GROUP BY ALL
                )
            ) ON listed_ = key_::VARCHAR
            WHERE group_ IS NOT NULL
            GROUP BY ALL
        )
        GROUP BY group_
    )
)
SELECT
    every_, span_, empty_, empty_like_, thin_, usual_, last_, categories_, ended_, ended_like_,
    nullif(concat_ws('; ',
        CASE WHEN every_ IS NOT NULL THEN format(
            'sales have a date every {} days: where these are sums of longer periods than a {}, give another frequency, or the periods between count as no sales',
            every_, __launch_frequency(frequency)
        ) END,
        CASE WHEN every_ IS NULL AND empty_ > 0 THEN format(
            '{} of {} periods, such as that of {}, have no row of any product, and count as no sales', empty_, span_, empty_like_
        ) END,
        CASE WHEN thin_ IS NOT NULL THEN format(
            'the last period of sales, that of {}, has {} rows where others have {}: a stray date makes all products look sold out', last_, thin_, usual_
        ) END,
        CASE WHEN ended_ > 0 AND ended_ < categories_ AND thin_ IS NULL THEN format(
            '{} of {} categories end before the others, such as {}: without rows they count as no sales', ended_, categories_, ended_like_
        ) END
    ), '') AS pace_
FROM dates_, usual_, categories_
