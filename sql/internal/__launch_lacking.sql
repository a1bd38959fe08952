-- Share of a row's time of which nothing is known: 1 without units, or when nothing was sold as there was no stock.
--
-- @scalar
-- @param units: DOUBLE  units sold; NULL when they are not known
-- @param share: DOUBLE  share of the time in which it was on sale; NULL for all of it
-- @returns DOUBLE 0 to 1
-- @example SELECT __launch_lacking(3, 0.5)
CASE
    WHEN units IS NULL THEN 1
    WHEN share = 0 AND units > 0 THEN 0
    WHEN share < 1 THEN 1 - share
    ELSE 0 END::DOUBLE
