-- Every product of the sales or the products table, and when it was launched.
--
-- @param sales: VARCHAR        the sales table
-- @param products: VARCHAR     the products table, or NULL
-- @param product_id: VARCHAR   the column of products in both tables
-- @param date: VARCHAR         the column of dates
-- @param units: VARCHAR        the column of units
-- @param price: VARCHAR        the column of prices; 'price' need not exist
-- @param launch_date: VARCHAR  the column of launch dates; 'launch_date' need not exist
-- @param available: VARCHAR = NULL  the column of availability; NULL for known rows only
-- @returns key_: same as input   the product
-- @returns launch_: DATE         the launch date: that of the products table, else the first day with sales
-- @returns given_: DATE          the launch date in the products table
-- @returns first_sale_: DATE     the first day with sales
-- @returns selling_: BOOLEAN     whether the sales table has the product
-- @returns listed_: BOOLEAN      whether the products table has it
-- @returns counts_: BOOLEAN      whether the product can be a launch: it is listed, or there is no products table
-- @returns listings_: BIGINT     rows of the products table
-- @example FROM __launch_dates('sales', NULL, 'product_id', 'date', 'units', 'price', 'launch_date')
SELECT
    coalesce(list_.key_, sold_.key_) AS key_,
    coalesce(list_.launch_, sold_.first_sale_) AS launch_,
    list_.launch_ AS given_,
    sold_.first_sale_ AS first_sale_,
    sold_.key_ IS NOT NULL AS selling_,
    list_.key_ IS NOT NULL AS listed_,
    products IS NULL OR list_.key_ IS NOT NULL AS counts_,
    list_.rows_ AS listings_
FROM (
    SELECT key_, min(day_) FILTER (units_ > 0) AS first_sale_
    FROM __launch_sales(sales, product_id, date, units, price, available)
    GROUP BY key_
) AS sold_
FULL JOIN (
    FROM __launch_products(products, product_id, launch_date) WHERE key_ IS NOT NULL
) AS list_ ON sold_.key_ = list_.key_
