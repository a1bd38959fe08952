-- Forecasts against what was sold, with a naive baseline beside them. A forecast period runs from its date to the day
-- before the next date of the forecast; the actual units of its product are summed, and are 0 where there are none (but
-- nothing is scored where no product of the forecast has a row in actuals: ids may be written differently). A
-- period that is not over when the actuals end is not scored, nor is one of which nothing is known, or in which stock
-- ran out: what was sold is no more than a lower bound of the demand then. The naive baseline is a forecast given by
-- baseline, such as one made with architecture := 'naive'. Without it, it is the mean of what the other products really
-- sold at the same step: it is known only in hindsight, so it is harder to beat than a forecast, and it needs two
-- products.
--
-- @param forecast: VARCHAR                   the forecast table, as launch_forecast returns it: product_id, date, step,
--                                            yhat, and yhat_lower, yhat_upper if there are any; rows with NULL yhat are
--                                            not scored
-- @param actuals: VARCHAR                    the sales table: product_id, date, units
-- @param by: VARCHAR = NULL                  name of the forecast's column to evaluate by, such as 'step' or
--                                            'model_id', or that of products; NULL for all together
-- @param products: VARCHAR = NULL            the products table, if by is a column of it, such as 'category'
-- @param baseline: VARCHAR = NULL            another forecast table, to compare with
-- @param frequency: VARCHAR = NULL           length of a period: day, week or month; NULL takes it from the distance
--                                            of the forecast's dates
-- @param product_id: VARCHAR = 'product_id'  name of the column of products in actuals
-- @param date: VARCHAR = 'date'              name of the column of dates in actuals
-- @param units: VARCHAR = 'units'            name of the column of units in actuals
-- @param available: VARCHAR = 'available'    name of the column of actuals that says whether the product was on sale: a
--                                            boolean, or the share of the row's time
-- @param level: DOUBLE = 0.8                 probability of the forecast's intervals, for pinball
-- @returns key: VARCHAR            the value of the column given by by, or all
-- @returns n: BIGINT               forecasts scored
-- @returns mse: DOUBLE             see launch_mse
-- @returns rmse: DOUBLE            see launch_rmse
-- @returns mae: DOUBLE             see launch_mae
-- @returns wape: DOUBLE            see launch_wape
-- @returns smape: DOUBLE           see launch_smape
-- @returns rmsle: DOUBLE           see launch_rmsle
-- @returns bias: DOUBLE            see launch_bias
-- @returns mase: DOUBLE            mae as a multiple of naive_mae; below 1 is better than naive
-- @returns coverage: DOUBLE        share of actuals from yhat_lower to yhat_upper
-- @returns naive_mse: DOUBLE       the same for the baseline
-- @returns naive_rmse: DOUBLE      the same for the baseline
-- @returns naive_mae: DOUBLE       the same for the baseline
-- @returns naive_wape: DOUBLE      the same for the baseline
-- @returns naive_smape: DOUBLE     the same for the baseline
-- @returns naive_rmsle: DOUBLE     the same for the baseline
-- @returns naive_bias: DOUBLE      the same for the baseline
-- @returns naive_coverage: DOUBLE  the same for the baseline; NULL when it is the mean of the other products
-- @returns not_known: BIGINT       forecasts not scored, as what was in demand in their period is not known
-- @returns pinball: DOUBLE         mean quantile loss of yhat_lower, yhat and yhat_upper, in units; see launch_pinball
-- @returns naive_pinball: DOUBLE   the same for the baseline; NULL when it is the mean of the other products
-- @returns naive_n: BIGINT         forecasts scored that the baseline has a number for: naive_mse to naive_coverage, naive_pinball
--                                  and mase are of these
-- @returns reason: VARCHAR         what was left out, read in a way to be known, or has nothing to be compared with
-- @example WITH forecast AS (
--          SELECT product_id, date, 1 + (date - launch_date) // 7 AS step, 100 AS yhat, 20 AS yhat_lower,
--          180 AS yhat_upper FROM sales JOIN products USING (product_id))
--          FROM launch_evaluate('forecast', 'sales', by := 'step')
-- @example WITH forecast AS (SELECT product_id, date, 1 + (date - launch_date) // 7 AS step, 100 AS yhat
--          FROM sales JOIN products USING (product_id))
--          FROM launch_evaluate('forecast', 'sales', by := 'category', products := 'products')
WITH two_ AS MATERIALIZED (
    SELECT coalesce(actuals_.why_, baseline_.why_) AS why_
    FROM __launch_two_types(forecast, actuals, 'product_id', product_id) AS actuals_,
        __launch_two_types(forecast, coalesce(baseline, forecast), 'product_id', 'product_id') AS baseline_
),
linked_ AS MATERIALIZED (
    SELECT product_::VARCHAR AS product_, min(given_) AS given_, count(DISTINCT given_) AS values_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, coalesce(products, 'products'))) AS product_,
            COLUMNS(lambda c: __launch_column(c, coalesce("by", product_id), coalesce(products, 'products'))) AS given_
        FROM query(__launch_from(products, [product_id, coalesce("by", product_id)], []))
    )
    GROUP BY ALL
),
several_ AS (
    SELECT CASE WHEN count(twice_) > 0 THEN format(
        '{} of {} products have several values of {} in products, such as ''{}'': the first in order counts',
        count(twice_), count(*), "by", min(twice_)
    ) END AS several_
    FROM (SELECT CASE WHEN values_ > 1 THEN product_ END AS twice_ FROM linked_ WHERE product_ IS NOT NULL)
),
rows_ AS MATERIALIZED (
    SELECT
        rows_.* EXCLUDE (group_) REPLACE (CASE WHEN why_ IS NULL THEN key_ ELSE error(why_) END AS key_),
        coalesce(group_, given_) AS group_
    FROM __launch_forecast_rows(forecast, CASE WHEN products IS NULL THEN "by" END) AS rows_
    LEFT JOIN linked_ ON product_ = key_::VARCHAR
    CROSS JOIN two_
    WHERE CASE WHEN products IS NOT NULL AND "by" IS NULL
    THEN error('products is read for a column to evaluate by: name it, such as by := ''category''') ELSE true END
),
forecast_ AS (FROM rows_ WHERE key_ IS NOT NULL AND day_ IS NOT NULL),
lacking_ AS (
    SELECT CASE WHEN count(*) = 0 THEN 'forecast has no rows' WHEN count(lacks_) > 0 THEN format(
        '{} of {} rows of forecast have no product, no date or no yhat, such as of {}, and are not scored',
        count(lacks_), count(*), min(lacks_)
    ) END AS lacking_
    FROM (
        SELECT CASE WHEN key_ IS NULL OR day_ IS NULL OR yhat_ IS NULL THEN coalesce(key_::VARCHAR, 'no product') END AS lacks_
        FROM rows_
    )
),
-- The periods of each product. The last one is as long as the one before it.
starts_ AS (
    SELECT
        key_, day_,
        lead(day_) OVER product_ AS next_,
        lag(day_) OVER product_ AS before_
    FROM (SELECT DISTINCT key_, day_ FROM forecast_)
    WINDOW product_ AS (PARTITION BY key_ ORDER BY day_)
),
spacing_ AS (
    SELECT
        CASE WHEN frequency IS NOT NULL THEN __launch_frequency(frequency) END AS frequency_,
        mode(next_ - day_) AS days_
    FROM starts_
),
periods_ AS MATERIALIZED (
    SELECT
        key_, day_,
        CASE
            WHEN frequency_ = 'day' THEN day_ + 1
            WHEN frequency_ = 'week' THEN day_ + 7
            WHEN frequency_ = 'month' THEN (day_ + INTERVAL 1 MONTH)::DATE
            WHEN next_ IS NOT NULL THEN next_
            WHEN coalesce(day_ - before_, days_) BETWEEN 28 AND 31 AND day(coalesce(before_, day_)) = day(day_)
            THEN (day_ + INTERVAL 1 MONTH)::DATE
            ELSE day_ + coalesce(day_ - before_, days_, error(
                'the forecast has one date per product, which does not tell how long a period is: '
                || 'give frequency := ''day'', ''week'' or ''month'''
            ))::INTEGER
        END AS end_
    FROM starts_, spacing_
),
sales_ AS NOT MATERIALIZED (
    SELECT * REPLACE (CASE WHEN why_ IS NULL THEN key_ ELSE error(why_) END AS key_)
    FROM __launch_sales(actuals, product_id, date, units, 'price', available), two_
),
sold_keys_ AS MATERIALIZED (SELECT DISTINCT key_ AS met_ FROM sales_),
-- Where no product is met, ids are written differently or nothing was sold, which nobody can tell apart.
match_ AS MATERIALIZED (SELECT count(*) = 0 AS strange_ FROM forecast_ JOIN sold_keys_ ON met_ = key_),
-- Actuals of one date per period, such as the Monday of each week, cover the whole period of their last date.
seen_ AS (
    SELECT
        min(day_) AS first_seen_,
        max(day_) AS last_seen_,
        -- A few rows on other dates change nothing.
        coalesce(
            avg((gap_ > 0.5 * (SELECT min(end_ - day_) FROM periods_))::INTEGER) >= 0.85, false
        ) AS one_date_,
        CASE WHEN count(gap_) >= 3 AND median(gap_) > 1.5 * (SELECT min(end_ - day_) FROM periods_) THEN format(
            'actuals have a date every {} days, and a period of the forecast {}: where they are sums of longer periods, sum the forecast first',
            median(gap_)::BIGINT, (SELECT min(end_ - day_) FROM periods_)
        ) END AS longer_
    FROM (
        SELECT day_, CASE WHEN known_ THEN day_ - lag(day_) OVER (PARTITION BY known_ ORDER BY day_) END AS gap_
        FROM (SELECT day_, bool_or(units_ IS NOT NULL) AS known_ FROM sales_ GROUP BY day_)
    )
),
sold_ AS MATERIALIZED (
    SELECT
        periods_.key_, periods_.day_, __launch_sum(units_) AS units_, sum(off_::DECIMAL(38, 9))::DOUBLE AS unknown_,
        count(*) AS rows_, __launch_dates_seen(sales_.day_, periods_.day_) AS dates_, bool_or(bound_) AS bound_
    FROM sales_
    JOIN periods_ ON sales_.key_ = periods_.key_ AND sales_.day_ >= periods_.day_ AND sales_.day_ < periods_.end_
    GROUP BY ALL
),
actual_ AS MATERIALIZED (
    SELECT
        key_, day_,
        CASE WHEN strange_ OR bound_ OR share_ < 0.25 THEN NULL ELSE __launch_demand(coalesce(units_, 0), share_) END AS units_
    FROM (
        SELECT
            key_, day_, end_, units_, bound_,
            __launch_on_sale(unknown_, rows_, dates_, CASE WHEN one_date_ THEN dates_ ELSE end_ - day_ END) AS share_
        FROM periods_ LEFT JOIN sold_ USING (key_, day_) CROSS JOIN seen_
    ) CROSS JOIN seen_ CROSS JOIN match_
    WHERE end_ > first_seen_ AND CASE WHEN one_date_ THEN day_ <= last_seen_ ELSE end_ <= last_seen_ + 1 END
),
returned_ AS (
    SELECT CASE WHEN count(*) > 0 THEN format(
        'periods with more units returned than sold count as 0: {}, such as of ''{}'', with {} units',
        count(*), min(key_::VARCHAR), -__launch_sum(sold_.units_)
    ) END AS returned_
    FROM sold_ JOIN actual_ USING (key_, day_) WHERE sold_.units_ < 0 AND actual_.units_ = 0
),
-- What was sold at each step, by this product and by all.
steps_ AS (
    SELECT
        key_, step_,
        sum(units_::DECIMAL(38, 9)) AS own_, count(*) AS own_count_,
        sum(sum(units_::DECIMAL(38, 9))) OVER (PARTITION BY step_) AS total_,
        sum(count(*)) OVER (PARTITION BY step_) AS count_
    FROM (SELECT DISTINCT key_, day_, step_ FROM forecast_ WHERE yhat_ IS NOT NULL)
    JOIN (FROM actual_ WHERE units_ IS NOT NULL) AS actual_ USING (key_, day_)
    GROUP BY key_, step_
),
baseline_ AS (
    SELECT
        key_, day_, min(yhat_) AS naive_, min(lower_) AS naive_lower_, max(upper_) AS naive_upper_, count(*) AS stands_
    FROM __launch_forecast_rows(coalesce(baseline, forecast), NULL)
    WHERE baseline IS NOT NULL AND key_ IS NOT NULL AND day_ IS NOT NULL
    GROUP BY key_, day_
),
scored_ AS MATERIALIZED (
    SELECT
        group_, forecast_.key_::VARCHAR AS id_, lower_, upper_, actual_.units_ AS actual_, met_ IS NOT NULL AS met_,
        -- A forecast of a period that is not over has no number here.
        CASE WHEN actual_.key_ IS NOT NULL THEN yhat_ END AS yhat_,
        count(*) OVER (PARTITION BY group_, forecast_.key_, forecast_.day_) AS copies_, stands_,
        CASE WHEN baseline IS NULL THEN (total_ - own_)::DOUBLE / nullif(count_ - own_count_, 0) ELSE naive_ END AS naive_,
        naive_lower_, naive_upper_
    FROM forecast_
    LEFT JOIN actual_ ON actual_.key_ = forecast_.key_ AND actual_.day_ = forecast_.day_
    LEFT JOIN sold_keys_ ON met_ = forecast_.key_
    LEFT JOIN steps_ ON steps_.key_ = forecast_.key_ AND steps_.step_ = forecast_.step_
    LEFT JOIN baseline_ ON baseline_.key_ = forecast_.key_ AND baseline_.day_ = forecast_.day_
    WHERE yhat_ IS NOT NULL
),
groups_ AS (
    SELECT group_ FROM forecast_
    UNION SELECT NULL WHERE "by" IS NULL OR NOT EXISTS (FROM forecast_)
)
SELECT
    CASE WHEN "by" IS NULL THEN 'all' ELSE groups_.group_::VARCHAR END AS key,
    count(actual_) AS n,
    launch_mse(actual_, yhat_) AS mse,
    launch_rmse(actual_, yhat_) AS rmse,
    launch_mae(actual_, yhat_) AS mae,
    launch_wape(actual_, yhat_) AS wape,
    launch_smape(actual_, yhat_) AS smape,
    launch_rmsle(actual_, yhat_) AS rmsle,
    launch_bias(actual_, yhat_) AS bias,
    launch_mase(actual_, yhat_, naive_) AS mase,
    launch_coverage(actual_, lower_, upper_) AS coverage,
    launch_mse(actual_, naive_) AS naive_mse,
    launch_rmse(actual_, naive_) AS naive_rmse,
    launch_mae(actual_, naive_) AS naive_mae,
    launch_wape(actual_, naive_) AS naive_wape,
    launch_smape(actual_, naive_) AS naive_smape,
    launch_rmsle(actual_, naive_) AS naive_rmsle,
    launch_bias(actual_, naive_) AS naive_bias,
    launch_coverage(CASE WHEN naive_ IS NOT NULL THEN actual_ END, naive_lower_, naive_upper_) AS naive_coverage,
    count(yhat_) - count(actual_) AS not_known,
    (
        launch_pinball(actual_, lower_, (1 - __launch_level(level)) / 2) + launch_pinball(actual_, yhat_, 0.5)
        + launch_pinball(actual_, upper_, (1 + __launch_level(level)) / 2)
    ) / 3 AS pinball,
    (
        launch_pinball(actual_, naive_lower_, (1 - __launch_level(level)) / 2) + launch_pinball(actual_, naive_, 0.5)
        + launch_pinball(actual_, naive_upper_, (1 + __launch_level(level)) / 2)
    ) / 3 AS naive_pinball,
    count(naive_) FILTER (actual_ IS NOT NULL) AS naive_n,
    nullif(concat_ws('; ',
        CASE
            WHEN any_value(first_seen_) IS NULL THEN 'actuals have no row that can be read: nothing is scored'
            WHEN count(id_) = 0 THEN NULL
            WHEN any_value(strange_) THEN 'no product of the forecast has a row in actuals: product_id must be written alike in both tables'
            WHEN count(*) FILTER (actual_ IS NOT NULL AND NOT met_) > 0 THEN format(
                '{} of {} products have no row in actuals, such as ''{}'', and count as 0',
                count(DISTINCT id_) FILTER (actual_ IS NOT NULL AND NOT met_), count(DISTINCT id_) FILTER (actual_ IS NOT NULL),
                min(id_) FILTER (actual_ IS NOT NULL AND NOT met_)
            )
        END,
        CASE WHEN any_value(first_seen_) IS NOT NULL AND count(id_) > count(yhat_) THEN format(
            '{} of {} forecasts are of periods that are over before actuals begin or not over when they end, and are not scored',
            count(id_) - count(yhat_), count(id_)
        ) END,
        CASE WHEN max(copies_) FILTER (yhat_ IS NOT NULL) > 1 THEN format(
            '{} forecasts are of the same product and date as others, such as of ''{}'', and count each: models are told apart by := ''model_id''',
            count(*) FILTER (copies_ > 1 AND yhat_ IS NOT NULL), min(id_) FILTER (copies_ > 1 AND yhat_ IS NOT NULL)
        ) END,
        CASE WHEN count(*) FILTER (lower_ > upper_ AND yhat_ IS NOT NULL) > 0 THEN format(
            '{} forecasts have yhat_lower above yhat_upper, such as of ''{}'': no units are within such an interval',
            count(*) FILTER (lower_ > upper_ AND yhat_ IS NOT NULL), min(id_) FILTER (lower_ > upper_ AND yhat_ IS NOT NULL)
        ) END,
        CASE WHEN count(actual_) > count(naive_) FILTER (actual_ IS NOT NULL) THEN format(
            '{} of {} forecasts have {}', count(actual_) - count(naive_) FILTER (actual_ IS NOT NULL), count(actual_),
            CASE WHEN baseline IS NULL THEN 'no other product at the same step to be compared with' ELSE 'no forecast in baseline' END
        ) END,
        CASE WHEN max(stands_) FILTER (actual_ IS NOT NULL) > 1 THEN format(
            'baseline has several rows of one product and date, such as of ''{}'': the smallest yhat counts',
            min(id_) FILTER (stands_ > 1 AND actual_ IS NOT NULL)
        ) END,
        CASE WHEN products IS NOT NULL AND groups_.group_ IS NULL AND count(id_) > 0 THEN 'products do not have these, or no value for them' END,
        CASE WHEN count(actual_) > 0 THEN any_value(longer_) END,
        any_value(several_),
        any_value(lacking_),
        any_value(spelt_),
        any_value(returned_),
        any_value(unread_)
    ), '') AS reason
FROM groups_
LEFT JOIN scored_ ON groups_.group_ IS NOT DISTINCT FROM scored_.group_
CROSS JOIN match_ CROSS JOIN returned_ CROSS JOIN lacking_ CROSS JOIN several_ CROSS JOIN (SELECT first_seen_, longer_ FROM seen_)
CROSS JOIN __launch_spelt(actuals, forecast, product_id, 'product_id', 'actuals', 'forecast')
CROSS JOIN __launch_unread(actuals, NULL, product_id, date, units, 'price', 'launch_date', available)
GROUP BY groups_.group_
ORDER BY groups_.group_
