-- The calendar of a plan: for the best plan of each product, one row per action, from the teaser two weeks before the
-- launch to the checkpoints after it. A budget is shared out over the products by expected revenue, and within a
-- product over teaser (30 %), announcement (30 %) and listing (40 %).
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
        CASE WHEN budget IS NULL OR (budget >= 0 AND budget < 1e15) THEN budget
        ELSE error('budget must be 0 or more, got ' || budget) END
            * coalesce(
                expected_revenue / nullif((sum(expected_revenue::DECIMAL(38, 9)) OVER ())::DOUBLE, 0), 1 / count(*) OVER ()
            ) AS money_
    FROM query('FROM ' || plan)
    WHERE plan_rank = 1 AND status = 'ok' AND launch_date IS NOT NULL
),
actions_(week_, action_, channel_, share_, note_) AS (
    VALUES
        (-2, 'teaser', 'social media', 0.3, 'show the product without its price'),
        (-1, 'announcement', 'e-mail', 0.3, 'name date and price: {0:.2f}'),
        (0, 'listing live', 'shop', 0.4, 'check that price ({0:.2f}), stock and pictures are right'),
        (2, 'review request', 'e-mail', NULL, 'ask the first buyers for reviews'),
        (4, 'price checkpoint', 'shop', NULL, 'keep the price if sales are in line with the plan, else test the next best price'),
        (8, 'evaluation checkpoint', NULL, NULL,
            'compare with the plan: {1:.0f} units over its horizon, {2:.0f} to {3:.0f}')
)
SELECT
    product_id,
    (launch_date + 7 * week_)::DATE AS date,
    week_ AS week,
    action_ AS action,
    channel_ AS channel,
    money_ * share_ AS budget,
    format(note_, price, expected_units, units_lower, units_upper) AS note
FROM best_ CROSS JOIN actions_
ORDER BY date, product_id, week
