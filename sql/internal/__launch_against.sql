-- Launches as they were planned, beside their sales: what __launch_review and __launch_review_drivers take. One row per product of the
-- plan, or several where it has none to follow.
--
-- @param plan: VARCHAR          the plan, as launch_plan returns it
-- @param sales: VARCHAR         the sales table
-- @param as_of: DATE            the day that is asked as of, or NULL
-- @param forecast: VARCHAR      a table as launch_forecast returns it, or NULL
-- @param products: VARCHAR      the products table, or NULL
-- @param elasticities: VARCHAR  a table as launch_elasticity returns it, or NULL
-- @param availability: VARCHAR  a table of availability, or NULL
-- @param overrides: VARCHAR     a table of overrides, or NULL
-- @param frequency: VARCHAR     day, week or month; NULL for that of the forecast, else week
-- @param product_id: VARCHAR    the column of products in all tables
-- @param date: VARCHAR          the column of dates in sales and availability
-- @param units: VARCHAR         the column of units in sales
-- @param price: VARCHAR         the column of prices in plan and sales
-- @param launch_date: VARCHAR   the column of launch dates in plan and products
-- @param category: VARCHAR      the column of categories in products
-- @param available: VARCHAR     the column of availability in sales and availability
-- @returns key_: same as input   the product
-- @returns id_: VARCHAR          its text
-- @returns why_: VARCHAR         why it cannot be looked at, or NULL
-- @returns launch_: DATE         launch date planned
-- @returns known_: DATE          launch date that products tell
-- @returns price_: DOUBLE        price planned
-- @returns elasticity_: DOUBLE   its elasticity
-- @returns deviation_: DOUBLE    standard error of it
-- @returns ordered_: DOUBLE      units to order
-- @returns positive_: DOUBLE     probability of a positive review
-- @returns periods_: STRUCT(start DATE, "after" DATE, planned DOUBLE, lower DOUBLE, upper DOUBLE, "over" BOOLEAN)[]  its periods
-- @returns days_: STRUCT("day" DATE, units DOUBLE, price DOUBLE, share DOUBLE)[]  its days with sales
-- @returns stock_: STRUCT("day" DATE, share DOUBLE)[]  what availability tells
-- @returns stock_known_: BOOLEAN whether anything is known of availability
-- @returns stamped_: BOOLEAN     whether all sales of a period have one date
-- @returns models_: STRUCT(date DATE, own DOUBLE)[]  periods that were changed, and the units of the model
-- @returns today_: DATE          the day that is asked as of
-- @returns notes_: VARCHAR       what the plan of its units rests on
-- @example FROM __launch_against('plan', 'sales', NULL, NULL, 'products', NULL, NULL, NULL, NULL, 'product_id', 'date', 'units', 'price',
--          'launch_date', 'category', 'available')
WITH force_ AS MATERIALIZED (FROM __launch_in_force(forecast, overrides, __launch_as_of(as_of), product_id)),
steps_ AS MATERIALIZED (FROM force_ WHERE day_ IS NOT NULL AND yhat_ IS NOT NULL AND step_ > 0),
frequency_ AS MATERIALIZED (
    SELECT coalesce(
        CASE WHEN frequency IS NOT NULL THEN __launch_frequency(frequency) END,
        (SELECT CASE WHEN days_ = 1 THEN 'day' WHEN days_ BETWEEN 28 AND 31 THEN 'month' END FROM (SELECT mode(end_ - day_) AS days_ FROM steps_)),
        'week'
    ) AS per_
    WHERE CASE WHEN overrides IS NOT NULL AND forecast IS NULL
    THEN error('overrides change a forecast: give forecast, as launch_forecast returns it') ELSE true END
),
stamps_ AS MATERIALIZED (FROM __launch_stamps(sales, (SELECT per_ FROM frequency_), product_id, date, units, price)),
-- Sales of longer periods than the plan's say nothing of its steps.
other_ AS MATERIALIZED (
    SELECT CASE WHEN count(*) >= 3 AND median(gap_) > 1.5 * CASE per_ WHEN 'day' THEN 1 WHEN 'week' THEN 7 ELSE 31 END THEN
        error(format(
            'sales have a date every {:.0f} days, but the plan is reviewed by {}: give frequency := ''{}'', with a forecast of that frequency',
            median(gap_), per_, CASE WHEN median(gap_) > 10 THEN 'month' ELSE 'week' END
        )) ELSE false END AS other_
    FROM frequency_ LEFT JOIN (
        SELECT day_ - lag(day_) OVER (ORDER BY day_) AS gap_
        FROM (SELECT DISTINCT day_ FROM __launch_sales(sales, product_id, date, units, price))
    ) ON gap_ IS NOT NULL
    GROUP BY per_
),
clock_ AS MATERIALIZED (
    SELECT
        per_, coalesce(stamped_, false) AS stamped_, __launch_period_start(end_, per_) AS unseen_,
        coalesce(__launch_as_of(as_of), greatest(last_day_, __launch_period_start(end_, per_) - 1)) AS today_
    FROM frequency_, stamps_, other_
    WHERE key_ IS NULL AND NOT other_
),
plan_ AS MATERIALIZED (
    SELECT * EXCLUDE (units_), coalesce(wanted_, units_) AS units_ FROM __launch_chosen(plan, product_id, launch_date, price)
),
listed_ AS MATERIALIZED (
    SELECT id_, min(known_) AS known_, min(category_) AS category_, count(*) AS listings_
    FROM (
        SELECT
            __launch_id_text(COLUMNS(lambda c: __launch_column(c, product_id, coalesce(products, 'products')))) AS id_,
            __launch_valid_day(COLUMNS(lambda c: __launch_column(c, launch_date, coalesce(products, 'products')))) AS known_,
            COLUMNS(lambda c: __launch_column(c, category, coalesce(products, 'products')))::VARCHAR AS category_
        FROM query(__launch_read(products, [product_id], [launch_date, category], [launch_date], []))
    )
    WHERE id_ IS NOT NULL
    GROUP BY id_
),
sensitive_ AS MATERIALIZED (FROM __launch_known_elasticities(elasticities)),
days_ AS MATERIALIZED (
    SELECT
        __launch_id_text(key_) AS id_, day_, __launch_sum(units_) AS sold_, __launch_mean_price(price_, units_) AS paid_,
        (sum((CASE WHEN bound_ THEN 0 ELSE 1 - off_ END)::DECIMAL(38, 9)) / count(*))::DOUBLE AS share_,
        bool_or(units_ IS NULL) AS lacking_
    -- A name of its own is that of the column in the table of availability, where there is one.
    FROM __launch_sales(sales, product_id, date, units, price, CASE WHEN availability IS NULL THEN available ELSE 'available' END)
    WHERE day_ <= (SELECT today_ FROM clock_) AND __launch_id_text(key_) IN (SELECT id_ FROM plan_)
    GROUP BY ALL
),
shelves_ AS MATERIALIZED (
    SELECT
        __launch_id_text(COLUMNS(lambda c: __launch_column(c, product_id, coalesce(availability, 'availability')))) AS id_,
        __launch_valid_day(COLUMNS(lambda c: __launch_column(c, date, coalesce(availability, 'availability')))) AS day_,
        __launch_valid_share(COLUMNS(lambda c: __launch_column(c, available, coalesce(availability, 'availability')))) AS share_,
        COLUMNS(lambda c: __launch_part(c, date, 1, coalesce(availability, 'availability')))::VARCHAR AS raw_day_,
        COLUMNS(lambda c: __launch_column(c, available, coalesce(availability, 'availability')))::VARCHAR AS raw_share_
    FROM query(__launch_read(availability, [product_id, date, available], [], [date], []))
),
-- What of it cannot be read, or is of nobody.
shelves_unread_ AS MATERIALIZED (
    SELECT nullif(concat_ws('; ',
        __launch_unread_rows(
            count(*) FILTER (day_ IS NULL OR share_ IS NULL), count(*), 'availability',
            'date from 1970 to 2200, or no availability that can be read: true, false, a share or pieces',
            min(CASE WHEN day_ IS NULL THEN raw_day_ ELSE raw_share_ END) FILTER (day_ IS NULL OR share_ IS NULL)
        ) || ', and are left out',
        CASE WHEN count(*) > 0 AND count(*) FILTER (id_ IN (SELECT id_ FROM plan_)) = 0 THEN
            'no product of the plan has a row in availability: product_id must be written alike in both tables' END
    ), '') AS shelves_why_
    FROM shelves_
),
told_ AS MATERIALIZED (
    SELECT id_, list({'day': day_, 'share': share_} ORDER BY day_) AS stock_
    FROM (
        SELECT id_, day_, (sum(share_::DECIMAL(38, 9)) / count(*))::DOUBLE AS share_
        FROM shelves_
        WHERE share_ IS NOT NULL AND day_ <= (SELECT today_ FROM clock_)
        GROUP BY id_, day_
    )
    GROUP BY id_
),
own_stock_ AS MATERIALIZED (
    SELECT coalesce(bool_or(__launch_valid_share(given_) IS NOT NULL), false) AS has_
    FROM (
        SELECT COLUMNS(lambda c: __launch_column(c, coalesce(CASE WHEN availability IS NULL THEN available ELSE 'available' END, '__launch_none'), sales)) AS given_
        FROM query(__launch_from(sales, [product_id, coalesce(CASE WHEN availability IS NULL THEN available ELSE 'available' END, 'available')], ['available', 'none']))
    )
),
returned_ AS (
    SELECT id_, count(*) AS returns_, -__launch_sum(net_) AS back_
    FROM (SELECT id_, __launch_sum(sold_) AS net_ FROM days_, frequency_ GROUP BY id_, __launch_period(day_, per_))
    WHERE net_ < 0 GROUP BY id_
),
forecast_ AS MATERIALIZED (
    SELECT
        id_, max(step_) AS last_, count(*) AS rows_, count(DISTINCT step_) AS each_, count(DISTINCT model_id_) AS models_,
        min(model_id_) AS model_id_, __launch_sum(mean_) AS total_, min(day_) AS begins_, max(conflict_) AS conflict_,
        count(author_) AS changed_, string_agg(DISTINCT author_, ', ' ORDER BY author_) AS authors_
    FROM steps_ GROUP BY id_
),
seen_ AS (
    SELECT id_, min(day_) FILTER (sold_ > 0) AS first_sale_ FROM days_ GROUP BY id_
),
judged_ AS MATERIALIZED (
    SELECT
        plan_.*, per_, unseen_, today_, coalesce(own_.stamped_, clock_.stamped_) AS stamped_, known_, listed_.category_, first_sale_,
        last_, total_, begins_, changed_, authors_, conflict_, model_id_,
        __launch_period(launch_, per_) AS number_,
        coalesce(sensitive_.estimate_, all_.estimate_) AS elasticity_,
        coalesce(sensitive_.deviation_, all_.deviation_) AS deviation_,
        CASE
            WHEN plan_.why_ IS NOT NULL THEN plan_.why_
            WHEN listings_ > 1 THEN 'products has ' || listings_ || ' rows of it: keep one'
            WHEN first_sale_ < launch_ - 180 AND known_ IS NULL THEN format(
                'its sales begin on {}, more than half a year before the launch planned: it is no new product, or its id was used before',
                first_sale_
            )
            WHEN known_ < launch_ - 365 OR known_ > launch_ + 365
            THEN 'launch_date in products, ' || known_ || ', is more than a year from that of the plan, ' || launch_
            WHEN forecast IS NULL AND units_ IS NULL THEN 'the plan has no expected_units of it: give forecast'
            WHEN forecast IS NULL AND NOT coalesce(plan_.end_ >= launch_, false)
            THEN 'the plan has no horizon_end after its launch: give it, or forecast'
            WHEN forecast IS NULL THEN coalesce(sensitive_.twice_, all_.twice_)
            WHEN forecast_.id_ IS NULL THEN coalesce(
                (SELECT 'the forecast refuses it: ' || min(said_) FROM force_ WHERE force_.id_ = plan_.id_ AND status_ = 'refused' AND step_ IS NULL
                    AND made_ IS NULL AND said_ IS NOT NULL),
                'the forecast has no row of it: forecast the candidates of the plan'
            )
            WHEN models_ > 1 THEN 'the forecast has rows of ' || models_ || ' models: keep those of one'
            WHEN rows_ > each_ THEN 'the forecast has ' || rows_ || ' rows for ' || each_ || ' steps: keep one row per step'
            WHEN each_ < last_ THEN 'the forecast has ' || each_ || ' of the steps 1 to ' || last_ || ': give the one made before the launch'
            WHEN total_ > 0 AND NOT units_ / total_ BETWEEN 0.2 AND 5 THEN format(
                'the plan expects {:.0f} units and the forecast {:.0f}: they are of other models, or of other horizons', units_, total_
            )
            ELSE coalesce(sensitive_.twice_, all_.twice_)
        END AS wrong_
    FROM plan_
    CROSS JOIN clock_
    LEFT JOIN (SELECT __launch_id_text(key_) AS stamped_id_, stamped_ FROM stamps_ WHERE key_ IS NOT NULL) AS own_ ON stamped_id_ = plan_.id_
    LEFT JOIN listed_ ON listed_.id_ = plan_.id_
    LEFT JOIN sensitive_ ON sensitive_.category_ = listed_.category_
    LEFT JOIN (FROM sensitive_ WHERE category_ IS NULL) AS all_ ON true
    LEFT JOIN forecast_ ON forecast_.id_ = plan_.id_
    LEFT JOIN seen_ ON seen_.id_ = plan_.id_
),
-- From the earlier one of the two launches to the end of the plan.
numbered_ AS (
    SELECT
        *,
        unnest(range(
            least(number_, __launch_period(known_, per_), __launch_period(CASE WHEN first_sale_ >= launch_ - 180 THEN first_sale_ END, per_)),
            CASE WHEN forecast IS NULL THEN __launch_period(end_, per_) + 1 ELSE number_ + last_ END
        )) AS at_
    FROM judged_ WHERE wrong_ IS NULL
),
spread_ AS (
    SELECT
        numbered_.*, __launch_period_start(at_, per_) AS start_, __launch_period_start(at_ + 1, per_) AS after_, mean_, own_lower_, own_upper_,
        coalesce(units_ / nullif(total_, 0), 1) AS scale_, times_, plus_, fixed_, author_
    FROM numbered_
    LEFT JOIN (
        SELECT id_ AS of_, step_, mean_, lower_ AS own_lower_, upper_ AS own_upper_, times_, plus_, fixed_, author_ FROM steps_
    ) ON of_ = id_ AND step_ = at_ - number_ + 1
),
planned_ AS (
    SELECT
        id_, start_, after_, before_, author_, coalesce(today_ + 1 >= after_ AND unseen_ >= after_, false) AS over_,
        CASE
            WHEN forecast IS NULL THEN before_
            WHEN fixed_ THEN times_ * mean_ + plus_ ELSE coalesce(times_, 1) * before_
        END AS units_now_,
        CASE WHEN forecast IS NULL THEN low_ / nullif(units_, 0) * before_ ELSE own_lower_ * moved_ + coalesce(plus_, 0) END AS lower_now_,
        CASE WHEN forecast IS NULL THEN high_ / nullif(units_, 0) * before_ ELSE own_upper_ * moved_ + coalesce(plus_, 0) END AS upper_now_
    FROM (
        SELECT
            *,
            -- What the plan has without anybody's change: the forecast to the plan's units, or these spread evenly over the days.
            CASE
                WHEN forecast IS NOT NULL THEN coalesce(mean_ * scale_, 0)
                WHEN after_ <= launch_ THEN 0
                ELSE units_ * (least(after_, end_ + 1) - greatest(start_, launch_)) / (end_ + 1 - launch_)
            END AS before_,
            CASE WHEN fixed_ THEN times_ ELSE scale_ * coalesce(times_, 1) END AS moved_
        FROM spread_
    )
)
SELECT
    judged_.key_, judged_.id_, wrong_ AS why_, launch_, known_, price_, elasticity_, deviation_, order_units_ AS ordered_, positive_,
    periods_, coalesce(sold_days_, []) AS days_, told_.stock_, told_.stock_ IS NOT NULL OR has_ OR coalesce(lacking_, false) AS stock_known_,
    stamped_, models_, today_,
    concat_ws('; ',
        CASE
            WHEN forecast IS NULL THEN 'expected units of the plan, spread evenly over its days; intervals are in proportion to those of their sum'
            WHEN units_ IS NULL THEN 'units of the forecast'
            WHEN abs(units_ / total_ - 1) < 0.005 THEN 'units of the forecast, which are those of the plan'
            ELSE format('steps of the forecast times {:.2f}, so that they add up to the {:.0f} units of the plan', units_ / total_, units_)
        END,
        CASE WHEN __launch_period(begins_, per_) <> number_ THEN 'the forecast is of a launch on ' || begins_ || ': its steps count from that of the plan' END,
        CASE WHEN changed_ > 0 THEN changed_ || ' steps changed by ' || coalesce(authors_, 'people') END,
        conflict_,
        order_why_, judged_.unread_,
        CASE WHEN elasticities IS NOT NULL AND elasticity_ IS NULL THEN 'elasticities know neither its category nor all products' END,
        CASE WHEN first_sale_ < launch_ - 180 THEN format(
            'its sales begin on {}: those of more than half a year before the launch are left out', first_sale_
        ) END,
        CASE WHEN unseen_ IS NULL THEN 'sales have no row that can be read' WHEN strange_ AND today_ >= launch_ THEN
            'no product of the plan has a row in sales that can be read: product_id must be written alike in both tables' END,
        CASE WHEN returns_ > 0 THEN format('periods with more units returned than sold count as 0: {}, with {} units', returns_, back_) END,
        sales_.unread_, spelt_, shelves_why_
    ) AS notes_
FROM judged_
CROSS JOIN shelves_unread_
CROSS JOIN __launch_spelt(sales, plan, product_id, product_id, 'sales', 'the plan')
CROSS JOIN own_stock_
CROSS JOIN (SELECT count(*) = 0 AS strange_ FROM days_)
CROSS JOIN __launch_unread(sales, NULL, product_id, date, units, price, launch_date, priced := true) AS sales_
LEFT JOIN (
    SELECT
        id_ AS planned_id_,
        list({'start': start_, 'after': after_, 'planned': units_now_, 'lower': lower_now_, 'upper': upper_now_, 'over': over_} ORDER BY start_)
            AS periods_,
        list({'date': start_, 'own': before_} ORDER BY start_) FILTER (author_ IS NOT NULL) AS models_
    FROM planned_ GROUP BY id_
) ON planned_id_ = judged_.id_
LEFT JOIN (
    SELECT
        id_ AS sold_id_, list({'day': day_, 'units': sold_, 'price': paid_, 'share': share_} ORDER BY day_) AS sold_days_,
        bool_or(lacking_) AS lacking_
    FROM days_ GROUP BY id_
) ON sold_id_ = judged_.id_
LEFT JOIN told_ ON told_.id_ = judged_.id_
LEFT JOIN returned_ ON returned_.id_ = judged_.id_
