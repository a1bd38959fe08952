-- What of an order could not be read.
--
-- @scalar
-- @param label: VARCHAR  order or reorder
-- @param amount: ANY     its units
-- @param number: DOUBLE  its units as __launch_amount reads them
-- @param moment: ANY     its day
-- @param day: DATE       its day as __launch_valid_day reads it
-- @returns VARCHAR the text, NULL when all was read
-- @example __launch_order_unread('order', 'many', NULL, '2024-01-31', DATE '2024-01-31')
nullif(concat_ws('; ',
    CASE WHEN amount IS NOT NULL AND __launch_order_units(number) IS NULL
    THEN label || '_units must be a number of 0 or more, got ' || amount::VARCHAR END,
    CASE WHEN moment IS NOT NULL AND day IS NULL
    THEN label || '_date must be a date from 1970 to 2200, got ' || moment::VARCHAR END
), '')
