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
WITH two_ AS MATERIALIZED (SELECT why_ FROM __launch_two_types(sales, products, product_id))
SELECT
    key_,
    coalesce(min(listed_at_), min(sold_at_)) AS launch_,
    min(listed_at_) AS given_,
    min(sold_at_) AS first_sale_,
    bool_or(listings_ IS NULL) AS selling_,
    bool_or(listings_ IS NOT NULL) AS listed_,
    products IS NULL OR bool_or(listings_ IS NOT NULL) AS counts_,
    min(listings_) AS listings_
FROM (
    -- The check is part of each key, so that it comes before any cast of one to the type of the other.
    SELECT CASE WHEN why_ IS NULL THEN key_ ELSE error(why_) END AS key_, sold_at_
    FROM (
        SELECT key_, min(day_) FILTER (units_ > 0) AS sold_at_
        FROM __launch_sales(sales, product_id, date, units, price, available)
        GROUP BY key_
    ), two_
    UNION ALL BY NAME
    SELECT CASE WHEN why_ IS NULL THEN key_ ELSE error(why_) END AS key_, launch_ AS listed_at_, rows_ AS listings_
    FROM __launch_products(products, product_id, launch_date), two_
    WHERE key_ IS NOT NULL
)
GROUP BY key_
