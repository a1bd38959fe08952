-- Dates, prices and orders of candidates, chosen together, beneath launch_plan, launch_timing and launch_pricing. See launch_plan
-- for the parameters.
--
-- @param candidates: VARCHAR     the candidates
-- @param model: BLOB             the model
-- @param shown: VARCHAR          which plans of a candidate: best, dates or prices
-- @param sales: VARCHAR                 as in launch_plan
-- @param products: VARCHAR              as in launch_plan
-- @param objective: VARCHAR             as in launch_plan
-- @param risk: DOUBLE                   as in launch_plan
-- @param budget: DOUBLE                 as in launch_plan
-- @param per_week: BIGINT               as in launch_plan
-- @param apart: BIGINT                  as in launch_plan
-- @param blackout: VARCHAR              as in launch_plan
-- @param earliest: DATE                 as in launch_plan
-- @param latest: DATE                   as in launch_plan
-- @param prices: DOUBLE[]               as in launch_plan
-- @param price_ending: DOUBLE           as in launch_plan
-- @param minimum_margin: DOUBLE         as in launch_plan
-- @param elasticity: DOUBLE             as in launch_plan
-- @param elasticities: VARCHAR          as in launch_plan
-- @param salvage: VARCHAR               as in launch_plan
-- @param holding: VARCHAR               as in launch_plan
-- @param returns: VARCHAR               as in launch_plan
-- @param pack: VARCHAR                  as in launch_plan
-- @param minimum: VARCHAR               as in launch_plan
-- @param stock: VARCHAR                 as in launch_plan
-- @param target: VARCHAR                as in launch_plan
-- @param lowest_price: VARCHAR          as in launch_plan
-- @param highest_price: VARCHAR         as in launch_plan
-- @param signals: VARCHAR               as in launch_plan
-- @param covariates: VARCHAR            as in launch_plan
-- @param signal_key: VARCHAR            as in launch_plan
-- @param k: BIGINT                      as in launch_plan
-- @param level: DOUBLE                  as in launch_plan
-- @param n: BIGINT                      as in launch_plan
-- @param product_id: VARCHAR            as in launch_plan
-- @param date: VARCHAR                  as in launch_plan
-- @param units: VARCHAR                 as in launch_plan
-- @param price: VARCHAR                 as in launch_plan
-- @param cost: VARCHAR                  as in launch_plan
-- @param launch_date: VARCHAR           as in launch_plan
-- @param category: VARCHAR              as in launch_plan
-- @returns key_: same as input    the candidate
-- @returns category_: VARCHAR     its category
-- @returns row_: STRUCT           the plan, as __launch_plan returns it; NULL for a candidate that is refused
-- @returns status_: VARCHAR       ok or refused
-- @returns story_: VARCHAR        how the plan came about, or why there is none
-- @returns horizon_end_: DATE     last day of the periods that units are summed over
-- @example FROM __launch_planned('candidates', (SELECT model FROM model), 'best', NULL, NULL, 'profit', 0, NULL, NULL, NULL, NULL,
--          NULL, NULL, [1.0], NULL, NULL, -1.5, NULL, '0', '0', '0', '1', NULL, 'stock', 'target', 'lowest_price', 'highest_price',
--          NULL, NULL, NULL, 5, 0.8, 400, 'product_id', 'date', 'units', 'price', 'cost', 'launch_date', 'category')
WITH options_ AS MATERIALIZED (
    SELECT
        *,
        __launch_option('objective', objective, ['profit', 'revenue', 'units']) AS objective_,
        CASE WHEN elasticity IS NULL OR elasticity BETWEEN -20 AND 0 THEN elasticity::DOUBLE
        ELSE error('elasticity must be between -20 and 0, got ' || elasticity) END AS given_,
        CASE WHEN prices IS NULL THEN NULL
        WHEN len(prices) BETWEEN 1 AND 100 AND len(list_filter(prices, lambda p: p > 0 AND p <= 5)) = len(prices)
        THEN list_sort(list_distinct(prices))
        ELSE error('prices must be 1 to 100 multiples of the price (0.9 is a tenth below it), each above 0 and at most 5, got '
            || prices::VARCHAR) END AS asked_prices_,
        CASE WHEN price_ending IS NULL OR (price_ending >= 0 AND price_ending < 1) THEN price_ending
        ELSE error('price_ending must be from 0 to below 1, such as 0.99, got ' || price_ending) END AS ending_,
        CASE WHEN minimum_margin IS NULL OR (minimum_margin >= 0 AND minimum_margin < 1) THEN minimum_margin
        ELSE error('minimum_margin must be a share of the price from 0 to below 1, got ' || minimum_margin) END AS margin_,
        CASE WHEN earliest::DATE <= latest::DATE OR earliest IS NULL OR latest IS NULL THEN latest::DATE
        ELSE error('earliest must not be after latest, got ' || earliest::DATE || ' and ' || latest::DATE) END AS latest_,
        earliest::DATE AS earliest_
    FROM (
        SELECT
            blob_, coalesce(info_->>'frequency', 'week') AS frequency_, coalesce((info_->>'horizon')::BIGINT, 1) AS horizon_
        FROM (SELECT model::BLOB AS blob_, launch_model_info(model::BLOB)::JSON AS info_)
    )
),
known_ AS MATERIALIZED (FROM __launch_known_elasticities(elasticities)),
blackouts_ AS MATERIALIZED (FROM __launch_blackouts(blackout, date)),
asked_ AS (
    SELECT
        * EXCLUDE (bounds_), bounds_, count(*) OVER (PARTITION BY key_) AS copies_,
        greatest(coalesce(bounds_['earliest_'], earliest_, own_date_), earliest_) AS first_,
        least(coalesce(bounds_['latest_'], latest_), latest_) AS until_
    FROM (
        SELECT
            asked_.key_, launch_ AS own_date_, attributes_, attributes_['price'] AS reference_, cost_ AS raw_cost_,
            __launch_amount(cost_) AS cost_, category_::VARCHAR AS category_, terms_, unread_, bounds_, unbound_
        FROM __launch_attributes(candidates, product_id, launch_date, price, candidates, cost, category, priced := true) AS asked_
        LEFT JOIN (
            SELECT key_, terms_, why_ AS unread_ FROM __launch_terms(
                candidates, product_id, salvage, holding, returns, NULL, pack, minimum, stock, NULL, NULL
            )
        ) AS told_ ON told_.key_ = asked_.key_
        LEFT JOIN (
            SELECT key_, bounds_, why_ AS unbound_ FROM __launch_bounds(candidates, product_id, lowest_price, highest_price, target)
        ) AS between_ ON between_.key_ = asked_.key_
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
checked_ AS MATERIALIZED (
    SELECT
        *,
        -- An infinite date has no period; the reason is below.
        coalesce(until_, CASE
            WHEN first_ BETWEEN DATE '1970-01-01' AND DATE '2200-12-31'
            THEN __launch_period_start(__launch_period(first_, frequency_) + 12, frequency_)
        END) AS last_,
        -- The prices that may be taken: the nearest ones with the ending asked for, within the bounds and the margin.
        list_sort(list_distinct([
            p_ FOR p_ IN [
                CASE WHEN ending_ IS NULL THEN round(reference_ * m_, 4)
                ELSE greatest(round(reference_ * m_ - ending_) + ending_, CASE WHEN ending_ > 0 THEN ending_ ELSE 1 END) END
                FOR m_ IN prices_
            ]
            IF p_ >= coalesce(bounds_['lowest_'], p_) AND p_ <= coalesce(bounds_['highest_'], p_)
                AND (margin_ IS NULL OR cost_ IS NULL OR p_ - cost_ >= margin_ * p_ * (1 - 1e-12))
        ])) AS taken_,
        CASE
            WHEN __launch_refusal(key_, copies_) IS NOT NULL THEN __launch_refusal(key_, copies_)
            WHEN untrained_ THEN 'the model is NULL: train one with launch_train, whose reason says why if it gives none'
            -- The terms call the most that may be ordered by a name of their own.
            WHEN unread_ IS NOT NULL THEN regexp_replace(unread_, '^maximum', 'stock')
            WHEN terms_['maximum'] < 0 THEN 'stock must be 0 or more, got ' || terms_['maximum']
            WHEN unbound_ IS NOT NULL THEN unbound_
            WHEN first_ IS NULL THEN 'launch_date is NULL or no date: give it in the candidates, or give earliest'
            WHEN NOT first_ BETWEEN DATE '1970-01-01' AND DATE '2200-12-31'
            THEN 'the launch date must be between 1970-01-01 and 2200-12-31, got ' || first_
            WHEN until_ < first_ THEN 'the candidate''s launch date ' || first_ || ' is after latest ' || until_
            WHEN until_ > first_ + 1100 THEN 'earliest and latest must be at most three years apart'
            WHEN reference_ IS NULL THEN 'price is NULL or no number: give the reference price'
            WHEN NOT (reference_ > 0 AND reference_ < 1e12) THEN 'price must be above 0 and finite, got ' || reference_
            WHEN raw_cost_ IS NOT NULL AND cost_ IS NULL THEN 'cost is no number: ' || raw_cost_::VARCHAR
            WHEN cost_ IS NOT NULL AND NOT (cost_ >= 0 AND cost_ < 1e12)
            THEN 'cost must be 0 or more and finite, got ' || cost_
            WHEN cost_ IS NULL AND objective_ = 'profit' THEN 'cost is NULL: give it, or use objective := ''revenue'''
            WHEN cost_ = 0 AND objective_ = 'profit'
            THEN 'cost is 0, so no order would be too large: give a cost, or use objective := ''revenue'''
            WHEN cost_ IS NULL AND margin_ IS NOT NULL THEN 'cost is NULL: minimum_margin needs it'
            WHEN cost_ IS NULL AND budget IS NOT NULL THEN 'cost is NULL: a budget needs it'
            WHEN twice_ IS NOT NULL THEN twice_
            WHEN elasticity_ IS NULL
            THEN 'elasticities has no row with status ok and an elasticity from -20 to 0 for ' || coalesce('category ' || category_ || ' or ', '')
                || 'all products (key NULL): give elasticity for such candidates'
        END AS refusal_
    FROM elastic_
),
seasons_ AS MATERIALIZED (FROM __launch_season(sales, products, category, 'month', NULL, 0.8, product_id, date, units)),
season_ AS (
    SELECT
        key_ AS category_, season_ AS month_, index_, seasons_ AS years_,
        CASE WHEN lower_ > 0 THEN ln(upper_ / lower_) / (2 * __launch_normal_width(0.8)) END AS error_
    FROM seasons_
    WHERE season_ IS NOT NULL
),
-- Why there is none of all products.
unknown_ AS (SELECT min(reason_) AS unknown_ FROM seasons_ WHERE key_ IS NULL AND season_ IS NULL AND event_ IS NULL),
-- One entry per category of the candidates: the twelve indices, by month; 1 where nothing is known.
indices_ AS (
    SELECT named_.category_, list(coalesce(own_.index_, all_.index_, 1) ORDER BY months_.month_) AS indices_,
        list(coalesce(own_.error_, CASE WHEN own_.month_ IS NULL THEN all_.error_ END, 0) ORDER BY months_.month_) AS errors_,
        max(coalesce(own_.years_, all_.years_, 0)) AS years_,
        -- Of all products, where those of its category are not known.
        count(own_.index_) = 0 AND count(all_.index_) > 0 AND named_.category_ IS NOT NULL AS common_
    FROM (SELECT DISTINCT category_ FROM checked_ WHERE refusal_ IS NULL) AS named_
    CROSS JOIN range(1, 13) AS months_(month_)
    LEFT JOIN season_ AS own_ ON own_.category_ = named_.category_ AND own_.month_ = months_.month_
    LEFT JOIN season_ AS all_ ON all_.category_ IS NULL AND all_.month_ = months_.month_
    GROUP BY named_.category_
),
-- The dates compared and the season at each, once for all candidates that share category and first date.
dates_ AS MATERIALIZED (
    SELECT
        category_, first_, last_, years_, errors_, common_, list(launch_ ORDER BY launch_) AS launches_, flatten(list(factors_ ORDER BY launch_)) AS factors_,
        bool_or(limited_) AS limited_
    FROM (
        SELECT
            every_.category_, first_, last_, years_, errors_, common_,
            CASE WHEN move_ = 0 THEN first_ ELSE __launch_period_start(number_ + move_, frequency_) END AS launch_,
            -- Out of season next to nothing is sold, and what is divided by it is a number without meaning.
            [least(greatest(f_, 0.25), 4) FOR f_ IN raw_factors_] AS factors_,
            len([f_ FOR f_ IN raw_factors_ IF f_ NOT BETWEEN 0.25 AND 4 OR isnan(f_)]) > 0 AS limited_
        FROM (
            SELECT every_.*, indices_.years_, indices_.errors_, indices_.common_, [
                indices_[month(__launch_period_start(number_ + move_ + step_, frequency_))]
                / greatest(indices_[month(__launch_period_start(number_ + step_, frequency_))], 1e-9)
                FOR step_ IN range(0, horizon_)
            ] AS raw_factors_
            FROM (
                SELECT *, unnest(range(0, __launch_period(last_, frequency_) - number_ + 1)) AS move_
                FROM (
                    SELECT DISTINCT category_, first_, last_, __launch_period(first_, frequency_) AS number_, frequency_, horizon_
                    FROM checked_ WHERE refusal_ IS NULL
                )
            ) AS every_
            JOIN indices_ ON indices_.category_ IS NOT DISTINCT FROM every_.category_
        ) AS every_
    )
    WHERE NOT EXISTS (FROM blackouts_ WHERE launch_ BETWEEN blackouts_.first_ AND blackouts_.last_) AND launch_ <= last_
    GROUP BY ALL
),
single_ AS MATERIALIZED (
    SELECT
        *, row_number() OVER (PARTITION BY why_ IS NULL ORDER BY key_::VARCHAR) AS place_, false AS required_,
        __launch_period_start(__launch_period(first_, frequency_), frequency_) AS launch_
    FROM (
        SELECT
            checked_.*, launches_, dates_.factors_, years_, errors_, common_, limited_,
            CASE
                WHEN refusal_ IS NOT NULL THEN refusal_
                WHEN launches_ IS NULL THEN format('all dates from {} to {} lie in blackout', checked_.first_::VARCHAR, checked_.last_::VARCHAR)
                WHEN len(taken_) = 0 THEN format(
                    'none of the prices compared, {:.2f} to {:.2f}, keeps {}', reference_ * prices_[1], reference_ * prices_[-1],
                    concat_ws(' and ',
                        CASE WHEN bounds_['lowest_'] IS NOT NULL OR bounds_['highest_'] IS NOT NULL THEN format(
                            'the bounds {} to {}', coalesce(bounds_['lowest_']::VARCHAR, '0'), coalesce(bounds_['highest_']::VARCHAR, 'any')
                        ) END,
                        CASE WHEN margin_ IS NOT NULL THEN format('a margin of {:.0f} %', 100 * margin_) END
                    )
                )
            END AS why_
        FROM checked_
        LEFT JOIN dates_ ON dates_.category_ IS NOT DISTINCT FROM checked_.category_
            AND dates_.first_ = checked_.first_ AND dates_.last_ = checked_.last_
    )
),
wanted_ AS MATERIALIZED (FROM single_ WHERE why_ IS NULL),
sold_ AS (
    SELECT DISTINCT key_::VARCHAR AS sold_ FROM __launch_sales(sales, product_id, date, units, 'price')
    WHERE units_ > 0 AND key_::VARCHAR IN (SELECT key_::VARCHAR FROM wanted_)
),
drawn_ AS (
    SELECT unnest(__launch_plan(
        (SELECT blob_ FROM options_), list_, shown := shown, objective := objective, k := k, level := level, n := n, risk := risk,
        budget := budget, per_week := per_week, apart := apart
    )) AS row_
    FROM (
        SELECT list({
            'launch_date': launch_, 'attributes': attributes_, 'key': key_::VARCHAR, 'units': NULL, 'at_least': NULL,
            'covariates': covariates_, 'category': category_, 'reference': reference_, 'cost': cost_, 'salvage': terms_['salvage'],
            'holding': terms_['holding'], 'returns': terms_['returns'], 'pack': terms_['pack'], 'minimum': terms_['minimum'],
            'stock': terms_['maximum'], 'target': bounds_['target_'], 'elasticity': elasticity_, 'deviation': deviation_,
            'prices': taken_, 'dates': launches_, 'factors': factors_
        } ORDER BY place_) AS list_
        FROM wanted_
        LEFT JOIN __launch_covariates('wanted_', candidates, product_id, signals, covariates, signal_key) AS told_
            ON told_.id_ = wanted_.key_::VARCHAR
    )
)
SELECT
    key_, category_, CASE WHEN row_['status'] = 'ok' THEN row_ END AS row_, row_['status'] AS status_,
    CASE WHEN row_['status'] <> 'ok' THEN row_['reason']
    ELSE format(
        'season x {:.2f}{}, {}', row_['season'],
        CASE years_ WHEN 0 THEN ' (no season known' || coalesce(': ' || (FROM unknown_), '') || ')' WHEN 1 THEN ' (from one year)' ELSE '' END
            || CASE WHEN common_ THEN ' (of all products, as that of category ' || category_ || ' is not known)' ELSE '' END
            -- By the months that the dates are in; a horizon is mostly longer.
            || CASE WHEN abs(ln(row_['season'])) > 1e-9 AND abs(ln(row_['season'])) < __launch_normal_width(level)
                * sqrt(errors_[month(row_['day'])] ^ 2 + errors_[month(first_)] ^ 2)
            THEN ' (may be chance)' ELSE '' END
            || CASE WHEN limited_ THEN ' (a step counts as 4 times or a quarter of the first date at most)' ELSE '' END,
        CASE WHEN kept_ THEN
            'at its price, as no elasticity was measured: give elasticities, or prices to compare on an assumed one'
        ELSE format(
            'price x {:.2f} (elasticity {:.2f}{}{}){}{}',
            row_['response'], elasticity_,
            CASE WHEN deviation_ > 0 THEN format(', standard error {:.2f},', deviation_) ELSE '' END, source_,
            CASE WHEN gain_ > 1 AND gain_ * exp(-__launch_normal_width(level) * deviation_ * abs(ln(row_['price'] / reference_))) < 1
            THEN ', not sure to beat its own price' ELSE '' END,
            CASE WHEN measured_ OR (len(prices_) = 1 AND prices_[1] = 1) THEN '' ELSE
            '; the advice rests on an assumed elasticity: measure it with launch_elasticity' END
        ) END
    ) || CASE WHEN row_['order_units'] < bounds_['target_'] THEN format(
        '; the order of {:.0f} units is below the target of {:.0f}, which can then not be reached', row_['order_units'], bounds_['target_']
    ) ELSE '' END || CASE WHEN sold_ IS NOT NULL THEN '; it has sales already: launch_stock says what to order now' ELSE '' END END AS story_,
    __launch_period_start(__launch_period(row_['day'], frequency_) + horizon_, frequency_) - 1 AS horizon_end_
FROM (
    SELECT *,
        -- Over that of the candidate's own price at the same date, were there stock enough.
        row_['response'] * CASE objective_
            WHEN 'profit' THEN (row_['price'] - cost_) / nullif(greatest(reference_ - cost_, 0), 0)
            WHEN 'revenue' THEN row_['price'] / reference_
            ELSE 1 END AS gain_
    FROM drawn_ JOIN wanted_ ON place_ = row_['place'] LEFT JOIN sold_ ON sold_ = key_::VARCHAR
)
UNION ALL
SELECT key_, category_, NULL, 'refused', why_, NULL FROM single_ WHERE why_ IS NOT NULL
