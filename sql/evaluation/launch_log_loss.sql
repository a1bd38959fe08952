-- Log loss of predicted probabilities (cross entropy, natural logarithm). Probabilities are clipped to 1e-15 and 1 -
-- 1e-15. Rows with a NULL, a NaN or an infinite number are skipped.
--
-- @scalar
-- @param label: ANY           what happened: a boolean, or a number that is 0 for no
-- @param probability: DOUBLE  the predicted probability
-- @returns DOUBLE 0 is perfect, ln(2) = 0.693 is a coin; NULL without rows
-- @example SELECT launch_log_loss(price > 14, 0.3) FROM sales
-__launch_exact_mean(
    ln(greatest(least(CASE WHEN label::BOOLEAN THEN probability ELSE 1 - probability END, 1 - 1e-15), 1e-15))
    + 0 * (label::DOUBLE + probability)
)
