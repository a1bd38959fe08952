-- Units in demand had the product been on sale all the period.
--
-- @scalar
-- @param sold: DOUBLE   units sold
-- @param share: DOUBLE  share of the period in which it was on sale
-- @returns DOUBLE the units; those sold where the share is below a quarter, which is a lower bound; NULL where nothing
--          is known
-- @example __launch_demand(12, 0.5)
CASE WHEN share >= 0.25 THEN greatest(sold, 0) / share WHEN sold > 0 THEN sold END
