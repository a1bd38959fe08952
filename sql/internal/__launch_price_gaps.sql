-- Their prices against ours. A competitor with products that are ours too is compared on these; one without is compared
-- by its mean price with ours of the same key: prices of the period and those that hold in all periods.
--
-- @param offers: VARCHAR  offers by period: group_, competitor_, product_, number_, price_, level_price_
-- @param prices: VARCHAR  our prices, as __launch_own_prices returns them
-- @returns group_: VARCHAR             the key
-- @returns competitor_: same as input  who offers
-- @returns matched_: BIGINT            products that are ours too, NULL without any
-- @returns index_: DOUBLE              theirs over ours, geometric mean
-- @returns gap_: DOUBLE                theirs less ours, mean
-- @example WITH offers AS (SELECT 'A' AS group_, 'North' AS competitor_, 'P01' AS product_, 2822::BIGINT AS number_,
--          9::DOUBLE AS price_, 9::DOUBLE AS level_price_),
--          prices AS (SELECT 'A' AS group_, 'P01' AS product_, NULL::BIGINT AS number_, 10::DOUBLE AS price_)
--          FROM __launch_price_gaps('offers', 'prices')
WITH held_ AS MATERIALIZED (
    SELECT
        group_, number_, count(*) AS count_, sum(price_::DECIMAL(38, 9)) AS sum_,
        sum(ln(price_)::DECIMAL(38, 9)) AS log_
    FROM query('FROM ' || prices)
    GROUP BY ALL
),
wholes_ AS (
    SELECT
        theirs_.*,
        (coalesce(of_period_.sum_, 0) + coalesce(of_all_.sum_, 0))::DOUBLE
            / nullif(coalesce(of_period_.count_, 0) + coalesce(of_all_.count_, 0), 0) AS own_,
        (coalesce(of_period_.log_, 0) + coalesce(of_all_.log_, 0))::DOUBLE
            / nullif(coalesce(of_period_.count_, 0) + coalesce(of_all_.count_, 0), 0) AS own_log_
    FROM __launch_offer_means(offers) AS theirs_
    LEFT JOIN held_ AS of_period_ ON of_period_.group_ = theirs_.group_ AND of_period_.number_ = theirs_.number_
    LEFT JOIN held_ AS of_all_ ON of_all_.group_ = theirs_.group_ AND of_all_.number_ IS NULL
    WHERE coalesce(of_period_.count_, of_all_.count_) IS NOT NULL
)
SELECT
    coalesce(same_.group_, whole_.group_) AS group_,
    coalesce(same_.competitor_, whole_.competitor_) AS competitor_,
    matched_,
    exp(CASE WHEN matched_ > 0 THEN same_.log_ ELSE whole_.log_ END) AS index_,
    CASE WHEN matched_ > 0 THEN same_.gap_ ELSE whole_.gap_ END AS gap_
FROM (
    SELECT
        group_, competitor_, count(DISTINCT product_) AS matched_,
        __launch_average(ln(level_price_) - ln(own_)) AS log_, __launch_average(price_ - own_) AS gap_
    FROM __launch_twins(offers, prices) GROUP BY ALL
) AS same_
FULL JOIN (
    SELECT group_, competitor_, __launch_average(log_ - own_log_) AS log_, __launch_average(price_ - own_) AS gap_
    FROM wholes_ GROUP BY ALL
) AS whole_ ON whole_.group_ = same_.group_ AND whole_.competitor_ = same_.competitor_
