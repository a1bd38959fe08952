-- Learns what texts say: whether a review, a comment or an answer speaks well of what it is about. One row with the model as a
-- value, to be stored in a table, and how good its probabilities are on texts that were not learned from.
--
-- @param data: VARCHAR               the table of texts that have labels
-- @param text: VARCHAR = 'text'      its column of texts
-- @param label: VARCHAR = 'label'    its column of what they say: a boolean, 0 or 1, or a rating
-- @param positive: DOUBLE = 4        the rating from which a text is positive
-- @param lowest: DOUBLE = 1          the lowest rating there can be
-- @param highest: DOUBLE = 5         the highest one
-- @param folds: BIGINT = 5           parts that are held out one after the other, 2 to 20
-- @param seed: BIGINT = 42           seed of the folds
-- @returns model: BLOB               the model, NULL when refused
-- @returns model_id: VARCHAR         its identity: same data, options and version, same id
-- @returns rows: BIGINT              texts learned from
-- @returns positives: BIGINT         positive ones
-- @returns base_rate: DOUBLE         their share
-- @returns terms: BIGINT             words, pairs and triples of words that are looked at
-- @returns auc: DOUBLE               probability that a positive text is above another one, out of fold as all figures
-- @returns accuracy: DOUBLE          share of texts on the right side of a probability of a half
-- @returns log_loss: DOUBLE          mean of -ln of the probability of what is right
-- @returns brier: DOUBLE             mean squared difference of probability and label
-- @returns calibration_error: DOUBLE mean absolute difference of probability and share of positives in ten bins of equal size
-- @returns status: VARCHAR           ok or refused
-- @returns reason: VARCHAR           why refused; else what is to be known of the data, NULL for nothing
-- @example CREATE OR REPLACE TEMP TABLE review_model AS FROM launch_train_sentiment('reviews', label := 'rating')
WITH fitted_ AS (
    SELECT launch_fit_sentiment(
        text_::VARCHAR, label_::VARCHAR, positive := positive, lowest := lowest, highest := highest, folds := folds, seed := seed
    ) AS blob_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, text, data)) AS text_,
            COLUMNS(lambda c: __launch_column(c, label, data)) AS label_
        FROM query(__launch_from(data, [text, label], ['none']))
    )
)
SELECT
    CASE WHEN info_->>'status' = 'ok' THEN blob_ END AS model,
    CASE WHEN info_->>'status' = 'ok' THEN info_->>'model_id' END AS model_id,
    coalesce((info_->>'rows')::BIGINT, 0) AS rows,
    coalesce((info_->>'positives')::BIGINT, 0) AS positives,
    (info_->>'base_rate')::DOUBLE AS base_rate,
    coalesce((info_->>'terms')::BIGINT, 0) AS terms,
    (info_->'validation'->>'auc')::DOUBLE AS auc,
    (info_->>'accuracy')::DOUBLE AS accuracy,
    (info_->'validation'->>'log_loss')::DOUBLE AS log_loss,
    (info_->'validation'->>'brier')::DOUBLE AS brier,
    (info_->'validation'->>'calibration_error')::DOUBLE AS calibration_error,
    coalesce(info_->>'status', 'refused') AS status,
    CASE WHEN blob_ IS NULL THEN data || ' has no rows' ELSE info_->>'reason' END AS reason
FROM (SELECT blob_, launch_model_info(blob_)::JSON AS info_ FROM fitted_)
