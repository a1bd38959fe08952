-- A number, or NULL when it is NaN or infinite.
--
-- @scalar
-- @param x: DOUBLE  a number
-- @returns DOUBLE the number or NULL
-- @example __launch_finite('nan'::DOUBLE)
CASE WHEN isfinite(x) THEN x END
