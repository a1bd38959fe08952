-- A value as the share of its time in which a product was on sale. A number above 1, such as pieces in stock, is 1.
--
-- @scalar
-- @param given: ANY  a boolean, number or text
-- @returns DOUBLE the share, 0 to 1; NULL when it is none
-- @example __launch_valid_share(true)
CASE WHEN coalesce(TRY_CAST(given AS DOUBLE), TRY_CAST(given AS BOOLEAN)::DOUBLE) BETWEEN 0 AND 1e300
THEN least(coalesce(TRY_CAST(given AS DOUBLE), TRY_CAST(given AS BOOLEAN)::DOUBLE), 1) END
