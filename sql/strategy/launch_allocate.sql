-- What to try next, and how often: shares of the next trials for channels, prices or pages from their results so far, each as large
-- as the probability that the arm is the best one (Thompson sampling, integrated: no draw, no seed). Arms that may be the best are
-- tried on, others fade out. Rows of an arm are added up. Trials whose outcome cannot be known yet say nothing, neither as
-- trials nor as successes.
--
-- @param results: VARCHAR                    arm, trials, and successes, or sum and sum_squares of the outcomes; where there are such
--                                            columns: pending, value, date
-- @param delay: BIGINT = 0                   days from a trial to its outcome: rows of a date that is not so long past are left out
-- @param as_of: ANY = NULL                   the day that is asked as of; NULL for the day after the last date of results
-- @param minimum: DOUBLE = 0                 least share of an arm, so that none fades out
-- @param prior: DOUBLE = 1                   what the common rate counts for in each arm, in results of the rarer kind
-- @param level: DOUBLE = 0.8                 probability of the intervals
-- @param arm: VARCHAR = 'arm'                the column of arms
-- @param trials: VARCHAR = 'trials'          the column of trials: visitors, clicks, mails, days
-- @param successes: VARCHAR = 'successes'    the column of successes, if there is one
-- @param sum: VARCHAR = 'sum'                the column of the sum of outcomes such as revenue, if there is one
-- @param sum_squares: VARCHAR = 'sum_squares'  the column of the sum of their squares
-- @param pending: VARCHAR = 'pending'        the column of trials whose outcome cannot be known yet, if there is one
-- @param value: VARCHAR = 'value'            the column of what a success, or one unit of sum, is worth, such as a price; if there is one
-- @param date: VARCHAR = 'date'              the column of dates of trials, for delay and as_of
-- @returns arm: same as input         the arm
-- @returns share: DOUBLE              share of the next trials; those of all arms add up to 1
-- @returns probability_best: DOUBLE   probability that its expected value is the largest
-- @returns expected_value: DOUBLE     expected value of a trial
-- @returns lower: DOUBLE              lower end of its interval
-- @returns upper: DOUBLE              upper end
-- @returns expected_regret: DOUBLE    what a trial of this arm is expected to lose against the best one, whichever that is
-- @returns status: VARCHAR            ok or refused
-- @returns reason: VARCHAR            what it rests on, and what is pending; or why the arm has no share
-- @example FROM launch_allocate('pages')
-- @example FROM launch_allocate('(SELECT page AS arm, visitors AS trials, orders AS successes, 40 AS value FROM (VALUES (''A'', 900, 21)) t(page, visitors, orders))')
WITH raw_ AS MATERIALIZED (
    SELECT
        COLUMNS(lambda c: __launch_column(c, arm, results)) AS arm_,
        COLUMNS(lambda c: __launch_column(c, trials, results)) AS trials_,
        COLUMNS(lambda c: __launch_column(c, coalesce(successes, '__launch_none'), results)) AS successes_,
        COLUMNS(lambda c: __launch_column(c, coalesce("sum", '__launch_none'), results)) AS sum_,
        COLUMNS(lambda c: __launch_column(c, coalesce(sum_squares, '__launch_none'), results)) AS squares_,
        COLUMNS(lambda c: __launch_column(c, coalesce(pending, '__launch_none'), results)) AS pending_,
        COLUMNS(lambda c: __launch_column(c, coalesce("value", '__launch_none'), results)) AS value_,
        COLUMNS(lambda c: __launch_column(c, coalesce(date, '__launch_none'), results)) AS date_
    FROM query(__launch_read(
        __launch_named(results, 'results'), [arm, trials], ['none', 'successes', 'sum', 'sum_squares', 'pending', 'value', 'date'],
        [coalesce(date, '__launch_none')], []
    ))
),
-- What the columns are that exist; the type of a stand-in is "NULL".
kind_ AS MATERIALIZED (
    SELECT
        CASE
            WHEN typed_['successes'] AND typed_['sum'] THEN error(
                'results have both successes and sums: leave one of them out, successes := NULL or sum := NULL')
            WHEN NOT typed_['successes'] AND NOT typed_['sum'] THEN error(
                'results have neither successes nor sums: name the column, successes := ''orders'', or sum := ''revenue''')
            WHEN typed_['sum'] AND NOT typed_['squares'] THEN error(
                'results have sums without sum_squares, which tell how much outcomes vary: add sum(x * x) AS sum_squares')
            ELSE typed_['sum']
        END AS summed_,
        typed_['value'] AS valued_,
        CASE
            WHEN delay IS NULL OR delay < 0 OR delay > 3650 THEN error(
                'delay must be between 0 and 3650 days, got ' || coalesce(delay::VARCHAR, 'NULL'))
            WHEN (delay > 0 OR as_of IS NOT NULL) AND NOT typed_['date'] THEN error(
                'delay and as_of need the dates of trials: name the column, date := ''day'', or give pending instead')
            ELSE delay > 0 OR as_of IS NOT NULL
        END AS dated_
    FROM (
        SELECT {
            'successes': typeof(any_value(successes_)) <> '"NULL"', 'sum': typeof(any_value(sum_)) <> '"NULL"',
            'squares': typeof(any_value(squares_)) <> '"NULL"', 'value': typeof(any_value(value_)) <> '"NULL"',
            'date': typeof(any_value(date_)) <> '"NULL"'
        } AS typed_
        FROM raw_
    )
),
read_ AS MATERIALIZED (
    SELECT
        *,
        CASE WHEN dated_ THEN coalesce(__launch_as_of(as_of), max(day_) OVER () + 1) END AS today_,
        CASE WHEN summed_ THEN raw_sum_ ELSE raw_successes_ END AS outcome_text_,
        CASE WHEN summed_ THEN __launch_valid_units(raw_sum_) ELSE __launch_valid_units(raw_successes_) END AS outcome_,
        CASE WHEN summed_ THEN __launch_amount(raw_squares_) END AS square_
    FROM (
        SELECT
            arm_, __launch_valid_units(trials_) AS tried_, trials_::VARCHAR AS raw_trials_, __launch_valid_units(pending_) AS open_,
            pending_::VARCHAR AS raw_pending_, __launch_valid_units(value_) AS worth_, value_::VARCHAR AS raw_value_,
            successes_::VARCHAR AS raw_successes_, sum_::VARCHAR AS raw_sum_, squares_::VARCHAR AS raw_squares_,
            __launch_valid_day(date_) AS day_, date_::VARCHAR AS raw_date_
        FROM raw_
    ), kind_
),
rows_ AS (
    SELECT
        *,
        NOT dated_ OR day_ + delay::INTEGER < today_ AS old_,
        outcome_text_ IS NOT NULL AS told_,
        CASE
            WHEN raw_trials_ IS NULL THEN 'trials are NULL: 0 stands for none'
            WHEN tried_ IS NULL THEN 'trials are no number: ' || raw_trials_
            WHEN tried_ < 0 THEN 'trials must not be negative, got ' || raw_trials_
            WHEN raw_pending_ IS NOT NULL AND open_ IS NULL THEN 'pending is no number: ' || raw_pending_
            WHEN open_ < 0 THEN 'pending must not be negative, got ' || raw_pending_
            WHEN open_ > tried_ THEN format('{} pending trials of {}: they are a part of the trials', raw_pending_, raw_trials_)
            WHEN outcome_text_ IS NOT NULL AND outcome_ IS NULL
            THEN CASE WHEN summed_ THEN 'the sum is' ELSE 'successes are' END || ' no number: ' || outcome_text_
            WHEN summed_ AND outcome_ IS NOT NULL AND square_ IS NULL THEN 'sum_squares is no number: ' || coalesce(raw_squares_, 'NULL')
            WHEN dated_ AND day_ IS NULL THEN 'no date from 1970 to 2200: ' || coalesce(raw_date_, 'NULL')
            WHEN valued_ AND raw_value_ IS NULL THEN 'the value is NULL'
            WHEN valued_ AND worth_ IS NULL THEN 'the value is no number: ' || raw_value_
        END AS why_
    FROM read_
),
arms_ AS MATERIALIZED (
    SELECT
        arm_,
        coalesce(__launch_exact_sum(tried_ - coalesce(open_, 0)) FILTER (old_ AND told_), 0) AS known_,
        coalesce(__launch_exact_sum(CASE WHEN old_ AND told_ THEN open_ ELSE tried_ END), 0) AS waiting_,
        coalesce(__launch_exact_sum(outcome_) FILTER (old_), 0) AS outcomes_,
        CASE WHEN any_value(summed_) THEN coalesce(__launch_exact_sum(square_) FILTER (old_), 0) END AS squares_,
        CASE WHEN any_value(valued_) THEN min(worth_) ELSE 1 END AS worth_,
        CASE
            WHEN arm_ IS NULL THEN format('{} of {} rows of results have no arm', count(*), any_value(all_))
            WHEN count(why_) > 0 THEN min(why_)
            WHEN min(worth_) < max(worth_) THEN
                format('an arm has one value, got {} and {}: make an arm of each', min(worth_), max(worth_))
        END AS why_,
        any_value(today_) AS today_
    FROM rows_, (SELECT count(*) AS all_ FROM raw_)
    GROUP BY arm_
),
asked_ AS MATERIALIZED (
    SELECT *, row_number() OVER (ORDER BY arm_::VARCHAR, arm_) AS place_ FROM arms_ WHERE why_ IS NULL
),
found_ AS (
    SELECT unnest(__launch_allocate(list_, minimum := minimum, prior := prior, level := level)) AS row_
    FROM (
        SELECT list({'trials': known_, 'sum': outcomes_, 'squares': squares_, 'value': worth_} ORDER BY place_) AS list_ FROM asked_
    )
)
SELECT
    arm_ AS arm,
    row_['share'] AS share,
    row_['probability_best'] AS probability_best,
    row_['expected_value'] AS expected_value,
    row_['lower'] AS lower,
    row_['upper'] AS upper,
    row_['expected_regret'] AS expected_regret,
    row_['status'] AS status,
    concat(row_['reason'], CASE WHEN waiting_ > 0 THEN format(
        '; {:.0f} trials say nothing yet{}', waiting_, coalesce(' as of ' || today_, ''))
    END) AS reason
FROM found_ JOIN asked_ ON place_ = row_['place']
UNION ALL
SELECT arm_, NULL, NULL, NULL, NULL, NULL, NULL, 'refused', why_ FROM arms_ WHERE why_ IS NOT NULL
ORDER BY 3 DESC NULLS LAST, 1
