-- Forecasts any measure of series that have a history: sales of products on sale, prices, competitors' sales,
-- mentions. Each series is forecast from itself and from what is known ahead (promotions, prices, holidays), from the
-- first period after the data on. All series run to the end of the data: one without rows there sold nothing, or kept
-- its price. A series that cannot be forecast comes back as one row with status refused and the reason.
--
-- @param data: VARCHAR                    the table: a series, a date, a value, and available, if there is one: what was not on sale is
--                                         not known, and never zero
-- @param series: VARCHAR = 'product_id'   its column of series
-- @param date: VARCHAR = 'date'           its column of dates
-- @param value: VARCHAR = 'units'         its column of values
-- @param frequency: VARCHAR = 'week'      length of a period: day, week (from Monday) or month
-- @param horizon: BIGINT = 13             periods to forecast, 1 to 520
-- @param method: VARCHAR = 'auto'         auto (mean of several, weighted by how each forecast the series' past), naive,
--                                         naive2 (the last value, season taken out), seasonal_naive, seasonal_drift, average, median,
--                                         ses, damped, ets, theta, croston, tsb, structural (level, season and effects of
--                                         what is known ahead), or lstm (one network for all series)
-- @param season: BIGINT = NULL            periods of a season; NULL for that of the calendar: the week and the year of
--                                         days, the year of weeks and months; 1 for none
-- @param level: DOUBLE = 0.8              probability of the intervals
-- @param aggregate: VARCHAR = NULL        what several rows of a period come to: sum (no row is zero) or mean (no row
--                                         keeps the value before, as prices do); NULL for mean of a column whose name
--                                         ends in price, else sum
-- @param covariates: VARCHAR = NULL       a table of what is known ahead: the column date, that of series where it differs
--                                         by series, and numbers or booleans, past and future
-- @param events: VARCHAR = NULL           a table of holidays and events, past and future, with the columns date and name;
--                                         an event of several days has one row each; with the column of series it
--                                         is of that one alone
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
-- @example WITH ahead AS (SELECT date::DATE AS date, day(date) <= 5 AS promotion FROM range(DATE '2022-01-01', DATE '2026-01-01', INTERVAL 1 DAY) r(date)),
--          holidays AS (SELECT make_date(y, 12, 25) AS date, 'Christmas' AS name FROM range(2022, 2026) r(y))
--          FROM launch_trend('sales', horizon := 4, covariates := 'ahead', events := 'holidays')
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
    SELECT key_, __launch_period(day_, frequency) AS number_, units_ AS value_, off_
    FROM __launch_sales(data, series, date, value, 'price', 'available')
),
calendar_ AS MATERIALIZED (
    -- The last period may be running still: its sum is not complete, but its price is one.
    SELECT
        start_, CASE WHEN means_ THEN __launch_period(last_day_, frequency) + 1 ELSE end_ END AS end_,
        -- One date far behind the others moves all forecasts.
        CASE WHEN longest_gap_ > 366 THEN format(
            '; no series has a row in the {} days before {}: is that date right?', longest_gap_, after_gap_
        ) END AS gap_note_
    FROM __launch_calendar(data, frequency, series, date, value, 'price'), options_
),
all_ AS (
    SELECT
        key_, count(*) AS rows_, any_value(typeof(day_)) AS day_type_,
        count(*) FILTER (__launch_valid_day(day_) IS NULL) AS undated_,
        min(coalesce(day_::VARCHAR, 'NULL')) FILTER (__launch_valid_day(day_) IS NULL) AS undated_like_,
        count(*) FILTER (value_ IS NOT NULL AND __launch_valid_units(value_) IS NULL AND lower(value_::VARCHAR) <> 'nan') AS unread_,
        min(value_::VARCHAR) FILTER (value_ IS NOT NULL AND __launch_valid_units(value_) IS NULL AND lower(value_::VARCHAR) <> 'nan') AS unread_like_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, series, data)) AS key_,
            COLUMNS(lambda c: __launch_column(c, date, data)) AS day_,
            COLUMNS(lambda c: __launch_column(c, value, data)) AS value_
        FROM query(__launch_read(data, [series, date, value], ['price'], [date], [value, 'price']))
    )
    GROUP BY key_
),
series_ AS (
    SELECT
        key_, list(number_ ORDER BY number_)::DOUBLE[] AS periods_, list(value_ ORDER BY number_) AS values_,
        count(*) FILTER (unknown_ AND number_ < (SELECT end_ FROM calendar_)) AS unknown_
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
                CASE
                    WHEN any_value(means_) THEN __launch_average(value_)
                    ELSE __launch_whole(__launch_sum(value_), sum(off_::DECIMAL(38, 9))::DOUBLE, count(*)) END AS value_
            FROM usable_, options_
            GROUP BY key_, number_
        )
    )
    GROUP BY key_
    HAVING count(value_) > 0
),
known_ AS MATERIALIZED (
    SELECT
        link_,
        list({
            'name': name_, 'event': event_, 'periods': periods_, 'values': values_,
            'expected': NULL::STRUCT(lag BIGINT, period BIGINT, effect DOUBLE, deviation DOUBLE)[]
        } ORDER BY event_, name_) AS known_,
        -- What is not known up to the last step.
        string_agg(
            format(
                '{} is known until {} only',
                name_, __launch_period_start(greatest(periods_[-1], periods_[1]), frequency)
            ), ', ' ORDER BY name_
        ) FILTER (NOT event_ AND periods_[-1] < end_ + horizon_ - 1) AS until_,
        -- An effect is learned from the past alone, of others where the series itself did not see it.
        string_agg(
            name_ || CASE
                WHEN event_ AND elsewhere_ = 0 THEN ' has no date in the data: an event has the same name each time it comes'
                WHEN elsewhere_ > 2 THEN ' is never anything but 0 here: its effect is that in other series'
                ELSE ' is never anything but 0 in the data' END,
            ', ' ORDER BY name_
        ) FILTER (unseen_) AS unseen_,
        -- What numbers do beyond those that were there is not known.
        string_agg(
            format('{} goes beyond the {} to {} it had, and counts as these', name_, list_min(before_), list_max(before_)),
            ', ' ORDER BY name_
        ) FILTER (
            NOT event_ AND NOT unseen_
            AND (list_max(ahead_) > list_max(before_) OR list_min(ahead_) < list_min(before_))
        ) AS beyond_,
        string_agg(name_, ', ' ORDER BY name_) AS names_, bool_or(NOT event_) AS told_, bool_or(event_) AS dated_
    FROM (
        SELECT
            *, coalesce(list_max([abs(v_) FOR v_ IN before_]), 0) = 0 AS unseen_,
            count(*) FILTER (list_max([abs(v_) FOR v_ IN before_]) > 0) OVER (PARTITION BY name_, event_) AS elsewhere_
        FROM (
            SELECT
                *,
                list_filter(values_, lambda v, i: periods_[i] BETWEEN first_ AND end_ - 1) AS before_,
                list_filter(values_, lambda v, i: periods_[i] BETWEEN end_ AND end_ + horizon_ - 1) AS ahead_
            FROM __launch_known(covariates, events, series, frequency), calendar_, options_, (
                SELECT min(number_) AS first_ FROM usable_
            )
        )
    )
    GROUP BY link_
),
beside_ AS MATERIALIZED (
    SELECT
        series_.key_, coalesce(own_.known_, []) || coalesce(all_.known_, []) AS known_,
        concat_ws(
            '; ', '',
            CASE WHEN links_ > 0 AND own_.known_ IS NULL THEN 'covariates have no row of this series' END,
            lost_events_,
            CASE WHEN method_ NOT IN ('auto', 'structural') THEN format(
                '{} does not look at {}', method_, concat_ws(', ', own_.names_, all_.names_)
            ) ELSE nullif(concat_ws(
                ', ', own_.until_, all_.until_, own_.unseen_, all_.unseen_, own_.beyond_, all_.beyond_
            ), '') END
        ) AS note_
    FROM series_
    CROSS JOIN options_
    CROSS JOIN (
        SELECT count(link_) FILTER (told_) AS links_, CASE
            WHEN count(link_) FILTER (told_) > 0 AND NOT bool_or(told_ AND met_) THEN error(
                'no ' || series || ' of covariates ' || covariates || ', such as ''' || min(link_) FILTER (told_)
                || ''', is a series with values, such as ''' || coalesce((SELECT min(key_::VARCHAR) FROM series_), 'NULL') || ''''
            )
            WHEN count(link_) FILTER (dated_) > 0 AND NOT bool_or(dated_ AND met_) THEN error(
                'no ' || series || ' of events ' || events || ', such as ''' || min(link_) FILTER (dated_)
                || ''', is a series with values, such as ''' || coalesce((SELECT min(key_::VARCHAR) FROM series_), 'NULL') || ''''
            ) END AS wrong_,
            CASE WHEN count(link_) FILTER (dated_ AND NOT met_) > 0 THEN format(
                '{} {} of events, such as ''{}'', are no series with values', count(link_) FILTER (dated_ AND NOT met_), series,
                min(link_) FILTER (dated_ AND NOT met_)
            ) END AS lost_events_
        FROM (SELECT *, coalesce(link_ IN (SELECT key_::VARCHAR FROM series_), false) AS met_ FROM known_)
    ) AS linked_
    LEFT JOIN (SELECT link_, known_, until_, unseen_, beyond_, names_ FROM known_ WHERE link_ IS NOT NULL) AS own_
        ON own_.link_ = series_.key_::VARCHAR
    LEFT JOIN (SELECT known_, until_, unseen_, beyond_, names_ FROM known_ WHERE link_ IS NULL) AS all_ ON true
    WHERE wrong_ IS NULL AND (SELECT count(*) FROM known_) > 0
),
-- What all series say of what is known ahead, at the end and at the origins of past forecasts.
expected_ AS MATERIALIZED (
    SELECT map(list(name), list(expected_)) AS expected_
    FROM (
        SELECT name, list({
            'lag': lag, 'period': period, 'effect': common_['effect'], 'deviation': common_['deviation']
        } ORDER BY lag, period) AS expected_
        FROM (
            SELECT
                row_['name'] AS name, row_['lag'] AS lag, row_['period'] AS period,
                unnest(__launch_common_effect(
                    list(row_['effect'] ORDER BY key_), list(row_['variance'] ORDER BY key_)
                )) AS common_
            FROM (
                SELECT key_, unnest(__launch_trend_effects(
                    periods_, values_, end_, means_, horizon := horizon_, season := season_,
                    calendar := CASE WHEN season IS NULL THEN frequency_ END, known := known_, period_start := start_
                )) AS row_
                FROM beside_ JOIN series_ USING (key_)
                CROSS JOIN calendar_ CROSS JOIN options_
                WHERE method_ IN ('auto', 'structural')
            )
            GROUP BY name, lag, period
        )
        GROUP BY name
    )
),
forecast_ AS (
    SELECT series_.key_, unknown_, note_, unnest(__launch_trend(
        periods_, values_, end_, means_, horizon := horizon_, season := season_, method := method_, level := level,
        calendar := CASE WHEN season IS NULL THEN frequency_ END,
        known := [struct_update(k_, expected := expected_[k_['name']]) FOR k_ IN known_]
    )) AS row_
    FROM series_ LEFT JOIN beside_ ON beside_.key_ = series_.key_ CROSS JOIN calendar_ CROSS JOIN options_
    CROSS JOIN expected_
    WHERE method_ <> 'lstm' OR method_ IS NULL
    UNION ALL
    SELECT series_.key_, unknown_, note_, row_
    FROM (
        SELECT unnest(__launch_trend_network(
            key_::VARCHAR, periods_, values_, end_, means_, horizon := horizon_, season := season_, level := level,
            seed := seed
        )) AS row_
        FROM series_, calendar_, options_
        WHERE method_ = 'lstm'
    )
    JOIN series_ ON series_.key_::VARCHAR = row_['series']
    LEFT JOIN beside_ ON beside_.key_ = series_.key_
    UNION ALL
    SELECT key_, 0, NULL, {
        'status': 'refused',
        'reason': CASE WHEN key_ IS NULL THEN series || ' is NULL in ' || rows_ || ' rows'
            ELSE 'none of its ' || rows_ || ' rows has a date between 1970 and 2200 and a number below 1e15'
                || coalesce(', such as the date ''' || undated_like_ || '''', ', such as the number ''' || unread_like_ || '''', '') END
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
        THEN format('; {} periods without a known value count as the one before', unknown_) ELSE '' END
        || CASE WHEN undated_ > 0 AND row_['status'] = 'ok' THEN format(
            '; {} of {} rows have no date from 1970 to 2200, such as ''{}'', and are left out', undated_, rows_, undated_like_
        ) ELSE '' END
        || CASE WHEN unread_ > 0 AND row_['status'] = 'ok' THEN format(
            '; {} of {} rows have a value that is no number or may be read in two ways, such as ''{}'', and is not known', unread_, rows_,
            unread_like_
        ) ELSE '' END
        || coalesce(CASE WHEN row_['status'] = 'ok' THEN '; ' || __launch_zone_note(day_type_) END, '')
        || coalesce(CASE WHEN row_['status'] = 'ok' THEN note_ END, '')
        || coalesce(CASE WHEN row_['status'] = 'ok' THEN gap_note_ END, '') AS reason
FROM forecast_ CROSS JOIN options_ CROSS JOIN calendar_
LEFT JOIN (SELECT key_ AS all_key_, rows_, day_type_, undated_, undated_like_, unread_, unread_like_ FROM all_) ON all_key_ IS NOT DISTINCT FROM key_
