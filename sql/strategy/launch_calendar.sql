-- The calendar of a plan: for the best plan of each product, one row per action, from the teaser two weeks before the
-- launch to the checkpoints after it. Those lie within the plan's horizon: the review request after a quarter of it, at
-- most two weeks, the price checkpoint after half of it, at most four weeks, the evaluation on its last day. A budget is
-- shared out over the products by expected revenue, and within a product over teaser (30 %), announcement (30 %) and
-- listing (40 %). A product of which an action would get less than one unit of money gets none, and the others share
-- the whole budget.
--
-- @param plan: VARCHAR            the plan, as launch_plan returns it
-- @param budget: DOUBLE = NULL    money for all launches together; NULL to leave budgets open
-- @returns product_id: same as input  the product
-- @returns date: DATE        day of the action
-- @returns week: INTEGER     weeks from the launch; below 0 before it
-- @returns action: VARCHAR   teaser, announcement, listing live, review request, price checkpoint, evaluation checkpoint
-- @returns channel: VARCHAR  where it takes place
-- @returns budget: DOUBLE    money for it, NULL where none is planned
-- @returns note: VARCHAR     what to do
-- @example FROM launch_calendar('plan', budget := 10000)
WITH best_ AS (
    SELECT
        *,
        -- A plan without the end of its horizon is looked at after eight weeks.
        coalesce(horizon_end, launch_date + 56) - launch_date AS days_,
        CASE WHEN budget IS NULL OR (budget >= 0 AND budget < 1e15) THEN budget::DOUBLE
        ELSE error('budget must be 0 or more, got ' || budget) END AS budget_,
        CASE WHEN sum(expected_revenue::DECIMAL(38, 9)) OVER () > 0 THEN coalesce(expected_revenue, 0) ELSE 1 END
            AS weight_
    FROM (
        SELECT *, COLUMNS(lambda c: __launch_column(c, 'plan_rank', plan)) AS rank_ FROM query('FROM ' || plan)
        UNION ALL BY NAME SELECT NULL::DATE AS horizon_end WHERE false
    )
    WHERE rank_ = 1 AND status = 'ok' AND launch_date IS NOT NULL
),
-- The largest first, as long as the smallest action gets one unit of money beside those before it.
reached_ AS (
    SELECT *, coalesce(budget_ = 0 OR 0.3 * budget_ * weight_ >= above_, true) AS reached_
    FROM (
        SELECT
            *,
            (sum(weight_::DECIMAL(38, 9)) OVER (
                ORDER BY weight_ DESC, product_id::VARCHAR ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ))::DOUBLE AS above_
        FROM best_
    )
),
shared_ AS (
    SELECT
        *,
        CASE WHEN reached_ THEN budget_ * weight_
            / (sum(CASE WHEN reached_ THEN weight_ ELSE 0 END::DECIMAL(38, 9)) OVER ())::DOUBLE END AS money_
    FROM reached_
),
actions_(day_, part_, action_, channel_, share_, note_) AS (
    VALUES
        (-14, NULL, 'teaser', 'social media', 0.3, 'show the product without its price'),
        (-7, NULL, 'announcement', 'e-mail', 0.3, 'name date and price: {0:.2f}'),
        (0, NULL, 'listing live', 'shop', 0.4, 'check that price ({0:.2f}), stock and pictures are right'),
        (14, 0.25, 'review request', 'e-mail', NULL, 'ask the first buyers for reviews'),
        (28, 0.5, 'price checkpoint', 'shop', NULL,
            'keep the price if sales are in line with the plan, else test the next best price'),
        (NULL, 1.0, 'evaluation checkpoint', NULL, NULL,
            'compare with the plan: {1:.0f} units over its horizon, {2:.0f} to {3:.0f}')
)
SELECT
    product_id,
    (launch_date + at_)::DATE AS date,
    floor(at_ / 7)::INTEGER AS week,
    action_ AS action,
    channel_ AS channel,
    money_ * share_ AS budget,
    format(note_, price, expected_units, units_lower, units_upper)
        || CASE WHEN share_ > 0 AND NOT reached_ THEN '; no money: its part of the budget is below 1' ELSE '' END
            AS note
FROM (
    -- The part of the horizon, where that is shorter; its last day at most.
    SELECT *, least(day_, floor((days_ + 1) * part_), days_)::INTEGER AS at_ FROM shared_ CROSS JOIN actions_
)
ORDER BY date, product_id, at_, share_ DESC
