-- Clean sales: one row per product and period. Rows of the same product and period are summed, returns are set off, and
-- missing periods are filled from the product's first period to the last period of the data. An outlier lies further
-- than 5 robust standard deviations from the median of the 13 periods around it, on the log scale; periods in which
-- nothing was sold, or stock ran out, are neither outliers nor compared with. A period whose rows do not know their
-- units stays unknown: units are NULL, never zero. The result can be given to all functions that read sales.
--
-- @param sales: VARCHAR                      the sales table: product_id, date, units, and price if there is one
-- @param frequency: VARCHAR = 'week'         length of a period: day, week (from Monday) or month
-- @param missing: VARCHAR = 'zero'           what a period without rows becomes: zero, null, or interpolate (a line
--                                            between its neighbours, for unknown units too; NULL after the last one)
-- @param outliers: VARCHAR = 'keep'          what an outlier becomes: keep, cap (the nearest value that is no outlier)
--                                            or null; with missing := 'interpolate', null is interpolated
-- @param negatives: VARCHAR = 'net'          what returns (negative units) do: net takes them off the units of their
--                                            period, never below zero; drop leaves them out
-- @param product_id: VARCHAR = 'product_id'  name of the column of products
-- @param date: VARCHAR = 'date'              name of the column of dates
-- @param units: VARCHAR = 'units'            name of the column of units
-- @param price: VARCHAR = 'price'            name of the column of prices
-- @param available: VARCHAR = 'available'    name of the column that says whether the product was on sale: a boolean,
--                                            or the share of the row's time
-- @returns product_id: same as input  the product
-- @returns date: DATE                 the first day of the period
-- @returns units: DOUBLE              units after all changes
-- @returns price: DOUBLE              mean price, weighted by units; NULL without a price
-- @returns observed: BOOLEAN          whether the sales table has rows for this period
-- @returns outlier: BOOLEAN           whether the units were an outlier
-- @returns raw_units: DOUBLE          the sum of the rows before any change; NULL without rows, or when none is known
-- @returns available: DOUBLE          share of the period in which it was on sale; 0 where stock ran out: units are a
--                                     lower bound of the demand, or not known
-- @example FROM launch_clean('sales')
-- @example FROM launch_clean('sales', frequency := 'month', missing := 'interpolate', outliers := 'cap')
WITH options_ AS (
    SELECT
        __launch_option('missing', missing, ['zero', 'null', 'interpolate']) AS missing_,
        __launch_option('outliers', outliers, ['keep', 'cap', 'null']) AS outliers_
),
judged_ AS (
    SELECT
        key_, number_, raw_, price_, rows_, available_, missing_,
        coalesce(x_ NOT BETWEEN low_ AND high_, false) AS outlier_,
        CASE
            WHEN NOT outlier_ OR outliers_ = 'keep' THEN
                CASE WHEN raw_ IS NOT NULL THEN greatest(raw_, 0) WHEN missing_ = 'zero' AND rows_ IS NULL THEN 0 END
            WHEN outliers_ = 'cap' THEN exp(greatest(least(x_, high_), low_)) - 1
        END AS kept_
    FROM __launch_outliers(sales, frequency, negatives, product_id, date, units, price, available), options_
)
SELECT
    key_ AS product_id,
    __launch_period_start(number_, frequency) AS date,
    units_ AS units,
    price_ AS price,
    rows_ IS NOT NULL AS observed,
    outlier_ AS outlier,
    raw_ AS raw_units,
    -- What was put in the place of unknown units is no lower bound.
    CASE WHEN available_ IS NULL OR (raw_ IS NULL AND units_ IS NOT NULL) THEN 1 ELSE available_ END AS available
FROM (
    SELECT
        *,
        CASE
            WHEN missing_ <> 'interpolate' OR kept_ IS NOT NULL THEN kept_
            WHEN count(kept_) OVER later_ > 0 AND count(kept_) OVER earlier_ > 0
            THEN greatest(fill(kept_) OVER line_, 0)
        END AS units_
    FROM judged_
    WINDOW
        line_ AS (PARTITION BY key_ ORDER BY number_),
        earlier_ AS (PARTITION BY key_ ORDER BY number_ ROWS UNBOUNDED PRECEDING),
        later_ AS (PARTITION BY key_ ORDER BY number_ ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
)
