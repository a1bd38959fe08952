-- What treatments changed that were dealt to customers at random: the difference to the control for each, by segment too. With costs a
-- budget is split by the probability of bringing most for it. No rows without a table.
--
-- @param campaigns: VARCHAR        a row for each customer, or for each group of customers (with trials): treatment, outcome; spend and
--                                  segment, if there are such columns
-- @param budget: DOUBLE = NULL     money for all treatments together; needs spend
-- @param level: DOUBLE = 0.9       probability of the intervals
-- @param control: VARCHAR = NULL   the value of treatment that stands for none; NULL for the treatments NULL, '', control, none, no,
--                                  false and 0
-- @param treatment: VARCHAR = 'treatment'      the column of treatments: channels, e-mails
-- @param outcome: VARCHAR = 'outcome'          the column of outcomes: 0 or 1, units, revenue; a sum where there are trials
-- @param segment: VARCHAR = NULL               a column of segments to answer for; NULL for all customers together
-- @param spend: VARCHAR = 'spend'              the column of what the treatment of the row cost, if there is one
-- @param trials: VARCHAR = 'trials'            the column of customers of a row, if there is one
-- @param sum_squares: VARCHAR = 'sum_squares'  the column of the sum of squared outcomes of a row with trials; without it outcomes
--                                              are successes
-- @param known_before: VARCHAR[] = NULL        columns known before the campaign, which must not differ between treatments
-- @returns channel: VARCHAR           the treatment
-- @returns spend: DOUBLE              its money; without a budget that of one customer, above the control's; NULL where not known
-- @returns share: DOUBLE              its share of the budget; NULL without one
-- @returns expected_outcome: DOUBLE   what that money changes; without a budget the change for one customer
-- @returns outcome_lower: DOUBLE      lower end of its interval
-- @returns outcome_upper: DOUBLE      upper end
-- @returns marginal_return: DOUBLE    change for one unit of money; NULL where costs are not known
-- @returns saturation: DOUBLE         NULL
-- @returns adstock: DOUBLE            NULL
-- @returns bound: VARCHAR             none
-- @returns identified: BOOLEAN        whether nothing speaks against a draw at random
-- @returns status: VARCHAR            ok or refused
-- @returns reason: VARCHAR            what it rests on, and how the draw looks
-- @returns segment: VARCHAR           the segment; NULL where none are asked for
-- @example FROM __launch_channel_uplift('(SELECT [''mail'', NULL][1 + i % 2] AS treatment, (i % 7 < 2 - i % 2)::INT AS outcome FROM range(700) t(i))')
WITH raw_ AS MATERIALIZED (
    SELECT
        COLUMNS(lambda c: __launch_column(c, treatment, coalesce(campaigns, 'campaigns')))::VARCHAR AS treatment_,
        COLUMNS(lambda c: __launch_column(c, outcome, coalesce(campaigns, 'campaigns'))) AS outcome_,
        COLUMNS(lambda c: __launch_column(c, coalesce(segment, '__launch_none'), coalesce(campaigns, 'campaigns')))::VARCHAR AS segment_,
        COLUMNS(lambda c: __launch_column(
            c, CASE WHEN lower(spend) <> lower(outcome) THEN spend ELSE '__launch_none' END, coalesce(campaigns, 'campaigns'))
        ) AS spend_,
        COLUMNS(lambda c: __launch_column(c, coalesce(trials, '__launch_none'), coalesce(campaigns, 'campaigns'))) AS trials_,
        COLUMNS(lambda c: __launch_column(c, coalesce(sum_squares, '__launch_none'), coalesce(campaigns, 'campaigns'))) AS squares_
    FROM query(__launch_from(campaigns, [treatment, outcome], ['none', 'spend', 'trials', 'sum_squares']))
),
kind_ AS MATERIALIZED (
    SELECT
        typeof(any_value(trials_)) <> '"NULL"' AS grouped_, typeof(any_value(squares_)) <> '"NULL"' AS squared_,
        typeof(any_value(spend_)) <> '"NULL"' AS costed_
    FROM raw_
),
read_ AS MATERIALIZED (
    SELECT
        *,
        CASE
            WHEN control IS NOT NULL THEN coalesce(treatment_ = control, false)
            ELSE treatment_ IS NULL OR lower(trim(treatment_)) IN ('', 'control', 'none', 'no', 'false', '0')
        END AS is_control_,
        CASE
            WHEN control IS NOT NULL AND treatment_ IS NULL THEN 'no treatment'
            WHEN customers_ IS NULL OR customers_ < 0 THEN 'no number of customers'
            WHEN value_ IS NULL THEN 'no outcome'
            WHEN grouped_ AND squared_ AND square_ IS NULL THEN 'no sum of squares'
        END AS why_
    FROM (
        SELECT
            treatment_, CASE WHEN segment IS NULL THEN NULL ELSE coalesce(segment_, 'unknown') END AS segment_, grouped_, squared_, costed_,
            CASE WHEN grouped_ THEN __launch_valid_units(trials_) ELSE 1 END AS customers_,
            __launch_valid_units(outcome_) AS value_,
            CASE WHEN squared_ THEN __launch_amount(squares_) END AS square_,
            CASE WHEN costed_ THEN __launch_valid_units(spend_) END AS paid_
        FROM raw_, kind_
    )
),
-- What the control is called, whether there is one, and whether outcomes are rates.
checked_ AS MATERIALIZED (
    SELECT
        CASE
            WHEN count(*) = 0 THEN NULL
            WHEN NOT bool_or(is_control_) THEN error(
                'campaigns have no control: ' || CASE WHEN control IS NULL
                THEN 'name the treatment that stands for none, such as control := ''' || min(treatment_) || ''''
                ELSE 'no treatment is ''' || control || '''' END
                || '; there are: ' || array_to_string(list_sort(list_distinct(list(treatment_)))[:8], ', '))
            WHEN bool_and(is_control_) THEN error('campaigns have no treatment beside the control ')
            WHEN bool_and(grouped_ AND NOT squared_) AND bool_or(value_ > customers_ OR value_ < 0) THEN error(
                'outcomes of rows with trials are no successes, as there are more of them than customers, or less than none: add their sum of '
                || 'squares, sum(x * x) AS sum_squares')
        END AS fine_,
        coalesce(control, min(treatment_) FILTER (is_control_ AND trim(treatment_) <> ''), 'no treatment') AS control_name_,
        CASE WHEN bool_or(grouped_) THEN NOT bool_or(squared_) ELSE coalesce(bool_and(value_ IN (0, 1)), false) END AS is_rate_,
        nullif(concat_ws('; ',
            CASE WHEN count(*) FILTER (why_ IS NOT NULL) > 0 THEN format(
                '{} of {} rows of campaigns have {} and are left out', count(*) FILTER (why_ IS NOT NULL), count(*), min(why_)) END,
            CASE WHEN lower(spend) = lower(outcome) THEN 'the column ' || outcome || ' is the outcome, so no cost is known' END,
            CASE WHEN count(*) FILTER (why_ IS NULL AND costed_ AND NOT is_control_ AND paid_ IS NULL) > 0 THEN format(
                '{} rows of campaigns have no spend', count(*) FILTER (why_ IS NULL AND costed_ AND NOT is_control_ AND paid_ IS NULL)) END
        ), '') AS note_
    FROM read_
),
groups_ AS MATERIALIZED (
    SELECT
        segment_, name_, is_control_,
        coalesce(__launch_exact_sum(customers_) FILTER (why_ IS NULL), 0) AS customers_,
        coalesce(__launch_exact_sum(value_) FILTER (why_ IS NULL), 0) AS sum_,
        CASE WHEN any_value(is_rate_) THEN NULL
        ELSE coalesce(__launch_exact_sum(CASE WHEN grouped_ THEN square_ ELSE value_ * value_ END) FILTER (why_ IS NULL), 0) END AS squares_,
        CASE WHEN any_value(costed_) AND bool_and(is_control_ OR why_ IS NOT NULL OR paid_ IS NOT NULL)
        THEN coalesce(__launch_exact_sum(paid_) FILTER (why_ IS NULL), 0) END AS cost_
    FROM (
        SELECT *, CASE WHEN is_control_ THEN control_name_ ELSE treatment_ END AS name_ FROM read_, checked_
        WHERE why_ IS DISTINCT FROM 'no treatment' AND fine_ IS NULL
    )
    GROUP BY segment_, name_, is_control_
),
-- All other columns, by value: numbers and dates of many values in tenths, of other ones the most frequent values.
others_ AS MATERIALIZED (
    UNPIVOT (
        SELECT
            COLUMNS(lambda c: __launch_column(c, treatment, coalesce(campaigns, 'campaigns')))::VARCHAR AS "__launch_treatment",
            COLUMNS(lambda c: __launch_column(c, coalesce(trials, '__launch_none'), coalesce(campaigns, 'campaigns')))::VARCHAR AS "__launch_customers",
            COLUMNS(lambda c: NOT starts_with(c, '__launch_') AND lower(c) NOT IN (
                lower(treatment), lower(outcome), lower(coalesce(trials, '')), lower(coalesce(sum_squares, '')),
                lower(coalesce(spend, ''))
            ) OR c = '__launch_none')::VARCHAR
        FROM query(__launch_from(campaigns, [treatment, outcome], ['none', 'spend', 'trials', 'sum_squares']))
    ) ON COLUMNS(* EXCLUDE ("__launch_treatment", "__launch_customers")) INTO NAME column_ VALUE text_
),
sizes_ AS MATERIALIZED (
    SELECT column_, count(DISTINCT text_) AS values_, count(*) AS rows_, count(TRY_CAST(text_ AS DOUBLE)) AS numbers_,
        count(TRY_CAST(text_ AS TIMESTAMP)) AS days_
    FROM others_ GROUP BY column_
),
counted_ AS MATERIALIZED (
    SELECT column_, value_, name_, __launch_exact_sum(customers_) AS customers_
    FROM (
        SELECT
            column_,
            CASE
                WHEN values_ <= 20 THEN text_
                WHEN numbers_ = rows_ OR days_ = rows_ THEN (10 * (rank() OVER (
                    PARTITION BY column_ ORDER BY CASE WHEN numbers_ = rows_ THEN TRY_CAST(text_ AS DOUBLE)
                        ELSE epoch(TRY_CAST(text_ AS TIMESTAMP)) END
                ) - 1) // rows_)::VARCHAR
                ELSE text_
            END AS value_,
            CASE
                WHEN control IS NOT NULL AND "__launch_treatment" = control THEN control_name_
                WHEN control IS NULL AND ("__launch_treatment" IS NULL
                    OR lower(trim("__launch_treatment")) IN ('', 'control', 'none', 'no', 'false', '0')) THEN control_name_
                ELSE "__launch_treatment"
            END AS name_,
            CASE WHEN "__launch_customers" IS NULL THEN 1 ELSE __launch_valid_units("__launch_customers") END AS customers_
        FROM others_ JOIN sizes_ USING (column_), checked_
        -- A value for nearly every customer is an id.
        WHERE numbers_ = rows_ OR days_ = rows_ OR 2 * values_ < rows_
    )
    GROUP BY ALL
),
found_ AS (
    SELECT unnest(__launch_uplift(groups_list_, columns_list_, budget := budget, level := level)) AS row_
    FROM (
        SELECT list({
            'segment': segment_, 'treatment': name_, 'is_control': is_control_, 'customers': customers_, 'sum': sum_, 'squares': squares_,
            'cost': cost_
        }) AS groups_list_
        FROM groups_
    ), (
        SELECT list({
            'column': column_, 'is_known': coalesce(lower(column_) = lower(segment), false)
                OR coalesce(list_contains([lower(k_) FOR k_ IN known_before], lower(column_)), false),
            'value': value_, 'treatment': name_, 'customers': customers_
        }) AS columns_list_
        FROM counted_
    )
)
SELECT
    row_['treatment'] AS channel,
    row_['spend'] AS spend,
    row_['share'] AS share,
    row_['expected_outcome'] AS expected_outcome,
    row_['outcome_lower'] AS outcome_lower,
    row_['outcome_upper'] AS outcome_upper,
    row_['marginal_return'] AS marginal_return,
    NULL::DOUBLE AS saturation,
    NULL::DOUBLE AS adstock,
    'none' AS bound,
    row_['identified'] AS identified,
    row_['status'] AS status,
    concat_ws('; ', row_['reason'], note_) AS reason,
    row_['segment'] AS segment
FROM found_, checked_
ORDER BY 1, 14
