-- Index of each calendar month: units per day of sale against the mean of its year, by category and (category NULL)
-- over all products. Years are counted back from the last complete month; in each year only products count that sold
-- in its first and in its last month, so that launches and withdrawals are not taken for a season. Growth within a year
-- is not taken out. An index is pulled towards 1 with the weight of one year, so that one year of data counts half.
--
-- @param sales: VARCHAR       the sales table, or NULL for no rows
-- @param products: VARCHAR    the products table, or NULL
-- @param category: VARCHAR    the column of categories in products; 'category' need not exist
-- @param product_id: VARCHAR  the column of products in both tables
-- @param date: VARCHAR        the column of dates in sales
-- @param units: VARCHAR       the column of units in sales
-- @returns category_: VARCHAR  the category, NULL for all sales together
-- @returns month_: BIGINT      calendar month, 1 to 12
-- @returns index_: DOUBLE      1 for a month like the others
-- @returns years_: BIGINT      years seen
-- @example FROM __launch_season('sales', 'products', 'category', 'product_id', 'date', 'units')
WITH grouped_ AS (
    SELECT key_, min(category_) AS category_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, coalesce(products, 'products'))) AS key_,
            COLUMNS(lambda c: __launch_column(c, category, coalesce(products, 'products')))::VARCHAR AS category_
        FROM (
            FROM query(
                CASE WHEN products IS NULL
                THEN 'SELECT NULL::VARCHAR AS "' || replace(product_id, '"', '""') || '" WHERE false'
                ELSE 'FROM ' || products END
            )
            UNION ALL BY NAME SELECT NULL::VARCHAR AS __launch_category WHERE false
        )
    )
    GROUP BY key_
),
sold_ AS (
    SELECT key_, __launch_period(day_, 'month') AS number_, greatest(sum(units_::DECIMAL(38, 9)), 0) AS units_
    FROM __launch_sales(sales, product_id, date, units, 'price')
    GROUP BY ALL
),
-- A day of sale is a date on which anything was sold: data by week have four or five in a month.
days_ AS (
    SELECT __launch_period(day_, 'month') AS number_, count(DISTINCT day_) AS open_
    FROM __launch_sales(sales, product_id, date, units, 'price')
    GROUP BY ALL
),
steady_ AS (
    SELECT key_, (end_ - 1 - number_) // 12 AS year_, number_, units_
    FROM sold_ CROSS JOIN __launch_calendar(sales, 'month', product_id, date, units, 'price')
    WHERE number_ < end_
    WINDOW year_of_ AS (PARTITION BY key_, (end_ - 1 - number_) // 12)
    QUALIFY max(number_) OVER year_of_ - min(number_) OVER year_of_ = 11
),
monthly_ AS (
    SELECT category_, year_, both_.number_ % 12 + 1 AS month_, sum(units_)::DOUBLE / any_value(open_) AS rate_
    FROM (
        SELECT category_, steady_.* FROM steady_ JOIN grouped_ ON grouped_.key_ = steady_.key_
        WHERE category_ IS NOT NULL
        UNION ALL
        SELECT NULL, * FROM steady_
    ) AS both_
    JOIN days_ ON days_.number_ = both_.number_
    GROUP BY ALL
),
yearly_ AS (
    SELECT *, rate_ / nullif(avg(rate_) OVER year_of_, 0) AS ratio_, count(*) OVER year_of_ AS months_
    FROM monthly_
    WINDOW year_of_ AS (PARTITION BY category_, year_)
)
SELECT category_, month_, (sum(ratio_) + 1) / (count(*) + 1) AS index_, count(*) AS years_
FROM yearly_
WHERE months_ = 12 AND ratio_ IS NOT NULL
GROUP BY category_, month_
