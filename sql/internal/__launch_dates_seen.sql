-- Dates within a period on which there are rows.
--
-- @scalar
-- @param moment: DATE  the date of a row
-- @param start: DATE   the first day of the period
-- @returns BIGINT how many there are, the last of more than 63 left out
-- @example SELECT __launch_dates_seen(date, date_trunc('week', date)) FROM sales GROUP BY date_trunc('week', date)
bit_count(bit_or(1::BIGINT << least(greatest(moment::DATE - start::DATE, 0), 62)::BIGINT))::BIGINT
