-- Looks for problems in all tables before anything is learned from them: one row per check, always all checks, in the
-- order of the way through the data. Of tables that are not given nothing is wrong. Nothing is changed.
--
-- @param sales: VARCHAR                        the sales table: product_id, date, units, and price if there is one
-- @param products: VARCHAR = NULL              the products table: product_id, and launch_date if there is one
-- @param frequency: VARCHAR = 'week'           length of a period: day, week (from Monday) or month
-- @param horizon: BIGINT = 13                  periods of a launch, 1 to 520
-- @param product_id: VARCHAR = 'product_id'    name of the column of products, in both tables
-- @param date: VARCHAR = 'date'                name of the column of dates
-- @param units: VARCHAR = 'units'              name of the column of units
-- @param price: VARCHAR = 'price'              name of the column of prices
-- @param launch_date: VARCHAR = 'launch_date'  name of the column of launch dates
-- @param burn_in: BIGINT = 1                   a product whose launch falls into this many first periods of the data,
--                                              or before them, is taken to be older than the data
-- @param available: VARCHAR = 'available'      name of the column that says whether the product was on sale: a boolean,
--                                              or the share of the row's time
-- @param candidates: VARCHAR = NULL            the candidates: product_id, launch_date, attributes as in products
-- @param covariates: VARCHAR = NULL            what is planned ahead, as launch_train takes it
-- @param offers: VARCHAR = NULL                offers of competitors, as launch_competitors takes them
-- @param events: VARCHAR = NULL                holidays and events: a table with the columns date and name
-- @param signal_key: VARCHAR = NULL            the column of products and candidates that key of covariates refers to;
--                                              NULL for the column of products
-- @returns check: VARCHAR    what was looked at
-- @returns status: VARCHAR   ok, warning (handled as fix says, but look at it) or error (launches cannot be learned)
-- @returns affected: BIGINT  rows, periods or products concerned
-- @returns share: DOUBLE     affected as a share of all of their kind; NULL when there are none
-- @returns example: VARCHAR  one of them
-- @returns fix: VARCHAR      what to do; NULL when the status is ok
-- @example FROM launch_doctor('sales', 'products')
-- @example FROM launch_doctor('sales', frequency := 'month') WHERE status <> 'ok'
-- @example FROM launch_doctor('sales', 'products', candidates := 'candidates') WHERE status <> 'ok'
WITH options_ AS (
    SELECT
        __launch_frequency(frequency) AS frequency_, __launch_horizon(horizon) AS horizon_,
        __launch_burn_in(burn_in) AS burn_in_
),
raw_ AS NOT MATERIALIZED (
    SELECT
        COLUMNS(lambda c: __launch_column(c, product_id, sales)) AS raw_key_,
        COLUMNS(lambda c: __launch_column(c, date, sales)) AS read_day_,
        COLUMNS(lambda c: __launch_column(c, units, sales)) AS read_units_,
        COLUMNS(lambda c: __launch_column(c, price, sales)) AS read_price_,
        COLUMNS(lambda c: __launch_part(c, date, 1, sales)) AS raw_day_,
        COLUMNS(lambda c: __launch_part(c, units, 1, sales)) AS raw_units_,
        COLUMNS(lambda c: __launch_part(c, price, 1, sales)) AS raw_price_,
        COLUMNS(lambda c: __launch_column(c, available, sales)) AS raw_available_,
        hash(row_) AS hash_
    FROM query(__launch_read(
        sales, [product_id, date, units], ['price', 'available'], [date], [units, price]
    )) AS row_
),
checked_ AS NOT MATERIALIZED (
    SELECT
        raw_key_, raw_day_, raw_units_, raw_price_, raw_available_,
        raw_key_ IS NOT NULL AS good_key_,
        __launch_valid_day(read_day_) AS day_,
        __launch_valid_day(read_day_) IS NOT NULL AS good_day_,
        __launch_amount(read_units_) AS units_,
        __launch_valid_units(read_units_) IS NOT NULL AS good_units_,
        raw_units_ IS NULL OR isnan(TRY_CAST(raw_units_ AS DOUBLE)) IS TRUE AS no_units_,
        raw_price_ IS NULL OR __launch_valid_price(read_price_) IS NOT NULL AS good_price_,
        __launch_valid_share(raw_available_) AS share_
    FROM raw_
),
rows_ AS (
    SELECT
        count(*) AS all_,
        count(*) FILTER (good_key_ AND good_day_ AND good_units_) AS usable_,
        count(*) FILTER (NOT good_key_) AS bad_key_,
        min(CASE WHEN NOT good_key_ THEN concat('date ', raw_day_, ', units ', raw_units_) END) AS bad_key_like_,
        count(*) FILTER (NOT good_day_) AS bad_day_,
        min(CASE WHEN NOT good_day_ THEN concat('product ', raw_key_, ', date ', coalesce(raw_day_::VARCHAR, 'NULL')) END)
            AS bad_day_like_,
        count(*) FILTER (
            good_day_ AND TRY_CAST(raw_day_ AS DATE) IS NULL
            OR good_units_ AND raw_units_ IS NOT NULL AND TRY_CAST(raw_units_ AS DOUBLE) IS DISTINCT FROM units_
        ) AS texts_,
        max(
            CASE WHEN good_day_ AND TRY_CAST(raw_day_ AS DATE) IS NULL
            THEN concat(raw_day_, ' as ', day_) END
        ) AS text_days_like_,
        min(
            CASE WHEN good_units_ AND raw_units_ IS NOT NULL AND TRY_CAST(raw_units_ AS DOUBLE) IS DISTINCT FROM units_
            THEN concat(raw_units_, ' as ', units_) END
        ) AS text_units_like_,
        count(*) FILTER (no_units_) AS no_units_,
        min(CASE WHEN no_units_ THEN concat('product ', raw_key_, ', ', raw_day_) END) AS no_units_like_,
        count(*) FILTER (raw_available_ IS NOT NULL) AS told_,
        count(*) FILTER (raw_available_ IS NOT NULL AND share_ IS NULL) AS bad_share_,
        min(
            CASE WHEN raw_available_ IS NOT NULL AND share_ IS NULL
            THEN concat('product ', raw_key_, ', ', raw_day_, ', ', available, ' ', raw_available_) END
        ) AS bad_share_like_,
        count(*) FILTER (good_units_ AND share_ < 1) AS off_,
        min(
            CASE WHEN good_units_ AND share_ < 1
            THEN concat('product ', raw_key_, ', ', raw_day_, ', units ', raw_units_) END
        ) AS off_like_,
        count(*) FILTER (NOT good_units_ AND NOT no_units_) AS bad_units_,
        min(
            CASE WHEN NOT good_units_ AND NOT no_units_
            THEN concat('product ', raw_key_, ', ', raw_day_, ', units ', coalesce(raw_units_::VARCHAR, 'NULL')) END
        ) AS bad_units_like_,
        count(*) FILTER (NOT good_price_) AS bad_price_,
        min(CASE WHEN NOT good_price_ THEN concat('product ', raw_key_, ', ', raw_day_, ', price ', raw_price_) END)
            AS bad_price_like_,
        count(*) FILTER (good_units_ AND units_ < 0) AS returns_,
        min(
            CASE WHEN good_units_ AND units_ < 0
            THEN concat('product ', raw_key_, ', ', raw_day_, ', units ', raw_units_) END
        ) AS returns_like_,
        count(*) FILTER (good_key_ AND good_day_ AND good_units_ AND units_ > 0) AS positive_
    FROM checked_
),
copies_ AS (
    SELECT sum(copies_ - 1) AS copies_, min(like_) AS copies_like_
    FROM (
        SELECT
            count(*) AS copies_,
            concat('product ', any_value(raw_key_), ', ', any_value(raw_day_), ', units ', any_value(raw_units_)) AS like_
        FROM raw_
        GROUP BY hash_
        HAVING count(*) > 1
    )
),
spans_ AS (
    SELECT
        sum(periods_) AS periods_,
        sum(merged_) AS merged_,
        min(CASE WHEN merged_ > 0 THEN concat('product ', key_, ' in ', merged_, ' periods') END) AS merged_like_,
        sum(last_ - first_ + 1) AS life_,
        sum(last_ - first_ + 1 - periods_) AS missing_,
        min(
            CASE WHEN last_ - first_ + 1 > periods_
            THEN concat('product ', key_, ' in ', last_ - first_ + 1 - periods_, ' periods') END
        ) AS missing_like_
    FROM (
        SELECT
            key_, min(number_) AS first_, max(number_) AS last_, count(*) AS periods_,
            count(*) FILTER (rows_ > 1) AS merged_
        FROM __launch_periods(sales, frequency, product_id, date, units, price, available)
        GROUP BY key_
    )
),
judged_ AS MATERIALIZED (
    FROM __launch_outliers(sales, frequency, 'net', product_id, date, units, price, available)
),
outliers_ AS (
    SELECT
        count(*) AS outliers_,
        min(concat('product ', key_, ', ', __launch_period_start(number_, frequency), ', units ', raw_))
            AS outliers_like_
    FROM judged_
    WHERE x_ NOT BETWEEN low_ AND high_
),
-- Periods in which nothing was sold between periods in which nearly always something was, five units or more.
zeros_ AS (
    SELECT
        count(*) FILTER (empty_) AS zeros_,
        sum(length_) FILTER (empty_) AS zero_periods_,
        count(*) AS runs_,
        min(CASE WHEN empty_ THEN concat('product ', key_, ', ', length_, ' periods from ', from_) END) AS zeros_like_
    FROM (
        SELECT
            key_, __launch_period_start(min(number_), frequency) AS from_, count(*) AS length_,
            bool_and(zero_) AND max(later_) AND min(lively_) AND count(*) >= CASE __launch_frequency(frequency)
                WHEN 'day' THEN 2 ELSE 1 END AS empty_
        FROM (
            SELECT
                *,
                count(*) FILTER (NOT zero_) OVER (PARTITION BY key_ ORDER BY number_) AS sold_so_far_,
                count(*) FILTER (NOT zero_) OVER (
                    PARTITION BY key_ ORDER BY number_ ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
                ) > 0 AS later_,
                coalesce(
                    -- On the log scale, so that single large sales do not count for many.
                    avg(CASE WHEN NOT zero_ THEN ln(1 + raw_) END) OVER near_ >= ln(6)
                        AND count(*) FILTER (NOT zero_) OVER near_ >= 5
                        AND count(*) FILTER (NOT zero_) OVER near_
                            >= 0.8 * count(*) FILTER (NOT zero_ OR NOT same_) OVER near_,
                    false
                ) AS lively_
            FROM (
                SELECT
                    key_, number_, raw_, coalesce(raw_, 0) <= 0 AND (rows_ IS NULL OR available_ > 0) AS zero_,
                    coalesce(raw_, 0) <= 0
                        AND coalesce(lag(raw_) OVER (PARTITION BY key_ ORDER BY number_), 0) <= 0 AS same_
                FROM judged_
            )
            WINDOW near_ AS (PARTITION BY key_ ORDER BY number_ ROWS BETWEEN 8 PRECEDING AND 8 FOLLOWING)
        )
        GROUP BY key_, zero_, sold_so_far_
        HAVING NOT zero_ OR min(sold_so_far_) > 0
    )
),
calendar_ AS MATERIALIZED (FROM __launch_calendar(sales, frequency, product_id, date, units, price)),
-- Read before the tables are changed, so that a column that is not there is told of the tables that were given.
nameless_ AS MATERIALIZED (
    SELECT coalesce(sum(rows_) FILTER (key_ IS NULL), 0) AS nameless_, sum(rows_) AS listings_
    FROM __launch_products(products, product_id, launch_date)
),
begins_ AS MATERIALIZED (
    -- As texts, ids of two types can be looked at too.
    FROM __launch_begins(
        __launch_texts(sales, product_id), __launch_texts(products, product_id), frequency, product_id, date, units, price, launch_date,
        available
    )
),
dates_ AS (
    SELECT
        count(*) FILTER (listed_) AS listed_,
        count(*) FILTER (selling_) AS selling_,
        count(*) FILTER (listed_ AND first_sale_ IS NULL) AS unsold_,
        min(CASE WHEN listed_ AND first_sale_ IS NULL THEN key_::VARCHAR END) AS unsold_like_,
        count(*) FILTER (selling_ AND NOT counts_) AS unlisted_,
        min(CASE WHEN selling_ AND NOT counts_ THEN key_::VARCHAR END) AS unlisted_like_,
        count(*) FILTER (listings_ > 1) AS twice_,
        min(CASE WHEN listings_ > 1 THEN key_::VARCHAR END) AS twice_like_,
        count(*) FILTER (given_ IS NOT NULL) AS given_,
        min(CASE WHEN listed_ AND given_ IS NULL THEN key_::VARCHAR END) AS undated_like_,
        count(*) FILTER (given_ > first_sale_) AS late_,
        min(
            CASE WHEN given_ > first_sale_
            THEN concat('product ', key_, ', launch date ', given_, ', first sale ', first_sale_) END
        ) AS late_like_,
        count(*) FILTER (from_sales_) AS from_sales_,
        min(CASE WHEN from_sales_ THEN concat('product ', key_, ', ', given_) END) AS from_sales_like_,
        count(*) FILTER (counts_ AND launch_ IS NOT NULL) AS launched_,
        count(*) FILTER (counts_ AND __launch_period(launch_, frequency) < start_ + burn_in_) AS old_,
        min(
            CASE WHEN counts_ AND __launch_period(launch_, frequency) < start_ + burn_in_
            THEN concat('product ', key_, ', ', launch_) END
        ) AS old_like_
    FROM (SELECT * EXCLUDE (start_, end_) FROM begins_), calendar_, options_
),
launches_ AS (
    SELECT
        count(*) AS launches_,
        count(*) FILTER (steps_ < horizon_) AS partly_,
        min(CASE WHEN steps_ < horizon_ THEN concat('product ', key_, ' has ', steps_, ' of ', horizon_, ' periods') END)
            AS partly_like_
    FROM (
        SELECT
            key_, horizon_, end_ - number_ AS steps_
        FROM begins_, options_
        WHERE counts_ AND number_ BETWEEN start_ + burn_in_ AND end_ - 1
    )
),
-- Steps of launches that are not known for want of stock, or only from below.
unknown_ AS (
    SELECT
        count(*) FILTER (len(list_filter(available_, lambda a: a < 0.5)) > 0) AS gaps_,
        min(CASE WHEN len(list_filter(available_, lambda a: a < 0.5)) > 0
            THEN concat('product ', key_, ' in ', len(list_filter(available_, lambda a: a < 0.5)), ' steps') END
        ) AS gaps_like_,
        count(*) FILTER (available_[1] < 0.5) AS starts_,
        min(CASE WHEN available_[1] < 0.5 THEN concat('product ', key_, ', ', launch_) END) AS starts_like_,
        count(*) AS seen_launches_
    FROM __launch_launches(
        __launch_texts(sales, product_id), __launch_texts(products, product_id), frequency, horizon, product_id, date, units,
        price, launch_date, burn_in, available, 'drop'
    )
),
found_ AS (
    SELECT unnest([
        {
            'name_': 'no_usable_sales', 'bad_': usable_ = 0, 'fatal_': true,
            'affected_': all_ - usable_, 'all_': all_, 'like_': NULL::VARCHAR,
            'fix_': 'Load rows with product, date and units into the sales table; the checks below say what is wrong with '
                || 'those there are.'
        },
        {
            'name_': 'null_product_ids', 'bad_': bad_key_ > 0, 'fatal_': false,
            'affected_': bad_key_, 'all_': all_, 'like_': bad_key_like_,
            'fix_': 'These rows are left out: fill in their product, or name its column with product_id := ''...''.'
        },
        {
            'name_': 'invalid_dates', 'bad_': bad_day_ > 0, 'fatal_': false,
            'affected_': bad_day_, 'all_': all_, 'like_': bad_day_like_,
            'fix_': concat(
                'These rows are left out: give them a date from 1970 to 2200, or say how texts such as 12/05/2024 are read where all may be either, ',
                '(SELECT * REPLACE (coalesce(TRY_CAST(', __launch_identifier(date), ' AS DATE), try_strptime(',
                __launch_identifier(date), '::VARCHAR, ''%m/%d/%Y'')::DATE) AS ', __launch_identifier(date), ') FROM ', sales, ').'
            )
        },
        {
            'name_': 'invalid_units', 'bad_': bad_units_ > 0, 'fatal_': false,
            'affected_': bad_units_, 'all_': all_, 'like_': bad_units_like_,
            'fix_': 'These units count as not known: give finite numbers below 1e15, or 0 when nothing was sold. Of texts such as '
                || '1,234 no row tells whether they are one and a bit or over a thousand.'
        },
        {
            'name_': 'texts_read', 'bad_': false, 'fatal_': false,
            'affected_': texts_, 'all_': all_,
            'like_': nullif(concat_ws(', ', text_days_like_, text_units_like_), ''),
            'fix_': NULL
        },
        {
            'name_': 'unknown_units', 'bad_': no_units_ > 0, 'fatal_': false,
            'affected_': no_units_, 'all_': all_, 'like_': no_units_like_,
            'fix_': 'Rows without units are not known, as when there is no stock, and never zero: give 0 when nothing '
                || 'was sold.'
        },
        {
            'name_': 'invalid_availability', 'bad_': bad_share_ > 0, 'fatal_': false,
            'affected_': bad_share_, 'all_': told_, 'like_': bad_share_like_,
            'fix_': 'These rows count as on sale: give true or false, or a share from 0 to 1.'
        },
        {
            'name_': 'out_of_stock', 'bad_': false, 'fatal_': false,
            'affected_': off_, 'all_': usable_, 'like_': off_like_,
            'fix_': NULL
        },
        {
            'name_': 'duplicate_rows', 'bad_': copies_ > 0, 'fatal_': false,
            'affected_': coalesce(copies_, 0), 'all_': all_, 'like_': copies_like_,
            'fix_': 'Rows equal in all columns are summed: if they were loaded twice, pass a view with SELECT DISTINCT *.'
        },
        {
            'name_': 'several_rows_per_period', 'bad_': false, 'fatal_': false,
            'affected_': coalesce(merged_, 0), 'all_': periods_, 'like_': merged_like_,
            'fix_': NULL
        },
        {
            'name_': 'returns', 'bad_': returns_ > 0, 'fatal_': false,
            'affected_': returns_, 'all_': all_, 'like_': returns_like_,
            'fix_': 'Negative units are taken off their period, never below zero: launch_clean(..., negatives := ''drop'') '
                || 'leaves them out.'
        },
        {
            'name_': 'invalid_prices', 'bad_': bad_price_ > 0, 'fatal_': false,
            'affected_': bad_price_, 'all_': all_, 'like_': bad_price_like_,
            'fix_': 'These prices are taken as unknown: set them to NULL or to a number from 0 to 1e12.'
        },
        {
            'name_': 'missing_periods', 'bad_': missing_ > 0, 'fatal_': false,
            'affected_': coalesce(missing_, 0), 'all_': life_, 'like_': missing_like_,
            'fix_': 'Periods without rows are taken as no sales: launch_clean(..., missing := ''interpolate'') fills them '
                || 'when the rows were lost.'
        },
        {
            'name_': 'zeros_among_sales', 'bad_': zeros_ > 0, 'fatal_': false,
            'affected_': coalesce(zero_periods_, 0), 'all_': life_, 'like_': zeros_like_,
            'fix_': 'Products that always sell sold nothing for a while, as without stock: set units to NULL there, or '
                || 'available to false, else they count as no demand.'
        },
        {
            'name_': 'outliers', 'bad_': outliers_ > 0, 'fatal_': false,
            'affected_': outliers_, 'all_': periods_, 'like_': outliers_like_,
            'fix_': 'Look at them in launch_clean(...) WHERE outlier; launch_clean(..., outliers := ''cap'') limits them.'
        },
        {
            'name_': 'gap_in_dates', 'bad_': longest_gap_ > 62, 'fatal_': false,
            'affected_': CASE WHEN longest_gap_ > 62 THEN 1 ELSE 0 END, 'all_': CASE WHEN usable_ > 0 THEN 1 END,
            'like_': CASE WHEN longest_gap_ > 62 THEN concat(longest_gap_, ' days before ', after_gap_) END,
            'fix_': 'No product sold for over two months: correct or remove dates far away from the others, because the first '
                || 'and the last date decide which launches are fully observed.'
        },
        {
            'name_': 'longer_periods', 'bad_': every_ IS NOT NULL, 'fatal_': false,
            'affected_': CASE WHEN every_ IS NOT NULL THEN 1 ELSE 0 END, 'all_': CASE WHEN usable_ > 0 THEN 1 END,
            'like_': 'a date every ' || every_ || ' days',
            'fix_': 'Where rows are sums of longer periods, name these, such as frequency := ''month'': the periods between would count '
                || 'as no sales.'
        },
        {
            'name_': 'periods_without_rows', 'bad_': empty_ > 0 AND every_ IS NULL, 'fatal_': false,
            'affected_': CASE WHEN every_ IS NULL THEN empty_ ELSE 0 END, 'all_': CASE WHEN usable_ > 0 THEN span_ END,
            'like_': CASE WHEN every_ IS NULL THEN empty_like_::VARCHAR END,
            'fix_': 'No product has a row in these periods, which counts as no sales: load their rows, or rows with units NULL '
                || 'where they are lost.'
        },
        {
            'name_': 'thin_last_period', 'bad_': thin_ IS NOT NULL, 'fatal_': false,
            'affected_': coalesce(thin_, 0), 'all_': CASE WHEN usable_ > 0 THEN usual_ END,
            'like_': CASE WHEN thin_ IS NOT NULL THEN format('{} rows from {} on, others have {}', thin_, last_, usual_) END,
            'fix_': 'Correct the dates of these few rows, or load the rest of the period: all other products look as if they had sold nothing.'
        },
        {
            'name_': 'categories_end_early', 'bad_': ended_ > 0 AND ended_ < categories_ AND thin_ IS NULL, 'fatal_': false,
            'affected_': CASE WHEN ended_ < categories_ AND thin_ IS NULL THEN ended_ ELSE 0 END, 'all_': categories_,
            'like_': CASE WHEN ended_ < categories_ AND thin_ IS NULL THEN ended_like_ END,
            'fix_': 'No product of these categories has a row after that, which counts as no sales: load their later sales, or remove their '
                || 'products if they are not sold any more.'
        },
        {
            'name_': 'last_period_incomplete', 'bad_': __launch_period(last_day_, frequency) >= end_, 'fatal_': false,
            'affected_': CASE WHEN __launch_period(last_day_, frequency) >= end_ THEN 1 ELSE 0 END,
            'all_': CASE WHEN usable_ > 0 THEN 1 END,
            'like_': CASE WHEN __launch_period(last_day_, frequency) >= end_ THEN concat('the data end on ', last_day_) END,
            'fix_': 'The last period is taken as not observed: load its remaining days to use it.'
        },
        {
            'name_': 'first_period_incomplete', 'bad_': late_start_ AND burn_in_ = 0, 'fatal_': false,
            'affected_': CASE WHEN late_start_ THEN 1 ELSE 0 END, 'all_': CASE WHEN usable_ > 0 THEN 1 END,
            'like_': CASE WHEN late_start_ THEN concat('the data begin on ', first_day_) END,
            'fix_': 'Most of the first period is missing and would count as no sales: leave it out with burn_in := 1, '
                || 'or load its first days.'
        },
        {
            'name_': 'all_sales_zero', 'bad_': usable_ > 0 AND positive_ = 0, 'fatal_': true,
            'affected_': CASE WHEN positive_ = 0 THEN usable_ ELSE 0 END, 'all_': usable_, 'like_': NULL,
            'fix_': 'No row has positive units: check the column named by units := ''...''.'
        },
        {
            'name_': 'short_history', 'bad_': last_day_ - first_day_ < 728, 'fatal_': false,
            'affected_': CASE WHEN last_day_ - first_day_ < 728 THEN 1 ELSE 0 END,
            'all_': CASE WHEN usable_ > 0 THEN 1 END, 'like_': first_day_ || ' to ' || last_day_,
            'fix_': 'Load two years or more: with less, the season of a launch cannot be learned.'
        },
        {
            'name_': 'products_without_sales', 'bad_': unsold_ > 0,
            'fatal_': unsold_ = listed_,
            'affected_': unsold_, 'all_': listed_, 'like_': unsold_like_,
            'fix_': 'Write product_id alike in both tables, if they did sell. Else those with a launch date in the data are '
                || 'launches that sold nothing, and those without one are left out: remove products that were never launched.'
        },
        {
            'name_': 'sales_without_products', 'bad_': unlisted_ > 0, 'fatal_': false,
            'affected_': unlisted_, 'all_': selling_, 'like_': unlisted_like_,
            'fix_': 'Products that are not in the products table are no launches: add those that are.'
        },
        {
            'name_': 'null_ids_in_products', 'bad_': nameless_ > 0, 'fatal_': false,
            'affected_': nameless_, 'all_': listings_, 'like_': NULL,
            'fix_': 'These rows of the products table are left out: fill in their product.'
        },
        {
            'name_': 'duplicate_products', 'bad_': twice_ > 0, 'fatal_': false,
            'affected_': twice_, 'all_': listed_, 'like_': twice_like_,
            'fix_': 'One row per product is used, with the earliest launch date: keep one row of each in the products table.'
        },
        {
            'name_': 'missing_launch_dates', 'bad_': given_ > 0 AND given_ < listed_, 'fatal_': false,
            'affected_': listed_ - given_, 'all_': listed_, 'like_': undated_like_,
            'fix_': 'Their launch is taken as the first day with sales: fill in their launch date, from 1970 to 2200.'
        },
        {
            'name_': 'sales_before_launch', 'bad_': late_ > 0, 'fatal_': false,
            'affected_': late_, 'all_': given_, 'like_': late_like_,
            'fix_': 'Sales before the launch date are not used: preorders := ''first_step'' counts them to step 1 if they '
                || 'are pre-orders, else correct the launch date, or set it to NULL to take the first day with sales.'
        },
        {
            'name_': 'launch_dates_from_sales', 'bad_': from_sales_ > 0, 'fatal_': false,
            'affected_': from_sales_, 'all_': given_, 'like_': from_sales_like_,
            'fix_': 'These launch dates are the first sale, not the day from which a product could be bought: each launch '
                || 'is taken to begin with its period. Give the day on which it was put on sale.'
        },
        {
            'name_': 'launches_without_stock', 'bad_': gaps_ > 0, 'fatal_': false,
            'affected_': gaps_, 'all_': seen_launches_, 'like_': gaps_like_,
            'fix_': 'Steps without stock are left out of all that is learned; where it ran out, units are a lower bound of '
                || 'the demand.'
        },
        {
            'name_': 'first_steps_without_stock', 'bad_': starts_ > 0, 'fatal_': false,
            'affected_': starts_, 'all_': seen_launches_, 'like_': starts_like_,
            'fix_': 'Most of their first period is not known: give the date from which they could be bought as '
                || 'launch date.'
        },
        {
            'name_': 'older_than_data', 'bad_': old_ > 0.5 * launched_, 'fatal_': false,
            'affected_': old_, 'all_': launched_, 'like_': old_like_,
            'fix_': 'Products already selling when the data begin are no launches: load older sales to learn from them.'
        },
        {
            'name_': 'partly_observed_launches', 'bad_': partly_ > 0.5 * launches_, 'fatal_': false,
            'affected_': partly_, 'all_': launches_, 'like_': partly_like_,
            'fix_': 'Only the periods so far are learned from: use a shorter horizon := ... to have more complete launches.'
        },
        {
            'name_': 'past_launches', 'bad_': launches_ < 30, 'fatal_': launches_ < 3,
            'affected_': launches_, 'all_': launched_, 'like_': NULL,
            'fix_': 'At least 3 past launches are needed and 30 advisable: load older sales or more products, or use a '
                || 'smaller burn_in := 0.'
        }
    ]) AS found_
    FROM options_, rows_, nameless_, copies_, spans_, outliers_, zeros_, dates_, launches_, unknown_,
    __launch_pace(__launch_texts(sales, product_id), __launch_texts(products, product_id), frequency, product_id, date, units) AS pace_, (
        SELECT
            *,
            -- More than half of it; one date per period covers it all.
            coalesce(
                NOT stamped_ AND 2 * (first_day_ - __launch_period_start(start_, frequency))
                    > __launch_period_start(start_ + 1, frequency) - __launch_period_start(start_, frequency),
                false
            ) AS late_start_
        FROM calendar_
    ) AS calendar_
    -- Options are checked even when there are no rows.
    WHERE frequency_ <> '' AND horizon_ > 0 AND burn_in_ >= 0
)
SELECT
    name_ AS check,
    CASE WHEN NOT coalesce(bad_, false) THEN 'ok' WHEN fatal_ THEN 'error' ELSE 'warning' END AS status,
    affected_::BIGINT AS affected,
    (affected_ / nullif(all_, 0))::DOUBLE AS share,
    __launch_words(like_, product_id) AS example,
    CASE WHEN bad_ THEN fix_ END AS fix
FROM (
    SELECT unnest(found_) FROM found_
    UNION ALL BY NAME FROM __launch_doctor_ids(sales, products, product_id)
    UNION ALL BY NAME FROM __launch_doctor_values(sales, products, candidates, product_id, date, price, launch_date)
    UNION ALL BY NAME FROM __launch_doctor_candidates(candidates, sales, products, product_id, price, launch_date)
    UNION ALL BY NAME FROM __launch_doctor_known(
        covariates, events, offers, sales, products, candidates, signal_key, frequency, horizon, product_id, date, price,
        launch_date
    )
)
