-- What is to be done of a plan: for each product its best row, and one row for each reason why there is none.
--
-- @param plan: VARCHAR         the plan, as launch_plan returns it; NULL for none
-- @param product_id: VARCHAR   its column of products
-- @param launch_date: VARCHAR  its column of launch dates
-- @param price: VARCHAR        its column of prices; 'price' need not exist
-- @returns key_: same as input    the product
-- @returns id_: VARCHAR           its text
-- @returns launch_: DATE          launch date
-- @returns price_: DOUBLE         price
-- @returns price_lower_: DOUBLE   lowest price that may be tried, NULL where the plan has none
-- @returns price_upper_: DOUBLE   highest one
-- @returns loss_: DOUBLE          probability of a loss, NULL where the plan has none
-- @returns units_: DOUBLE         expected units
-- @returns low_: DOUBLE           lower end of their interval
-- @returns high_: DOUBLE          upper end
-- @returns revenue_: DOUBLE       expected revenue
-- @returns end_: DATE             last day of the horizon, NULL where it is not known
-- @returns order_units_: DOUBLE   units to order, NULL where the plan has none
-- @returns order_day_: DATE       when
-- @returns order_why_: VARCHAR    what of the two could not be read
-- @returns reorder_units_: DOUBLE  units to reorder
-- @returns reorder_day_: DATE     when
-- @returns reorder_why_: VARCHAR  what of the two could not be read
-- @returns why_: VARCHAR          why there is nothing to do; NULL for the best row
-- @returns wanted_: DOUBLE        expected demand, NULL where the plan has none
-- @returns positive_: DOUBLE      probability of a positive review, NULL where the plan has none
-- @returns unread_: VARCHAR       what of its numbers could not be read
-- @example FROM __launch_chosen('plan', 'product_id', 'launch_date', 'price')
WITH rows_ AS (
    SELECT
        * EXCLUDE (raw_rank_),
        __launch_id_text(key_) AS id_, __launch_amount(raw_rank_) AS rank_,
        typeof(raw_status_) = '"NULL"' OR coalesce(lower(trim(raw_status_::VARCHAR)) = 'ok', false) AS fine_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, coalesce(plan, 'plan'))) AS key_,
            COLUMNS(lambda c: __launch_column(c, 'plan_rank', coalesce(plan, 'plan'))) AS raw_rank_,
            COLUMNS(lambda c: __launch_column(c, launch_date, coalesce(plan, 'plan'))) AS raw_launch_,
            COLUMNS(lambda c: __launch_column(c, price, coalesce(plan, 'plan'))) AS raw_price_,
            COLUMNS(lambda c: __launch_column(c, 'price_lower', coalesce(plan, 'plan'))) AS raw_price_lower_,
            COLUMNS(lambda c: __launch_column(c, 'price_upper', coalesce(plan, 'plan'))) AS raw_price_upper_,
            COLUMNS(lambda c: __launch_column(c, 'probability_of_loss', coalesce(plan, 'plan'))) AS raw_loss_,
            COLUMNS(lambda c: __launch_column(c, 'expected_units', coalesce(plan, 'plan'))) AS raw_units_,
            COLUMNS(lambda c: __launch_column(c, 'units_lower', coalesce(plan, 'plan'))) AS raw_low_,
            COLUMNS(lambda c: __launch_column(c, 'units_upper', coalesce(plan, 'plan'))) AS raw_high_,
            COLUMNS(lambda c: __launch_column(c, 'expected_revenue', coalesce(plan, 'plan'))) AS raw_revenue_,
            COLUMNS(lambda c: __launch_column(c, 'horizon_end', coalesce(plan, 'plan'))) AS raw_end_,
            COLUMNS(lambda c: __launch_column(c, 'order_units', coalesce(plan, 'plan'))) AS order_units_,
            COLUMNS(lambda c: __launch_column(c, 'order_date', coalesce(plan, 'plan'))) AS raw_order_,
            COLUMNS(lambda c: __launch_column(c, 'reorder_units', coalesce(plan, 'plan'))) AS reorder_units_,
            COLUMNS(lambda c: __launch_column(c, 'reorder_date', coalesce(plan, 'plan'))) AS raw_reorder_,
            COLUMNS(lambda c: __launch_column(c, 'expected_demand', coalesce(plan, 'plan'))) AS raw_wanted_,
            COLUMNS(lambda c: __launch_column(c, 'review_probability', coalesce(plan, 'plan'))) AS raw_positive_,
            COLUMNS(lambda c: __launch_column(c, 'status', coalesce(plan, 'plan'))) AS raw_status_,
            COLUMNS(lambda c: __launch_column(c, 'reason', coalesce(plan, 'plan'))) AS raw_reason_
        FROM query(__launch_from(plan, [product_id, 'plan_rank', launch_date], [
            'price', 'price_lower', 'price_upper', 'probability_of_loss', 'expected_units', 'units_lower', 'units_upper',
            'expected_revenue', 'horizon_end', 'order_units', 'order_date', 'reorder_units', 'reorder_date', 'expected_demand',
            'review_probability', 'status', 'reason'
        ]))
    )
),
judged_ AS (
    SELECT
        *,
        CASE
            WHEN id_ IS NULL THEN 'product_id is NULL'
            WHEN NOT fine_ THEN 'the plan has no launch of it: ' || coalesce(
                nullif(trim(raw_reason_::VARCHAR), ''), 'its status is ' || coalesce(raw_status_::VARCHAR, 'NULL')
            )
            WHEN rank_ IS NULL THEN 'plan_rank is NULL or no number: it is 1 for the row to follow'
            WHEN best_ = 0 THEN 'no row with status ok has plan_rank 1: give the row to follow plan_rank 1'
            WHEN rank_ <> 1 THEN NULL
            WHEN best_ > 1 THEN best_ || ' rows have plan_rank 1: keep one'
            WHEN raw_launch_ IS NULL THEN 'launch_date is NULL: give it, or a plan that has it'
            WHEN launch_ IS NULL
            THEN 'launch_date is no date from 1970 to 2200: write ''' || raw_launch_::VARCHAR || ''' as year-month-day'
        END AS why_
    FROM (
        SELECT
            *, __launch_valid_day(raw_launch_) AS launch_,
            count(*) FILTER (fine_ AND rank_ = 1) OVER (PARTITION BY id_) AS best_
        FROM rows_
    )
)
SELECT
    key_, id_, launch_,
    CASE WHEN price_ >= 0 AND price_ < 1e12 THEN price_ END AS price_,
    CASE WHEN price_lower_ >= 0 AND price_lower_ < 1e12 THEN price_lower_ END AS price_lower_,
    CASE WHEN price_upper_ >= 0 AND price_upper_ < 1e12 THEN price_upper_ END AS price_upper_,
    CASE WHEN loss_ BETWEEN 0 AND 1 THEN loss_ END AS loss_,
    CASE WHEN abs(units_) < 1e15 THEN units_ END AS units_, CASE WHEN abs(low_) < 1e15 THEN low_ END AS low_,
    CASE WHEN abs(high_) < 1e15 THEN high_ END AS high_, CASE WHEN abs(revenue_) < 1e15 THEN revenue_ END AS revenue_, end_,
    __launch_order_units(order_number_) AS order_units_, order_day_,
    __launch_order_unread('order', order_units_, order_number_, raw_order_, order_day_) AS order_why_,
    __launch_order_units(reorder_number_) AS reorder_units_, reorder_day_,
    __launch_order_unread('reorder', reorder_units_, reorder_number_, raw_reorder_, reorder_day_) AS reorder_why_,
    NULL::VARCHAR AS why_,
    CASE WHEN wanted_ >= 0 AND wanted_ < 1e15 THEN wanted_ END AS wanted_,
    CASE WHEN positive_ BETWEEN 0 AND 1 THEN positive_ END AS positive_,
    'the plan has no number that can be: ' || nullif(concat_ws(', ',
        CASE WHEN raw_price_ IS NOT NULL AND NOT coalesce(price_ >= 0 AND price_ < 1e12, false) THEN 'price ''' || raw_price_::VARCHAR || '''' END,
        CASE WHEN raw_units_ IS NOT NULL AND NOT coalesce(abs(units_) < 1e15, false) THEN 'expected_units ''' || raw_units_::VARCHAR || '''' END,
        CASE WHEN raw_wanted_ IS NOT NULL AND NOT coalesce(wanted_ >= 0 AND wanted_ < 1e15, false)
            THEN 'expected_demand ''' || raw_wanted_::VARCHAR || '''' END,
        CASE WHEN raw_low_ IS NOT NULL AND NOT coalesce(abs(low_) < 1e15, false) THEN 'units_lower ''' || raw_low_::VARCHAR || '''' END,
        CASE WHEN raw_high_ IS NOT NULL AND NOT coalesce(abs(high_) < 1e15, false) THEN 'units_upper ''' || raw_high_::VARCHAR || '''' END,
        CASE WHEN raw_positive_ IS NOT NULL AND NOT coalesce(positive_ BETWEEN 0 AND 1, false)
            THEN 'review_probability ''' || raw_positive_::VARCHAR || '''' END
    ), '') AS unread_
FROM (
    -- Numbers are read once: a text may stand for one in many ways.
    SELECT
        *,
        __launch_amount(raw_price_) AS price_, __launch_amount(raw_price_lower_) AS price_lower_,
        __launch_amount(raw_price_upper_) AS price_upper_, __launch_amount(raw_loss_) AS loss_,
        __launch_amount(raw_units_) AS units_, __launch_amount(raw_low_) AS low_, __launch_amount(raw_high_) AS high_,
        __launch_amount(raw_revenue_) AS revenue_, __launch_valid_day(raw_end_) AS end_,
        __launch_amount(order_units_) AS order_number_, __launch_valid_day(raw_order_) AS order_day_,
        __launch_amount(reorder_units_) AS reorder_number_, __launch_valid_day(raw_reorder_) AS reorder_day_,
        __launch_amount(raw_wanted_) AS wanted_, __launch_amount(raw_positive_) AS positive_
    FROM judged_
    WHERE why_ IS NULL AND rank_ = 1
)
UNION ALL BY NAME
-- What is said of several rows alike is said once.
SELECT key_, id_, why_ || CASE WHEN id_ IS NULL AND count(*) > 1 THEN ' in ' || count(*) || ' rows' ELSE '' END AS why_
FROM judged_
WHERE why_ IS NOT NULL
GROUP BY key_, id_, why_
