-- Launches after their launch date: what was planned against what was sold, period by period, each row as it was seen at the end of its
-- period. Planned are the steps of forecast, to the sum that the plan expects to be wanted; without a forecast the expected units of the
-- plan, spread evenly over its days. launch_review_drivers says why actual units deviate. The horizon is projected: units sold, and
-- those planned for the age, the price and the launch date that it really has, times its level; the level is drawn from that of the plan
-- to that of the own sales, as far as intervals of the forecast let them. A row knows no more than its period: before its first sale a
-- launch counts as not launched. Recommendations are the first of these rules that holds: hold before the launch, after the horizon, and
-- before observe steps are seen; stop, where even the upper end of demand over plan is below stop_below; reorder, where projected units are
-- above reorder_above times those ordered (order_units of the plan, of which 0 is an order of nothing; without them those planned), or it
-- was out of stock for most of the period; mark down, where demand over plan is below mark_down_below; push, below push_below; else hold.
-- Demand over plan is what it would be at the prices paid, launched as planned and on sale throughout: a delay asks for no lower price. A
-- product that cannot be looked at is one row with status refused.
--
-- @param plan: VARCHAR                 the plan, as launch_plan returns it: the rows of plan_rank 1
-- @param sales: VARCHAR                the sales table
-- @param as_of: ANY = NULL             the day that is asked as of: what happened after it is not looked at; NULL for the last day of sales
-- @param forecast: VARCHAR = NULL      a table as launch_forecast returns it, of the candidates before their launch
-- @param products: VARCHAR = NULL      the products table, for launch dates as they were, and categories; without it the launch is the first
--                                      sale, if three units or more should have been sold by then
-- @param elasticities: VARCHAR = NULL  a table as launch_elasticity returns it: the row of the product's category, else that of all products
-- @param availability: VARCHAR = NULL  a table with product, date and available (a boolean, or a share of the time), if sales do not have it
-- @param overrides: VARCHAR = NULL     a table as launch_override takes it: planned units are then those in force
-- @param reviews: VARCHAR = NULL       reviews of the products: product, date, rating; reason tells where none is of a product of the plan
-- @param audience: VARCHAR = NULL      a table as launch_audience returns it: whom was told of what, and whom not;
--                                      reason tells where none is of a product of the plan
-- @param purchases: VARCHAR = NULL     with audience: what users bought, with user, product and date; reason tells where
--                                      none is of a user and product of audience
-- @param baseline: VARCHAR = NULL      another forecast table, for forecast_value_added, such as one of architecture naive; NULL for what
--                                      the other products of the plan really sold at the same step
-- @param frequency: VARCHAR = NULL     day, week or month; NULL for that of the forecast, else week
-- @param level: DOUBLE = 0.8           probability of the intervals, which is also that of the forecast's
-- @param positive: DOUBLE = 4          the lowest rating that is positive
-- @param reorder_above: DOUBLE = 1.1       see above
-- @param push_below: DOUBLE = 0.9          see above
-- @param mark_down_below: DOUBLE = 0.75    see above
-- @param stop_below: DOUBLE = 0.5          see above
-- @param observe: BIGINT = 2               see above
-- @param product_id: VARCHAR = 'product_id'    the column of products in all tables
-- @param date: VARCHAR = 'date'                the column of dates in all tables but forecasts
-- @param units: VARCHAR = 'units'              the column of units in sales
-- @param price: VARCHAR = 'price'              the column of prices in plan and sales
-- @param launch_date: VARCHAR = 'launch_date'  the column of launch dates in plan and products
-- @param category: VARCHAR = 'category'        the column of categories in products, if there is one
-- @param available: VARCHAR = 'available'      the column of availability in sales and in availability
-- @param user_id: VARCHAR = 'user_id'          the column of users in audience and purchases
-- @param rating: VARCHAR = 'rating'            the column of ratings
-- @returns product_id: same as input      the product
-- @returns step: BIGINT                   1 for the period of the launch planned; 0 and below for sales before it
-- @returns date: DATE                     first day of the period
-- @returns planned_units: DOUBLE          units planned, overrides included
-- @returns lower: DOUBLE                  lower end of their interval
-- @returns upper: DOUBLE                  upper end
-- @returns actual_units: DOUBLE           units sold; NULL where the period is not over, or they are not known
-- @returns inside: BOOLEAN                whether they are in the interval
-- @returns deviation: DOUBLE              units sold less units planned
-- @returns cumulative_index: DOUBLE       units sold over units planned, from the first step to this one
-- @returns projected_units: DOUBLE        units of the whole horizon of the plan, as projected at the end of the period
-- @returns forecast_value_added: DOUBLE   by how much smaller its errors so far are than those of the baseline, as a share of units sold
-- @returns recommendation: VARCHAR        hold, reorder, push, mark down or stop
-- @returns status: VARCHAR                ok; running or planned, where the period is not over; unknown, where its units are; or refused
-- @returns reason: VARCHAR                the rule with its threshold, and what to know; or why there is no review
-- @returns projected_lower: DOUBLE        lower end of the interval of projected_units
-- @returns projected_upper: DOUBLE        upper end
-- @returns override_value_added: DOUBLE   as forecast_value_added, against the model without overrides, over the steps that were changed; below
--                                         0 where the model was better
-- @returns reviews: BIGINT                reviews so far; NULL without the table, and so are the next three
-- @returns positive_share: DOUBLE         share of positive ones among them
-- @returns positive_lower: DOUBLE         lower end of its interval
-- @returns positive_upper: DOUBLE         upper end
-- @returns positive_planned: DOUBLE       share that the plan says, its review_probability
-- @returns told_conversion: DOUBLE        share of the users told who bought so far; NULL without audience, and so are the next four
-- @returns control_conversion: DOUBLE     share of the users set aside who bought
-- @returns lift: DOUBLE                   what telling did: the difference
-- @returns lift_lower: DOUBLE             lower end of its interval
-- @returns lift_upper: DOUBLE             upper end
-- @example FROM launch_review('plan', 'launched_sales', forecast := 'expected', products := 'candidates', availability := 'shelves')
-- @example FROM launch_review('plan', 'launched_sales', as_of := '2024-11-30') WHERE step = 4
WITH against_ AS MATERIALIZED (
    FROM __launch_against(
        plan, sales, as_of, forecast, products, elasticities, availability, overrides, frequency, product_id, date, units, price,
        launch_date, category, available
    )
    WHERE CASE
        WHEN audience IS NOT NULL AND purchases IS NULL
        THEN error('audience needs purchases, a table of user, product and date, which says who bought')
        WHEN purchases IS NOT NULL AND audience IS NULL
        THEN error('purchases are read for the users of audience: give it, as launch_audience returns it')
        ELSE true END
),
rows_ AS (
    SELECT key_, id_, notes_, today_, launch_, positive_, models_, unnest(__launch_review(
        periods_, days_, stock_, launch_, known_, price_, elasticity_, deviation_, ordered_, stock_known_, stamped_, level := level,
        reorder_above := reorder_above, push_below := push_below, mark_down_below := mark_down_below, stop_below := stop_below,
        observe := observe
    )) AS row_
    FROM against_ WHERE why_ IS NULL
),
steps_ AS MATERIALIZED (
    SELECT
        key_, id_, notes_, today_, launch_, positive_, row_, row_['step'] AS step_, row_['date'] AS day_, row_['planned'] AS planned_,
        row_['actual'] AS sold_,
        list_filter(models_, lambda m: m['date'] = row_['date'])[1]['own'] AS own_,
        coalesce(lead(row_['date']) OVER (PARTITION BY id_ ORDER BY row_['date']), today_ + 1) AS after_
    FROM rows_
),
baseline_ AS MATERIALIZED (
    SELECT __launch_id_text(key_) AS base_id_, step_ AS base_step_, min(yhat_) AS base_, count(*) AS stands_
    FROM __launch_forecast_rows(coalesce(baseline, '(SELECT NULL AS product_id, NULL AS date, NULL AS step, NULL AS yhat)'), NULL)
    WHERE key_ IS NOT NULL AND day_ IS NOT NULL AND yhat_ IS NOT NULL
    GROUP BY ALL
),
naive_ AS (
    SELECT
        *, CASE
            WHEN baseline IS NOT NULL THEN base_
            ELSE (sum(sold_::DECIMAL(38, 9)) OVER same_ - sold_::DECIMAL(38, 9))::DOUBLE / nullif(count(sold_) OVER same_ - 1, 0)
        END AS naive_
    FROM steps_ LEFT JOIN baseline_ ON base_id_ = id_ AND base_step_ = step_
    WINDOW same_ AS (PARTITION BY step_)
),
errors_ AS (
    SELECT
        *,
        sum(CASE WHEN step_ > 0 AND naive_ IS NOT NULL THEN (abs(sold_ - naive_) - abs(sold_ - planned_))::DECIMAL(38, 9) END) OVER so_far_ AS gained_,
        sum(CASE WHEN step_ > 0 AND naive_ IS NOT NULL THEN sold_::DECIMAL(38, 9) END) OVER so_far_ AS compared_,
        sum(CASE WHEN own_ IS NOT NULL THEN (abs(sold_ - own_) - abs(sold_ - planned_))::DECIMAL(38, 9) END) OVER so_far_ AS improved_,
        sum(CASE WHEN own_ IS NOT NULL THEN sold_::DECIMAL(38, 9) END) OVER so_far_ AS changed_
    FROM naive_
    WINDOW so_far_ AS (PARTITION BY id_ ORDER BY day_ ROWS UNBOUNDED PRECEDING)
),
rated_ AS MATERIALIZED (
    SELECT
        __launch_id_text(COLUMNS(lambda c: __launch_column(c, product_id, coalesce(reviews, 'reviews')))) AS of_,
        __launch_valid_day(COLUMNS(lambda c: __launch_column(c, date, coalesce(reviews, 'reviews')))) AS on_,
        __launch_finite(__launch_amount(COLUMNS(lambda c: __launch_column(c, rating, coalesce(reviews, 'reviews'))))) AS given_,
        COLUMNS(lambda c: __launch_part(c, date, 1, coalesce(reviews, 'reviews')))::VARCHAR AS raw_on_,
        COLUMNS(lambda c: __launch_column(c, rating, coalesce(reviews, 'reviews')))::VARCHAR AS raw_given_
    FROM query(__launch_read(reviews, [product_id, date, rating], [], [date], []))
),
reviews_ AS MATERIALIZED (
    SELECT of_, on_, count(*) AS count_, count(*) FILTER (given_ >= positive) AS liked_
    FROM rated_
    WHERE given_ IS NOT NULL AND of_ IS NOT NULL AND on_ IS NOT NULL
    GROUP BY of_, on_
),
users_ AS (
    SELECT of_, user_, bool_or(control_) AS control_
    FROM (
        SELECT
            __launch_id_text(COLUMNS(lambda c: __launch_column(c, product_id, coalesce(audience, 'audience')))) AS of_,
            __launch_id_text(COLUMNS(lambda c: __launch_column(c, user_id, coalesce(audience, 'audience')))) AS user_,
            TRY_CAST(COLUMNS(lambda c: __launch_column(c, 'is_control', coalesce(audience, 'audience'))) AS BOOLEAN) AS control_
        FROM query(__launch_from(audience, [product_id, user_id, 'is_control'], []))
    )
    WHERE of_ IS NOT NULL AND user_ IS NOT NULL AND control_ IS NOT NULL
    GROUP BY of_, user_
),
purchases_ AS MATERIALIZED (
    SELECT
        __launch_id_text(COLUMNS(lambda c: __launch_column(c, product_id, coalesce(purchases, 'purchases')))) AS bought_of_,
        __launch_id_text(COLUMNS(lambda c: __launch_column(c, user_id, coalesce(purchases, 'purchases')))) AS bought_user_,
        __launch_valid_day(COLUMNS(lambda c: __launch_column(c, date, coalesce(purchases, 'purchases')))) AS bought_on_,
        COLUMNS(lambda c: __launch_part(c, date, 1, coalesce(purchases, 'purchases')))::VARCHAR AS raw_bought_on_
    FROM query(__launch_read(purchases, [product_id, user_id, date], [], [date], []))
),
bought_ AS (
    SELECT bought_of_, bought_user_, min(bought_on_) AS bought_on_
    FROM purchases_
    GROUP BY bought_of_, bought_user_
),
-- Without a single date it is not known who bought.
unread_purchases_ AS MATERIALIZED (SELECT count(*) > 0 AND count(bought_on_) = 0 AS purchases_unread_ FROM purchases_),
contacted_ AS MATERIALIZED (
    SELECT of_, control_, bought_on_
    FROM users_ LEFT JOIN bought_ ON bought_of_ = of_ AND bought_user_ = user_
),
-- Tables that say nothing of any product of the plan, and rows of them that cannot be read.
unmatched_ AS MATERIALIZED (
    SELECT nullif(concat_ws('; ',
        CASE
            WHEN reviews IS NULL THEN NULL
            WHEN NOT EXISTS (FROM rated_) THEN 'reviews have no rows'
            WHEN EXISTS (FROM reviews_) AND NOT EXISTS (FROM reviews_ WHERE of_ IN (SELECT id_ FROM steps_)) THEN
                'no product of the plan has a row in reviews that can be read: product_id must be written alike in both tables'
            WHEN EXISTS (FROM reviews_ WHERE of_ IN (SELECT id_ FROM steps_))
                AND NOT EXISTS (FROM reviews_ JOIN steps_ ON of_ = id_ WHERE on_ <= today_) THEN
                'all reviews of its products are of later days'
        END,
        CASE
            WHEN audience IS NULL THEN NULL
            WHEN NOT EXISTS (FROM contacted_ WHERE of_ IN (SELECT id_ FROM steps_)) THEN
                'no product of the plan has a row in audience that can be read: product_id must be written alike in both tables'
            WHEN NOT EXISTS (FROM contacted_ WHERE bought_on_ IS NOT NULL AND of_ IN (SELECT id_ FROM steps_))
                AND NOT (SELECT purchases_unread_ FROM unread_purchases_) THEN
                'no user of audience has a purchase of a product of the plan: product_id and user_id must be written alike in audience '
                || 'and purchases'
        END,
        (SELECT __launch_unread_rows(
            count(*) FILTER (on_ IS NULL OR given_ IS NULL), count(*), 'reviews', 'date from 1970 to 2200, or a rating that is no number',
            min(CASE WHEN on_ IS NULL THEN raw_on_ ELSE raw_given_ END) FILTER (on_ IS NULL OR given_ IS NULL)
        ) || ', and are left out' FROM rated_),
        -- Five stars are the rule; whoever gives up to 10 or 100 means another share by positive ones. One of many is a slip.
        (SELECT CASE
            WHEN positive <= 5 AND count(*) FILTER (given_ > 5) > 0.05 * count(given_) THEN format(
                'ratings of reviews go up to {}: give positive, as those from {} on count as positive', max(given_), positive
            )
            WHEN positive <= 5 AND max(given_) > 5 THEN format(
                '{} of {} ratings of reviews are above 5, such as {}, and count as positive', count(*) FILTER (given_ > 5), count(given_), max(given_)
            )
            WHEN count(given_) > 0 AND NOT coalesce(positive <= max(given_), false) THEN format(
                'no rating of reviews reaches positive, {}: they go up to {}', positive, max(given_)
            )
            WHEN count(given_) >= 20 AND positive <= min(given_) THEN format(
                'all ratings of reviews count as positive, as they begin at {}: give a higher positive', min(given_)
            )
        END FROM rated_),
        CASE
            WHEN baseline IS NULL OR NOT EXISTS (FROM steps_) THEN NULL
            WHEN NOT EXISTS (FROM baseline_ JOIN steps_ ON base_id_ = id_ AND base_step_ = step_) THEN
                'no step of the plan has a yhat in baseline: product_id and step must be alike in both'
            WHEN EXISTS (FROM baseline_ WHERE stands_ > 1) THEN format(
                'baseline has several rows of one product and step, such as of ''{}'': the smallest yhat counts',
                (SELECT min(base_id_) FROM baseline_ WHERE stands_ > 1)
            )
        END,
        (SELECT __launch_unread_rows(
            count(*) FILTER (bought_on_ IS NULL), count(*), 'purchases', 'date from 1970 to 2200', min(raw_bought_on_) FILTER (bought_on_ IS NULL)
        ) || ', and count as no purchase: conversions are too low by them' FROM purchases_)
    ), '') AS unmatched_
),
-- Both are counted up to the end of each period that is over.
liked_ AS (
    SELECT id_ AS liked_id_, step_ AS liked_step_, coalesce(sum(count_), 0)::BIGINT AS reviews_, coalesce(sum(liked_), 0)::BIGINT AS positives_
    FROM steps_ LEFT JOIN reviews_ ON of_ = id_ AND on_ < after_ AND on_ <= today_
    WHERE reviews IS NOT NULL AND row_['status'] <> 'running'
    GROUP BY ALL
),
converted_ AS (
    SELECT
        id_ AS converted_id_, step_ AS converted_step_,
        count(*) FILTER (NOT control_) AS told_, count(*) FILTER (NOT control_ AND bought_on_ < after_ AND bought_on_ <= today_) AS told_bought_,
        count(*) FILTER (control_) AS kept_, count(*) FILTER (control_ AND bought_on_ < after_ AND bought_on_ <= today_) AS kept_bought_
    FROM steps_ JOIN contacted_ ON of_ = id_
    WHERE row_['status'] <> 'running' AND NOT (SELECT purchases_unread_ FROM unread_purchases_)
    GROUP BY ALL
),
beside_ AS (
    SELECT
        *, __launch_normal_width(level) AS z_,
        -- Agresti and Caffo (2000): two successes and two failures are added, as shares of few are too sure of themselves.
        (told_bought_ + 1) / (told_ + 2) AS near_told_, (kept_bought_ + 1) / (kept_ + 2) AS near_kept_
    FROM errors_
    LEFT JOIN liked_ ON liked_id_ = id_ AND liked_step_ = step_
    LEFT JOIN converted_ ON converted_id_ = id_ AND converted_step_ = step_
)
SELECT
    key_ AS product_id,
    step_ AS step,
    day_ AS date,
    planned_ AS planned_units,
    row_['lower'] AS lower,
    row_['upper'] AS upper,
    sold_ AS actual_units,
    sold_ BETWEEN row_['lower'] AND row_['upper'] AS inside,
    sold_ - planned_ AS deviation,
    row_['cumulative_index'] AS cumulative_index,
    row_['projected'] AS projected_units,
    CASE WHEN sold_ IS NOT NULL THEN gained_::DOUBLE / nullif(compared_, 0) END AS forecast_value_added,
    row_['recommendation'] AS recommendation,
    CASE WHEN row_['status'] = 'running' AND coalesce(day_ > today_, true) THEN 'planned' ELSE row_['status'] END AS status,
    concat_ws('; ',
        row_['rule'],
        CASE
            WHEN row_['status'] = 'unknown' THEN 'its units are not known'
            WHEN row_['status'] = 'running' AND today_ < launch_ THEN 'as of ' || today_ || ' it is not to be launched before ' || launch_
            WHEN row_['status'] = 'running' AND day_ > today_ THEN 'begins after ' || today_
            WHEN row_['status'] = 'running' THEN 'not over, or not sold to its end, as of ' || today_
        END,
        nullif(row_['notes'], ''), 'planned are ' || notes_, CASE WHEN row_['status'] <> 'running' THEN unmatched_ END
    ) AS reason,
    row_['projected_lower'] AS projected_lower,
    row_['projected_upper'] AS projected_upper,
    CASE WHEN sold_ IS NOT NULL THEN improved_::DOUBLE / nullif(changed_, 0) END AS override_value_added,
    reviews_ AS reviews,
    positives_ / nullif(reviews_, 0) AS positive_share,
    -- Wilson (1927).
    (positives_ + z_ * z_ / 2 - z_ * sqrt(positives_ * (reviews_ - positives_) / nullif(reviews_, 0) + z_ * z_ / 4)) / (reviews_ + z_ * z_)
        AS positive_lower,
    (positives_ + z_ * z_ / 2 + z_ * sqrt(positives_ * (reviews_ - positives_) / nullif(reviews_, 0) + z_ * z_ / 4)) / (reviews_ + z_ * z_)
        AS positive_upper,
    CASE WHEN reviews IS NOT NULL THEN positive_ END AS positive_planned,
    told_bought_ / nullif(told_, 0) AS told_conversion,
    kept_bought_ / nullif(kept_, 0) AS control_conversion,
    told_bought_ / nullif(told_, 0) - kept_bought_ / nullif(kept_, 0) AS lift,
    CASE WHEN told_ > 0 AND kept_ > 0 THEN near_told_ - near_kept_
        - z_ * sqrt(near_told_ * (1 - near_told_) / (told_ + 2) + near_kept_ * (1 - near_kept_) / (kept_ + 2)) END AS lift_lower,
    CASE WHEN told_ > 0 AND kept_ > 0 THEN near_told_ - near_kept_
        + z_ * sqrt(near_told_ * (1 - near_told_) / (told_ + 2) + near_kept_ * (1 - near_kept_) / (kept_ + 2)) END AS lift_upper
FROM beside_ CROSS JOIN unmatched_
UNION ALL BY NAME
SELECT key_ AS product_id, 'refused' AS status, why_ AS reason FROM against_ WHERE why_ IS NOT NULL
ORDER BY 1, 2
