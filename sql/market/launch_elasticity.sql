-- Price elasticities: by how many percent units change when the price is higher by 1 %. In each group of products, ln
-- units are explained by ln price beside fixed effects for product, store and region and for the season, and by
-- controls; the estimates are drawn to that of all products as far as their errors ask for it. Where a product in a
-- store has few cells, levels are taken of products and stores apart, of products, and without the season, until the
-- cells carry them; the reason says so. A group whose units rise with the price, whose price hardly varied, or whose
-- interval says nothing (wider than 3 to both sides) is refused with the reason.
--
-- @param sales: VARCHAR                  the sales table, with prices
-- @param products: VARCHAR = NULL        the products table, or NULL
-- @param by: VARCHAR = 'category'        the column of products, or else of sales, that makes the groups, such as the
--                                        column of products for one group each; 'category' need not exist, NULL for
--                                        none
-- @param controls: VARCHAR[] = []        columns of sales that move units too, numbers or booleans, such as promotion
-- @param time_effects: VARCHAR = 'season'  season: one effect per calendar month; period: one per period, for groups
--                                        with several products or stores in each; none
-- @param frequency: VARCHAR = 'week'     day, week or month: sales are summed by it
-- @param level: DOUBLE = 0.9             probability of the intervals
-- @param product_id: VARCHAR = 'product_id'  the column of products in both tables
-- @param date: VARCHAR = 'date'          the column of dates in sales
-- @param units: VARCHAR = 'units'        the column of units in sales
-- @param price: VARCHAR = 'price'        the column of prices in sales
-- @param store: VARCHAR = 'store'        the column of stores in sales, if there is one
-- @param region: VARCHAR = 'region'      the column of regions in sales, if there is one
-- @returns key: same as input       the group; NULL, in the first row, for all products together
-- @returns elasticity: DOUBLE       change of units in % for a price higher by 1 %, at most 0
-- @returns lower: DOUBLE            lower end of its interval
-- @returns upper: DOUBLE            upper end
-- @returns observations: BIGINT     product, store and period combinations used
-- @returns products: BIGINT         products in them
-- @returns price_variation: DOUBLE  standard deviation of ln price that the fixed effects leave
-- @returns status: VARCHAR          ok or refused
-- @returns reason: VARCHAR          how the estimate came about, or why there is none
-- @example FROM launch_elasticity(
--          '(SELECT product_id, date, units, price * (0.9 + hash(date) % 3 / 10) AS price FROM sales)',
--          products := 'products', time_effects := 'none')
WITH options_ AS MATERIALIZED (
    SELECT
        __launch_option('time_effects', time_effects, ['season', 'period', 'none']) AS effects_,
        __launch_frequency(frequency) AS frequency_,
        __launch_level(level) AS level_,
        coalesce("by", '__launch_all') AS by_,
        coalesce(array_to_string(controls, chr(31)), '') AS names_
),
sold_ AS (
    SELECT
        COLUMNS(lambda c: __launch_column(c, product_id, sales))::VARCHAR AS product_,
        __launch_valid_day(COLUMNS(lambda c: __launch_column(c, date, sales))) AS day_,
        __launch_valid_units(COLUMNS(lambda c: __launch_column(c, units, sales))) AS units_,
        __launch_valid_price(COLUMNS(lambda c: __launch_column(c, price, sales))) AS price_,
        __launch_valid_share(COLUMNS(lambda c: __launch_column(c, 'available', sales))) AS share_,
        COLUMNS(lambda c: __launch_column(c, store, sales))::VARCHAR AS store_,
        COLUMNS(lambda c: __launch_column(c, region, sales))::VARCHAR AS region_,
        COLUMNS(lambda c: __launch_column(c, coalesce("by", '__launch_all'), sales)) AS own_,
        TRY_CAST(COLUMNS(lambda c: starts_with(c, '__launch_control_')) AS DECIMAL(24, 9))
    FROM query(
        'SELECT *, NULL AS __launch_store, NULL AS __launch_region, NULL AS '
        || __launch_identifier('__launch_' || coalesce("by", '__launch_all')) || ', 0::DOUBLE AS __launch_control_0'
        || coalesce(array_to_string([
            ', __launch_control(COLUMNS(lambda c: __launch_column(c, ' || __launch_quoted(name_) || ', ' || __launch_quoted(sales)
            || ')), ' || __launch_quoted(name_) || ') AS __launch_control_'
            FOR name_ IN [coalesce(given_, error('controls must be names of columns, got NULL')) FOR given_ IN controls]
        ], ''), '')
        || ' FROM (' || __launch_read(sales, [product_id, date, units, price], ['available'], [date], [units, price]) || ')'
    )
),
listed_ AS (
    SELECT
        COLUMNS(lambda c: __launch_column(c, product_id, coalesce(products, 'products')))::VARCHAR AS product_,
        COLUMNS(lambda c: __launch_column(c, coalesce("by", '__launch_all'), coalesce(products, 'products'))) AS given_
    FROM query(__launch_from(products, [product_id], [coalesce("by", '__launch_all')]))
),
linked_ AS (SELECT product_, min(given_) AS given_ FROM listed_ WHERE product_ IS NOT NULL GROUP BY product_),
-- A column that is not there has no type.
wrong_ AS (
    SELECT
        absent_ AND by_ = 'category' AS ungrouped_,
        CASE WHEN absent_ AND by_ NOT IN ('category', '__launch_all')
        THEN 'column "' || by_ || '" not found in ' || concat_ws(' or ', products, sales) END AS why_
    FROM (
        SELECT any_value(by_) AS by_, coalesce(bool_and(type_ = '"NULL"'), false) AS absent_
        FROM options_ LEFT JOIN (
            (SELECT typeof(own_) AS type_ FROM sold_ LIMIT 1) UNION ALL (SELECT typeof(given_) FROM listed_ LIMIT 1)
        ) ON true
    )
),
rows_ AS (
    SELECT sold_.*, linked_.given_
    FROM sold_ LEFT JOIN linked_ ON linked_.product_ = sold_.product_
    WHERE sold_.product_ IS NOT NULL AND day_ IS NOT NULL
),
-- Sums are exact, so they do not depend on the order of the rows.
cells_ AS MATERIALIZED (
    SELECT
        coalesce(given_::VARCHAR, own_::VARCHAR) AS key_, product_, store_, region_,
        __launch_period(day_, frequency_) AS number_, effects_, frequency_,
        -- What was sold at no price above 0 was sold at another one than the rest: it is as unknown as units are. Where nothing
        -- was sold there need not be a price.
        __launch_whole(
            __launch_sum(CASE WHEN price_ > 0 OR units_ = 0 THEN units_ END),
            sum(__launch_lacking(CASE WHEN price_ > 0 OR units_ = 0 THEN units_ END, share_)::DECIMAL(38, 9))::DOUBLE, count(*)
        ) AS units_,
        __launch_mean_price(CASE WHEN units_ IS NOT NULL AND price_ > 0 THEN price_ END, units_) AS price_,
        avg(COLUMNS(lambda c: starts_with(c, '__launch_control_')))
    FROM rows_ CROSS JOIN options_
    GROUP BY ALL
),
unpriced_ AS (
    SELECT CASE WHEN count(*) FILTER (NOT coalesce(price_ > 0, false)) > 0 THEN format(
        '{} of {} rows with sales have no price above 0: the rest of their period stands for them, or they are left out',
        count(*) FILTER (NOT coalesce(price_ > 0, false)), count(*)
    ) END AS unpriced_
    FROM rows_ WHERE units_ <> 0
),
-- The keys as they came, those that the sales do not have as well, with numbers; products and panel units likewise.
keys_ AS MATERIALIZED (
    SELECT text_, key_, row_number() OVER (ORDER BY text_) AS code_
    FROM (
        SELECT key_::VARCHAR AS text_, min(key_) AS key_
        FROM (
            SELECT DISTINCT given_ AS key_ FROM linked_
            UNION ALL
            SELECT DISTINCT own_ FROM rows_ WHERE given_ IS NULL
        )
        WHERE key_ IS NOT NULL
        GROUP BY text_
    )
),
panel_ AS (
    SELECT
        *, dense_rank() OVER (ORDER BY product_) AS number_of_product_,
        dense_rank() OVER (ORDER BY store_, region_) AS place_
    FROM (SELECT DISTINCT product_, store_, region_ FROM cells_)
),
fitted_ AS (
    SELECT unnest(__launch_elasticity(
        keys_.code_,
        number_of_product_,
        place_,
        number_,
        CASE effects_
            WHEN 'period' THEN number_
            WHEN 'season' THEN month(__launch_period_start(number_, frequency_))
            ELSE 0 END,
        units_,
        price_,
        controls_[2:],
        (SELECT names_ FROM options_),
        (SELECT level_ FROM options_)
    )) AS row_
    FROM (
        SELECT *, list_value(*COLUMNS(lambda c: starts_with(c, '__launch_control_'))) AS controls_ FROM cells_
        WHERE units_ IS NOT NULL
    ) AS cells_
    JOIN panel_
        ON panel_.product_ = cells_.product_
        AND panel_.store_ IS NOT DISTINCT FROM cells_.store_
        AND panel_.region_ IS NOT DISTINCT FROM cells_.region_
    LEFT JOIN keys_ ON keys_.text_ = cells_.key_
)
SELECT
    keys_.key_ AS key,
    row_['elasticity'] AS elasticity,
    row_['lower'] AS lower,
    row_['upper'] AS upper,
    coalesce(row_['observations'], 0) AS observations,
    coalesce(row_['products'], 0) AS products,
    row_['price_variation'] AS price_variation,
    coalesce(row_['status'], 'refused') AS status,
    CASE WHEN ungrouped_ AND keys_.code_ IS NULL THEN 'there is no column category: ' ELSE '' END
        || __launch_words(coalesce(row_['reason'], 'none of its products has sales with a date and units'), product_id)
        || coalesce('; ' || (FROM unpriced_), '')
        || coalesce('; ' || (FROM __launch_unlisted(sales, products, product_id, "by")), '')
        || coalesce('; ' || (FROM __launch_unread(sales, NULL, product_id, date, units, price, 'launch_date', priced := true, summed := true)), '') AS reason
FROM fitted_
FULL JOIN keys_ ON keys_.code_ = row_['key']
CROSS JOIN wrong_
WHERE CASE WHEN why_ IS NULL THEN true ELSE error(why_) END
ORDER BY keys_.key_ NULLS FIRST
