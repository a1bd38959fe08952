-- Brier score of predicted probabilities: the mean squared difference between probability and what happened (1 or 0).
-- Rows with a NULL, a NaN or an infinite number are skipped.
--
-- @scalar
-- @param label: ANY           what happened: a boolean, or a number that is 0 for no
-- @param probability: DOUBLE  the predicted probability
-- @returns DOUBLE 0 is perfect, 0.25 is a coin; NULL without rows
-- @example SELECT launch_brier(price > 14, 0.3) FROM sales
__launch_exact_mean_square(label::BOOLEAN::INTEGER + 0 * label::DOUBLE - probability)
