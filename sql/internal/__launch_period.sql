-- The number of the period that contains a day: days since 1970-01-01, weeks since the Monday before that day, or
-- months since the year 0.
--
-- @scalar
-- @param moment: DATE        the day, 1970-01-01 or later
-- @param frequency: VARCHAR  day, week or month
-- @returns BIGINT consecutive for consecutive periods
-- @example __launch_period(DATE '2024-01-31', 'week')
CASE __launch_frequency(frequency)
    WHEN 'day' THEN moment::DATE - DATE '1970-01-01'
    WHEN 'week' THEN (moment::DATE - DATE '1969-12-29') // 7
    ELSE 12 * year(moment::DATE) + month(moment::DATE) - 1
END
