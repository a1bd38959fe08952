-- Forecasts any measure of series that have a history: sales of products on sale, prices, competitors' sales,
-- mentions. Each series is forecast from itself, from the first period after the data on. All series run to the end of
-- the data: one without rows there sold nothing, or kept its price. A series that cannot be forecast comes back as one
-- row with status refused and the reason.
--
-- @param data: VARCHAR                    the table: a series, a date, a value
-- @param series: VARCHAR = 'product_id'   its column of series
-- @param date: VARCHAR = 'date'           its column of dates
-- @param value: VARCHAR = 'units'         its column of values
-- @param frequency: VARCHAR = 'week'      length of a period: day, week (from Monday) or month
-- @param horizon: BIGINT = 13             periods to forecast, 1 to 520
-- @param method: VARCHAR = 'auto'         auto (mean of several, weighted by how each forecast the series' past), naive,
--                                         naive2 (the last value, season taken out), seasonal_naive, average, median,
--                                         ses, damped, ets, theta, croston, tsb, or lstm (one network for all series)
-- @param season: BIGINT = NULL            periods of a season; NULL for 7 days, 52 weeks or 12 months; 1 for none
-- @param level: DOUBLE = 0.8              probability of the intervals
-- @param aggregate: VARCHAR = NULL        what several rows of a period come to: sum (no row is zero) or mean (no row
--                                         keeps the value before, as prices do); NULL for mean of a column whose name
--                                         ends in price, else sum
-- @param seed: BIGINT = 42                 seed of random numbers, for lstm
-- @returns series: same as input  the series
-- @returns date: DATE             first day of the period
-- @returns step: INTEGER          1 for the first period after the data
-- @returns yhat: DOUBLE           forecast; of auto the mean of its members
-- @returns yhat_lower: DOUBLE     lower end of the interval
-- @returns yhat_upper: DOUBLE     upper end of the interval
-- @returns method: VARCHAR        as asked
-- @returns status: VARCHAR        ok or refused
-- @returns reason: VARCHAR        what the forecast rests on, or why there is none
-- @example FROM launch_trend('sales')
-- @example FROM launch_trend('sales', value := 'price', horizon := 4, method := 'naive')
WITH options_ AS MATERIALIZED (
    SELECT
        __launch_frequency(frequency) AS frequency_,
        __launch_horizon(horizon) AS horizon_,
        lower(method) AS method_,
        coalesce(season, CASE __launch_frequency(frequency) WHEN 'day' THEN 7 WHEN 'week' THEN 52 ELSE 12 END) AS season_,
        coalesce(
            CASE WHEN aggregate IS NOT NULL THEN __launch_option('aggregate', aggregate, ['sum', 'mean']) = 'mean' END,
            ends_with(lower(value), 'price')
        ) AS means_
),
usable_ AS (
    SELECT key_, __launch_period(day_, frequency) AS number_, units_ AS value_
    FROM __launch_sales(data, series, date, value, 'price', 'available')
),
calendar_ AS MATERIALIZED (
    -- The last period may be running still: its sum is not complete, but its price is one.
    SELECT CASE WHEN means_ THEN __launch_period(last_day_, frequency) + 1 ELSE end_ END AS end_
    FROM __launch_calendar(data, frequency, series, date, value, 'price'), options_
),
all_ AS (
    SELECT key_, count(*) AS rows_
    FROM (
        SELECT COLUMNS(lambda c: __launch_column(c, series, data)) AS key_
        FROM query('FROM ' || __launch_joined(data, series))
    )
    GROUP BY key_
),
series_ AS (
    SELECT
        key_, list(number_ ORDER BY number_)::DOUBLE[] AS periods_, list(value_ ORDER BY number_) AS values_,
        count(*) FILTER (unknown_) AS unknown_
    FROM (
        -- What is not known is no zero: it counts as the period before, or the first one that is known.
        SELECT
            key_, number_, value_ IS NULL AS unknown_,
            coalesce(
                value_,
                last_value(value_ IGNORE NULLS) OVER (PARTITION BY key_ ORDER BY number_),
                first_value(value_ IGNORE NULLS) OVER (
                    PARTITION BY key_ ORDER BY number_ ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
                )
            ) AS value_
        FROM (
            SELECT
                key_, number_,
                CASE WHEN any_value(means_) THEN __launch_average(value_) ELSE __launch_sum(value_) END AS value_
            FROM usable_, options_
            GROUP BY key_, number_
        )
    )
    GROUP BY key_
    HAVING count(value_) > 0
),
forecast_ AS (
    SELECT key_, unknown_, unnest(__launch_trend(
        periods_, values_, end_, means_, horizon := horizon_, season := season_, method := method_, level := level
    )) AS row_
    FROM series_, calendar_, options_
    WHERE method_ <> 'lstm' OR method_ IS NULL
    UNION ALL
    SELECT key_, unknown_, row_
    FROM (
        SELECT unnest(__launch_trend_network(
            key_::VARCHAR, periods_, values_, end_, means_, horizon := horizon_, season := season_, level := level,
            seed := seed
        )) AS row_
        FROM series_, calendar_, options_
        WHERE method_ = 'lstm'
    )
    JOIN series_ ON series_.key_::VARCHAR = row_['series']
    UNION ALL
    SELECT key_, 0, {
        'status': 'refused',
        'reason': CASE WHEN key_ IS NULL THEN series || ' is NULL in ' || rows_ || ' rows'
            ELSE 'none of its ' || rows_ || ' rows has a date between 1970 and 2200 and a number below 1e15' END
    }
    FROM all_ WHERE key_ IS NULL OR key_ NOT IN (SELECT key_ FROM series_)
)
SELECT
    key_ AS series,
    __launch_period_start(end_ + row_['step'] - 1, frequency) AS date,
    row_['step'] AS step,
    row_['yhat'] AS yhat,
    row_['yhat_lower'] AS yhat_lower,
    row_['yhat_upper'] AS yhat_upper,
    method_ AS method,
    row_['status'] AS status,
    row_['reason'] || CASE WHEN unknown_ > 0 AND row_['status'] = 'ok'
        THEN format('; {} periods without a known value count as the one before', unknown_) ELSE '' END AS reason
FROM forecast_ CROSS JOIN options_ CROSS JOIN calendar_
