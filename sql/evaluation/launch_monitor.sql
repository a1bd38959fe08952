-- How accurate stored forecasts turned out, by lag (periods from the day they were made to the period they are of), model, category, and all
-- together, beside a naive forecast: the mean of what the other products really sold at the same step. Only periods that are over by as_of
-- and forecasts made by then are looked at; rows of periods before the one in which the forecast was made are no forecasts and left out.
-- Periods from the first one of sales on, in which a product has no row, are periods without sales, as in launch_evaluate: a launch that
-- never sold counts as 0, and reason names it. Where no product of the forecasts has a row in sales, ids are written differently or
-- nothing was sold, which nobody can tell apart: nothing is scored. The median, yhat, is what absolute errors are smallest for: wape, rmsle
-- and forecast_value_added are of it, as in launch_evaluate. Medians do not add up: bias and rmse are of the expected units, mean, where
-- forecasts have it, else of yhat; launch_evaluate takes yhat for these too.
--
-- @param forecasts: VARCHAR        stored forecasts, as launch_forecast returns them with as_of: of any number of days, models and products
-- @param sales: VARCHAR            the sales table
-- @param as_of: ANY = NULL         the day that is asked as of; NULL for the end of the last whole period of sales
-- @param products: VARCHAR = NULL  the products table, for categories
-- @param frequency: VARCHAR = NULL day, week or month; NULL for that of the forecasts' dates
-- @param product_id: VARCHAR = 'product_id'  the column of products in all tables
-- @param date: VARCHAR = 'date'              the column of dates in sales
-- @param units: VARCHAR = 'units'            the column of units in sales
-- @param category: VARCHAR = 'category'      the column of categories in products
-- @param available: VARCHAR = 'available'    the column of availability in sales, if there is one
-- @returns dimension: VARCHAR   all, lag, model_id or category
-- @returns key: VARCHAR         its value: all, a number of periods (0 for that in which the forecast was made), a model, a category
-- @returns n: BIGINT            forecasts scored
-- @returns products: BIGINT     products among them
-- @returns wape: DOUBLE         see launch_wape; of yhat
-- @returns bias: DOUBLE         see launch_bias; of mean, where forecasts have it
-- @returns rmse: DOUBLE         see launch_rmse; of mean, where forecasts have it
-- @returns rmsle: DOUBLE        see launch_rmsle; of yhat
-- @returns coverage: DOUBLE     share of units from yhat_lower to yhat_upper
-- @returns naive_wape: DOUBLE   of the mean of the other products; NULL without others
-- @returns forecast_value_added: DOUBLE  naive_wape less wape, over the rows that have both; above 0 is better than naive
-- @returns not_known: BIGINT    forecasts of periods whose units are not known, as the product was not on sale, or sales begin later
-- @returns left_out: BIGINT     forecasts of periods that are not over, that were over when it was made, or made after as_of
-- @returns status: VARCHAR      ok or refused
-- @returns reason: VARCHAR      what was left out, which products count as 0, or why there is no accuracy
-- @example FROM launch_monitor('(SELECT * FROM expected)', 'launched_sales', as_of := '2024-12-31')
-- @example FROM launch_monitor('expected', 'launched_sales', products := 'candidates') WHERE dimension = 'category'
WITH stored_ AS MATERIALIZED (FROM __launch_in_force(forecasts, NULL, NULL::DATE, product_id)),
force_ AS (FROM stored_ WHERE id_ IS NOT NULL AND day_ IS NOT NULL AND yhat_ IS NOT NULL),
empty_ AS (
    SELECT CASE WHEN NOT EXISTS (FROM stored_) THEN 'forecasts have no rows' WHEN count(*) > 0 THEN format(
        '{} of {} rows of forecasts have no product, no date or no yhat, such as of {}, and are not scored',
        count(*), (SELECT count(*) FROM stored_), coalesce(min(id_), 'no product')
    ) END AS lacking_
    FROM stored_ WHERE id_ IS NULL OR day_ IS NULL OR yhat_ IS NULL
),
per_ AS MATERIALIZED (
    SELECT coalesce(
        CASE WHEN frequency IS NOT NULL THEN __launch_frequency(frequency) END,
        (SELECT CASE WHEN days_ = 1 THEN 'day' WHEN days_ BETWEEN 28 AND 31 THEN 'month' END FROM (SELECT mode(end_ - day_) AS days_ FROM force_)),
        'week'
    ) AS frequency_
),
twice_ AS MATERIALIZED (
    SELECT CASE WHEN count(*) > 0 THEN error(format(
        'forecasts have {} rows of the same product, period, model and as_of, such as {} of {}: store each forecast once, with its as_of',
        sum(rows_)::BIGINT, min(id_), min(day_)
    )) ELSE false END AS twice_
    FROM (SELECT id_, day_, count(*) AS rows_ FROM force_ GROUP BY id_, day_, model_id_, origin_ HAVING count(*) > 1)
),
clock_ AS MATERIALIZED (
    SELECT frequency_, least(__launch_period_start(end_, frequency_), __launch_as_of(as_of) + 1) AS unseen_, stamped_,
        start_ AS begin_
    FROM per_, twice_, __launch_stamps(sales, (SELECT frequency_ FROM per_), product_id, date, units, 'price')
    WHERE key_ IS NULL AND NOT twice_
),
listed_ AS (
    SELECT id_ AS listed_id_, min(category_) AS category_, count(DISTINCT category_) AS categories_
    FROM (
        SELECT
            __launch_id_text(COLUMNS(lambda c: __launch_column(c, product_id, coalesce(products, 'products')))) AS id_,
            COLUMNS(lambda c: __launch_column(c, category, coalesce(products, 'products')))::VARCHAR AS category_
        FROM query(__launch_from(products, [product_id, category], []))
    )
    GROUP BY id_
),
several_ AS (
    SELECT CASE WHEN count(*) FILTER (categories_ > 1) > 0 THEN format(
        '{} of {} products have several values of {} in products, such as ''{}'': the first in order counts',
        count(*) FILTER (categories_ > 1), count(*), category, min(listed_id_) FILTER (categories_ > 1)
    ) END AS several_
    FROM listed_ WHERE listed_id_ IS NOT NULL
),
periods_ AS MATERIALIZED (
    SELECT
        __launch_id_text(key_) AS sold_id_, number_ AS sold_number_, units_ AS net_,
        -- Units are those in demand had it been on sale throughout, or not known.
        CASE WHEN bound_ OR share_ < 0.25 THEN NULL ELSE __launch_demand(coalesce(units_, 0), share_) END AS sold_, true AS there_
    FROM (
        SELECT *, __launch_on_sale(unknown_, rows_, dates_, CASE
            WHEN stamped_ THEN dates_
            ELSE __launch_period_start(number_ + 1, frequency_) - __launch_period_start(number_, frequency_) END) AS share_
        FROM __launch_periods(sales, (SELECT frequency_ FROM per_), product_id, date, units, 'price', available), clock_
    )
),
returned_ AS (
    SELECT CASE WHEN count(*) > 0 THEN format(
        'periods with more units returned than sold count as 0: {}, such as of ''{}'', with {} units',
        count(*), min(sold_id_), -__launch_sum(net_)
    ) END AS returned_
    FROM periods_ SEMI JOIN force_ ON id_ = sold_id_ WHERE net_ < 0 AND sold_ = 0
),
sold_ids_ AS MATERIALIZED (SELECT DISTINCT sold_id_ AS met_id_ FROM periods_),
match_ AS MATERIALIZED (SELECT count(*) = 0 AS strange_ FROM force_ JOIN sold_ids_ ON met_id_ = id_),
rows_ AS MATERIALIZED (
    SELECT
        id_, model_id_, category_, step_, __launch_period(day_, frequency_) AS number_,
        CASE WHEN origin_ IS NOT NULL THEN __launch_period(day_, frequency_) - __launch_period(origin_, frequency_) END AS lag_,
        mean_ AS expected_, yhat_, lower_, upper_,
        coalesce(__launch_period_start(__launch_period(day_, frequency_) + 1, frequency_) <= unseen_, false)
            AND coalesce(__launch_period(day_, frequency_) >= __launch_period(origin_, frequency_) AND origin_ < unseen_, true) AS counts_,
        -- Sales have rows of what was sold: from their first period on, none is 0.
        CASE WHEN there_ THEN sold_ WHEN NOT strange_ AND __launch_period(day_, frequency_) >= begin_ THEN 0 END AS actual_,
        met_id_ IS NOT NULL AS met_
    FROM force_
    CROSS JOIN clock_
    CROSS JOIN match_
    LEFT JOIN sold_ids_ ON met_id_ = id_
    LEFT JOIN listed_ ON listed_id_ = id_
    LEFT JOIN periods_ ON sold_id_ = id_ AND sold_number_ = __launch_period(day_, frequency_)
),
others_ AS (
    SELECT
        id_ AS naive_id_, number_ AS naive_number_, step_ AS naive_step_,
        ((sum(actual_::DECIMAL(38, 9)) OVER (PARTITION BY step_) - actual_::DECIMAL(38, 9))::DOUBLE)
            / nullif(count(*) OVER (PARTITION BY step_) - 1, 0) AS naive_
    FROM (SELECT DISTINCT id_, number_, step_, actual_ FROM rows_ WHERE counts_ AND actual_ IS NOT NULL)
),
scored_ AS MATERIALIZED (
    SELECT
        rows_.*, counts_ AND actual_ IS NOT NULL AS known_, naive_, CASE WHEN counts_ THEN actual_ END AS known_units_,
        CASE WHEN counts_ AND naive_ IS NOT NULL THEN actual_ END AS both_units_
    FROM rows_ LEFT JOIN others_ ON naive_id_ = id_ AND naive_number_ = number_ AND naive_step_ = step_
),
-- Each row once for each dimension.
by_ AS (
    SELECT scored_.*, dimension_, key_, order_
    FROM scored_, (VALUES ('all', 1), ('lag', 2), ('model_id', 3), ('category', 4)) AS dimensions_(dimension_, order_),
        LATERAL (SELECT CASE dimension_ WHEN 'all' THEN 'all' WHEN 'lag' THEN lag_::VARCHAR WHEN 'model_id' THEN model_id_ ELSE category_ END AS key_)
    WHERE (dimension_ <> 'category' OR products IS NOT NULL) AND (dimension_ <> 'lag' OR lag_ IS NULL OR lag_ >= 0)
    UNION ALL BY NAME
    -- Rows of which none has a number are told too.
    SELECT 'all' AS dimension_, 'all' AS key_, 1 AS order_, false AS known_
    WHERE NOT EXISTS (FROM force_)
)
SELECT
    dimension_ AS dimension,
    key_ AS key,
    count(*) FILTER (known_) AS n,
    count(DISTINCT id_) FILTER (known_) AS products,
    launch_wape(known_units_, yhat_) AS wape,
    launch_bias(known_units_, expected_) AS bias,
    launch_rmse(known_units_, expected_) AS rmse,
    launch_rmsle(known_units_, yhat_) AS rmsle,
    launch_coverage(known_units_, lower_, upper_) AS coverage,
    launch_wape(both_units_, naive_) AS naive_wape,
    launch_wape(both_units_, naive_)
        - launch_wape(both_units_, yhat_) AS forecast_value_added,
    count(*) FILTER (counts_ AND NOT known_) AS not_known,
    count(*) FILTER (NOT counts_) AS left_out,
    CASE WHEN count(*) FILTER (known_) > 0 THEN 'ok' ELSE 'refused' END AS status,
    concat_ws('; ',
        CASE WHEN dimension_ = 'lag' AND key_ IS NULL THEN 'these forecasts have no as_of, so their lag is not known: give as_of to launch_forecast' END,
        CASE WHEN dimension_ = 'category' AND key_ IS NULL THEN 'products do not have the category of these' END,
        CASE
            WHEN any_value(unseen_) IS NULL AND count(id_) > 0 THEN 'sales have no row that can be read: nothing is scored'
            WHEN count(*) FILTER (known_) = 0 AND count(id_) > 0 THEN 'no period of these is over and known'
        END,
        CASE WHEN count(*) FILTER (known_ AND lower_ > upper_) > 0 THEN format(
            '{} forecasts have yhat_lower above yhat_upper, such as of ''{}'': no units are within such an interval',
            count(*) FILTER (known_ AND lower_ > upper_), min(id_) FILTER (known_ AND lower_ > upper_)
        ) END,
        CASE WHEN count(both_units_) < count(*) FILTER (known_) THEN format(
            '{} of {} forecasts have no other product at the same step to be compared with',
            count(*) FILTER (known_) - count(both_units_), count(*) FILTER (known_)
        ) END,
        CASE
            WHEN count(*) FILTER (counts_) = 0 THEN NULL
            WHEN any_value(strange_) THEN
                'no product of the forecasts has a row in sales that can be read: product_id must be written alike in both tables'
            WHEN count(*) FILTER (known_ AND NOT met_) > 0 THEN format(
                '{} of {} products have no row in sales that can be read, such as ''{}'', and count as 0',
                count(DISTINCT id_) FILTER (known_ AND NOT met_), count(DISTINCT id_) FILTER (known_), min(id_) FILTER (known_ AND NOT met_)
            )
        END,
        CASE WHEN dimension_ = 'category' THEN any_value(several_) END,
        any_value(lacking_),
        any_value(spelt_),
        any_value(returned_),
        any_value(unread_)
    ) AS reason
FROM by_, match_, empty_, several_, returned_, (SELECT unseen_ FROM clock_),
    __launch_spelt(sales, forecasts, product_id, product_id, 'sales', 'forecasts'),
    __launch_unread(sales, NULL, product_id, date, units, 'price', 'launch_date')
GROUP BY dimension_, key_, order_
ORDER BY order_, CASE WHEN dimension_ = 'lag' THEN TRY_CAST(key_ AS BIGINT) END, key_
