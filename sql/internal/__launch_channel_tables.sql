-- What was spent on channels and what came of it, by period, as the functions of channels in Rust take it. Mistakes that would bend
-- every number end the query; what is left out is told.
--
-- @param campaigns: VARCHAR   the campaigns table
-- @param outcomes: VARCHAR    total outcomes by date, or NULL for those of campaigns
-- @param covariates: VARCHAR  what else is known by date, or NULL
-- @param events: VARCHAR      dates and names of events, or NULL
-- @param frequency: VARCHAR   length of a period
-- @param channel: VARCHAR     the column of channels
-- @param date: VARCHAR        the column of dates in campaigns
-- @param outcome_date: VARCHAR  the column of dates in outcomes
-- @param spend: VARCHAR       the column of money
-- @param outcome: VARCHAR     the column of outcomes in campaigns, where it need not exist, and in outcomes
-- @param price: VARCHAR       the column of prices in outcomes, which need not exist
-- @returns campaigns_: STRUCT[]  channel, number of the period, spend, outcome; NULL without rows
-- @returns outcomes_: STRUCT[]   number of the period, outcome; NULL without the table
-- @returns known_: STRUCT[]      name, number of the period, value; NULL for none
-- @returns names_: VARCHAR[]     all channels
-- @returns note_: VARCHAR        what was left out, NULL for nothing
-- @example FROM __launch_channel_tables(
--          '(SELECT ''tv'' AS channel, date, price AS spend, units AS outcome FROM sales)', NULL, NULL, NULL, 'week',
--          'channel', 'date', 'date', 'spend', 'outcome', 'price')
WITH raw_ AS MATERIALIZED (
    SELECT *, __launch_valid_day(raw_day_) AS day_, __launch_valid_units(raw_spend_) AS spend_,
        __launch_valid_units(raw_outcome_) AS outcome_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, channel, campaigns))::VARCHAR AS name_,
            COLUMNS(lambda c: __launch_column(c, date, campaigns)) AS raw_day_,
            COLUMNS(lambda c: __launch_column(c, spend, campaigns)) AS raw_spend_,
            COLUMNS(lambda c: __launch_column(c, CASE WHEN outcomes IS NULL THEN outcome ELSE 'outcome' END, campaigns)) AS raw_outcome_
        FROM query(__launch_read(campaigns, [channel, date, spend], ['outcome'], [date], [spend, CASE WHEN outcomes IS NULL THEN outcome ELSE 'outcome' END]))
    )
),
rows_ AS MATERIALIZED (
    SELECT name_, __launch_period(day_, frequency) AS number_, day_, spend_, outcome_
    FROM raw_ WHERE name_ IS NOT NULL AND day_ IS NOT NULL
),
raw_totals_ AS MATERIALIZED (
    SELECT *, __launch_valid_day(raw_day_) AS day_, __launch_valid_units(raw_outcome_) AS outcome_,
        __launch_valid_price(raw_price_) AS price_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, outcome_date, coalesce(outcomes, 'outcomes'))) AS raw_day_,
            COLUMNS(lambda c: __launch_column(c, outcome, coalesce(outcomes, 'outcomes'))) AS raw_outcome_,
            COLUMNS(lambda c: __launch_column(c, price, coalesce(outcomes, 'outcomes'))) AS raw_price_
        FROM query(__launch_read(outcomes, [outcome_date, outcome, price], ['price'], [outcome_date], [outcome, price]))
    )
),
summed_ AS (
    SELECT
        __launch_period(day_, frequency) AS number_, __launch_sum(outcome_) AS outcome_, __launch_average(price_) AS price_,
        count(DISTINCT day_) AS dates_, min(day_) AS day_
    FROM raw_totals_
    WHERE day_ IS NOT NULL AND outcome_ IS NOT NULL
    GROUP BY ALL
),
-- The first and the last period may be cut by the dates of the table.
totals_ AS MATERIALIZED (
    SELECT
        *, number_ BETWEEN (SELECT min(number_) FROM rows_) AND (SELECT max(number_) FROM rows_) AS spent_,
        number_ IN (min(number_) OVER (), max(number_) OVER ()) AND dates_ < 0.75 * median(dates_) OVER () AS cut_
    FROM summed_
),
-- The periods that are fitted, and what else is known of them: where an event is not, it is 0.
fitted_ AS MATERIALIZED (
    SELECT number_ FROM totals_ WHERE spent_ AND NOT cut_
    UNION SELECT number_ FROM rows_ WHERE outcomes IS NULL
),
beside_ AS MATERIALIZED (
    SELECT 'ln price' AS fact_, false AS event_, number_, ln(price_) AS value_ FROM totals_ WHERE price_ > 0
    UNION ALL
    SELECT name_, event_, unnest(periods_), unnest(values_) FROM query(
        CASE WHEN coalesce(covariates, events) IS NULL
        THEN 'SELECT NULL::VARCHAR AS name_, NULL::BOOLEAN AS event_, NULL::BIGINT[] AS periods_, NULL::DOUBLE[] AS values_ WHERE false'
        ELSE 'FROM __launch_known(' || concat_ws(
            ', ', __launch_quoted(covariates), __launch_quoted(events), '''__launch_all''', __launch_quoted(frequency)
        ) || ')' END
    )
),
known_ AS MATERIALIZED (
    SELECT fact_, number_, coalesce(value_, CASE WHEN event_ THEN 0 END) AS value_
    FROM (SELECT DISTINCT fact_, event_ FROM beside_)
    CROSS JOIN fitted_
    LEFT JOIN (SELECT fact_ AS of_, number_ AS at_, value_ FROM beside_) ON of_ = fact_ AND at_ = number_
),
gaps_ AS (
    SELECT string_agg(format(
        '{} is not known in {} of {} {}s and counts there as its mean', fact_, missing_, periods_, __launch_frequency(frequency)
    ), '; ' ORDER BY fact_) AS gaps_
    FROM (SELECT fact_, count(*) FILTER (value_ IS NULL) AS missing_, count(*) AS periods_ FROM known_ GROUP BY fact_)
    WHERE missing_ > 0
),
facts_ AS (
    SELECT
        count(*) FILTER (name_ IS NULL OR day_ IS NULL) AS nameless_,
        count(*) AS count_,
        count(*) FILTER (raw_spend_ IS NULL) AS unspent_,
        count(*) FILTER (raw_spend_ IS NOT NULL AND spend_ IS NULL) AS unread_,
        min(CASE WHEN raw_spend_ IS NOT NULL AND spend_ IS NULL THEN raw_spend_::VARCHAR END) AS unread_like_,
        count(*) FILTER (spend_ < 0) AS negative_,
        min(CASE WHEN spend_ < 0 THEN concat(raw_spend_, ' of ', name_, ' on ', day_) END) AS negative_like_,
        count(*) FILTER (raw_outcome_ IS NOT NULL AND outcome_ IS NULL) AS bad_outcomes_,
        min(CASE WHEN raw_outcome_ IS NOT NULL AND outcome_ IS NULL THEN raw_outcome_::VARCHAR END) AS outcome_like_,
        count(outcome_) AS attributed_,
        count(*) FILTER (spend_ IS NOT NULL AND TRY_CAST(raw_spend_ AS DOUBLE) IS NULL) AS texts_,
        min(CASE WHEN spend_ IS NOT NULL AND TRY_CAST(raw_spend_ AS DOUBLE) IS NULL THEN raw_spend_::VARCHAR END) AS text_like_,
        min(day_) AS from_, max(day_) AS to_,
        (SELECT max(dates_) FROM (SELECT count(DISTINCT day_) AS dates_ FROM rows_ GROUP BY name_, number_)) AS spend_dates_
    FROM raw_
),
told_ AS (
    SELECT
        count(*) AS periods_,
        count(*) FILTER (spent_ AND NOT cut_) AS used_, count(*) FILTER (NOT spent_) AS beside_, count(*) FILTER (spent_ AND cut_) AS cut_,
        max(number_) FILTER (spent_) - min(number_) FILTER (spent_) + 1 AS span_,
        max(dates_) AS dates_, min(day_) AS from_day_, max(day_) AS to_day_,
        min(dayofweek(day_)) AS weekday_, max(dayofweek(day_)) AS other_weekday_, min(dayname(day_)) AS weekday_name_
    FROM totals_
),
read_ AS (
    SELECT
        count(*) FILTER (day_ IS NULL OR outcome_ IS NULL) AS lost_, count(*) AS outcome_rows_,
        min(CASE WHEN raw_outcome_ IS NOT NULL AND outcome_ IS NULL THEN raw_outcome_::VARCHAR END) AS lost_like_,
        count(*) FILTER (raw_outcome_ IS NOT NULL AND outcome_ IS NULL) AS unread_outcomes_
    FROM raw_totals_
),
wrong_ AS MATERIALIZED (
    SELECT *, CASE
        WHEN count_ = 0 THEN NULL
        WHEN unread_ > 0 THEN format(
            'spend of {} of {} rows of campaigns is no number or may be read in two ways, such as ''{}'': write it as 1234.50',
            unread_, count_, unread_like_
        )
        WHEN negative_ > 0 THEN format(
            'spend of {} of {} rows of campaigns is negative, such as {}: take refunds off the period that they belong to',
            negative_, count_, negative_like_
        )
        WHEN bad_outcomes_ > 0 AND outcomes IS NULL THEN format(
            'outcome of {} of {} rows of campaigns is no number or may be read in two ways, such as ''{}'': write it as 1234.50',
            bad_outcomes_, count_, outcome_like_
        )
        WHEN nameless_ = count_ THEN 'no row of campaigns has a channel and a date from 1970 to 2200'
        WHEN outcomes IS NULL THEN NULL
        WHEN unread_outcomes_ > 0 THEN format(
            'outcome of {} of {} rows of outcomes is no number or may be read in two ways, such as ''{}'': write it as 1234.50',
            unread_outcomes_, outcome_rows_, lost_like_
        )
        WHEN periods_ = 0 THEN 'outcomes have no row with a date from 1970 to 2200 and an outcome'
        WHEN used_ = 0 THEN format(
            'outcomes are from {} to {}, campaigns from {} to {}: they share no whole {}', from_day_, to_day_, from_, to_,
            __launch_frequency(frequency)
        )
        WHEN span_ >= 8 AND used_ + cut_ < 0.5 * span_ THEN format(
            'outcomes have dates in {} of {} {}s from the first to the last: take a longer frequency, or give all dates',
            used_ + cut_, span_, __launch_frequency(frequency)
        )
    END AS why_
    FROM facts_, told_, read_
)
SELECT
    (
        SELECT list({'channel': name_, 'number': number_, 'spend': money_, 'outcome': earned_})
        FROM (
            SELECT name_, number_, coalesce(__launch_sum(spend_), 0) AS money_,
                CASE WHEN outcomes IS NULL THEN __launch_sum(outcome_) END AS earned_
            FROM rows_ GROUP BY ALL
        )
    ) AS campaigns_,
    CASE WHEN outcomes IS NOT NULL THEN (
        SELECT list({'number': number_, 'outcome': outcome_}) FROM totals_ WHERE spent_ AND NOT cut_
    ) END AS outcomes_,
    (SELECT list({'name': fact_, 'number': number_, 'value': value_}) FROM known_ WHERE value_ IS NOT NULL) AS known_,
    (SELECT list_sort(list(DISTINCT name_)) FROM rows_) AS names_,
    nullif(concat_ws('; ',
        CASE WHEN nameless_ > 0 THEN format('{} of {} rows of campaigns have no channel or no date and are left out', nameless_, count_) END,
        CASE WHEN unspent_ > 0 THEN format('{} rows of campaigns have no spend and count as 0', unspent_) END,
        CASE WHEN texts_ > 0 THEN format(
            '{} spends were read from texts such as ''{}'', as {}', texts_, text_like_, __launch_amount(text_like_)
        ) END,
        CASE WHEN outcomes IS NOT NULL AND attributed_ > 0 THEN 'outcomes in campaigns are not used beside the table of outcomes' END,
        CASE WHEN outcomes IS NOT NULL AND lost_ > 0 THEN format(
            '{} of {} rows of outcomes have no date or no outcome and are left out', lost_, outcome_rows_
        ) END,
        CASE WHEN beside_ > 0 THEN format(
            '{} {}s of outcomes lie before the first or after the last spend and are left out', beside_, __launch_frequency(frequency)
        ) END,
        CASE WHEN cut_ > 0 THEN format(
            '{} {}s at the ends of outcomes have fewer dates than others and are left out', cut_, __launch_frequency(frequency)
        ) END,
        (SELECT gaps_ FROM gaps_),
        CASE WHEN __launch_frequency(frequency) = 'week' AND dates_ = 1 AND periods_ > 1 AND spend_dates_ > 1
            AND weekday_ = other_weekday_ AND weekday_ <> 1
        THEN format(
            'outcomes are of {}s: each counts for the week from Monday to Sunday that it is in', weekday_name_
        ) END
    ), '') AS note_
FROM wrong_
WHERE CASE WHEN why_ IS NULL THEN count_ > 0 ELSE error(why_) END
