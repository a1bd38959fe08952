-- What launch_seasonality shows, with numbers in place of labels: the index of each season and event by key, and (key
-- NULL) of all products together. No rows without sales.
--
-- @param sales: VARCHAR       the sales table, or NULL for no rows
-- @param products: VARCHAR    the products table, or NULL
-- @param grouping: VARCHAR    the column of products that names the group; 'category' need not exist; NULL for none
-- @param frequency: VARCHAR   day, week or month
-- @param events: VARCHAR      a table with the columns date and name, or NULL
-- @param level: DOUBLE        probability of the intervals
-- @param product_id: VARCHAR  the column of products in both tables
-- @param date: VARCHAR        the column of dates in sales
-- @param units: VARCHAR       the column of units in sales
-- @returns key_: VARCHAR      the group, NULL for all products together
-- @returns season_: BIGINT    month 1 to 12, ISO week 1 to 53, or weekday 1 to 7; NULL for an event and when refused
-- @returns event_: VARCHAR    the event
-- @returns index_: DOUBLE     1 for a period like the others; NULL when refused
-- @returns lower_: DOUBLE     lower end of its interval
-- @returns upper_: DOUBLE     upper end
-- @returns peak_: BOOLEAN     whether the interval lies above 1 and no neighbouring season has a higher index
-- @returns seasons_: BIGINT   whole years, or weeks for weekdays, that were seen
-- @returns reason_: VARCHAR   what it rests on, or why there is none
-- @example FROM __launch_season('sales', 'products', 'category', 'month', NULL, 0.8, 'product_id', 'date', 'units')
WITH options_ AS MATERIALIZED (
    SELECT
        __launch_frequency(frequency) AS frequency_,
        __launch_level(level) AS level_
),
grouped_ AS MATERIALIZED (
    SELECT key_, min(group_::VARCHAR) AS group_ FROM __launch_grouped(products, product_id, grouping) GROUP BY key_
),
dates_ AS MATERIALIZED (SELECT DISTINCT day_ FROM __launch_sales(sales, product_id, date, units, 'price')),
-- Sales by week say nothing of a month in the weeks from Monday to Sunday that belong to two.
divided_ AS MATERIALIZED (
    SELECT day_ AS divided_
    FROM dates_, (
        SELECT
            min(frequency_) = 'month' AND bool_and(gap_ % 7 = 0)
                AND count(*) > count(DISTINCT __launch_period(day_, 'month')) AS weekly_
        FROM (SELECT day_, day_ - lag(day_) OVER (ORDER BY day_) AS gap_ FROM dates_), options_
    )
    WHERE weekly_ AND month(day_ - (isodow(day_) - 1)::INTEGER) <> month(day_ + (7 - isodow(day_))::INTEGER)
),
days_ AS MATERIALIZED (
    SELECT day_, __launch_period(day_, frequency_) AS number_, day_ - lag(day_) OVER (ORDER BY day_) AS gap_
    FROM dates_ ANTI JOIN divided_ ON divided_ = day_ CROSS JOIN options_
),
-- Whole periods only. The first one is whole if no further day of sale fits before the first.
span_ AS MATERIALIZED (
    SELECT *, stamped_ OR daily_ OR weekly_ AS counted_
    FROM (
        SELECT
            min(number_) + CASE
                WHEN count(*) > count(DISTINCT number_)
                    AND min(day_) - quantile_disc(gap_, 0.5)::INTEGER >= __launch_period_start(min(number_), min(frequency_))
                THEN 1 ELSE 0 END AS first_,
            CASE WHEN count(*) = count(DISTINCT number_) THEN max(number_) + 1
            ELSE __launch_period(max(day_) + 1, min(frequency_)) END AS end_,
            count(*) = count(DISTINCT number_) AS stamped_,
            coalesce(quantile_disc(gap_, 0.5) = 1, false) AS daily_,
            coalesce(bool_and(gap_ % 7 = 0), false) AS weekly_
        FROM days_, options_
    )
),
-- Dates on weekdays that are sold on, and how many of them have a sale.
weekdays_ AS (SELECT isodow(day_) AS weekday_, count(*) AS sold_ FROM days_ GROUP BY ALL),
opened_ AS MATERIALIZED (
    SELECT __launch_period(every_.day_, frequency_) AS number_, count(*) AS opened_, count(days_.day_) AS sold_
    FROM (
        SELECT unnest(range(min(day_)::TIMESTAMP, max(day_)::TIMESTAMP + INTERVAL 1 DAY, INTERVAL 1 DAY))::DATE AS day_
        FROM days_
    ) AS every_
    LEFT JOIN days_ ON days_.day_ = every_.day_
    JOIN weekdays_ ON weekday_ = isodow(every_.day_) AND 2 * weekdays_.sold_ >= (SELECT max(sold_) FROM weekdays_)
    CROSS JOIN options_
    WHERE NOT (SELECT count(*) > 0 FROM divided_)
        OR month(every_.day_ - (isodow(every_.day_) - 1)::INTEGER) = month(every_.day_ + (7 - isodow(every_.day_))::INTEGER)
    GROUP BY ALL
),
-- Days of sale. Months have more or fewer: dates with sales where sales are by day or by week, else days of the month.
-- Where chance leaves dates without a sale, those on which there may be one: they must not be fewer in a bad month.
calendar_ AS (
    SELECT list({
        'number': every_.number_,
        'season': CASE frequency_
            WHEN 'month' THEN every_.number_ % 12 + 1
            WHEN 'week' THEN week(__launch_period_start(every_.number_, frequency_))
            ELSE isodow(__launch_period_start(every_.number_, frequency_)) END::BIGINT,
        'days': CASE
            WHEN dates_ IS NULL THEN 0
            WHEN frequency_ <> 'month' THEN 1
            WHEN (daily_ OR weekly_) AND NOT stamped_ AND dense_ THEN dates_
            WHEN (daily_ OR weekly_) AND NOT stamped_ THEN coalesce(opened_, dates_)
            ELSE day(last_day(__launch_period_start(every_.number_, frequency_))) END::DOUBLE
    } ORDER BY every_.number_) AS calendar_
    FROM (SELECT unnest(range(first_, end_)) AS number_ FROM span_) AS every_
    LEFT JOIN (SELECT number_, count(*) AS dates_ FROM days_ GROUP BY number_) AS dates_
        ON dates_.number_ = every_.number_
    LEFT JOIN opened_ ON opened_.number_ = every_.number_
    CROSS JOIN (SELECT sum(sold_) >= 0.95 * sum(opened_) AS dense_ FROM opened_) AS density_
    CROSS JOIN span_
    CROSS JOIN options_
),
sold_ AS (
    SELECT
        rows_.key_, __launch_period(day_, frequency_) AS number_,
        __launch_whole(__launch_sum(units_), sum(off_::DECIMAL(38, 9))::DOUBLE, count(*)) AS units_
    FROM __launch_sales(sales, product_id, date, units, 'price', 'available') AS rows_ ANTI JOIN divided_ ON divided_ = day_
    CROSS JOIN options_
    GROUP BY ALL
),
-- One date far from the others makes most periods empty.
gaps_ AS (
    SELECT CASE WHEN max(gap_) > 366 THEN format(
        'no product has a row in the {} days before {}: is that date right?', max(gap_), arg_max(day_, gap_)
    ) END AS gap_why_
    FROM days_
),
products_ AS (
    SELECT list({'key': group_, 'numbers': numbers_, 'units': series_} ORDER BY sold_.key_) AS products_
    FROM (
        SELECT key_, list(number_ ORDER BY number_) AS numbers_, list(units_ ORDER BY number_) AS series_
        FROM sold_, span_
        WHERE (units_ > 0 OR units_ IS NULL) AND number_ >= first_ AND number_ < end_
        GROUP BY key_
    ) AS sold_
    LEFT JOIN grouped_ ON grouped_.key_::VARCHAR = sold_.key_::VARCHAR
),
events_ AS MATERIALIZED (
    SELECT
        list(DISTINCT {'number': __launch_period(day_, frequency_), 'name': name_}) FILTER (day_ IS NOT NULL AND name_ IS NOT NULL) AS events_,
        __launch_unread_rows(
            count(*) FILTER (day_ IS NULL OR name_ IS NULL), count(*), 'events ' || events, 'name, or no date from 1970 to 2200',
            min(raw_day_) FILTER (day_ IS NULL)
        ) AS events_why_
    FROM (
        SELECT
            __launch_valid_day(COLUMNS(lambda c: __launch_column(c, 'date', coalesce(events, 'events')))) AS day_,
            COLUMNS(lambda c: __launch_column(c, 'name', coalesce(events, 'events')))::VARCHAR AS name_,
            COLUMNS(lambda c: __launch_part(c, 'date', 1, coalesce(events, 'events')))::VARCHAR AS raw_day_
        FROM query(__launch_read(events, ['date', 'name'], [], ['date'], []))
    ), options_
)
SELECT
    found_.key AS key_, found_.period AS season_, found_.event AS event_, found_.season_index AS index_,
    found_.index_lower AS lower_, found_.index_upper AS upper_, found_.is_peak AS peak_, found_.seasons AS seasons_,
    concat_ws('; ', found_.reason, (SELECT gap_why_ FROM gaps_), (SELECT events_why_ || ', and are left out' FROM events_)) AS reason_
FROM (
    SELECT unnest(__launch_seasonality(
        products_, (SELECT list(DISTINCT group_) FILTER (group_ IS NOT NULL) FROM grouped_), calendar_, events_, frequency_, level_
    )) AS found_
    FROM products_, calendar_, events_, options_, __launch_two_types(sales, products, product_id)
    WHERE sales IS NOT NULL AND CASE WHEN why_ IS NULL THEN true ELSE error(why_) END
)
