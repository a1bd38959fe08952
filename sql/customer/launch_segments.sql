-- Who the users are, and who still is a customer: for each user when, how often and for how much purchases were made, a segment,
-- the purchases to be expected in the days ahead with an interval, and the probability that the user has not left for good.
--
-- @param events: VARCHAR                     what users did: user and date, and, if there are, units, price and event
-- @param as_of: ANY = NULL                   the day that is asked as of; NULL for the day after the last event. Events on this day or
--                                            later are not looked at
-- @param days: BIGINT = 90                   days to look ahead, that day the first of them; 1 to 1095
-- @param level: DOUBLE = 0.8                 probability of the interval
-- @param new_days: BIGINT = 30               a user whose only purchase is at most so many days ago is new
-- @param user_id: VARCHAR = 'user_id'        the column of users
-- @param date: VARCHAR = 'date'              the column of dates
-- @param units: VARCHAR = 'units'            the column of units, if there is one; else an event is one unit
-- @param price: VARCHAR = 'price'            the column of prices of a unit, if there is one
-- @param event: VARCHAR = 'event'            the column of what happened, if there is one; else all events are purchases
-- @param purchase: VARCHAR = 'purchase'      the value of event that stands for a purchase
-- @returns user_id: same as input            the user
-- @returns recency: BIGINT                   days since the last purchase
-- @returns frequency: BIGINT                 days with a purchase: those of one day are one
-- @returns monetary: DOUBLE                  mean spend of such a day, units times price; NULL where no price is known
-- @returns segment: VARCHAR                  new or one-time, of one purchase; champion, loyal, active, at risk or lost of more
-- @returns expected_purchases: DOUBLE        days with a purchase to be expected in the days ahead, as if no season were among
--                                            them: before a peak it is too low
-- @returns purchase_probability: DOUBLE       probability of at least one of them
-- @returns alive_probability: DOUBLE         probability that the user has not left for good
-- @returns lower: BIGINT                     lower end of the interval of the number of days with a purchase
-- @returns upper: BIGINT                     upper end
-- @returns status: VARCHAR                   ok, or refused where no model can be learned: recency, frequency, monetary and segment
--                                            are there all the same
-- @returns reason: VARCHAR                   what it was learned from, or why not; rows left out
-- @example FROM launch_segments('purchases', as_of := '2024-09-01')
WITH read_ AS MATERIALIZED (
    SELECT
        user_, day_, event_, bought_, uncounted_, priceless_, why_,
        -- What may be summed exactly; more is no spend.
        CASE WHEN units_ * price_ < 1e15 THEN units_ * price_ END AS amount_
    -- No product is asked for: the user stands for it.
    FROM __launch_events(events, user_id, user_id, date, units, price, event, 'channel', purchase)
),
-- Of a wrong name there would be no purchase at all; of one wrong year all users would be lost.
seen_ AS MATERIALIZED (
    SELECT
        coalesce(__launch_as_of(as_of), max(last_) + 1) AS today_,
        CASE
            WHEN count(*) > 0 AND NOT bool_or(some_) THEN
                'no ' || event || ' of ' || events || ' is ''' || coalesce(purchase, 'NULL')
                || ''': name the value that stands for a purchase, purchase := '''
                || min(event_) || ''' (there are: ' || array_to_string(list_sort(list(event_))[:8], ', ') || ')'
            WHEN any_value(late_) IS NOT NULL AND __launch_as_of(as_of) IS NULL THEN
                'a few dates of ' || events || ' are more than a year after all others, such as ' || max(last_)
                || ' where nearly all are before ' || (any_value(late_) + 1) || ': correct them or leave them out, or give as_of'
            WHEN any_value(early_) IS NOT NULL THEN
                'a few dates of ' || events || ' are more than a year before all others, such as ' || min(first_)
                || ' where nearly all are after ' || (any_value(early_) - 1) || ': correct them or leave them out'
            WHEN __launch_as_of(as_of) <= min(first_) THEN
                'as_of must be after the first purchase, which was on ' || min(first_) || ', got ' || __launch_as_of(as_of)
        END AS why_
    FROM (
        SELECT event_, bool_or(bought_) AS some_, min(day_) FILTER (bought_) AS first_, max(day_) AS last_ FROM read_
        WHERE why_ IS NULL GROUP BY event_
    ), (
        -- The last day before a gap of more than a year, behind which there are but a few rows, and the first one behind such.
        SELECT
            min(earlier_) FILTER (day_ - earlier_ > 366 AND before_ >= 0.998) AS late_,
            max(day_) FILTER (day_ - earlier_ > 366 AND before_ <= 0.002) AS early_
        FROM (
            SELECT
                day_, lag(day_) OVER (ORDER BY day_) AS earlier_,
                (sum(count(*)) OVER (ORDER BY day_) - count(*)) / sum(count(*)) OVER () AS before_
            FROM read_ WHERE why_ IS NULL GROUP BY day_
        )
    )
),
checked_ AS MATERIALIZED (
    SELECT CASE WHEN why_ IS NULL THEN today_ ELSE error(why_) END AS today_ FROM seen_
),
users_ AS MATERIALIZED (
    SELECT
        row_number() OVER () AS number_, user_, list(day_) AS days_, max(day_) AS last_, count(*) AS frequency_,
        __launch_sum(spend_) AS spend_, count(spend_) AS priced_
    FROM (
        SELECT user_, day_, __launch_sum(amount_) AS spend_
        FROM read_, checked_
        WHERE why_ IS NULL AND bought_ AND day_ < today_
        GROUP BY user_, day_
    )
    GROUP BY user_
),
found_ AS MATERIALIZED (
    SELECT unnest(__launch_segments(
        number_, days_, spend_ / priced_ * frequency_, as_of := today_, days := days, level := level, new_days := new_days
    )) AS row_
    FROM users_, checked_
),
left_out_ AS (
    SELECT nullif(concat_ws('; ',
        CASE WHEN count(*) FILTER (why_ = 'no user') > 0 THEN
            format('{} of {} rows of events have no user', count(*) FILTER (why_ = 'no user'), count(*)) END,
        CASE WHEN count(*) FILTER (why_ LIKE 'no date%') > 0 THEN
            format('{} of {} rows of events have no date from 1970 to 2200', count(*) FILTER (why_ LIKE 'no date%'), count(*)) END,
        CASE WHEN count(*) FILTER (why_ LIKE 'units that%') > 0 THEN
            format('{} of {} rows of events have units that are no number', count(*) FILTER (why_ LIKE 'units that%'), count(*)) END,
        CASE WHEN count(*) FILTER (why_ LIKE 'units of%') > 0 THEN
            format('{} of {} rows of events have units of 0 or below', count(*) FILTER (why_ LIKE 'units of%'), count(*)) END,
        CASE WHEN count(*) FILTER (why_ IS NULL AND day_ >= today_) > 0 THEN
            format('{} of {} rows of events are of {} or later', count(*) FILTER (why_ IS NULL AND day_ >= today_), count(*), any_value(today_)) END,
        CASE WHEN count(*) FILTER (why_ IS NULL AND NOT bought_ AND nullif(trim(event_), '') IS NULL) > 0 THEN
            format(
                '{} of {} rows of events do not say what happened and are no purchases',
                count(*) FILTER (why_ IS NULL AND NOT bought_ AND nullif(trim(event_), '') IS NULL), count(*)
            ) END,
        CASE WHEN count(*) FILTER (used_ AND uncounted_) > 0 THEN
            format('{} purchases have no units and count as one unit', count(*) FILTER (used_ AND uncounted_)) END,
        CASE WHEN count(*) FILTER (used_ AND priceless_) > 0 THEN
            format(
                '{} purchases have a price that is none, below 0, or 1e12 and more, and count as 0 in the spend of their day',
                count(*) FILTER (used_ AND priceless_)
            ) END,
        CASE WHEN count(*) FILTER (used_ AND amount_ IS NULL AND NOT priceless_) > 0 AND count(amount_) > 0 THEN
            format(
                '{} purchases have no price and count as 0 in the spend of their day',
                count(*) FILTER (used_ AND amount_ IS NULL AND NOT priceless_)
            ) END
    ), '') AS text_
    FROM (SELECT *, why_ IS NULL AND bought_ AND day_ < today_ AS used_ FROM read_, checked_)
),
note_ AS (
    SELECT row_['reason'] AS learned_, left_out_.text_ AS text_
    FROM left_out_ LEFT JOIN (FROM found_ WHERE row_['number'] IS NULL) ON true
)
SELECT
    user_ AS user_id, today_ - last_ AS recency, frequency_ AS frequency, spend_ / priced_ AS monetary, row_['segment'] AS segment,
    row_['expected'] AS expected_purchases,
    row_['any'] AS purchase_probability, row_['alive'] AS alive_probability, row_['lower'] AS lower, row_['upper'] AS upper,
    CASE WHEN row_['alive'] IS NULL THEN 'refused' ELSE 'ok' END AS status,
    nullif(concat_ws('; ', learned_, text_), '') AS reason
FROM note_, checked_
LEFT JOIN users_ ON true
LEFT JOIN found_ ON row_['number'] = number_
WHERE user_ IS NOT NULL OR text_ IS NOT NULL
