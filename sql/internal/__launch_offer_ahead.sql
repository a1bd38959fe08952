-- The mean price of each competitor some periods ahead: of the offers seen in its last four periods, each forecast from
-- its own prices. A price holds until the next one is seen. No rows for competitors seen in one period only.
--
-- @param offers: VARCHAR   offers by period: group_, competitor_, product_, number_, price_
-- @param horizon: BIGINT   periods ahead
-- @returns group_: VARCHAR             the key
-- @returns competitor_: same as input  who offers
-- @returns price_: DOUBLE              the mean price
-- @example WITH offers AS (SELECT 'A' AS group_, 'North' AS competitor_, 'P01' AS product_, 2822 + i AS number_,
--          9.0 AS price_ FROM range(10) t(i)) FROM __launch_offer_ahead('offers', 13)
WITH seen_ AS MATERIALIZED (
    SELECT
        group_, competitor_, product_, number_, price_,
        min(number_) OVER all_ AS begin_, max(number_) OVER all_ AS last_
    FROM query('FROM ' || offers)
    WHERE number_ IS NOT NULL
    WINDOW all_ AS (PARTITION BY group_, competitor_)
),
filled_ AS (
    SELECT
        every_.group_, every_.competitor_, every_.product_, every_.number_,
        last_value(seen_.price_ IGNORE NULLS) OVER (
            PARTITION BY every_.group_, every_.competitor_, every_.product_ ORDER BY every_.number_
        ) AS price_
    FROM (
        SELECT group_, competitor_, product_, unnest(range(min(number_), last_ + 1)) AS number_
        FROM seen_
        WHERE begin_ < last_
        GROUP BY group_, competitor_, product_, last_
        HAVING max(number_) > last_ - 4
    ) AS every_
    LEFT JOIN seen_
        ON seen_.group_ = every_.group_ AND seen_.competitor_ = every_.competitor_
        AND seen_.product_ IS NOT DISTINCT FROM every_.product_ AND seen_.number_ = every_.number_
)
SELECT group_, competitor_, __launch_average(ahead_) AS price_
FROM (
    SELECT group_, competitor_, __launch_finite(__launch_forecast_price(prices_, __launch_horizon(horizon)::BIGINT)) AS ahead_
    FROM (
        SELECT group_, competitor_, product_, list(price_ ORDER BY number_) AS prices_ FROM filled_ GROUP BY ALL
    )
)
WHERE ahead_ < 1e12
GROUP BY ALL
