-- What the features of a classifier are worth: how much worse its probabilities are, on rows that were not learned from, where
-- the values of one feature are shuffled. Features that say the same share it.
--
-- @param model: BLOB  the model, such as (SELECT model FROM visit_model)
-- @returns feature: VARCHAR     the feature
-- @returns importance: DOUBLE   log loss that is added
-- @returns error: DOUBLE        standard error of that
-- @returns direction: VARCHAR   up, down or mixed: what more of it does to the probability; NULL of texts
-- @returns share: DOUBLE        its part of the importance of all features
-- @example FROM launch_importance((SELECT model FROM visit_model))
SELECT
    row_['feature'] AS feature,
    row_['importance'] AS importance,
    row_['error'] AS error,
    row_['direction'] AS direction,
    row_['share'] AS share
FROM (SELECT unnest(__launch_importance(model::BLOB)) AS row_)
