-- What each competitor sells, and all units of the key in the periods that its offers cover, ours among them.
--
-- @param offers: VARCHAR  offers by period: group_, competitor_, number_, units_
-- @param keys: VARCHAR    a table of our products: product_, group_
-- @param sold: VARCHAR    our sales by period: product_, number_, units_
-- @returns group_: VARCHAR             the key
-- @returns competitor_: same as input  who offers
-- @returns units_: DOUBLE              its units
-- @returns slope_: DOUBLE              change of ln units per period, NULL with fewer than 8 periods that sold
-- @returns total_: DOUBLE              all units of the key, NULL when ours are not known
-- @example WITH offers AS (SELECT 'A' AS group_, 'North' AS competitor_, 2822 AS number_, 30.0 AS units_),
--          keys AS (SELECT 'P01' AS product_, 'A' AS group_),
--          sold AS (SELECT 'P01' AS product_, 2822 AS number_, 70.0 AS units_)
--          FROM __launch_offer_sizes('offers', 'keys', 'sold')
WITH volumes_ AS MATERIALIZED (
    SELECT
        group_, competitor_, number_, __launch_sum(units_) AS units_,
        number_ - avg(number_) FILTER (sum(units_::DECIMAL(38, 9)) > 0) OVER (PARTITION BY group_, competitor_) AS time_
    FROM query('FROM ' || offers)
    WHERE number_ IS NOT NULL AND units_ IS NOT NULL
    GROUP BY group_, competitor_, number_
),
totals_ AS (
    SELECT theirs_.group_, theirs_.units_ + __launch_sum(greatest(own_.units_, 0)) AS units_
    FROM (
        SELECT group_, __launch_sum(units_) AS units_, min(number_) AS first_, max(number_) AS last_
        FROM volumes_ GROUP BY group_
    ) AS theirs_
    JOIN query('FROM ' || keys) AS named_ ON named_.group_ = theirs_.group_
    JOIN query('FROM ' || sold) AS own_ ON own_.product_ = named_.product_ AND own_.number_ BETWEEN first_ AND last_
    GROUP BY theirs_.group_, theirs_.units_
)
SELECT
    volumes_.group_, competitor_, __launch_sum(volumes_.units_) AS units_,
    CASE WHEN count(*) FILTER (volumes_.units_ > 0) >= 8
    THEN __launch_sum(CASE WHEN volumes_.units_ > 0 THEN time_ * ln(volumes_.units_) END)
        / nullif(__launch_sum(CASE WHEN volumes_.units_ > 0 THEN time_ * time_ END), 0) END AS slope_,
    min(totals_.units_) AS total_
FROM volumes_ LEFT JOIN totals_ ON totals_.group_ = volumes_.group_
GROUP BY volumes_.group_, competitor_
