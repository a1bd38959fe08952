-- The tables of a report, each as one list: see __launch_told_rows. Of the plan alone must there be a table.
--
-- @param plan: VARCHAR          as in launch_report
-- @param forecast: VARCHAR      as in launch_report
-- @param total: VARCHAR         as in launch_report
-- @param comparables: VARCHAR   as in launch_report
-- @param timing: VARCHAR        as in launch_report
-- @param pricing: VARCHAR       as in launch_report
-- @param stock: VARCHAR         as in launch_report
-- @param channels: VARCHAR      as in launch_report
-- @param calendar: VARCHAR      as in launch_report
-- @param audience: VARCHAR      as in launch_report
-- @param evaluation: VARCHAR    as in launch_report
-- @param review: VARCHAR        as in launch_report
-- @param doctor: VARCHAR        as in launch_report
-- @param product_id: VARCHAR    as in launch_report
-- @returns plan_: STRUCT[]      its rows
-- @returns forecast_: STRUCT[]  the rows of forecast; NULL without it
-- @returns total_: STRUCT[]     the rows of total; NULL without it
-- @returns comparables_: STRUCT[] the rows of comparables; NULL without it
-- @returns timing_: STRUCT[]    the rows of timing; NULL without it
-- @returns pricing_: STRUCT[]   the rows of pricing; NULL without it
-- @returns stock_: STRUCT[]     the rows of stock; NULL without it
-- @returns channels_: STRUCT[]  the rows of channels; NULL without it
-- @returns calendar_: STRUCT[]  the rows of calendar; NULL without it
-- @returns audience_: STRUCT[]  an audience is counted: see __launch_reached
-- @returns evaluation_: STRUCT[] the rows of evaluation; NULL without it
-- @returns review_: STRUCT[]    the rows of review; NULL without it
-- @returns doctor_: STRUCT[]    the rows of doctor; NULL without it
-- @example FROM __launch_reported('plan', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'product_id')
SELECT
    (SELECT rows_ FROM __launch_told_rows(__launch_named(plan, 'plan'), [product_id,
        'plan_rank', 'launch_date', 'horizon_end', 'price', 'price_lower', 'price_upper', 'expected_units', 'units_lower',
        'units_upper', 'expected_revenue', 'expected_profit', 'profit_lower', 'profit_upper', 'order_units',
        'probability_of_loss', 'binding_constraint', 'model_id', 'status', 'reason'
    ])) AS plan_,
    (SELECT rows_ FROM __launch_told_rows(forecast, [product_id,
        'date', 'step', 'yhat', 'yhat_lower', 'yhat_upper', 'mean', 'model_id', 'status', 'reason'
    ])) AS forecast_,
    (SELECT rows_ FROM __launch_told_rows(total, [
        'key', 'date', 'expected_units', 'units_lower', 'units_upper', 'status', 'reason'
    ])) AS total_,
    (SELECT rows_ FROM __launch_told_rows(comparables, [product_id,
        'comparable_id', 'comparable_group', 'rank', 'weight', 'scale', 'comparable_launch_date', 'comparable_units'
    ])) AS comparables_,
    (SELECT rows_ FROM __launch_told_rows(timing, [product_id,
        'launch_date', 'expected_units', 'revenue', 'profit', 'lower', 'upper', 'chosen', 'order_units', 'status'
    ])) AS timing_,
    (SELECT rows_ FROM __launch_told_rows(pricing, [product_id,
        'price', 'expected_units', 'revenue', 'profit', 'lower', 'upper', 'chosen', 'order_units', 'status'
    ])) AS pricing_,
    (SELECT rows_ FROM __launch_told_rows(stock, [product_id,
        'key', 'order_units', 'reorder_units', 'reorder_date', 'order_date', 'expected_sales', 'expected_lost_sales',
        'expected_leftover', 'service_level', 'expected_profit', 'bound', 'status', 'reason'
    ])) AS stock_,
    (SELECT rows_ FROM __launch_told_rows(channels, [
        'channel', 'spend', 'share', 'expected_outcome', 'outcome_lower', 'outcome_upper', 'marginal_return', 'bound',
        'identified', 'status', 'reason'
    ])) AS channels_,
    (SELECT rows_ FROM __launch_told_rows(calendar, [product_id,
        'date', 'action', 'channel', 'budget', 'units', 'owner', 'note', 'status', 'reason'
    ])) AS calendar_,
    (
        SELECT CASE WHEN audience IS NOT NULL THEN coalesce(list(told_), []) END
        FROM (SELECT COLUMNS(*)::VARCHAR FROM __launch_reached(audience, product_id)) AS told_
    ) AS audience_,
    (SELECT rows_ FROM __launch_told_rows(evaluation, [
        'key', 'n', 'wape', 'naive_wape', 'bias', 'naive_bias', 'rmsle', 'naive_rmsle', 'pinball', 'naive_pinball',
        'coverage', 'architecture', 'cutoff', 'launches', 'mean_bias', 'status', 'reason'
    ])) AS evaluation_,
    (SELECT rows_ FROM __launch_told_rows(review, [product_id,
        'step', 'date', 'planned_units', 'lower', 'upper', 'actual_units', 'cumulative_index', 'projected_units',
        'recommendation', 'status', 'reason'
    ])) AS review_,
    (SELECT rows_ FROM __launch_told_rows(doctor, [
        'check', 'status', 'affected', 'share', 'example', 'fix'
    ])) AS doctor_
