-- The mean of prices, weighted by units sold; where nothing was sold, the plain mean. The sums are exact, so the mean
-- does not depend on the order of the rows. One row weighs at most as much as 1e6 units.
--
-- @scalar
-- @param a_price: DOUBLE  the price, below 1e12
-- @param a_units: DOUBLE  the units sold at that price
-- @returns DOUBLE the mean price
-- @example SELECT __launch_mean_price(price, units) FROM sales
round(
    CASE WHEN sum(a_units::DECIMAL(38, 9)) FILTER (a_units > 0 AND a_price IS NOT NULL) > 0
    THEN sum((a_price * least(a_units, 1e6))::DECIMAL(38, 9)) FILTER (a_units > 0)::DOUBLE
        / sum(least(a_units, 1e6)::DECIMAL(38, 9)) FILTER (a_units > 0 AND a_price IS NOT NULL)::DOUBLE
    ELSE sum(a_price::DECIMAL(38, 9))::DOUBLE / count(a_price) END,
    9
)
