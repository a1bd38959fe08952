-- The first day of a period.
--
-- @scalar
-- @param number: BIGINT      the period, as __launch_period counts
-- @param frequency: VARCHAR  day, week or month
-- @returns DATE the day; Monday for a week
-- @example __launch_period_start(2821, 'week')
CASE __launch_frequency(frequency)
    WHEN 'day' THEN DATE '1970-01-01' + number::INTEGER
    WHEN 'week' THEN DATE '1969-12-29' + 7 * number::INTEGER
    ELSE make_date(number // 12, number % 12 + 1, 1)
END
