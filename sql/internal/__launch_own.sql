-- What candidates sold so far, by step from their launch on. No rows without sales.
--
-- @param sales: VARCHAR        the sales table, or NULL
-- @param candidates: VARCHAR   the candidates
-- @param frequency: VARCHAR    day, week or month
-- @param horizon: BIGINT       periods from the launch on
-- @param product_id: VARCHAR   the column of products in both tables
-- @param date: VARCHAR         the column of dates in sales
-- @param units: VARCHAR        the column of units
-- @param price: VARCHAR        the column of prices in sales; 'price' need not exist
-- @param launch_date: VARCHAR  the column of launch dates of candidates
-- @param available: VARCHAR    the column of availability; 'available' need not exist
-- @param preorders: VARCHAR    what sales before the launch date are: drop or first_step
-- @returns key_: same as input   the product
-- @returns units_: DOUBLE[]      units by step, NULL where not known, as in the steps before a late launch
-- @returns at_least_: BOOLEAN[]  whether they are a lower bound
-- @returns note_: VARCHAR        what to tell of them
-- @example FROM __launch_own('sales', 'candidates', 'week', 8, 'product_id', 'date', 'units', 'price', 'launch_date', 'available', 'drop')
SELECT
    key_,
    [CASE WHEN k_ > __launch_idle(units_) THEN u_ END FOR u_, k_ IN units_] AS units_,
    at_least_,
    __launch_own_note(sold_, available_, before_) AS note_
FROM __launch_launches(
    sales, candidates, frequency, horizon, product_id, date, units, price, launch_date, 0, available, preorders
)
WHERE selling_
