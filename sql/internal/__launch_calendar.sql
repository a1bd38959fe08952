-- The periods that sales cover, in one row. See __launch_stamps.
--
-- @param sales: VARCHAR       the sales table
-- @param frequency: VARCHAR   day, week or month
-- @param product_id: VARCHAR  its column of products
-- @param date: VARCHAR        its column of dates
-- @param units: VARCHAR       its column of units
-- @param price: VARCHAR       its column of prices; 'price' need not exist
-- @returns start_: BIGINT      the first period, as __launch_period counts; NULL without sales
-- @returns end_: BIGINT        the first period that is not fully observed
-- @returns stamped_: BOOLEAN   whether all rows of a period have one date, such as the Monday or the last day of it
-- @returns first_day_: DATE    the first day
-- @returns last_day_: DATE     the last day
-- @returns longest_gap_: INTEGER  days between two dates that follow each other, at most
-- @returns after_gap_: DATE    the date after that gap
-- @example FROM __launch_calendar('sales', 'week', 'product_id', 'date', 'units', 'price')
SELECT start_, end_, stamped_, first_day_, last_day_, longest_gap_, after_gap_
FROM __launch_stamps(sales, frequency, product_id, date, units, price)
WHERE key_ IS NULL
