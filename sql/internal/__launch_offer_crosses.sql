-- What our units do when a competitor's price changes: our sales beside our price and theirs of the same product; of a
-- competitor none of whose products are ours, beside its mean price of the key.
--
-- @param offers: VARCHAR     offers by period: group_, competitor_, product_, number_, price_, level_price_
-- @param prices: VARCHAR     our prices, as __launch_own_prices returns them
-- @param keys: VARCHAR       a table of our products: product_, group_
-- @param sold: VARCHAR       our sales by period: product_, number_, units_, price_
-- @param frequency: VARCHAR  day, week or month
-- @param level: DOUBLE       probability of the interval
-- @returns group_: VARCHAR             the key
-- @returns competitor_: same as input  who offers
-- @returns found_: STRUCT              elasticity, lower, upper, reason
-- @example WITH offers AS (SELECT 'A' AS group_, 'North' AS competitor_, 'P01' AS product_, 2822 + i AS number_,
--          9.0 + i % 3 AS price_, 9.0 + i % 3 AS level_price_ FROM range(50) t(i)),
--          prices AS (SELECT 'A' AS group_, 'P01' AS product_, NULL::BIGINT AS number_, 10.0 AS price_),
--          keys AS (SELECT 'P01' AS product_, 'A' AS group_),
--          sold AS (SELECT 'P01' AS product_, 2822 + i AS number_, 70.0 + i % 3 AS units_, 10.0 + i % 2 AS price_
--          FROM range(50) t(i))
--          FROM __launch_offer_crosses('offers', 'prices', 'keys', 'sold', 'week', 0.8)
WITH numbered_ AS MATERIALIZED (
    SELECT product_, group_, row_number() OVER (ORDER BY product_) AS id_ FROM query('FROM ' || keys)
),
same_ AS MATERIALIZED (FROM __launch_twins(offers, prices)),
beside_ AS (
    SELECT group_, competitor_, product_, number_, price_ AS their_ FROM same_
    UNION ALL BY NAME
    SELECT means_.group_, competitor_, product_, number_, exp(log_) AS their_
    FROM __launch_offer_means(offers) AS means_
    JOIN numbered_ ON numbered_.group_ = means_.group_
    WHERE (means_.group_, competitor_) NOT IN (SELECT (group_, competitor_) FROM same_)
)
SELECT
    beside_.group_, competitor_,
    __launch_cross_elasticity(
        id_, beside_.number_, __launch_period(__launch_period_start(beside_.number_, frequency), 'month'),
        own_.units_, own_.price_, their_, level := __launch_level(level)
    ) AS found_
FROM beside_
JOIN query('FROM ' || sold) AS own_ ON own_.product_ = beside_.product_ AND own_.number_ = beside_.number_
JOIN numbered_ ON numbered_.product_ = beside_.product_
GROUP BY ALL
