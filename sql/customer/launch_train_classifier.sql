-- Trains a model that tells rows apart: who will buy, who will answer, who will leave. One row with the model as a value, to
-- be stored in a table, and how good its probabilities are on rows that were not learned from. Every column of the table
-- that has no other part is a feature: numbers, texts, booleans and dates, which may be NULL.
--
-- @param data: VARCHAR                    the table
-- @param label: VARCHAR = 'label'         its column of what happened: a boolean, 0 or 1, or two values
-- @param architecture: VARCHAR = 'auto'   auto (the others, weighted out of fold), logistic (regression), gbm (boosted trees),
--                                         or mlp (networks)
-- @param ignore: VARCHAR[] = []           columns that are no features, such as ids
-- @param weight: VARCHAR = NULL           its column of weights, if there is one
-- @param positive: VARCHAR = NULL         the value of the label that is predicted; NULL for true or 1
-- @param folds: BIGINT = 5                parts that are held out one after the other, 2 to 20
-- @param fold: VARCHAR = NULL             a column whose values are held out in their order, such as a date: each part is predicted
--                                         from those before it
-- @param grouping: VARCHAR = NULL         a column whose values are held out together, such as the user: rows of one user in two
--                                         folds make figures that are too good
-- @param seed: BIGINT = 42                seed of random numbers
-- @returns model: BLOB                    the model, NULL when refused
-- @returns model_id: VARCHAR              its identity: same data, options and version, same id
-- @returns architecture: VARCHAR          as asked
-- @returns rows: BIGINT                   rows learned from
-- @returns positives: BIGINT              positive ones
-- @returns base_rate: DOUBLE              their share, weighted
-- @returns auc: DOUBLE                    probability that a positive row is above a negative one, out of fold as all figures
-- @returns average_precision: DOUBLE      mean precision at the positive rows, from the most probable on
-- @returns log_loss: DOUBLE               mean of -ln of the probability of what happened
-- @returns brier: DOUBLE                  mean squared difference of probability and outcome
-- @returns calibration_error: DOUBLE      mean absolute difference of probability and share of positives in ten bins of equal size
-- @returns status: VARCHAR                ok or refused
-- @returns reason: VARCHAR                why refused; else what is to be known of the data, NULL for nothing
-- @example CREATE OR REPLACE TEMP TABLE visit_model AS FROM launch_train_classifier('visits', label := 'bought',
--     ignore := ['visitor_id'], architecture := 'logistic')
-- @example SELECT auc, log_loss FROM launch_train_classifier('visits', label := 'bought', ignore := ['visitor_id'],
--     architecture := 'gbm', folds := 3)
WITH fitted_ AS (
    SELECT launch_fit_classifier(
        row_, label_::VARCHAR, weight := CASE
            WHEN raw_weight_ IS NULL OR TRY_CAST(raw_weight_ AS DOUBLE) IS NOT NULL THEN TRY_CAST(raw_weight_ AS DOUBLE)
            ELSE error(format('weight must be a number, got ''{}''', raw_weight_)) END, fold := fold_, grouping := grouping_, positive := positive,
        architecture := architecture, folds := folds, seed := seed
    ) AS blob_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, label, data)) AS label_,
            COLUMNS(lambda c: __launch_column(c, coalesce(weight, '__launch_none'), data))::VARCHAR AS raw_weight_,
            COLUMNS(lambda c: __launch_column(c, coalesce(fold, '__launch_none'), data))::VARCHAR AS fold_,
            COLUMNS(lambda c: __launch_column(c, coalesce(grouping, '__launch_none'), data))::VARCHAR AS grouping_,
            -- With the empty column, as there may be no other.
            struct_pack(*COLUMNS(lambda c: NOT contains(
                lower(concat_ws(chr(31), '', label, weight, fold, grouping, array_to_string(ignore, chr(31)), '')),
                chr(31) || lower(c) || chr(31)
            ))) AS row_
        FROM query(__launch_from(data, [label], ['none']))
    )
),
-- A column that is ignored by a wrong name would be a feature.
ignored_ AS (
    SELECT CASE WHEN unknown_ IS NOT NULL THEN error(format(
        'ignore names a column that {} does not have: {}', data, unknown_
    )) END AS wrong_
    FROM (
        SELECT list_filter(ignore, lambda n: NOT list_contains(names_, lower(n)))[1] AS unknown_
        FROM query('SELECT list(lower(column_name)) AS names_ FROM (DESCRIBE FROM ' || data || ')')
    )
)
SELECT
    CASE WHEN info_->>'status' = 'ok' THEN blob_ END AS model,
    CASE WHEN info_->>'status' = 'ok' THEN info_->>'model_id' END AS model_id,
    lower(architecture) AS architecture,
    coalesce((info_->>'rows')::BIGINT, 0) AS rows,
    coalesce((info_->>'positives')::BIGINT, 0) AS positives,
    (info_->>'base_rate')::DOUBLE AS base_rate,
    (info_->'validation'->>'auc')::DOUBLE AS auc,
    (info_->'validation'->>'average_precision')::DOUBLE AS average_precision,
    (info_->'validation'->>'log_loss')::DOUBLE AS log_loss,
    (info_->'validation'->>'brier')::DOUBLE AS brier,
    (info_->'validation'->>'calibration_error')::DOUBLE AS calibration_error,
    coalesce(info_->>'status', 'refused') AS status,
    CASE WHEN blob_ IS NULL THEN data || ' has no rows' ELSE info_->>'reason' END AS reason
FROM (SELECT blob_, launch_model_info(blob_)::JSON AS info_ FROM fitted_), ignored_
WHERE wrong_ IS NULL
