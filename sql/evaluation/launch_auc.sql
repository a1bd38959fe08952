-- Area under the ROC curve: the probability that a random positive case has a higher probability than a random
-- negative one, where a tie counts one half. Exact. Rows with a NULL or NaN are skipped.
--
-- @scalar
-- @param label: ANY           what happened: a boolean, or a number that is 0 for no
-- @param probability: DOUBLE  what was predicted; any score will do
-- @returns DOUBLE 0 to 1, where 0.5 is chance; NULL unless both classes occur
-- @example SELECT launch_auc(price > 14, units) FROM sales
__launch_auc(CASE WHEN NOT isnan(label::DOUBLE) THEN label::BOOLEAN END, probability)
