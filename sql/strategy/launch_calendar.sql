-- The calendar of a plan: for the best plan of each product, one row per action, from the order of its stock and the teaser two
-- weeks before the launch to the checkpoints after it. Those lie within the plan's horizon: the review request after a quarter
-- of it, at most two weeks, the promotion after three eighths, at most three weeks, the price checkpoint after half of it, at most
-- four weeks, the evaluation on its last day. What people do is on working days: on the one before, the evaluation on the one
-- after. What customers see is outside of blackouts: before the launch on the day before one, else on the day after. The launch
-- itself stays where the plan has it. A budget is shared out over the products by expected revenue, and within a product over
-- teaser (25 %), announcement (25 %), listing (30 %) and promotion (20 %). A product of which an action would get less than one
-- unit of money gets none, and the others share the whole budget. A product of which nothing is ordered (order_units is 0) has the
-- actions of the others: reason of each says so, but for those of the order and the reorder, whose notes have their units. A product
-- without a calendar comes back as one row with status refused; so does what was given and fits nothing, with product_id NULL.
--
-- @param plan: VARCHAR             the plan, as launch_plan returns it; also with order_units, order_date, reorder_units and
--                                  reorder_date
-- @param budget: DOUBLE = NULL     money for all launches together; NULL to leave budgets open
-- @param stock: VARCHAR = NULL     a table as launch_stock returns it, with order_units and, if there are, order_date,
--                                  reorder_units and reorder_date; it counts before the plan
-- @param lead_time: BIGINT = 0     days from order to delivery, where there is no order_date
-- @param events: VARCHAR = NULL    a table with the columns date and name, of days on which nobody works, such as public holidays
-- @param blackout: VARCHAR = NULL  a table of days on which customers are to see nothing new: the column date, or first and last;
--                                  with a column name these are named
-- @param channels: VARCHAR = NULL  a table as launch_channels returns it: the budget of an action has a row for each channel, by its share
-- @param owners: VARCHAR = NULL    a table with the columns action and owner
-- @param working_days: BIGINT[] = [1, 2, 3, 4, 5]  days of the week on which people work, 1 for Monday to 7
-- @param as_of: ANY = NULL         the day that is asked as of: actions due before it are told; NULL to tell none
-- @param product_id: VARCHAR = 'product_id'    the column of products in plan and stock
-- @param launch_date: VARCHAR = 'launch_date'  the column of launch dates in the plan
-- @param price: VARCHAR = 'price'  the column of prices in the plan, if there is one
-- @param date: VARCHAR = 'date'    the column of days in events and blackout
-- @returns product_id: same as input  the product
-- @returns date: DATE        day of the action; NULL where it is refused
-- @returns week: INTEGER     weeks from the launch; below 0 before it
-- @returns action: VARCHAR   order, teaser, announcement, stock checkpoint, listing live, review request, promotion, price
--                            checkpoint, reorder, evaluation checkpoint; NULL where the product is refused
-- @returns channel: VARCHAR  where it takes place
-- @returns budget: DOUBLE    money for it, NULL where none is planned
-- @returns note: VARCHAR     what to do, and from where it was moved
-- @returns owner: VARCHAR    who does it; NULL without owners
-- @returns units: DOUBLE     units to order or reorder; NULL for other actions, and where they are not known
-- @returns status: VARCHAR   ok or refused
-- @returns reason: VARCHAR   what to look at, or why it is refused; NULL where there is nothing to tell
-- @example FROM launch_calendar('plan', budget := 10000)
-- @example FROM launch_calendar('plan', stock := 'orders', events := 'holidays', blackout := 'closed_days', owners := 'owners')
WITH options_ AS MATERIALIZED (
    SELECT
        CASE WHEN budget IS NULL OR (budget >= 0 AND budget < 1e15) THEN budget::DOUBLE
        ELSE error('budget must be 0 or more, got ' || budget) END AS budget_,
        CASE WHEN lead_time BETWEEN 0 AND 3660 THEN lead_time::INTEGER
        ELSE error('lead_time must be 0 to 3660 days, got ' || coalesce(lead_time::VARCHAR, 'NULL')) END AS lead_,
        CASE WHEN len(list_filter(working_days, lambda w: w BETWEEN 1 AND 7)) BETWEEN 1 AND len(working_days)
            AND len(list_filter(working_days, lambda w: w BETWEEN 1 AND 7)) = len(working_days) THEN working_days
        ELSE error('working_days must be days of the week, 1 (Monday) to 7 (Sunday), got '
            || coalesce(working_days::VARCHAR, 'NULL')) END AS week_,
        __launch_as_of(as_of) AS today_
),
-- Day from the launch, at most this part of the horizon; the share of the budget; whether people are needed for it, on a day
-- that may be moved, and whether customers see it.
actions_(place_, action_, channel_, day_, part_, share_, people_, seen_) AS (
    VALUES
        (1, 'order', 'supplier', NULL, NULL, NULL, true, false),
        (2, 'teaser', 'social media', -14, NULL, 0.25, false, true),
        (3, 'announcement', 'e-mail', -7, NULL, 0.25, false, true),
        (4, 'stock checkpoint', 'warehouse', -3, NULL, NULL, true, false),
        (5, 'listing live', 'shop', 0, NULL, 0.3, false, false),
        (6, 'review request', 'e-mail', 14, 0.25, NULL, false, true),
        (7, 'promotion', 'social media', 21, 0.375, 0.2, false, true),
        (8, 'price checkpoint', 'shop', 28, 0.5, NULL, true, false),
        (9, 'reorder', 'supplier', NULL, NULL, NULL, true, false),
        (10, 'evaluation checkpoint', NULL, NULL, 1.0, NULL, true, false)
),
mix_ AS MATERIALIZED (FROM __launch_channel_shares(channels)),
plan_ AS MATERIALIZED (FROM __launch_chosen(plan, product_id, launch_date, price)),
stock_ AS MATERIALIZED (FROM __launch_ordered(stock, product_id)),
closed_ AS MATERIALIZED (FROM __launch_blackouts(blackout, date)),
holidays_ AS MATERIALIZED (FROM __launch_holidays(events, date)),
who_ AS MATERIALIZED (
    SELECT
        CASE WHEN named_ IN (SELECT action_ FROM actions_) THEN named_
        ELSE error(format(
            'owners {} names the action {}: there are {}', owners, coalesce('''' || named_ || '''', 'NULL'),
            (SELECT string_agg(action_, ', ' ORDER BY place_) FROM actions_)
        )) END AS done_,
        string_agg(DISTINCT owner_, ', ' ORDER BY owner_) AS owner_
    FROM (
        SELECT
            lower(trim(COLUMNS(lambda c: __launch_column(c, 'action', coalesce(owners, 'owners')))::VARCHAR)) AS named_,
            nullif(trim(COLUMNS(lambda c: __launch_column(c, 'owner', coalesce(owners, 'owners')))::VARCHAR), '') AS owner_
        FROM query(__launch_from(owners, ['action', 'owner'], []))
    )
    GROUP BY named_
),
best_ AS (
    SELECT
        plan_.* REPLACE (
            coalesce(stock_.order_units_, plan_.order_units_) AS order_units_,
            coalesce(stock_.order_day_, plan_.order_day_) AS order_day_,
            coalesce(stock_.order_why_, CASE WHEN stock_.order_units_ IS NULL THEN plan_.order_why_ END) AS order_why_,
            coalesce(stock_.reorder_units_, plan_.reorder_units_) AS reorder_units_,
            coalesce(stock_.reorder_day_, plan_.reorder_day_) AS reorder_day_,
            coalesce(stock_.reorder_why_, CASE WHEN stock_.reorder_units_ IS NULL THEN plan_.reorder_why_ END) AS reorder_why_,
            -- A plan without the end of its horizon is looked at after eight weeks.
            CASE WHEN end_ >= launch_ THEN end_ ELSE launch_ + 56 END AS end_
        ),
        CASE WHEN end_ IS NULL THEN 'the plan has no horizon_end: eight weeks are taken'
        WHEN end_ < launch_ THEN 'horizon_end ' || end_ || ' is before the launch: eight weeks are taken' END AS end_why_,
        CASE
            WHEN stock IS NULL THEN NULL
            WHEN stock_.id_ IS NULL THEN 'stock has no row of it'
            WHEN stock_.why_ IS NOT NULL THEN stock_.why_
            WHEN stock_.order_units_ <> plan_.order_units_
            THEN format('order_units are those of stock; the plan has {:.0f}', plan_.order_units_)
        END AS stock_why_,
        -- A product that sells already has its order of today among the reorders.
        coalesce(coalesce(stock_.order_units_, plan_.order_units_) = 0, false)
            AND NOT coalesce(
                coalesce(stock_.reorder_units_, plan_.reorder_units_) > 0 AND coalesce(stock_.reorder_day_, plan_.reorder_day_) IS NULL, false
            ) AS nothing_,
        CASE WHEN __launch_sum(revenue_) OVER () > 0 THEN coalesce(greatest(revenue_, 0), 0) ELSE 1 END AS weight_
    FROM plan_ LEFT JOIN stock_ ON stock_.id_ = plan_.id_
    WHERE plan_.why_ IS NULL
),
-- The largest first, as long as the smallest action gets one unit of money beside those before it.
reached_ AS (
    SELECT *, coalesce(budget_ = 0 OR 0.2 * budget_ * weight_ >= above_, true) AS reached_
    FROM (
        SELECT
            *,
            (sum(weight_::DECIMAL(38, 9)) OVER (
                ORDER BY weight_ DESC, id_ ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ))::DOUBLE AS above_
        FROM best_ CROSS JOIN options_
    )
),
due_ AS (
    SELECT
        *,
        CASE action_
            WHEN 'order' THEN coalesce(order_day_, launch_ - lead_)
            WHEN 'reorder' THEN reorder_day_
            -- The part of the horizon, where that is shorter; its last day at most.
            ELSE launch_ + least(day_, floor((end_ - launch_ + 1) * part_), end_ - launch_)::INTEGER
        END AS due_
    FROM (
        SELECT
            *,
            CASE WHEN reached_ THEN budget_ * weight_
                / (sum(CASE WHEN reached_ THEN weight_ ELSE 0 END::DECIMAL(38, 9)) OVER ())::DOUBLE END AS money_
        FROM reached_
    ) CROSS JOIN actions_
    WHERE CASE action_
        WHEN 'order' THEN lead_ > 0 OR order_units_ IS NOT NULL OR order_day_ IS NOT NULL OR order_why_ IS NOT NULL
        WHEN 'reorder' THEN reorder_units_ > 0 OR reorder_day_ IS NOT NULL OR reorder_why_ IS NOT NULL
        ELSE true END
),
-- For each day how far the next working day is, on either side.
days_ AS MATERIALIZED (
    SELECT
        due_ AS when_, to_before_, to_after_, list_contains(week_, isodow(due_)) AS weekday_,
        array_to_string([h_['name_'] FOR h_ IN every_ IF h_['off_'] BETWEEN due_ - to_before_ AND due_], ', ') AS names_before_,
        array_to_string([h_['name_'] FOR h_ IN every_ IF h_['off_'] BETWEEN due_ AND due_ + to_after_], ', ') AS names_after_,
        array_to_string([h_['name_'] FOR h_ IN every_ IF h_['off_'] = due_], ', ') AS names_on_
    FROM (
        SELECT
            due_, week_, every_,
            list_min([n_ FOR n_ IN range(0, 62) IF list_contains(week_, isodow(due_ - n_::INTEGER))
                AND NOT list_contains(listed_, due_ - n_::INTEGER)])::INTEGER AS to_before_,
            list_min([n_ FOR n_ IN range(0, 62) IF list_contains(week_, isodow(due_ + n_::INTEGER))
                AND NOT list_contains(listed_, due_ + n_::INTEGER)])::INTEGER AS to_after_
        FROM (SELECT DISTINCT due_ FROM due_ WHERE due_ IS NOT NULL), options_, (
            SELECT
                coalesce(list(off_), []) AS listed_, coalesce(list({'off_': off_, 'name_': name_} ORDER BY off_), []) AS every_
            FROM holidays_
        )
    )
),
moved_ AS (
    SELECT
        *,
        CASE
            WHEN seen_ AND first_ IS NOT NULL THEN CASE WHEN due_ < launch_ THEN first_ - 1 ELSE last_ + 1 END
            WHEN NOT people_ THEN due_
            WHEN later_ THEN due_ + to_after_
            ELSE due_ - to_before_
        END AS free_
    FROM (
        SELECT
            *,
            -- A horizon is over when it is compared with the plan, and no checkpoint of sales comes before the launch.
            action_ = 'evaluation checkpoint' OR (action_ = 'price checkpoint' AND due_ - to_before_ < launch_) AS later_
        FROM due_
        LEFT JOIN days_ ON when_ = due_
        LEFT JOIN closed_ ON due_ BETWEEN first_ AND last_
    )
),
-- A teaser is no use on the day of the announcement, nor after it.
dated_ AS (
    SELECT
        spaced_.* EXCLUDE (day_),
        CASE WHEN abs(coalesce(again_.first_ - 1, earlier_, free_) - due_) <= 366 THEN coalesce(again_.first_ - 1, earlier_, free_) END
            AS day_
    FROM (
        SELECT *, CASE WHEN action_ = 'teaser' AND free_ >= announced_ THEN announced_ - 7 END AS earlier_
        FROM (SELECT *, min(free_) FILTER (action_ = 'announcement') OVER (PARTITION BY id_) AS announced_ FROM moved_)
    ) AS spaced_
    LEFT JOIN closed_ AS again_ ON earlier_ BETWEEN again_.first_ AND again_.last_
),
written_ AS (
    SELECT
        key_, day_, floor((day_ - launch_) / 7)::INTEGER AS after_, place_, action_, channel_,
        CASE WHEN day_ IS NOT NULL THEN money_ * share_ END AS share_of_budget_,
        concat_ws('; ',
            CASE action_
                WHEN 'order' THEN CASE
                    WHEN order_units_ = 0 THEN 'nothing to order'
                    ELSE coalesce(
                        format('order {:.0f} units', order_units_), format('order for {:.0f} units expected', units_),
                        'order the stock of the launch'
                    ) END
                WHEN 'teaser' THEN 'show the product without its price'
                WHEN 'announcement' THEN coalesce(format('name date and price: {:.2f}', price_), 'name the date')
                WHEN 'stock checkpoint' THEN 'see that stock is there or on its way' || coalesce(
                    format(': {:.0f} units', nullif(order_units_, 0)), format(': {:.0f} units are expected', units_), ''
                )
                WHEN 'listing live' THEN coalesce(
                    format('check that price ({:.2f}), stock and pictures are right', price_), 'check that stock and pictures are right'
                )
                WHEN 'review request' THEN 'ask the first buyers for reviews'
                WHEN 'promotion' THEN 'show it to those who looked and did not buy; no discount while sales are in line with the plan'
                WHEN 'price checkpoint' THEN concat(
                    'keep the price if sales are in line with the plan, else test ',
                    coalesce(
                        format('one from {:.2f} to {:.2f}', price_lower_, price_upper_), format('one of {:.2f} or more', price_lower_),
                        format('one of {:.2f} or less', price_upper_), 'the next best price'
                    ),
                    format('; the plan makes a loss with probability {:.2f}', loss_)
                )
                WHEN 'reorder' THEN coalesce(format('reorder {:.0f} units', reorder_units_), 'reorder what sales so far call for')
                ELSE 'compare with the plan' || coalesce(
                    format(': {:.0f} units over its horizon, {:.0f} to {:.0f}', units_, low_, high_),
                    format(': {:.0f} units over its horizon', units_), ''
                )
            END,
            CASE WHEN day_ <> due_ THEN concat(
                'moved from ', due_,
                CASE WHEN seen_
                THEN concat(' (' || told_ || ')', CASE WHEN earlier_ IS NOT NULL THEN ', to be before the announcement' END)
                ELSE concat(
                    CASE WHEN NOT weekday_ THEN ', a ' || dayname(due_) END,
                    ' (' || nullif(CASE WHEN later_ THEN names_after_ ELSE names_before_ END, '') || ')'
                ) END
            ) END,
            CASE WHEN action_ = 'listing live' AND (names_on_ <> '' OR NOT weekday_)
            THEN 'nobody works on that day, ' || coalesce(nullif(names_on_, ''), 'a ' || dayname(due_)) END,
            CASE
                WHEN share_ > 0 AND revenue_ IS NULL AND weight_ = 0 THEN 'no money: the plan has no expected_revenue of it to share the budget by'
                WHEN share_ > 0 AND NOT reached_ THEN 'no money: its part of the budget is below 1'
            END
        ) AS note_,
        CASE action_ WHEN 'order' THEN order_units_ WHEN 'reorder' THEN reorder_units_ END AS ordered_,
        CASE WHEN day_ IS NULL THEN 'refused' ELSE 'ok' END AS status_,
        nullif(concat_ws('; ',
            CASE
                WHEN due_ IS NULL AND reorder_why_ IS NULL THEN 'reorder_date is NULL: give it'
                WHEN due_ IS NULL THEN NULL
                WHEN day_ IS NULL AND seen_ THEN 'no day within a year of ' || due_ || ' is outside of ' || told_
                WHEN day_ IS NULL THEN 'there is no working day within 61 days of ' || due_
            END,
            -- The order says so in its note.
            CASE WHEN nothing_ AND action_ NOT IN ('order', 'reorder') THEN 'nothing is ordered: order_units is 0' END,
            CASE WHEN day_ IS NULL AND share_ * money_ > 0 THEN format('{:.2f} of the budget are left over', share_ * money_) END,
            CASE action_
                WHEN 'order' THEN nullif(concat_ws('; ',
                    order_why_, CASE WHEN order_units_ IS NULL THEN stock_why_ END,
                    CASE
                        WHEN order_units_ = 0 THEN NULL
                        WHEN order_day_ IS NULL AND lead_ = 0 THEN 'on the day of the launch: give lead_time, or order_date'
                        WHEN day_ + lead_ > launch_ THEN 'arrives on ' || (day_ + lead_) || ', after the launch'
                    END
                ), '')
                WHEN 'stock checkpoint' THEN stock_why_
                WHEN 'listing live' THEN nullif(concat_ws('; ',
                    'the launch is within ' || told_ || ': plan another date',
                    CASE WHEN price_ IS NULL THEN 'the plan has no price that is a number' END
                ), '')
                WHEN 'reorder' THEN nullif(concat_ws('; ', reorder_why_, CASE WHEN day_ < launch_ THEN 'before the launch' END), '')
                WHEN 'evaluation checkpoint' THEN end_why_
            END,
            CASE WHEN day_ > end_ AND action_ <> 'evaluation checkpoint' THEN 'after the end of the horizon, ' || end_ END,
            CASE WHEN day_ < today_ THEN 'before ' || today_ || ', the day that is asked as of' END
        ), '') AS reason_
    FROM dated_
)
SELECT
    key_ AS product_id, day_ AS date, after_ AS week, action_ AS action, coalesce(mixed_, channel_) AS channel,
    share_of_budget_ * coalesce(part_, 1) AS budget, note_ AS note, owner_ AS owner, ordered_ AS units, status_ AS status,
    nullif(concat_ws('; ', reason_, CASE WHEN mixed_ IS NOT NULL THEN format(
        '{:.1f} % of this action, by channels; units of the plan do not count on it: past launches had the average marketing already',
        100 * part_
    ) END), '') AS reason
FROM (
    FROM written_
    UNION ALL BY NAME SELECT key_, 'refused' AS status_, why_ AS reason_ FROM plan_ WHERE why_ IS NOT NULL
    UNION ALL BY NAME
    SELECT
        'refused' AS status_,
        'stock has products that the plan has not: ' || count(*) || ', such as ' || coalesce(min(id_), 'NULL') AS reason_
    FROM stock_ WHERE id_ IS NULL OR id_ NOT IN (SELECT id_ FROM plan_ WHERE id_ IS NOT NULL)
    HAVING count(*) > 0
    UNION ALL BY NAME
    SELECT 'refused' AS status_, concat(
        'events have no day of the calendar, which goes from ', min(day_), ' to ', max(day_), ': they go from ',
        (SELECT min(off_) FROM holidays_), ' to ', (SELECT max(off_) FROM holidays_)
    ) AS reason_
    FROM written_
    HAVING max(day_) < (SELECT min(off_) FROM holidays_) OR min(day_) > (SELECT max(off_) FROM holidays_)
)
LEFT JOIN mix_ ON share_of_budget_ > 0
LEFT JOIN who_ ON done_ = action_
ORDER BY day_ NULLS LAST, key_, place_, mixed_
