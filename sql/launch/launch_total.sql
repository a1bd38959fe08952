-- What candidates will sell together: expected units that add up, with an interval of the sum. Launches of one season rise
-- and fall together, as far as held-out launches of the same origin did, so the interval of a sum is wider than that of
-- independent products and does not close however many products there are. It rests on the number of origins, and is
-- wider the fewer there are.
--
-- @param candidates: VARCHAR                   the products to forecast: product, launch date and the attributes the
--                                              model was trained on
-- @param model: BLOB                           the model, such as (SELECT model FROM my_model)
-- @param by: VARCHAR = NULL                    a column of candidates to add up by, such as 'category'; NULL for one row
-- @param period: VARCHAR = 'horizon'           horizon (all steps), or day, week or month: a step belongs to the period
--                                              that it begins in
-- @param level: DOUBLE = 0.8                   probability of the central interval
-- @param n: BIGINT = 400                       worlds that the interval is taken from, 1 to 10,000
-- @param sales: VARCHAR = NULL                 the sales table, for what candidates sold so far
-- @param signals: VARCHAR = NULL               what was seen before and after launches, such as mentions or searches: a
--                                              table with key, date, value and, if there are several, signal (its name)
-- @param covariates: VARCHAR = NULL            what is planned ahead, such as prices, promotions or events: a table
--                                              with date, the product (or key, or neither: for all) and a column of
--                                              numbers or booleans for each series
-- @param signal_key: VARCHAR = NULL            the column of candidates that key refers to, such as 'category'; NULL
--                                              for the column of products
-- @param product_id: VARCHAR = 'product_id'    the column of products in both tables
-- @param date: VARCHAR = 'date'                the column of dates in sales
-- @param units: VARCHAR = 'units'              the column of units in sales
-- @param price: VARCHAR = 'price'              the column of prices, if there is one; expected revenue is at this price
-- @param launch_date: VARCHAR = 'launch_date'  the column of launch dates in candidates
-- @param available: VARCHAR = 'available'      the column of sales that says whether the product was on sale: a
--                                              boolean, or the share of the row's time; if there is one
-- @param preorders: VARCHAR = 'drop'           what sales before a given launch date are: drop leaves them out,
--                                              first_step counts them to step 1
-- @returns key: VARCHAR              the value of the column; NULL without one
-- @returns date: DATE                first day of the period; of the horizon that of the first launch
-- @returns products: BIGINT          candidates in the sum
-- @returns expected_units: DOUBLE    sum of their expected units, those of launch_forecast
-- @returns units_lower: DOUBLE       lower end of the interval of the sum
-- @returns units_upper: DOUBLE       upper end of the interval of the sum
-- @returns expected_revenue: DOUBLE  expected units times price; NULL where a candidate has no price
-- @returns origins: INTEGER          origins that the common rise and fall was learned from; 0 where none are known
-- @returns status: VARCHAR           ok or refused
-- @returns reason: VARCHAR           what the sum leaves out, or why there is none
-- @example FROM launch_total('candidates', (SELECT model FROM model))
-- @example FROM launch_total('candidates', (SELECT model FROM model), by := 'category', period := 'month')
WITH given_ AS MATERIALIZED (
    SELECT
        model::BLOB AS blob_,
        CASE WHEN level > 0 AND level < 1 THEN level
        ELSE error('level must be above 0 and below 1, got ' || coalesce(level::VARCHAR, 'NULL')) END AS level_
),
asked_ AS MATERIALIZED (
    SELECT *, CASE
        WHEN __launch_refusal(key_, copies_, undated_) IS NOT NULL THEN __launch_refusal(key_, copies_, undated_)
        WHEN (SELECT blob_ IS NULL FROM given_) THEN 'the model is NULL: train one with launch_train, whose reason says why if it gives none'
    END AS why_
    FROM (
        SELECT
            key_, launch_, attributes_, undated_, attributes_['price'] AS price_, count(*) OVER (PARTITION BY key_) AS copies_,
            -- Case and blanks around a value are none of it, as in the attributes of a model.
            CASE
                WHEN "by" IS NOT NULL AND typeof(category_) = '"NULL"' THEN error('candidates have no column ' || "by" || ' to add up by')
                WHEN "by" IS NOT NULL THEN min(trim(category_::VARCHAR)) OVER (PARTITION BY lower(trim(category_::VARCHAR)))
            END AS by_,
            CASE WHEN "by" IS NOT NULL THEN category_::VARCHAR END AS written_
        FROM __launch_attributes(candidates, product_id, launch_date, price, candidates, category := coalesce("by", 'category'), priced := sales IS NULL)
    )
),
calendar_ AS MATERIALIZED (
    SELECT
        info_->>'frequency' AS frequency_, (info_->>'horizon')::BIGINT AS horizon_,
        (info_->>'products')::BIGINT AS past_launches_
    FROM (SELECT launch_model_info(blob_)::JSON AS info_ FROM given_)
),
own_ AS (
    FROM __launch_own(
        sales, candidates, (SELECT coalesce(frequency_, 'week') FROM calendar_), (SELECT coalesce(horizon_, 1) FROM calendar_),
        product_id, date, units, price, launch_date, available, preorders
    )
),
single_ AS (
    SELECT
        key_, by_, price_, launch_, attributes_, coalesce(frequency_, 'week') AS frequency_, coalesce(horizon_, 1) AS horizon_,
        false AS required_
    FROM asked_, calendar_
    WHERE why_ IS NULL
),
summed_ AS (
    SELECT
        single_.key_, by_, price_, note_,
        __launch_total(
            (SELECT blob_ FROM given_), launch_, attributes_, single_.key_::VARCHAR, period := period, n := n,
            units := units_, covariates := covariates_, at_least := at_least_
        ) AS sums_
    FROM single_
    LEFT JOIN own_ ON own_.key_ = single_.key_
    LEFT JOIN __launch_covariates('single_', candidates, product_id, signals, covariates, signal_key) AS told_
        ON told_.id_ = single_.key_::VARCHAR
),
rows_ AS MATERIALIZED (
    SELECT
        key_, by_, price_, note_, row_['date'] AS date_, row_['mean'] AS mean_, row_['origins'] AS origins_,
        row_['unknown'] AS unknown_, row_['lacking'] AS lacking_, CASE WHEN row_['status'] <> 'ok' THEN row_['reason'] END AS why_,
        values_[(place_ - 1) * n + 1 : place_ * n] AS units_
    FROM (
        SELECT
            key_, by_, price_, note_, sums_['units'] AS values_, unnest(sums_['periods']) AS row_,
            generate_subscripts(sums_['periods'], 1) AS place_
        FROM summed_
    )
    UNION ALL
    SELECT key_, by_, price_, NULL, NULL, NULL, NULL, NULL, NULL, why_, NULL FROM asked_ WHERE why_ IS NOT NULL
),
left_out_ AS (
    SELECT
        by_, count(DISTINCT key_) FILTER (why_ IS NULL) AS summed_,
        count(*) FILTER (why_ IS NOT NULL) AS refused_, min(why_) AS why_, count(DISTINCT why_) AS whys_,
        (SELECT string_agg(DISTINCT '''' || written_ || '''', ' and ' ORDER BY '''' || written_ || '''') FROM asked_ WHERE asked_.by_ = rows_.by_ HAVING count(DISTINCT written_) > 1)
            AS spelt_,
        count(DISTINCT key_) FILTER (unknown_ > 0) AS partly_,
        count(DISTINCT key_) FILTER (why_ IS NULL AND lacking_ IS NOT NULL) AS lack_, min(lacking_) AS lacking_,
        count(DISTINCT key_) FILTER (why_ IS NULL AND NOT coalesce(price_ BETWEEN 0 AND 1e12, false)) AS unpriced_, min(CASE WHEN why_ IS NULL THEN note_ END) AS note_
    FROM rows_
    GROUP BY by_
),
added_ AS (
    SELECT
        by_, CASE WHEN lower(period) = 'horizon' THEN min(date_) ELSE bucket_ END AS date_, count(DISTINCT key_) AS products_,
        __launch_exact_sum(mean_) AS mean_, list_sort(__launch_list_sum(units_)) AS units_,
        CASE WHEN bool_and(coalesce(price_ BETWEEN 0 AND 1e12, false)) THEN __launch_exact_sum(mean_ * price_) END AS revenue_,
        min(origins_) AS origins_
    FROM (SELECT *, CASE WHEN lower(period) <> 'horizon' THEN date_ END AS bucket_ FROM rows_ WHERE why_ IS NULL)
    GROUP BY by_, bucket_
)
SELECT
    added_.by_ AS key,
    date_ AS date,
    products_ AS products,
    mean_ AS expected_units,
    __launch_list_quantile(units_, (1 - level_) / 2) AS units_lower,
    __launch_list_quantile(units_, (1 + level_) / 2) AS units_upper,
    revenue_ AS expected_revenue,
    origins_ AS origins,
    'ok' AS status,
    nullif(concat_ws('; ',
        'candidates not in the sum: ' || nullif(refused_, 0) || ', such as one where ' || left_out_.why_,
        spelt_ || ' are taken for one key',
        'candidates with steps that no past launch has been observed at, which count as 0: ' || nullif(partly_, 0),
        'candidates that are not as the model knows them: ' || nullif(lack_, 0) || ', such as one: ' || lacking_,
        -- Without any price nobody asks for revenue, unless a column of prices was named.
        CASE WHEN unpriced_ < summed_ OR (SELECT count(price_) > 0 FROM asked_) OR lower(price) <> 'price'
        THEN 'candidates without a price of 0 or more that can be read: ' || nullif(unpriced_, 0) || ', so there is no expected_revenue' END,
        nullif(ltrim(note_, '; '), ''),
        CASE WHEN past_launches_ < 30 THEN 'there are only ' || past_launches_ || ' past launches' END,
        CASE WHEN n < 50 THEN 'the interval is taken from n := ' || n || ' worlds alone' END,
        CASE WHEN origins_ < 2 THEN 'how launches of a season rise and fall together is not known: the interval rests on an assumption' END
    ), '') AS reason
FROM added_ JOIN left_out_ ON left_out_.by_ IS NOT DISTINCT FROM added_.by_ CROSS JOIN given_ CROSS JOIN calendar_
UNION ALL
SELECT by_, NULL, 0, NULL, NULL, NULL, NULL, NULL, 'refused',
    why_ || CASE WHEN whys_ > 1 THEN format('; the {} candidates are refused for {} reasons, which launch_forecast tells', refused_, whys_) ELSE '' END
FROM left_out_ WHERE summed_ = 0
ORDER BY 1 NULLS FIRST, 2
