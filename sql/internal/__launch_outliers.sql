-- Sales per product and period with the periods between, and which of them are outliers.
--
-- @param sales: VARCHAR       the sales table
-- @param frequency: VARCHAR   day, week or month
-- @param negatives: VARCHAR   net or drop
-- @param product_id: VARCHAR  its column of products
-- @param date: VARCHAR        its column of dates
-- @param units: VARCHAR       its column of units
-- @param price: VARCHAR       its column of prices; 'price' need not exist
-- @param available: VARCHAR    its column of availability; 'available' need not exist
-- @returns key_: same as input  the product
-- @returns number_: BIGINT      the period, as __launch_period counts
-- @returns raw_: DOUBLE         units before any change, NULL without rows, or when none of them knows its units
-- @returns price_: DOUBLE       the mean price
-- @returns rows_: BIGINT        rows of the sales table, NULL without any
-- @returns available_: DOUBLE   share of the period in which it was on sale; 0 where units are a lower bound or not
--                               known
-- @returns x_: DOUBLE           ln(1 + units); NULL for periods in which nothing was sold, or stock ran out
-- @returns low_: DOUBLE         values below are outliers
-- @returns high_: DOUBLE        values above are outliers
-- @example FROM __launch_outliers('sales', 'week', 'net', 'product_id', 'date', 'units', 'price', 'available')
WITH options_ AS (
    SELECT
        __launch_frequency(frequency) AS frequency_,
        __launch_option('negatives', negatives, ['net', 'drop']) = 'drop' AS drop_
),
stamps_ AS MATERIALIZED (FROM __launch_stamps(sales, frequency, product_id, date, units, price)),
periods_ AS MATERIALIZED (
    SELECT
        key_, number_, price_, rows_,
        CASE WHEN bound_ OR share_ < 0.25 THEN 0 ELSE share_ END AS available_,
        CASE WHEN __launch_demand(raw_, share_) IS NOT NULL THEN raw_ END AS raw_
    FROM (
        SELECT
            periods_.*, CASE WHEN drop_ THEN sold_ ELSE units_ END AS raw_,
            __launch_on_sale(
                unknown_, rows_, dates_, CASE WHEN coalesce(own_.stamped_, all_.stamped_) THEN dates_ ELSE
                    __launch_period_start(number_ + 1, frequency) - __launch_period_start(number_, frequency) END
            ) AS share_
        FROM __launch_periods(sales, frequency, product_id, date, units, price, available) AS periods_
        CROSS JOIN options_
        CROSS JOIN (FROM stamps_ WHERE key_ IS NULL) AS all_
        LEFT JOIN stamps_ AS own_ ON own_.key_ = periods_.key_
        WHERE (NOT drop_ OR sold_ IS NOT NULL OR unknown_ > 0) AND frequency_ <> ''
    )
),
every_ AS (
    SELECT key_, unnest(range(min(number_), (SELECT max(number_) + 1 FROM periods_))) AS number_
    FROM periods_
    GROUP BY key_
),
filled_ AS (
    SELECT
        every_.key_, every_.number_, raw_, price_, rows_, available_,
        CASE WHEN raw_ > 0 AND available_ > 0 THEN ln(1 + raw_) END AS x_
    FROM every_
    LEFT JOIN periods_ ON periods_.key_ = every_.key_ AND periods_.number_ = every_.number_
)
-- Hampel's filter: 5 standard deviations, estimated by the median absolute deviation, around the median of 13 periods.
-- Only periods with sales are compared: where most sell nothing, every sale would be an outlier. The floor lets a
-- constant series triple; with fewer than 5 values there is nothing to compare with.
SELECT
    key_, number_, raw_, price_, rows_, available_, x_,
    CASE WHEN count_ >= 5 THEN center_ - 5 * 1.4826 * greatest(spread_, 0.15) END AS low_,
    CASE WHEN count_ >= 5 THEN center_ + 5 * 1.4826 * greatest(spread_, 0.15) END AS high_
FROM (
    SELECT *, median(x_) OVER near_ AS center_, mad(x_) OVER near_ AS spread_, count(x_) OVER near_ AS count_
    FROM filled_
    WINDOW near_ AS (PARTITION BY key_ ORDER BY number_ ROWS BETWEEN 6 PRECEDING AND 6 FOLLOWING)
)
