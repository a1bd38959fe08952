-- A forecast with what people changed: the numbers in force, under the names of the forecast, so that they can be used in its place, beside
-- those of the model; who changed them and why. An override means the periods of which most days are within its dates, or the one that has
-- them all. Of several for one period the one made last is in force; of those made on one day the one of fewest days; where these
-- contradict each other, none. An override made after its period began, or that had expired by then, changes nothing. Intervals move with
-- the numbers: by the same factor. With sales it is told whether an override helped, on the same product and period as the model:
-- people change what is hard to forecast, so their errors are not to be compared with those of other products. An override that changes
-- nothing is a row of its own, with status refused.
--
-- @param forecast: VARCHAR      the forecast, as launch_forecast returns it
-- @param overrides: VARCHAR     a table of overrides: product, date, or first and last; factor or units (of each period); author, reason,
--                               made_on, and, if there is one, expires
-- @param as_of: ANY = NULL      the day that is asked as of: overrides made, and units sold, after it are not looked at
-- @param sales: VARCHAR = NULL  the sales table, for actual units
-- @param product_id: VARCHAR = 'product_id'  the column of products in all tables
-- @param date: VARCHAR = 'date'              the column of dates in sales
-- @param units: VARCHAR = 'units'            the column of units in sales
-- @returns product_id: same as input  the product
-- @returns date: DATE                 first day of the period; NULL in rows of overrides that change nothing
-- @returns step: BIGINT               periods since the launch
-- @returns yhat: DOUBLE               median in force
-- @returns yhat_lower: DOUBLE         lower end of its interval
-- @returns yhat_upper: DOUBLE         upper end
-- @returns mean: DOUBLE               expected units in force
-- @returns model_yhat: DOUBLE         the model's median
-- @returns model_yhat_lower: DOUBLE   lower end of its interval
-- @returns model_yhat_upper: DOUBLE   upper end
-- @returns model_mean: DOUBLE         the model's expected units; its median where the forecast has no mean
-- @returns author: VARCHAR            who changed it; NULL where nothing is changed
-- @returns override_reason: VARCHAR   why
-- @returns made_on: DATE              when
-- @returns overruled: BIGINT          other overrides of the period
-- @returns actual_units: DOUBLE       units sold; NULL without sales, and where the period is not over
-- @returns value_added: DOUBLE        by how many units the error of the changed mean is smaller than that of the model; below 0 where the
--                                     model was better; NULL where nothing was changed
-- @returns model_id: VARCHAR          the model
-- @returns as_of: DATE                the day the forecast was made, where it has the column
-- @returns status: VARCHAR            ok or refused
-- @returns reason: VARCHAR            what is in force, or why nothing is
-- @example FROM launch_override('expected', 'changes', sales := 'launched_sales')
-- @example SELECT author, sum(value_added) FROM launch_override('expected', 'changes', sales := 'launched_sales') GROUP BY author
WITH force_ AS MATERIALIZED (FROM __launch_in_force(forecast, overrides, __launch_as_of(as_of), product_id)),
per_ AS MATERIALIZED (
    SELECT CASE WHEN days_ = 1 THEN 'day' WHEN days_ BETWEEN 28 AND 31 THEN 'month' ELSE 'week' END AS frequency_
    FROM (SELECT mode(end_ - day_) AS days_ FROM force_)
),
seen_ AS (
    SELECT least(__launch_period_start(end_, (SELECT frequency_ FROM per_)), __launch_as_of(as_of) + 1) AS unseen_, start_
    FROM __launch_stamps(sales, (SELECT frequency_ FROM per_), product_id, date, units, 'price')
    WHERE key_ IS NULL
),
sold_ AS (
    SELECT force_.id_ AS sold_id_, force_.day_ AS sold_day_, __launch_sum(rows_.units_) AS sold_, bool_or(rows_.units_ IS NULL) AS lacking_
    FROM (SELECT DISTINCT id_, day_, end_ FROM force_ WHERE day_ IS NOT NULL) AS force_
    JOIN (
        SELECT __launch_id_text(key_) AS row_id_, day_ AS row_day_, units_
        -- With a column of availability, rows without units are there too.
        FROM __launch_sales(sales, product_id, date, units, 'price', 'available')
    ) AS rows_ ON row_id_ = force_.id_ AND row_day_ >= force_.day_ AND row_day_ < force_.end_
    GROUP BY ALL
),
rows_ AS (
    SELECT
        force_.*, times_ IS NOT NULL AS changed_,
        -- What was sold is known of products that sales have.
        CASE
            WHEN end_ <= unseen_ AND id_ IN (SELECT sold_id_ FROM sold_) AND NOT coalesce(lacking_, false)
            THEN greatest(coalesce(sold_, 0), 0)
        END AS actual_,
        CASE
            WHEN coalesce(end_ > unseen_, true) THEN NULL
            WHEN lacking_ THEN 'what was sold is not known: sales have rows without units that can be read'
            WHEN id_ NOT IN (SELECT sold_id_ FROM sold_) THEN
                'what was sold is not known: sales have no row of it, where product_id must be written alike'
        END AS lack_
    FROM force_ LEFT JOIN sold_ ON sold_id_ = id_ AND sold_day_ = day_ LEFT JOIN seen_ ON start_ IS NOT NULL
)
SELECT
    key_ AS product_id,
    day_ AS date,
    step_ AS step,
    CASE WHEN changed_ THEN yhat_ * times_ + plus_ ELSE yhat_ END AS yhat,
    CASE WHEN changed_ THEN lower_ * times_ + plus_ ELSE lower_ END AS yhat_lower,
    CASE WHEN changed_ THEN upper_ * times_ + plus_ ELSE upper_ END AS yhat_upper,
    CASE WHEN changed_ THEN mean_ * times_ + plus_ ELSE mean_ END AS mean,
    yhat_ AS model_yhat,
    lower_ AS model_yhat_lower,
    upper_ AS model_yhat_upper,
    mean_ AS model_mean,
    author_ AS author,
    because_ AS override_reason,
    made_ AS made_on,
    CASE WHEN changed_ OR conflict_ IS NOT NULL THEN overruled_ END AS overruled,
    actual_ AS actual_units,
    CASE WHEN changed_ THEN abs(actual_ - mean_) - abs(actual_ - (mean_ * times_ + plus_)) END AS value_added,
    model_id_ AS model_id,
    origin_ AS as_of,
    coalesce(status_, 'ok') AS status,
    CASE
        WHEN day_ IS NULL OR yhat_ IS NULL THEN said_
        WHEN conflict_ IS NOT NULL THEN conflict_
        WHEN NOT changed_ THEN concat_ws('; ', 'the model''s own', said_, lack_)
        ELSE concat_ws('; ',
            CASE WHEN fixed_ THEN format('{:.0f} units', mean_ * times_ + plus_) ELSE 'times ' || times_::DECIMAL(18, 3) END
                || ' by ' || coalesce(author_, 'no author') || ' on ' || made_,
            CASE WHEN overruled_ = 1 THEN '1 other override is overruled' WHEN overruled_ > 1 THEN overruled_ || ' other overrides are overruled' END,
            lack_
        )
    END AS reason
FROM rows_
ORDER BY id_, day_ NULLS LAST, step_, said_
