-- Offers beside our price of the same product: that of the period, or that of all periods.
--
-- @param offers: VARCHAR  offers by period: group_, competitor_, product_, number_, price_, level_price_
-- @param prices: VARCHAR  our prices, as __launch_own_prices returns them
-- @returns group_: VARCHAR              the key
-- @returns competitor_: same as input   who offers
-- @returns product_: VARCHAR            the product
-- @returns number_: BIGINT              the period, NULL where offers have no date
-- @returns price_: DOUBLE               their mean price
-- @returns level_price_: DOUBLE         the geometric mean of their prices
-- @returns own_: DOUBLE                 our price
-- @example WITH offers AS (SELECT 'A' AS group_, 'North' AS competitor_, 'P01' AS product_, 2822::BIGINT AS number_,
--          9::DOUBLE AS price_, 9::DOUBLE AS level_price_),
--          prices AS (SELECT 'A' AS group_, 'P01' AS product_, NULL::BIGINT AS number_, 10::DOUBLE AS price_)
--          FROM __launch_twins('offers', 'prices')
SELECT
    their_.group_, their_.competitor_, their_.product_, their_.number_, their_.price_, their_.level_price_,
    own_.price_ AS own_
FROM query('FROM ' || offers) AS their_
JOIN query('FROM ' || prices) AS own_ ON own_.product_ = their_.product_ AND own_.number_ = their_.number_
UNION ALL BY NAME
SELECT
    their_.group_, their_.competitor_, their_.product_, their_.number_, their_.price_, their_.level_price_,
    own_.price_ AS own_
FROM query('FROM ' || offers) AS their_
JOIN query('FROM ' || prices) AS own_ ON own_.product_ = their_.product_ AND own_.number_ IS NULL
