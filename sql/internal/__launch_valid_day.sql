-- A value as a day. Texts are read as DuckDB does, and with points: 31.12.2024 is read in one way all over the world. What
-- 12/05/2024 is, its column tells: see __launch_read.
--
-- @scalar
-- @param moment: ANY  a date, timestamp or text
-- @returns DATE the day; NULL when it is none from 1970 to 2200
-- @example __launch_valid_day('2024-01-31')
CASE
    WHEN TRY_CAST(moment AS DATE) BETWEEN DATE '1970-01-01' AND DATE '2200-12-31' THEN TRY_CAST(moment AS DATE)
    WHEN typeof(moment) = 'VARCHAR'
        AND try_strptime(trim(moment::VARCHAR), ['%d.%m.%Y', '%d.%m.%Y %H:%M', '%d.%m.%Y %H:%M:%S'])
            BETWEEN DATE '1970-01-01' AND DATE '2200-12-31'
    THEN try_strptime(trim(moment::VARCHAR), ['%d.%m.%Y', '%d.%m.%Y %H:%M', '%d.%m.%Y %H:%M:%S'])::DATE
END
