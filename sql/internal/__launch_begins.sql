-- The launch of every product and the periods in which it can be seen. A launch date that is no more than the first
-- sale is told apart: where 90 % of at least five given dates are the day of the first sale, though products sell on
-- fewer than every second day of the four weeks after it, or have one date per period, they were taken from the sales.
--
-- @param sales: VARCHAR        the sales table
-- @param products: VARCHAR     the products table, or NULL
-- @param frequency: VARCHAR    day, week or month
-- @param product_id: VARCHAR   the column of products in both tables
-- @param date: VARCHAR         the column of dates
-- @param units: VARCHAR        the column of units
-- @param price: VARCHAR        the column of prices; 'price' need not exist
-- @param launch_date: VARCHAR  the column of launch dates; 'launch_date' need not exist
-- @param available: VARCHAR    the column of availability; 'available' need not exist
-- @returns key_: same as input   the product
-- @returns launch_: DATE         the launch date, NULL when there is neither a given one nor a sale
-- @returns given_: DATE          the launch date in the products table
-- @returns first_sale_: DATE     the first day with sales
-- @returns selling_: BOOLEAN     whether the sales table has the product
-- @returns listed_: BOOLEAN      whether the products table has it
-- @returns counts_: BOOLEAN      whether the product can be a launch
-- @returns listings_: BIGINT     rows of the products table
-- @returns from_sales_: BOOLEAN  whether the given launch date was taken from the first sale, as nearly all are
-- @returns number_: BIGINT       the period of the launch, as __launch_period counts
-- @returns start_: BIGINT        the first period of the data
-- @returns end_: BIGINT          the first period that is not fully observed
-- @returns stamped_: BOOLEAN     whether all rows of a period have one date
-- @example FROM __launch_begins('sales', 'products', 'week', 'product_id', 'date', 'units', 'price', 'launch_date',
--      'available')
WITH stamps_ AS MATERIALIZED (FROM __launch_stamps(sales, frequency, product_id, date, units, price)),
begins_ AS MATERIALIZED (
    SELECT
        dates_.*,
        __launch_period(dates_.launch_, frequency) AS number_,
        all_.start_,
        coalesce(own_.end_, all_.end_) AS end_,
        coalesce(own_.stamped_, all_.stamped_) AS stamped_,
        -- On the first day of its period a date says what a first sale would; of products older than the data nothing
        -- is known.
        counts_ AND first_sale_ IS NOT NULL AND __launch_period(given_, frequency) > all_.start_ AND NOT (
            coalesce(own_.stamped_, all_.stamped_)
            AND given_ = __launch_period_start(__launch_period(given_, frequency), frequency)
        ) AS telling_
    FROM __launch_dates(sales, products, product_id, date, units, price, launch_date, available) AS dates_
    CROSS JOIN (FROM stamps_ WHERE key_ IS NULL) AS all_
    LEFT JOIN stamps_ AS own_ ON own_.key_ = dates_.key_
),
-- Whether nearly all of the dates are the first sale.
same_ AS MATERIALIZED (
    SELECT
        count(*) FILTER (telling_ AND given_ = first_sale_)
            >= greatest(5, 0.9 * count(*) FILTER (telling_)) AS all_same_
    FROM begins_
),
-- Days with sales after the first one, in its four weeks. Products that are sold nearly every day are first sold when
-- they are launched; where there is one date per period, dates do not tell.
often_ AS (
    SELECT avg(CASE WHEN stamped_ THEN 0 ELSE days_ / 27 END) AS often_
    FROM (
        SELECT begins_.key_, any_value(stamped_) AS stamped_, count(DISTINCT rows_.day_) - 1 AS days_
        FROM __launch_sales(sales, product_id, date, units, price) AS rows_
        JOIN (
            SELECT key_, stamped_, first_sale_ FROM begins_, same_ WHERE telling_ AND given_ = first_sale_ AND all_same_
            -- As many as it takes to know.
            QUALIFY row_number() OVER (ORDER BY hash(key_::VARCHAR), key_) <= 1000
        ) AS begins_ ON begins_.key_ = rows_.key_
        WHERE rows_.units_ > 0 AND rows_.day_ BETWEEN first_sale_ AND first_sale_ + 27
        GROUP BY begins_.key_
    )
)
SELECT
    key_, launch_, given_, first_sale_, selling_, listed_, counts_, listings_,
    coalesce(telling_ AND given_ = first_sale_ AND all_same_ AND often_ < 0.5, false) AS from_sales_,
    number_, start_, end_, stamped_
FROM begins_, same_, often_
