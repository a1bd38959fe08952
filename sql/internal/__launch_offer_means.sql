-- The mean price of each competitor by key and period.
--
-- @param offers: VARCHAR  offers by period: group_, competitor_, number_, price_, level_price_
-- @returns group_: VARCHAR             the key
-- @returns competitor_: same as input  who offers
-- @returns number_: BIGINT             the period, NULL where offers have no date
-- @returns price_: DOUBLE              the mean price
-- @returns log_: DOUBLE                the mean of ln price
-- @example WITH offers AS (SELECT 'A' AS group_, 'North' AS competitor_, 2822::BIGINT AS number_, 9::DOUBLE AS price_,
--          9::DOUBLE AS level_price_) FROM __launch_offer_means('offers')
SELECT
    group_, competitor_, number_, __launch_average(price_) AS price_, __launch_average(ln(level_price_)) AS log_
FROM query('FROM ' || offers)
GROUP BY ALL
