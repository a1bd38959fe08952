-- What launch_fit takes, one row per past launch. A launch date taken from the first sale is that of its period: the
-- day of the first sale says little about how long a product could sell in that period. So is one in the products table
-- that was taken from it. Prices paid are no attributes, as nobody knows them before the launch.
--
-- @param sales: VARCHAR        the sales table
-- @param products: VARCHAR     the products table, or NULL
-- @param frequency: VARCHAR    day, week or month
-- @param horizon: BIGINT       periods from the launch on
-- @param product_id: VARCHAR   the column of products in both tables
-- @param date: VARCHAR         the column of dates
-- @param units: VARCHAR        the column of units
-- @param price: VARCHAR        the column of prices in sales; 'price' need not exist
-- @param launch_date: VARCHAR  the column of launch dates; 'launch_date' need not exist
-- @param burn_in: BIGINT       periods at the start of the data in which no launch is seen
-- @param signals: VARCHAR = NULL     the table of signals, or NULL
-- @param covariates: VARCHAR = NULL  the table of covariates, or NULL
-- @param signal_key: VARCHAR = NULL  the column of products that their keys refer to; NULL for that of products
-- @param required: BOOLEAN = true    whether it is an error when one of these tables tells nothing of any launch
-- @param available: VARCHAR = 'available'  the column of availability; 'available' need not exist
-- @param preorders: VARCHAR = 'drop'  what sales before the launch date are: drop or first_step
-- @returns id_: VARCHAR         the product
-- @returns launch_: DATE        the launch date
-- @returns units_: DOUBLE[]     units per step had it been on sale throughout, NULL for steps not fully observed or
--                               known
-- @returns at_least_: BOOLEAN[]  whether they are a lower bound, as stock ran out
-- @returns selling_: BOOLEAN    whether there are sales rows of it
-- @returns before_: DOUBLE      units sold before the launch date and left out
-- @returns attributes_: STRUCT  what was known at launch
-- @returns covariates_: STRUCT[]  signals and covariates by period
-- @example FROM __launch_training('sales', 'products', 'week', 13, 'product_id', 'date', 'units', 'price', 'launch_date', 1)
WITH launched_ AS MATERIALIZED (
    SELECT *, frequency AS frequency_, horizon AS horizon_, required AS required_
    FROM __launch_launches(
        sales, products, frequency, horizon, product_id, date, units, price, launch_date, burn_in, available, preorders
    )
),
known_ AS (
    -- Of several rows that with the earliest launch date, whole.
    SELECT key_, min({'launch': launch_, 'attributes': attributes_})['attributes'] AS attributes_
    FROM __launch_attributes(products, product_id, launch_date, price, coalesce(products, 'products'))
    WHERE key_ IS NOT NULL
    GROUP BY key_
)
SELECT
    launched_.key_::VARCHAR AS id_,
    CASE WHEN launched_.given_ THEN launched_.launch_ ELSE __launch_period_start(launched_.number_, frequency) END AS launch_,
    launched_.units_,
    launched_.at_least_,
    launched_.selling_,
    launched_.before_,
    known_.attributes_,
    told_.covariates_
FROM launched_
LEFT JOIN known_ ON known_.key_ = launched_.key_
LEFT JOIN __launch_covariates('launched_', products, product_id, signals, covariates, signal_key) AS told_
    ON told_.id_ = launched_.key_::VARCHAR
