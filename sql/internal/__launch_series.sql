-- Signals and covariates in one long form, one row per date, key and series. Rows without a key, a date from 1970 to
-- 2200 or a number below 1e15 are left out. No rows without tables.
--
-- @param signals: VARCHAR     a table with the columns key, date, value and perhaps signal, or NULL
-- @param covariates: VARCHAR  a table with the columns date, that of products or key or neither, and numbers or
--                             booleans, or NULL
-- @param product_id: VARCHAR  the column of products in covariates
-- @returns planned_: BOOLEAN  whether it is from covariates
-- @returns refers_: VARCHAR   what link_ refers to: product, key, or all
-- @returns link_: VARCHAR     the product or key
-- @returns day_: DATE         the date
-- @returns name_: VARCHAR     the series
-- @returns whole_: BOOLEAN    whether its column holds whole numbers, as ids are
-- @returns value_: DOUBLE     the value
-- @example FROM __launch_series('(SELECT product_id AS key, date, price AS value FROM sales)', NULL, 'product_id')
SELECT *
FROM (
    SELECT false AS planned_, 'key' AS refers_, link_, day_, coalesce(name_, 'signal') AS name_, false AS whole_, value_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, 'key', 'signals ' || coalesce(signals, '')))::VARCHAR AS link_,
            __launch_valid_day(
                COLUMNS(lambda c: __launch_column(c, 'date', 'signals ' || coalesce(signals, '')))
            ) AS day_,
            COLUMNS(lambda c: __launch_column(c, 'signal', 'signals ' || coalesce(signals, '')))::VARCHAR AS name_,
            __launch_valid_units(
                COLUMNS(lambda c: __launch_column(c, 'value', 'signals ' || coalesce(signals, '')))
            ) AS value_
        FROM query(__launch_read(signals, ['key', 'date', 'value'], ['signal'], ['date'], ['value']))
    )
    UNION ALL BY NAME
    SELECT
        true AS planned_,
        -- A column that is not there has the same text in all rows.
        CASE WHEN product_ IS DISTINCT FROM '__launch_none' THEN 'product'
        WHEN other_ IS DISTINCT FROM '__launch_none' THEN 'key' ELSE 'all' END AS refers_,
        CASE WHEN product_ IS DISTINCT FROM '__launch_none' THEN product_ ELSE other_ END AS link_,
        day_,
        name_,
        regexp_full_match(number_.type_, 'U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?') AS whole_,
        CASE WHEN regexp_full_match(
            number_.type_, 'U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*|BOOLEAN|"NULL"'
        ) THEN __launch_valid_units(number_.value_) ELSE error(
            'column "' || name_ || '" of covariates ' || covariates || ' has type ' || number_.type_
            || ': give numbers or booleans; the column of products is named by product_id'
        ) END AS value_
    FROM (
        UNPIVOT (
            SELECT
                -- Of several columns that name a product all are there, or none.
                CASE WHEN contains(product_, '__launch_none') AND replace(product_, '__launch_none', '') ~ '[^ |]'
                THEN error(
                    'covariates ' || covariates || ' have some of the columns ' || product_id || ': give all or none'
                )
                WHEN contains(product_, '__launch_none') THEN '__launch_none' ELSE product_ END AS product_,
                * EXCLUDE (product_)
            FROM (SELECT
                COLUMNS(
                    lambda c: __launch_column(c, product_id, 'covariates ' || coalesce(covariates, ''))
                )::VARCHAR AS product_,
                COLUMNS(
                    lambda c: __launch_column(c, 'key', 'covariates ' || coalesce(covariates, ''))
                )::VARCHAR AS other_,
                __launch_valid_day(
                    COLUMNS(lambda c: __launch_column(c, 'date', 'covariates ' || coalesce(covariates, '')))
                ) AS day_,
                __launch_number(COLUMNS(
                    lambda c: c = '__launch_none'
                        OR NOT (
                            starts_with(c, '__launch_') OR lower(c) IN ('key', 'date', lower(product_id))
                            OR contains(replace(lower(',' || product_id || ','), ', ', ','), ',' || lower(c) || ',')
                        )
                ))
            FROM query('FROM ' || __launch_joined(
                '(SELECT *, ''__launch_none'' AS __launch_key, NULL::DOUBLE AS __launch_none'
                || array_to_string([
                    ', ''__launch_none'' AS ' || __launch_identifier('__launch_' || n_)
                    FOR n_ IN list_distinct([trim(n_) FOR n_ IN string_split(product_id, ',')])
                ], '')
                || ' FROM (' || __launch_read(covariates, ['date'], [], ['date'], []) || '))',
                product_id
            )))
        )
        ON COLUMNS(lambda c: c NOT IN ('product_', 'other_', 'day_')) INTO NAME name_ VALUE number_
    )
)
WHERE link_ IS NOT NULL AND day_ IS NOT NULL AND value_ IS NOT NULL
