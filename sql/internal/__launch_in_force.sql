-- A forecast with what people changed, one row per product and period, and one for each override that changes nothing. See launch_override
-- for which of several overrides is in force.
--
-- @param forecast: VARCHAR    the forecast, as launch_forecast returns it, or NULL for no rows
-- @param overrides: VARCHAR   the overrides, or NULL
-- @param as_of: DATE          overrides made after this day are left out; NULL for none
-- @param product_id: VARCHAR  the column of products in both
-- @returns key_: same as input   the product
-- @returns id_: VARCHAR          its text
-- @returns day_: DATE            first day of the period; NULL in rows of overrides that change nothing
-- @returns end_: DATE            the day after its last one
-- @returns step_: BIGINT         periods since the launch
-- @returns yhat_: DOUBLE         the model's median
-- @returns lower_: DOUBLE        lower end of its interval
-- @returns upper_: DOUBLE        upper end
-- @returns mean_: DOUBLE         its expected units; the median where the forecast has none
-- @returns model_id_: VARCHAR    the model
-- @returns origin_: DATE         the day the forecast was made
-- @returns status_: VARCHAR      status of the forecast
-- @returns said_: VARCHAR        its reason, or why the override changes nothing
-- @returns times_: DOUBLE        what its numbers are multiplied with; NULL where nothing is changed
-- @returns plus_: DOUBLE         units to add, where a number of units replaces an expectation of 0
-- @returns fixed_: BOOLEAN       whether the change is a number of units
-- @returns author_: VARCHAR      who changed it
-- @returns because_: VARCHAR     why
-- @returns made_: DATE           when
-- @returns overruled_: BIGINT    other overrides of the period
-- @returns conflict_: VARCHAR    which overrides contradict each other
-- @example FROM __launch_in_force('(SELECT ''N1'' AS product_id, DATE ''2024-09-02'' AS date, 1 AS step, 10 AS yhat)', NULL, NULL, 'product_id')
WITH rows_ AS MATERIALIZED (
    SELECT
        key_, __launch_id_text(key_) AS id_, __launch_told_day(raw_day_, 'date of ' || coalesce(forecast, 'forecast')) AS day_,
        TRY_CAST(raw_step_ AS BIGINT) AS step_,
        __launch_told_number(raw_yhat_, 'yhat of ' || coalesce(forecast, 'forecast')) AS yhat_,
        __launch_told_number(raw_lower_, 'yhat_lower of ' || coalesce(forecast, 'forecast')) AS lower_,
        __launch_told_number(raw_upper_, 'yhat_upper of ' || coalesce(forecast, 'forecast')) AS upper_,
        coalesce(
            __launch_told_number(raw_mean_, 'mean of ' || coalesce(forecast, 'forecast')),
            __launch_told_number(raw_yhat_, 'yhat of ' || coalesce(forecast, 'forecast'))
        ) AS mean_,
        raw_model_::VARCHAR AS model_id_, __launch_told_day(raw_origin_, 'as_of of ' || coalesce(forecast, 'forecast')) AS origin_, raw_status_::VARCHAR AS status_,
        raw_reason_::VARCHAR AS said_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, coalesce(forecast, 'forecast'))) AS key_,
            COLUMNS(lambda c: __launch_column(c, 'date', coalesce(forecast, 'forecast'))) AS raw_day_,
            COLUMNS(lambda c: __launch_column(c, 'step', coalesce(forecast, 'forecast'))) AS raw_step_,
            COLUMNS(lambda c: __launch_column(c, 'yhat', coalesce(forecast, 'forecast'))) AS raw_yhat_,
            COLUMNS(lambda c: __launch_column(c, 'yhat_lower', coalesce(forecast, 'forecast'))) AS raw_lower_,
            COLUMNS(lambda c: __launch_column(c, 'yhat_upper', coalesce(forecast, 'forecast'))) AS raw_upper_,
            COLUMNS(lambda c: __launch_column(c, 'mean', coalesce(forecast, 'forecast'))) AS raw_mean_,
            COLUMNS(lambda c: __launch_column(c, 'model_id', coalesce(forecast, 'forecast'))) AS raw_model_,
            COLUMNS(lambda c: __launch_column(c, 'as_of', coalesce(forecast, 'forecast'))) AS raw_origin_,
            COLUMNS(lambda c: __launch_column(c, 'status', coalesce(forecast, 'forecast'))) AS raw_status_,
            COLUMNS(lambda c: __launch_column(c, 'reason', coalesce(forecast, 'forecast'))) AS raw_reason_
        FROM query(__launch_from(
            forecast, [product_id, 'date', 'step', 'yhat'], ['yhat_lower', 'yhat_upper', 'mean', 'model_id', 'as_of', 'status', 'reason']
        ))
    )
),
spacing_ AS (
    SELECT mode(gap_) AS days_ FROM (
        SELECT day_ - lag(day_) OVER (PARTITION BY id_ ORDER BY day_) AS gap_ FROM (SELECT DISTINCT id_, day_ FROM rows_ WHERE day_ IS NOT NULL)
    )
),
periods_ AS MATERIALIZED (
    SELECT id_, day_, CASE WHEN days_ BETWEEN 28 AND 31 THEN (day_ + INTERVAL 1 MONTH)::DATE ELSE day_ + coalesce(days_, 7)::INTEGER END AS end_
    FROM (SELECT DISTINCT id_, day_ FROM rows_ WHERE day_ IS NOT NULL AND yhat_ IS NOT NULL), spacing_
),
given_ AS (
    SELECT
        key_ AS by_, __launch_id_text(key_) AS id_,
        coalesce(__launch_valid_day(raw_first_), CASE WHEN raw_first_ IS NULL THEN __launch_valid_day(raw_date_) END) AS first_,
        coalesce(__launch_valid_day(raw_last_), CASE WHEN raw_last_ IS NULL AND raw_first_ IS NULL THEN __launch_valid_day(raw_date_) END) AS last_,
        __launch_amount(raw_factor_) AS factor_, raw_factor_::VARCHAR AS factor_like_,
        __launch_amount(raw_units_) AS units_, raw_units_::VARCHAR AS units_like_,
        nullif(trim(raw_author_::VARCHAR), '') AS author_, nullif(trim(raw_because_::VARCHAR), '') AS because_,
        __launch_valid_day(raw_made_) AS made_, raw_made_::VARCHAR AS made_like_,
        __launch_valid_day(raw_expires_) AS expires_, raw_expires_::VARCHAR AS expires_like_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, coalesce(overrides, 'overrides'))) AS key_,
            COLUMNS(lambda c: __launch_column(c, 'first', coalesce(overrides, 'overrides'))) AS raw_first_,
            COLUMNS(lambda c: __launch_column(c, 'last', coalesce(overrides, 'overrides'))) AS raw_last_,
            COLUMNS(lambda c: __launch_column(c, 'date', coalesce(overrides, 'overrides'))) AS raw_date_,
            COLUMNS(lambda c: __launch_column(c, 'factor', coalesce(overrides, 'overrides'))) AS raw_factor_,
            COLUMNS(lambda c: __launch_column(c, 'units', coalesce(overrides, 'overrides'))) AS raw_units_,
            COLUMNS(lambda c: __launch_column(c, 'author', coalesce(overrides, 'overrides'))) AS raw_author_,
            COLUMNS(lambda c: __launch_column(c, 'reason', coalesce(overrides, 'overrides'))) AS raw_because_,
            COLUMNS(lambda c: __launch_column(c, 'made_on', coalesce(overrides, 'overrides'))) AS raw_made_,
            COLUMNS(lambda c: __launch_column(c, 'expires', coalesce(overrides, 'overrides'))) AS raw_expires_
        FROM query(__launch_from(
            overrides, [product_id, 'author', 'reason', 'made_on'], ['first', 'last', 'date', 'factor', 'units', 'expires']
        ))
    )
),
-- Rows that are alike in all are one.
asked_ AS MATERIALIZED (
    SELECT
        *, row_number() OVER (ORDER BY id_, first_, last_, made_, author_, factor_, units_, because_) AS number_,
        CASE
            WHEN id_ IS NULL THEN 'product_id is NULL'
            WHEN first_ IS NULL OR last_ IS NULL OR first_ > last_
            THEN 'it has no days: give a column date, or first and last with first not after last, dates from 1970 to 2200'
            WHEN factor_like_ IS NULL AND units_like_ IS NULL THEN 'it changes nothing: give factor or units'
            WHEN factor_like_ IS NOT NULL AND units_like_ IS NOT NULL THEN 'it has a factor and units: give one of them'
            WHEN factor_like_ IS NOT NULL AND NOT coalesce(factor_ >= 0 AND factor_ <= 1000, false)
            THEN 'factor must be between 0 and 1000, got ' || factor_like_
            WHEN units_like_ IS NOT NULL AND NOT coalesce(units_ >= 0 AND units_ < 1e15, false)
            THEN 'units must be 0 or more, got ' || units_like_
            WHEN made_like_ IS NULL THEN 'made_on is NULL: a change without its day cannot be judged'
            WHEN made_ IS NULL THEN 'made_on is no date from 1970 to 2200: write ''' || made_like_ || ''' as year-month-day'
            WHEN expires_like_ IS NOT NULL AND expires_ IS NULL
            THEN 'expires is no date from 1970 to 2200: write ''' || expires_like_ || ''' as year-month-day'
            WHEN made_ > as_of THEN 'it was made on ' || made_ || ', after ' || as_of::DATE
        END AS wrong_
    FROM (SELECT DISTINCT * FROM given_)
),
-- Each override by the periods that it means.
meant_ AS (
    SELECT
        periods_.id_, periods_.day_, number_, made_, first_, last_, factor_, units_, author_, because_,
        CASE
            WHEN made_ > day_ THEN 'late'
            WHEN day_ > expires_ THEN 'expired'
        END AS not_
    FROM asked_ JOIN periods_ ON asked_.id_ = periods_.id_ AND first_ < end_ AND last_ >= day_
    WHERE wrong_ IS NULL AND (
        2 * (least(last_ + 1, end_) - greatest(first_, day_)) >= end_ - day_ OR (first_ >= day_ AND last_ < end_)
    )
),
ranked_ AS MATERIALIZED (
    SELECT
        *, rank() OVER (PARTITION BY id_, day_ ORDER BY made_ DESC, last_ - first_) AS rank_,
        count(*) OVER (PARTITION BY id_, day_) - 1 AS others_
    FROM meant_ WHERE not_ IS NULL
),
chosen_ AS (
    SELECT
        id_, day_, min(factor_) AS factor_, min(units_) AS units_, string_agg(DISTINCT author_, ', ' ORDER BY author_) AS author_,
        string_agg(DISTINCT because_, ', ' ORDER BY because_) AS because_, min(made_) AS made_, min(others_) AS others_,
        CASE WHEN count(DISTINCT {'f': factor_, 'u': units_}) > 1 THEN concat(
            count(*), ' overrides made on ', min(made_), ' contradict each other, so none is in force: by ',
            coalesce(string_agg(author_, ' and ' ORDER BY author_, factor_, units_), 'no author')
        ) END AS conflict_
    FROM ranked_ WHERE rank_ = 1
    GROUP BY id_, day_
)
SELECT
    rows_.key_, rows_.id_, rows_.day_, periods_.end_, step_, yhat_, lower_, upper_, mean_, model_id_, origin_, status_, said_,
    CASE
        WHEN conflict_ IS NOT NULL THEN NULL
        WHEN units_ IS NULL THEN factor_
        WHEN mean_ > 0 THEN units_ / mean_ ELSE 1
    END AS times_,
    CASE WHEN conflict_ IS NULL AND units_ IS NOT NULL AND NOT mean_ > 0 THEN units_ - mean_ ELSE 0 END AS plus_,
    conflict_ IS NULL AND units_ IS NOT NULL AS fixed_,
    CASE WHEN conflict_ IS NULL THEN author_ END AS author_,
    CASE WHEN conflict_ IS NULL THEN because_ END AS because_,
    CASE WHEN conflict_ IS NULL THEN made_ END AS made_,
    others_ AS overruled_, conflict_
FROM rows_
LEFT JOIN periods_ ON periods_.id_ = rows_.id_ AND periods_.day_ = rows_.day_
LEFT JOIN chosen_ ON chosen_.id_ = rows_.id_ AND chosen_.day_ = rows_.day_ AND yhat_ IS NOT NULL
UNION ALL BY NAME
SELECT
    by_ AS key_, id_, 'refused' AS status_, author_, because_, made_,
    'the override ' || concat_ws(' ', 'by ' || author_, 'of ' || made_) || ' changes nothing: ' || coalesce(
        wrong_,
        CASE
            WHEN id_ NOT IN (SELECT id_ FROM rows_ WHERE id_ IS NOT NULL) THEN 'the forecast has no row of the product'
            WHEN number_ IN (SELECT number_ FROM meant_ WHERE not_ = 'late') THEN 'it was made after its periods had begun'
            WHEN number_ IN (SELECT number_ FROM meant_ WHERE not_ = 'expired') THEN 'it had expired before its periods began'
            ELSE 'no period of the forecast has most of its days from ' || first_ || ' to ' || last_
        END
    ) AS said_
FROM asked_
WHERE wrong_ IS NOT NULL OR number_ NOT IN (SELECT number_ FROM ranked_)
