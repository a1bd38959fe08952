-- Past launches, one row each. See launch_history for what a launch is.
--
-- @param sales: VARCHAR        the sales table
-- @param products: VARCHAR     the products table, or NULL
-- @param frequency: VARCHAR    day, week or month
-- @param horizon: BIGINT       periods from the launch on
-- @param product_id: VARCHAR   the column of products in both tables
-- @param date: VARCHAR         the column of dates
-- @param units: VARCHAR        the column of units
-- @param price: VARCHAR        the column of prices; 'price' need not exist
-- @param launch_date: VARCHAR  the column of launch dates; 'launch_date' need not exist
-- @param burn_in: BIGINT       periods at the start of the data in which no launch is seen
-- @param available: VARCHAR    the column of availability; 'available' need not exist
-- @param preorders: VARCHAR    what sales before the launch date are: drop or first_step
-- @returns key_: same as input  the product
-- @returns launch_: DATE        the launch date
-- @returns given_: BOOLEAN      whether the launch date is that of the products table, not of the first sale
-- @returns selling_: BOOLEAN    whether there are sales rows of it
-- @returns number_: BIGINT      the period of the launch, as __launch_period counts
-- @returns units_: DOUBLE[]     units per step had it been on sale throughout, NULL for steps not fully observed or
--                               known
-- @returns at_least_: BOOLEAN[]  whether they are a lower bound, as stock ran out
-- @returns sold_: DOUBLE[]      units sold per step, NULL as units_
-- @returns available_: DOUBLE[]  share of the step in which it was on sale; 0 where units are a lower bound
-- @returns prices_: DOUBLE[]    mean price per step, NULL without one
-- @returns observed_to_: DATE   the first day that is not fully observed
-- @returns before_: DOUBLE      units sold before the launch date and left out
-- @example FROM __launch_launches('sales', NULL, 'week', 13, 'product_id', 'date', 'units', 'price', 'launch_date', 1,
--          'available', 'drop')
WITH options_ AS (
    SELECT
        __launch_frequency(frequency) AS frequency_, __launch_horizon(horizon)::INTEGER AS horizon_,
        __launch_burn_in(burn_in) AS burn_in_,
        __launch_option('preorders', preorders, ['drop', 'first_step']) = 'first_step' AS first_step_
),
launched_ AS MATERIALIZED (
    SELECT
        key_, launch_, selling_, stamped_,
        given_ IS NOT NULL AS listed_, given_ IS NOT NULL AND NOT from_sales_ AS given_,
        number_, least(end_ - number_, horizon_)::INTEGER AS steps_, end_, horizon_, first_step_
    FROM __launch_begins(sales, products, frequency, product_id, date, units, price, launch_date, available)
    CROSS JOIN options_
    WHERE counts_ AND launch_ IS NOT NULL AND number_ >= start_ + burn_in_ AND number_ < end_ AND frequency_ <> ''
),
rows_ AS (
    SELECT
        key_, launch_, number_, stamped_, day_, units_, price_, off_, bound_, early_,
        CASE WHEN NOT early_ THEN period_ - number_ + 1 WHEN listed_ AND first_step_ THEN 1 ELSE 0 END::INTEGER AS step_
    FROM (
        SELECT
            launched_.*, day_, units_, price_, off_, bound_, period_,
            day_ < launch_ AND (NOT stamped_ OR period_ < number_) AS early_
        FROM (
            SELECT *, __launch_period(day_, frequency) AS period_
            FROM __launch_sales(sales, product_id, date, units, price, available)
        ) AS rows_
        JOIN launched_ ON rows_.key_ = launched_.key_
        WHERE period_ <= number_ + steps_ - 1
    )
),
sold_ AS (
    SELECT
        key_, step_, units_, price_,
        __launch_on_sale(
            unknown_, known_, dates_, CASE WHEN stamped_ THEN dates_ ELSE
                __launch_period_start(number_ + step_, frequency)
                - greatest(__launch_period_start(number_ + step_ - 1, frequency), launch_) END
        ) AS share_,
        bound_
    FROM (
        SELECT
            key_, step_, any_value(number_) AS number_, any_value(launch_) AS launch_, any_value(stamped_) AS stamped_,
            greatest(coalesce(__launch_sum(units_), 0), 0) AS units_,
            __launch_mean_price(price_, units_) AS price_,
            sum(off_::DECIMAL(38, 9)) FILTER (NOT early_)::DOUBLE AS unknown_,
            count(*) FILTER (NOT early_) AS known_,
            coalesce(
                __launch_dates_seen(
                    CASE WHEN NOT early_ THEN day_ END, __launch_period_start(number_ + step_ - 1, frequency)
                ),
                0
            ) AS dates_,
            bool_or(bound_ AND NOT early_) AS bound_
        FROM rows_
        GROUP BY key_, step_
    )
),
lists_ AS (
    SELECT
        key_,
        list(__launch_demand(units_, share_) ORDER BY step_) AS units_,
        list(bound_ OR share_ < 0.25 ORDER BY step_) AS at_least_,
        list(CASE WHEN __launch_demand(units_, share_) IS NOT NULL THEN units_ END ORDER BY step_) AS sold_,
        list(CASE WHEN (bound_ OR share_ < 0.25) THEN 0 ELSE share_ END ORDER BY step_) AS available_,
        list(price_ ORDER BY step_) AS prices_
    FROM (
        SELECT
            every_.key_, every_.step_, coalesce(units_, 0) AS units_, price_, coalesce(share_, 1) AS share_,
            coalesce(bound_, false) AS bound_
        FROM (SELECT key_, unnest(range(1, steps_ + 1))::INTEGER AS step_ FROM launched_) AS every_
        LEFT JOIN sold_ ON sold_.key_ = every_.key_ AND sold_.step_ = every_.step_
    )
    GROUP BY key_
)
SELECT
    launched_.key_,
    launch_,
    given_,
    selling_,
    number_,
    list_resize(lists_.units_, horizon_) AS units_,
    list_resize(at_least_, horizon_) AS at_least_,
    list_resize(lists_.sold_, horizon_) AS sold_,
    list_resize(available_, horizon_) AS available_,
    list_resize(prices_, horizon_) AS prices_,
    __launch_period_start(end_, frequency) AS observed_to_,
    CASE WHEN listed_ THEN nullif(early_.units_, 0) END AS before_
FROM launched_ JOIN lists_ ON lists_.key_ = launched_.key_
LEFT JOIN (FROM sold_ WHERE step_ = 0) AS early_ ON early_.key_ = launched_.key_
