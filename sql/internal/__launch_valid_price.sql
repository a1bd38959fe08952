-- A value as a price.
--
-- @scalar
-- @param amount: ANY  a number or text
-- @returns DOUBLE the price; NULL when it is none, negative, not finite, or 1e12 and more
-- @example __launch_valid_price('9.99')
CASE WHEN TRY_CAST(amount AS DOUBLE) >= 0 AND TRY_CAST(amount AS DOUBLE) < 1e12 THEN TRY_CAST(amount AS DOUBLE) END
