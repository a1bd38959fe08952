-- Our prices to compare offers with. A product has the price of each period in which it was sold, or one price for all
-- periods (number_ NULL): the listed one, where sales tell none. Offers without dates are compared with the latest one.
--
-- @param keys: VARCHAR    a table of our products: product_, group_
-- @param listed: VARCHAR  as __launch_listed returns it
-- @param sold: VARCHAR    our sales by period: product_, number_, price_
-- @param dated: BOOLEAN   whether the offers have dates
-- @returns group_: VARCHAR    the key
-- @returns product_: VARCHAR  the product
-- @returns number_: BIGINT    the period; NULL for all
-- @returns price_: DOUBLE     the price
-- @example WITH listed AS (FROM __launch_listed('products', 'product_id', 'category', 'price')),
--          sold AS (SELECT key_ AS product_, number_, price_
--          FROM __launch_periods('sales', 'week', 'product_id', 'date', 'units', 'price'))
--          FROM __launch_own_prices('listed', 'listed', 'sold', true)
WITH paid_ AS MATERIALIZED (
    SELECT product_, number_, price_ FROM query('FROM ' || sold) WHERE price_ > 0
)
SELECT ours_.group_, ours_.product_, paid_.number_, paid_.price_
FROM query('FROM ' || keys) AS ours_ JOIN paid_ ON paid_.product_ = ours_.product_
WHERE dated
UNION ALL BY NAME
SELECT ours_.group_, ours_.product_, coalesce(last_.price_, shelf_.price_) AS price_
FROM query('FROM ' || keys) AS ours_
LEFT JOIN query('FROM ' || listed) AS shelf_ ON shelf_.product_ = ours_.product_
LEFT JOIN (SELECT product_, max_by(price_, number_) AS price_ FROM paid_ GROUP BY product_) AS last_
    ON last_.product_ = ours_.product_
WHERE coalesce(last_.price_, shelf_.price_) IS NOT NULL AND (last_.price_ IS NULL OR NOT dated)
