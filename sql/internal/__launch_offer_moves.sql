-- How the prices of each competitor move: within products, from period to period.
--
-- @param offers: VARCHAR  offers by period: group_, competitor_, product_, number_, price_, level_price_
-- @returns group_: VARCHAR             the key
-- @returns competitor_: same as input  who offers
-- @returns slope_: DOUBLE              change of ln price per period, NULL with fewer than 8 periods
-- @returns promoted_: DOUBLE           share of periods with a price 5 % or more below the median of 13 around it
-- @returns volatility_: DOUBLE         standard deviation of the change of ln price
-- @example WITH offers AS (SELECT 'A' AS group_, 'North' AS competitor_, 'P01' AS product_, 2822 + i AS number_,
--          9.0 AS price_, 9.0 AS level_price_ FROM range(10) t(i)) FROM __launch_offer_moves('offers')
WITH timed_ AS (
    SELECT
        *,
        number_ - avg(number_) OVER (PARTITION BY group_, competitor_, product_) AS time_,
        CASE WHEN count(*) OVER near_ >= 5 THEN price_ <= 0.95 * median(price_) OVER near_ END AS promoted_,
        CASE WHEN number_ - lag(number_) OVER each_ = 1 THEN ln(price_) - ln(lag(price_) OVER each_) END AS change_
    FROM query('FROM ' || offers)
    WHERE number_ IS NOT NULL
    WINDOW
        each_ AS (PARTITION BY group_, competitor_, product_ ORDER BY number_),
        near_ AS (
            PARTITION BY group_, competitor_, product_ ORDER BY number_ RANGE BETWEEN 6 PRECEDING AND 6 FOLLOWING
        )
)
SELECT
    group_, competitor_,
    CASE WHEN count(DISTINCT number_) >= 8
    THEN __launch_sum(time_ * ln(level_price_)) / nullif(__launch_sum(time_ * time_), 0) END AS slope_,
    count(*) FILTER (promoted_) / nullif(count(promoted_), 0) AS promoted_,
    CASE WHEN count(change_) >= 2 THEN sqrt(greatest(
        __launch_sum(change_ * change_) - __launch_sum(change_) ^ 2 / count(change_), 0
    ) / (count(change_) - 1)) END AS volatility_
FROM timed_
GROUP BY ALL
