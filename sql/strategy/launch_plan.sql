-- Compares launch dates and prices for each candidate and ranks them: units by the model at the first date and the
-- reference price, times the season of the candidate's category, times (price / reference price) ^ elasticity.
-- Profit is units times (price - cost). Sums run over the model's horizon; a launch counts from the first day of its
-- period. Elasticities that were estimated come with their uncertainty: it widens the intervals the more, the further
-- the price is from the reference. An elasticity that is only assumed advises no price: without one of the table
-- elasticities a candidate keeps its price, unless prices are given. Dates at which a price comes out the same, to 1 %
-- of the best plan, are one plan, so there may be fewer than k. A candidate that cannot be planned comes back as one
-- row with status refused and the reason.
--
-- @param candidates: VARCHAR              product, launch date, price (the reference), cost, category, attributes
-- @param model: BLOB                      the model, such as (SELECT model FROM my_model)
-- @param sales: VARCHAR = NULL            the sales table, for the season; without it all months count alike
-- @param products: VARCHAR = NULL         the products table, for the season of each category
-- @param objective: VARCHAR = 'profit'    what is ranked by: profit, revenue or units
-- @param elasticity: DOUBLE = NULL        change of units in % for a price higher by 1 %; at most 0. NULL for -1.5; with
--                                         elasticities it is that of candidates which these do not know
-- @param earliest: DATE = NULL            first launch date compared; NULL for the candidate's own
-- @param latest: DATE = NULL              last launch date compared; NULL for twelve periods after the first
-- @param prices: DOUBLE[] = NULL          prices compared, as multiples of the candidate's price; NULL for 0.9, 1.0
--                                         and 1.1 where elasticities has its elasticity, else for its price alone
-- @param level: DOUBLE = 0.8              probability of the intervals
-- @param k: BIGINT = 5                    plans returned per candidate, at most
-- @param elasticities: VARCHAR = NULL     a table as launch_elasticity returns it: the row of the candidate's category,
--                                         else that of all products (key NULL). Without either, and without elasticity,
--                                         a candidate is refused
-- @param cannibalization: VARCHAR = NULL  a table as launch_cannibalization returns it, for net_units
-- @param category: VARCHAR = 'category'       the column of categories, if there is one
-- @param product_id: VARCHAR = 'product_id'   the column of products in all tables
-- @param date: VARCHAR = 'date'               the column of dates in sales
-- @param units: VARCHAR = 'units'             the column of units in sales
-- @param launch_date: VARCHAR = 'launch_date' the column of launch dates in candidates
-- @param price: VARCHAR = 'price'             the column of prices in candidates
-- @param cost: VARCHAR = 'cost'               the column of costs in candidates, if there is one
-- @returns product_id: same as input    the candidate
-- @returns plan_rank: BIGINT            1 for the best plan
-- @returns launch_date: DATE            launch date of the plan
-- @returns price: DOUBLE                price of the plan
-- @returns expected_units: DOUBLE       mean units over the horizon, at the elasticity estimated (the median response)
-- @returns units_lower: DOUBLE          lower end of the interval of the sum over the periods
-- @returns units_upper: DOUBLE          upper end
-- @returns net_units: DOUBLE            expected units less those that come out of neighbours; NULL without cannibalization
-- @returns expected_revenue: DOUBLE     expected units times price
-- @returns expected_profit: DOUBLE      expected units times (price - cost), NULL without cost
-- @returns profit_lower: DOUBLE         the same of the lower end (of the upper end where the margin is negative)
-- @returns profit_upper: DOUBLE         the same of the other end
-- @returns lift: DOUBLE                 objective over that of the first date at the reference price, less 1
-- @returns binding_constraint: VARCHAR  limits the plan stands at: earliest, latest, lowest price, highest price
-- @returns status: VARCHAR              ok or refused
-- @returns reason: VARCHAR              how the plan came about, or why there is none
-- @returns horizon_end: DATE            last day of the periods that units are summed over
-- @example FROM launch_plan('candidates', (SELECT model FROM model), sales := 'sales', products := 'products')
-- @example FROM launch_plan('candidates', (SELECT model FROM model), prices := [0.9, 1.0, 1.1], elasticity := -2, k := 3)
WITH options_ AS MATERIALIZED (
    SELECT
        *,
        CASE WHEN lower(objective) IN ('profit', 'revenue', 'units') THEN lower(objective)
        ELSE error('objective must be one of profit, revenue, units, got ' || coalesce('''' || objective || '''', 'NULL')) END
            AS objective_,
        CASE WHEN elasticity IS NULL OR elasticity BETWEEN -20 AND 0 THEN elasticity::DOUBLE
        ELSE error('elasticity must be between -20 and 0, got ' || elasticity) END AS given_,
        CASE WHEN prices IS NULL THEN NULL
        WHEN len(prices) BETWEEN 1 AND 100 AND len(list_filter(prices, lambda p: p > 0 AND p <= 100)) = len(prices)
        THEN list_sort(list_distinct(prices))
        ELSE error('prices must be 1 to 100 multiples of the price, each above 0 and at most 100, got '
            || prices::VARCHAR) END AS asked_prices_,
        CASE WHEN k >= 1 THEN k ELSE error('k must be 1 or more, got ' || coalesce(k::VARCHAR, 'NULL')) END AS k_,
        CASE WHEN earliest::DATE <= latest::DATE OR earliest IS NULL OR latest IS NULL THEN latest::DATE
        ELSE error('earliest must not be after latest, got ' || earliest::DATE || ' and ' || latest::DATE) END AS latest_,
        earliest::DATE AS earliest_
    FROM (
        SELECT blob_, coalesce(launch_model_info(blob_)::JSON->>'frequency', 'week') AS frequency_
        FROM (SELECT model::BLOB AS blob_)
    )
),
known_ AS MATERIALIZED (FROM __launch_known_elasticities(elasticities)),
shares_ AS MATERIALIZED (FROM __launch_taken_shares(cannibalization)),
asked_ AS (
    SELECT *, count(*) OVER (PARTITION BY key_) AS copies_, coalesce(earliest_, own_date_) AS first_
    FROM (
        SELECT
            key_, launch_ AS own_date_, attributes_, attributes_['price'] AS reference_,
            __launch_amount(cost_) AS cost_, category_::VARCHAR AS category_
        FROM __launch_attributes(candidates, product_id, launch_date, price, candidates, cost, category)
    )
    -- The model itself stays out: it would be copied into every row.
    CROSS JOIN (SELECT * EXCLUDE (blob_), blob_ IS NULL AS untrained_ FROM options_)
),
-- The elasticity of each candidate, and where it is from.
elastic_ AS (
    SELECT
        * EXCLUDE (asked_prices_),
        coalesce(asked_prices_, CASE WHEN measured_ THEN [0.9, 1.0, 1.1] ELSE [1.0] END) AS prices_,
        asked_prices_ IS NULL AND NOT measured_ AS kept_
    FROM (
        SELECT
            asked_.*,
            coalesce(own_.estimate_, all_.estimate_) IS NOT NULL AS measured_,
            coalesce(own_.twice_, CASE WHEN own_.category_ IS NULL THEN all_.twice_ END) AS twice_,
            CASE WHEN elasticities IS NULL THEN coalesce(given_, -1.5)
            ELSE coalesce(own_.estimate_, all_.estimate_, given_) END AS elasticity_,
            CASE WHEN elasticities IS NULL THEN 0
            WHEN own_.category_ IS NULL THEN coalesce(all_.deviation_, 0) ELSE own_.deviation_ END AS deviation_,
            CASE WHEN elasticities IS NULL AND given_ IS NULL THEN ' by default'
            WHEN elasticities IS NULL THEN ' as given'
            WHEN own_.category_ IS NOT NULL THEN ' of category ' || own_.category_
            WHEN all_.estimate_ IS NOT NULL THEN ' of all products, as that of its category is not known'
            ELSE ' as given, as elasticities has none' END AS source_
        FROM asked_
        LEFT JOIN known_ AS own_ ON own_.category_ = asked_.category_
        LEFT JOIN known_ AS all_ ON all_.category_ IS NULL
    )
),
checked_ AS (
    SELECT
        *,
        -- An infinite date has no period; the reason is below.
        coalesce(latest_, CASE
            WHEN first_ BETWEEN DATE '1970-01-01' AND DATE '2200-12-31'
            THEN __launch_period_start(__launch_period(first_, frequency_) + 12, frequency_)
        END) AS last_,
        CASE
            WHEN __launch_refusal(key_, copies_) IS NOT NULL THEN __launch_refusal(key_, copies_)
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
            WHEN twice_ IS NOT NULL THEN twice_
            WHEN elasticity_ IS NULL
            THEN 'elasticities has no row with status ok for ' || coalesce('category ' || category_ || ' or ', '')
                || 'all products (key NULL): give elasticity for such candidates'
        END AS why_
    FROM elastic_
),
predicted_ AS MATERIALIZED (
    SELECT
        * EXCLUDE (attributes_),
        launch_predict(
            (SELECT blob_ FROM options_), __launch_period_start(__launch_period(first_, frequency_), frequency_), attributes_, level := level
        ) AS steps_,
        list_sort(__launch_totals(
            (SELECT blob_ FROM options_), __launch_period_start(__launch_period(first_, frequency_), frequency_), attributes_,
            key_::VARCHAR, n := 400
        )['units']) AS sums_
    FROM checked_
    WHERE why_ IS NULL
),
planned_ AS MATERIALIZED (
    SELECT
        * EXCLUDE (steps_, sums_),
        len([s FOR s IN steps_ IF s.mean IS NULL]) AS unknown_,
        [coalesce(s.mean, 0) FOR s IN steps_] AS means_,
        -- The interval of the sum over the periods, which err together, but not fully.
        least(__launch_list_quantile(sums_, (1 - level) / 2), list_sum([coalesce(s.mean, 0) FOR s IN steps_]))
            AS low_,
        greatest(__launch_list_quantile(sums_, (1 + level) / 2), list_sum([coalesce(s.mean, 0) FOR s IN steps_]))
            AS high_,
        __launch_period(first_, frequency_) AS number_,
        len(steps_) AS horizon_,
        steps_[1].reason AS rests_on_
    FROM predicted_
    WHERE steps_[1].status = 'ok'
),
season_ AS MATERIALIZED (
    SELECT key_ AS category_, season_ AS month_, index_, seasons_ AS years_
    FROM __launch_season(sales, products, category, 'month', NULL, 0.8, product_id, date, units)
    WHERE season_ IS NOT NULL
),
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
        -- Out of season next to nothing is sold, and what is divided by it is a number without meaning.
        [least(greatest(f_, 0.25), 4) FOR f_ IN raw_factors_] AS factors_,
        len([f_ FOR f_ IN raw_factors_ IF f_ NOT BETWEEN 0.25 AND 4 OR isnan(f_)]) > 0 AS limited_
    FROM (
        SELECT every_.*, indices_.years_, [
            indices_[month(__launch_period_start(number_ + move_ + step_, frequency_))]
            / greatest(indices_[month(__launch_period_start(number_ + step_, frequency_))], 1e-9)
            FOR step_ IN range(0, steps_)
        ] AS raw_factors_
        FROM (
        SELECT *, unnest(range(0, __launch_period(last_, frequency_) - number_ + 1)) AS move_
        FROM (SELECT DISTINCT category_, first_, last_, number_, frequency_, len(means_) AS steps_ FROM planned_)
        ) AS every_
        JOIN indices_ ON indices_.category_ IS NOT DISTINCT FROM every_.category_
    ) AS every_
),
summed_ AS (
    SELECT
        planned_.* EXCLUDE (means_, low_, high_),
        move_, launch_, years_, limited_,
        list_inner_product(means_, factors_) AS units_mean_,
        -- A season moves the ends as it moves the expected units.
        coalesce(low_ * list_inner_product(means_, factors_) / nullif(list_sum(means_), 0), low_) AS units_low_,
        coalesce(high_ * list_inner_product(means_, factors_) / nullif(list_sum(means_), 0), high_) AS units_high_,
        list_sum(means_) AS units_first_
    FROM planned_ JOIN dates_
        ON dates_.category_ IS NOT DISTINCT FROM planned_.category_ AND dates_.first_ = planned_.first_ AND dates_.last_ = planned_.last_
),
priced_ AS (
    SELECT
        * EXCLUDE (multiple_), multiple_, round(reference_ * multiple_, 4) AS price_, multiple_ ^ elasticity_ AS response_,
        __launch_normal_width(level) * deviation_ * abs(ln(multiple_)) AS width_
    FROM (SELECT *, unnest(prices_) AS multiple_ FROM summed_)
),
-- On the log scale the forecast and the response to the price err independently: their half widths add in quadrature.
widened_ AS (
    SELECT
        * EXCLUDE (units_low_, units_high_),
        CASE WHEN units_low_ > 0 AND units_mean_ > 0
        THEN units_low_ * exp(abs(ln(units_mean_ / units_low_)) - sqrt(ln(units_mean_ / units_low_) ^ 2 + width_ ^ 2))
        ELSE units_low_ END AS units_low_,
        CASE WHEN units_high_ > 0 AND units_mean_ > 0
        THEN units_high_ * exp(sqrt(ln(units_high_ / units_mean_) ^ 2 + width_ ^ 2) - abs(ln(units_high_ / units_mean_)))
        ELSE units_high_ END AS units_high_
    FROM priced_
),
valued_ AS (
    SELECT
        *,
        units_mean_ * response_ AS units_,
        CASE objective_
            WHEN 'profit' THEN units_mean_ * response_ * (price_ - cost_)
            WHEN 'revenue' THEN units_mean_ * response_ * price_
            ELSE units_mean_ * response_ END AS value_,
        -- As a multiple of that of the candidate's own price at the same date.
        response_ * CASE objective_
            WHEN 'profit' THEN (price_ - cost_) / nullif(greatest(reference_ - cost_, 0), 0)
            WHEN 'revenue' THEN price_ / reference_
            ELSE 1 END AS gain_,
        CASE objective_
            WHEN 'profit' THEN units_first_ * (reference_ - cost_)
            WHEN 'revenue' THEN units_first_ * reference_
            ELSE units_first_ END AS base_
    FROM widened_
),
-- Dates at which a price comes out the same are one plan: the best of them, else the first.
alike_ AS (
    SELECT
        *,
        row_number() OVER (alike_ ORDER BY round(share_of_best_, 8) DESC, launch_) AS place_,
        count(*) OVER alike_ AS dates_alike_,
        max(launch_) OVER alike_ AS last_alike_
    FROM (
        SELECT *, round(100 * share_of_best_) AS percent_
        FROM (
            SELECT
                *,
                max(move_) OVER (PARTITION BY key_) AS last_move_,
                value_ / nullif(max(abs(value_)) OVER (PARTITION BY key_), 0) AS share_of_best_
            FROM valued_
        )
    )
    WINDOW alike_ AS (PARTITION BY key_, multiple_, percent_)
),
ranked_ AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY key_ ORDER BY value_ DESC, launch_, abs(multiple_ - 1), multiple_) AS rank_,
        count(*) OVER (PARTITION BY key_) AS plans_
    FROM alike_
    WHERE place_ = 1
),
best_ AS (
    SELECT
        ranked_.*,
        coalesce(own_.share_, all_.share_) AS share_,
        CASE
            WHEN cannibalization IS NULL THEN ''
            WHEN all_.share_ IS NULL THEN '; cannibalization has no launch with status ok, so net units are not known'
            WHEN own_.share_ IS NULL THEN format(
                '; {:.0f} % of its units come out of other products (launches: {} of all categories)',
                100 * all_.share_, all_.launches_
            )
            ELSE format(
                '; {:.0f} % of its units come out of other products (launches: {} of its category, {} of all)',
                100 * own_.share_, own_.launches_, all_.launches_
            ) END AS net_of_
    FROM ranked_
    LEFT JOIN shares_ AS own_ ON NOT own_.all_ AND own_.category_ = ranked_.category_
    LEFT JOIN shares_ AS all_ ON all_.all_
    WHERE rank_ <= k_
)
SELECT
    key_ AS product_id,
    rank_ AS plan_rank,
    launch_ AS launch_date,
    price_ AS price,
    units_ AS expected_units,
    units_low_ * response_ AS units_lower,
    units_high_ * response_ AS units_upper,
    units_ * (1 - share_) AS net_units,
    units_ * price_ AS expected_revenue,
    units_ * (price_ - cost_) AS expected_profit,
    least(units_low_ * (price_ - cost_), units_high_ * (price_ - cost_)) * response_ AS profit_lower,
    greatest(units_low_ * (price_ - cost_), units_high_ * (price_ - cost_)) * response_ AS profit_upper,
    CASE WHEN base_ > 0 THEN value_ / base_ - 1 END AS lift,
    nullif(concat_ws(', ',
        CASE WHEN first_ <> last_ AND move_ = 0 THEN 'earliest' END,
        CASE WHEN first_ <> last_ AND move_ = last_move_ THEN 'latest' END,
        CASE WHEN len(prices_) > 1 AND multiple_ = prices_[1] THEN 'lowest price' END,
        CASE WHEN len(prices_) > 1 AND multiple_ = prices_[-1] THEN 'highest price' END
    ), '') AS binding_constraint,
    'ok' AS status,
    __launch_words(format(
        'number {} of {} plans by {}{}: season x {:.2f}{}, {}{}{}; {}',
        rank_, plans_, objective_,
        CASE WHEN dates_alike_ > 1
        THEN format(' ({} dates up to {} alike)', dates_alike_, last_alike_::VARCHAR) ELSE '' END,
        units_mean_ / nullif(units_first_, 0),
        CASE years_ WHEN 0 THEN ' (no season known)' WHEN 1 THEN ' (from one year)' ELSE '' END
            || CASE WHEN limited_ THEN ' (a step counts as 4 times or a quarter of the first date at most)' ELSE '' END,
        CASE WHEN kept_ THEN
            'at its price, as no elasticity was measured: give elasticities, or prices to compare on an assumed one'
        ELSE format(
            'price x {:.2f} (elasticity {:.2f}{}{}){}{}',
            response_, elasticity_,
            CASE WHEN deviation_ > 0 THEN format(', standard error {:.2f},', deviation_) ELSE '' END, source_,
            CASE WHEN gain_ > 1 AND gain_ * exp(-width_) < 1 THEN ', not sure to beat its own price' ELSE '' END,
            CASE WHEN measured_ OR (len(prices_) = 1 AND multiple_ = 1) THEN '' ELSE
            '; the advice rests on an assumed elasticity: measure it with launch_elasticity' END
        ) END,
        net_of_,
        CASE WHEN unknown_ > 0 THEN '; the last ' || unknown_ || ' steps cannot be forecast and count as 0' ELSE '' END,
        rests_on_
    ), product_id) AS reason,
    __launch_period_start(number_ + move_ + horizon_, frequency_) - 1 AS horizon_end
FROM best_
UNION ALL
SELECT key_, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'refused', why_, NULL
FROM checked_ WHERE why_ IS NOT NULL
UNION ALL
SELECT key_, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'refused', steps_[1].reason, NULL
FROM predicted_ WHERE steps_[1].status <> 'ok'
ORDER BY 1, 2
