-- Compares launch dates and prices for each candidate and ranks them: units by the model at the first date and the
-- reference price, times the season of the candidate's category, times (price / reference price) ^ elasticity.
-- Profit is units times (price - cost). Sums run over the model's horizon; a launch counts from the first day of its
-- period. A candidate that cannot be planned comes back as one row with status refused and the reason.
--
-- @param candidates: VARCHAR              product, launch date, price (the reference), cost, category, attributes
-- @param model: BLOB                      the model, such as (SELECT model FROM my_model)
-- @param sales: VARCHAR = NULL            the sales table, for the season; without it all months count alike
-- @param products: VARCHAR = NULL         the products table, for the season of each category
-- @param objective: VARCHAR = 'profit'    what is ranked by: profit, revenue or units
-- @param elasticity: DOUBLE = -1.5        change of units in % for a price higher by 1 %; at most 0
-- @param earliest: DATE = NULL            first launch date compared; NULL for the candidate's own
-- @param latest: DATE = NULL              last launch date compared; NULL for twelve periods after the first
-- @param prices: DOUBLE[] = [0.9, 1.0, 1.1]  prices compared, as multiples of the candidate's price
-- @param level: DOUBLE = 0.8              probability of the intervals
-- @param k: BIGINT = 5                    plans returned per candidate
-- @param category: VARCHAR = 'category'       the column of categories, if there is one
-- @param product_id: VARCHAR = 'product_id'   the column of products in all tables
-- @param date: VARCHAR = 'date'               the column of dates in sales
-- @param units: VARCHAR = 'units'             the column of units in sales
-- @returns product_id: same as input    the candidate
-- @returns plan_rank: BIGINT            1 for the best plan
-- @returns launch_date: DATE            launch date of the plan
-- @returns price: DOUBLE                price of the plan
-- @returns expected_units: DOUBLE       mean units over the horizon
-- @returns units_lower: DOUBLE          sum of the lower ends of the steps, as if all steps were low together
-- @returns units_upper: DOUBLE          sum of the upper ends
-- @returns expected_revenue: DOUBLE     expected units times price
-- @returns expected_profit: DOUBLE      expected units times (price - cost), NULL without cost
-- @returns profit_lower: DOUBLE         the same of the lower end (of the upper end where the margin is negative)
-- @returns profit_upper: DOUBLE         the same of the other end
-- @returns lift: DOUBLE                 objective over that of the first date at the reference price, less 1
-- @returns binding_constraint: VARCHAR  limits the plan stands at: earliest, latest, lowest price, highest price
-- @returns status: VARCHAR              ok or refused
-- @returns reason: VARCHAR              how the plan came about, or why there is none
-- @example FROM launch_plan('candidates', (SELECT model FROM model), sales := 'sales', products := 'products')
WITH options_ AS MATERIALIZED (
    SELECT
        *,
        CASE WHEN lower(objective) IN ('profit', 'revenue', 'units') THEN lower(objective)
        ELSE error('objective must be one of profit, revenue, units, got ' || coalesce('''' || objective || '''', 'NULL')) END
            AS objective_,
        CASE WHEN elasticity BETWEEN -20 AND 0 THEN elasticity
        ELSE error('elasticity must be between -20 and 0, got ' || coalesce(elasticity::VARCHAR, 'NULL')) END AS elasticity_,
        CASE WHEN len(prices) BETWEEN 1 AND 100 AND len(list_filter(prices, lambda p: p > 0 AND p <= 100)) = len(prices)
        THEN list_sort(list_distinct(prices))
        ELSE error('prices must be 1 to 100 multiples of the price, each above 0 and at most 100, got '
            || coalesce(prices::VARCHAR, 'NULL')) END AS prices_,
        CASE WHEN k >= 1 THEN k ELSE error('k must be 1 or more, got ' || coalesce(k::VARCHAR, 'NULL')) END AS k_,
        CASE WHEN earliest::DATE <= latest::DATE OR earliest IS NULL OR latest IS NULL THEN latest::DATE
        ELSE error('earliest must not be after latest, got ' || earliest::DATE || ' and ' || latest::DATE) END AS latest_,
        earliest::DATE AS earliest_
    FROM (
        SELECT blob_, coalesce(launch_model_info(blob_)::JSON->>'frequency', 'week') AS frequency_
        FROM (SELECT model::BLOB AS blob_)
    )
),
asked_ AS (
    SELECT *, count(*) OVER (PARTITION BY key_) AS copies_, coalesce(earliest_, own_date_) AS first_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, candidates)) AS key_,
            TRY_CAST(COLUMNS(lambda c: __launch_column(c, 'launch_date', candidates)) AS DATE) AS own_date_,
            TRY_CAST(COLUMNS(lambda c: __launch_column(c, 'price', candidates)) AS DOUBLE) AS reference_,
            TRY_CAST(COLUMNS(lambda c: __launch_column(c, 'cost', candidates)) AS DOUBLE) AS cost_,
            COLUMNS(lambda c: __launch_column(c, category, candidates))::VARCHAR AS category_,
            struct_pack(*COLUMNS(
                lambda c: lower(c) NOT IN (lower(product_id), 'launch_date') AND NOT starts_with(lower(c), '__launch_')
            )) AS attributes_
        FROM (
            FROM query_table(candidates)
            UNION ALL BY NAME
            SELECT
                NULL::DATE AS __launch_launch_date,
                NULL::DOUBLE AS __launch_price,
                NULL::DOUBLE AS __launch_cost,
                NULL::VARCHAR AS __launch_category
            WHERE false
        )
    )
    -- The model itself stays out: it would be copied into every row.
    CROSS JOIN (SELECT * EXCLUDE (blob_), blob_ IS NULL AS untrained_ FROM options_)
),
checked_ AS (
    SELECT
        *,
        coalesce(latest_, __launch_period_start(__launch_period(first_, frequency_) + 12, frequency_)) AS last_,
        CASE
            WHEN key_ IS NULL THEN 'product_id is NULL'
            WHEN copies_ > 1 THEN 'product_id appears ' || copies_ || ' times in candidates: keep one row per product'
            WHEN untrained_ THEN 'the model is NULL: train one with launch_train'
            WHEN first_ IS NULL THEN 'launch_date is NULL: give it in the candidates, or give earliest'
            WHEN NOT first_ BETWEEN DATE '1970-01-01' AND DATE '2200-12-31'
            THEN 'the launch date must be between 1970-01-01 and 2200-12-31, got ' || first_
            WHEN latest_ < first_ THEN 'the candidate''s launch date ' || first_ || ' is after latest'
            WHEN latest_ > first_ + 1100 THEN 'earliest and latest must be at most three years apart'
            WHEN reference_ IS NULL THEN 'price is NULL or no number: give the reference price'
            WHEN NOT (reference_ > 0 AND reference_ < 1e12) THEN 'price must be above 0 and finite, got ' || reference_
            WHEN cost_ IS NOT NULL AND NOT (cost_ >= 0 AND cost_ < 1e12)
            THEN 'cost must be 0 or more and finite, got ' || cost_
            WHEN cost_ IS NULL AND objective_ = 'profit' THEN 'cost is NULL: give it, or use objective := ''revenue'''
        END AS why_
    FROM asked_
),
predicted_ AS MATERIALIZED (
    SELECT
        * EXCLUDE (attributes_),
        launch_predict(
            (SELECT blob_ FROM options_), __launch_period_start(__launch_period(first_, frequency_), frequency_), attributes_, level := level
        ) AS steps_
    FROM checked_
    WHERE why_ IS NULL
),
planned_ AS MATERIALIZED (
    SELECT
        * EXCLUDE (steps_),
        len([s FOR s IN steps_ IF s.mean IS NULL]) AS unknown_,
        [coalesce(s.mean, 0) FOR s IN steps_] AS means_,
        [coalesce(s.yhat_lower, 0) FOR s IN steps_] AS lows_,
        [coalesce(s.yhat_upper, 0) FOR s IN steps_] AS highs_,
        __launch_period(first_, frequency_) AS number_,
        steps_[1].reason AS rests_on_
    FROM predicted_
    WHERE steps_[1].status = 'ok'
),
season_ AS MATERIALIZED (FROM __launch_season(sales, products, category, product_id, date, units)),
-- One entry per category of the candidates: the twelve indices, by month; 1 where nothing is known.
indices_ AS (
    SELECT named_.category_, list(coalesce(own_.index_, all_.index_, 1) ORDER BY months_.month_) AS indices_,
        max(coalesce(own_.years_, all_.years_, 0)) AS years_
    FROM (SELECT DISTINCT category_ FROM planned_) AS named_
    CROSS JOIN range(1, 13) AS months_(month_)
    LEFT JOIN season_ AS own_ ON own_.category_ = named_.category_ AND own_.month_ = months_.month_
    LEFT JOIN season_ AS all_ ON all_.category_ IS NULL AND all_.month_ = months_.month_
    GROUP BY named_.category_
),
-- The dates compared and the season at each, once for all candidates that share category and first date.
dates_ AS MATERIALIZED (
    SELECT
        every_.category_, first_, last_, move_, years_,
        CASE WHEN move_ = 0 THEN first_ ELSE __launch_period_start(number_ + move_, frequency_) END AS launch_,
        [
            indices_[month(__launch_period_start(number_ + move_ + step_, frequency_))]
            / indices_[month(__launch_period_start(number_ + step_, frequency_))]
            FOR step_ IN range(0, steps_)
        ] AS factors_
    FROM (
        SELECT *, unnest(range(0, __launch_period(last_, frequency_) - number_ + 1)) AS move_
        FROM (SELECT DISTINCT category_, first_, last_, number_, frequency_, len(means_) AS steps_ FROM planned_)
    ) AS every_
    JOIN indices_ ON indices_.category_ IS NOT DISTINCT FROM every_.category_
),
summed_ AS (
    SELECT
        planned_.* EXCLUDE (means_, lows_, highs_),
        move_, launch_, years_,
        list_inner_product(means_, factors_) AS units_mean_,
        list_inner_product(lows_, factors_) AS units_low_,
        list_inner_product(highs_, factors_) AS units_high_,
        list_sum(means_) AS units_first_
    FROM planned_ JOIN dates_
        ON dates_.category_ IS NOT DISTINCT FROM planned_.category_ AND dates_.first_ = planned_.first_ AND dates_.last_ = planned_.last_
),
priced_ AS (
    SELECT * EXCLUDE (multiple_), multiple_, round(reference_ * multiple_, 4) AS price_, multiple_ ^ elasticity_ AS response_
    FROM (SELECT *, unnest(prices_) AS multiple_ FROM summed_)
),
valued_ AS (
    SELECT
        *,
        units_mean_ * response_ AS units_,
        CASE objective_
            WHEN 'profit' THEN units_mean_ * response_ * (price_ - cost_)
            WHEN 'revenue' THEN units_mean_ * response_ * price_
            ELSE units_mean_ * response_ END AS value_,
        CASE objective_
            WHEN 'profit' THEN units_first_ * (reference_ - cost_)
            WHEN 'revenue' THEN units_first_ * reference_
            ELSE units_first_ END AS base_
    FROM priced_
),
ranked_ AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY key_ ORDER BY value_ DESC, launch_, abs(multiple_ - 1), multiple_) AS rank_,
        count(*) OVER (PARTITION BY key_) AS plans_,
        max(move_) OVER (PARTITION BY key_) AS last_move_
    FROM valued_
)
SELECT
    key_ AS product_id,
    rank_ AS plan_rank,
    launch_ AS launch_date,
    price_ AS price,
    units_ AS expected_units,
    units_low_ * response_ AS units_lower,
    units_high_ * response_ AS units_upper,
    units_ * price_ AS expected_revenue,
    units_ * (price_ - cost_) AS expected_profit,
    least(units_low_, units_high_) * response_ * greatest(price_ - cost_, 0)
        + greatest(units_low_, units_high_) * response_ * least(price_ - cost_, 0) AS profit_lower,
    greatest(units_low_, units_high_) * response_ * greatest(price_ - cost_, 0)
        + least(units_low_, units_high_) * response_ * least(price_ - cost_, 0) AS profit_upper,
    CASE WHEN base_ > 0 THEN value_ / base_ - 1 END AS lift,
    nullif(concat_ws(', ',
        CASE WHEN first_ <> last_ AND move_ = 0 THEN 'earliest' END,
        CASE WHEN first_ <> last_ AND move_ = last_move_ THEN 'latest' END,
        CASE WHEN len(prices_) > 1 AND multiple_ = prices_[1] THEN 'lowest price' END,
        CASE WHEN len(prices_) > 1 AND multiple_ = prices_[-1] THEN 'highest price' END
    ), '') AS binding_constraint,
    'ok' AS status,
    format(
        'number {} of {} plans by {}: season x {:.2f}{}, price x {:.2f}{}; {}',
        rank_, plans_, objective_,
        units_mean_ / nullif(units_first_, 0),
        CASE years_ WHEN 0 THEN ' (no season known)' WHEN 1 THEN ' (from one year)' ELSE '' END,
        response_,
        CASE WHEN unknown_ > 0 THEN '; the last ' || unknown_ || ' steps cannot be forecast and count as 0' ELSE '' END,
        rests_on_
    ) AS reason
FROM ranked_
WHERE rank_ <= k_
UNION ALL
SELECT key_, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'refused', why_
FROM checked_ WHERE why_ IS NOT NULL
UNION ALL
SELECT key_, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'refused', steps_[1].reason
FROM predicted_ WHERE steps_[1].status <> 'ok'
ORDER BY 1, 2
