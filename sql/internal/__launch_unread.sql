-- What of the two tables could not be read, in one text.
--
-- @param sales: VARCHAR        the sales table
-- @param products: VARCHAR     the products table, or NULL
-- @param product_id: VARCHAR   the column of products in both tables
-- @param date: VARCHAR         the column of dates
-- @param units: VARCHAR        the column of units
-- @param price: VARCHAR        the column of prices, which need not exist
-- @param launch_date: VARCHAR  the column of launch dates; 'launch_date' need not exist
-- @param available: VARCHAR = NULL  the column of availability in sales; 'available' need not exist; NULL for one that is not used
-- @param priced: BOOLEAN = false  whether the prices of sales are used
-- @param summed: BOOLEAN = false  whether sales are summed by period, whatever is not known of them
-- @returns unread_: VARCHAR  the text, NULL when all was read
-- @example FROM __launch_unread('sales', 'products', 'product_id', 'date', 'units', 'price', 'launch_date')
SELECT nullif(concat_ws('; ',
    CASE WHEN bad_units_ > 0 THEN format(
        '{} of {} rows of sales have units that are no number or may be read in two ways, such as ''{}'', and {}', bad_units_, rows_, units_like_,
        CASE WHEN summed THEN 'are not known: the rest of their period stands for them, or other periods' ELSE 'are not known' END
    ) END,
    CASE WHEN summed AND no_units_ > 0 THEN format(
        '{} of {} rows of sales have no units: the rest of their period stands for them, or other periods', no_units_, rows_
    ) END,
    CASE WHEN summed AND off_ > 0 THEN format(
        '{} of {} rows of sales were not on sale all the time: the rest of their period stands for them, or other periods', off_, rows_
    ) END,
    CASE WHEN summed AND bound_ > 0 THEN format(
        '{} of {} rows of sales were sold though they were not on sale: they count as they stand', bound_, rows_
    ) END,
    CASE WHEN texts_units_ > 0 THEN format(
        '{} units of sales were read from texts such as ''{}'', as {}', texts_units_, text_units_, number_units_
    ) END,
    CASE WHEN sold_ = 0 AND rows_ > bad_units_ THEN 'no row of sales has units above 0' END,
    CASE WHEN texts_days_ > 0 THEN format(
        '{} dates of sales were read from texts such as ''{}'', as {}', texts_days_, text_day_, day_of_text_
    ) END,
    __launch_zone_note(day_type_),
    CASE WHEN bad_days_ > 0 THEN format(
        '{} of {} rows of sales have no date from 1970 to 2200, such as ''{}'', and are left out', bad_days_, rows_, day_like_
    ) END,
    CASE WHEN bad_shares_ > 0 THEN format(
        '{} of {} rows of sales have an availability that cannot be read, such as ''{}'', and count as on sale: true, false, a share or pieces',
        bad_shares_, rows_, share_like_
    ) END,
    CASE WHEN bad_paid_ > 0 THEN format(
        '{} of {} rows of sales have a price that is no number or may be read in two ways, such as ''{}'', and count as without one',
        bad_paid_, rows_, paid_like_
    ) END,
    __launch_currencies(sold_in_, 'sales'), __launch_currencies(listed_in_, 'products'),
    CASE WHEN bad_keys_ > 0 THEN format('{} of {} rows of sales have no product and are left out', bad_keys_, rows_) END,
    CASE WHEN bad_prices_ > 0 THEN format(
        '{} of {} prices of products are no number or may be read in two ways, such as ''{}'', and count as missing', bad_prices_, listed_, price_like_
    ) END,
    CASE WHEN texts_prices_ > 0 THEN format(
        '{} prices of products were read from texts such as ''{}'', as {}', texts_prices_, text_price_, number_price_
    ) END,
    CASE WHEN texts_dates_ > 0 THEN format(
        '{} launch dates of products were read from texts such as ''{}'', as {}', texts_dates_, text_date_,
        date_of_text_
    ) END,
    CASE WHEN bad_dates_ > 0 THEN format(
        '{} of {} launch dates of products are no date from 1970 to 2200, such as ''{}'': the first sale counts', bad_dates_,
        listed_, date_like_
    ) END,
    CASE WHEN products IS NOT NULL AND listed_ = 0 THEN 'products has no rows' END,
    CASE WHEN twice_ > 0 THEN format(
        '{} products, such as ''{}'', have several rows in products: that with the earliest launch date counts', twice_, twice_like_
    ) END
), '') AS unread_
FROM (
    SELECT
        count(*) AS rows_,
        count(*) FILTER (raw_units_ IS NOT NULL AND valid_units_ IS NULL AND lower(raw_units_::VARCHAR) <> 'nan') AS bad_units_,
        min(CASE WHEN raw_units_ IS NOT NULL AND valid_units_ IS NULL THEN raw_units_::VARCHAR END) AS units_like_,
        count(*) FILTER (texts_units_) AS texts_units_, min(CASE WHEN texts_units_ THEN raw_units_::VARCHAR END) AS text_units_,
        arg_min(valid_units_, raw_units_::VARCHAR) FILTER (texts_units_) AS number_units_,
        count(*) FILTER (valid_units_ > 0) AS sold_,
        count(*) FILTER (texts_day_) AS texts_days_, max(CASE WHEN texts_day_ THEN raw_day_::VARCHAR END) AS text_day_,
        arg_max(valid_day_, raw_day_::VARCHAR) FILTER (texts_day_) AS day_of_text_,
        count(*) FILTER (valid_day_ IS NULL) AS bad_days_,
        min(CASE WHEN valid_day_ IS NULL THEN coalesce(raw_day_::VARCHAR, 'NULL') END) AS day_like_,
        any_value(typeof(raw_day_)) AS day_type_,
        count(*) FILTER (raw_share_ IS NOT NULL AND __launch_valid_share(raw_share_) IS NULL) AS bad_shares_,
        min(CASE WHEN __launch_valid_share(raw_share_) IS NULL THEN raw_share_::VARCHAR END) AS share_like_,
        count(*) FILTER (valid_units_ IS NOT NULL AND __launch_lacking(valid_units_, __launch_valid_share(raw_share_)) > 0) AS off_,
        count(*) FILTER (__launch_valid_share(raw_share_) = 0 AND valid_units_ > 0) AS bound_,
        count(*) FILTER (raw_units_ IS NULL OR lower(raw_units_::VARCHAR) = 'nan') AS no_units_,
        count(*) FILTER (raw_paid_ IS NOT NULL AND __launch_amount(read_paid_) IS NULL) AS bad_paid_,
        min(CASE WHEN __launch_amount(read_paid_) IS NULL THEN raw_paid_::VARCHAR END) AS paid_like_,
        list(DISTINCT CASE WHEN typeof(raw_paid_) = 'VARCHAR' THEN __launch_currency(raw_paid_::VARCHAR) END) AS sold_in_,
        count(*) FILTER (raw_key_ IS NULL) AS bad_keys_
    FROM (
        SELECT
            *, __launch_valid_units(read_units_) AS valid_units_, __launch_valid_day(read_day_) AS valid_day_,
            coalesce(
                __launch_valid_units(read_units_) IS DISTINCT FROM TRY_CAST(raw_units_ AS DOUBLE)
                AND __launch_valid_units(read_units_) IS NOT NULL, false
            ) AS texts_units_,
            TRY_CAST(raw_day_ AS DATE) IS NULL AND __launch_valid_day(read_day_) IS NOT NULL AS texts_day_
        FROM (
            SELECT
                COLUMNS(lambda c: __launch_column(c, product_id, coalesce(sales, 'sales'))) AS raw_key_,
                COLUMNS(lambda c: __launch_column(c, date, coalesce(sales, 'sales'))) AS read_day_,
                COLUMNS(lambda c: __launch_column(c, units, coalesce(sales, 'sales'))) AS read_units_,
                COLUMNS(lambda c: __launch_part(c, date, 1, coalesce(sales, 'sales'))) AS raw_day_,
                COLUMNS(lambda c: __launch_part(c, units, 1, coalesce(sales, 'sales'))) AS raw_units_,
                COLUMNS(lambda c: __launch_column(
                    c, CASE WHEN summed THEN 'available' ELSE coalesce(available, '__launch_none') END, coalesce(sales, 'sales')
                )) AS raw_share_,
                COLUMNS(lambda c: __launch_column(c, CASE WHEN priced THEN price ELSE '__launch_none' END, coalesce(sales, 'sales'))) AS read_paid_,
                COLUMNS(lambda c: __launch_part(c, CASE WHEN priced THEN price ELSE '__launch_none' END, 1, coalesce(sales, 'sales'))) AS raw_paid_
            FROM query(__launch_read(
                sales, [product_id, date, units, coalesce(available, 'available')], ['available', 'none', 'price', price], [date],
                [units, price]
            ))
        )
    )
), (
    SELECT
        count(*) AS listed_,
        count(*) FILTER (raw_price_ IS NOT NULL AND read_price_ IS NULL) AS bad_prices_,
        min(CASE WHEN raw_price_ IS NOT NULL AND read_price_ IS NULL THEN raw_price_::VARCHAR END) AS price_like_,
        count(*) FILTER (texts_price_) AS texts_prices_, min(CASE WHEN texts_price_ THEN raw_price_::VARCHAR END) AS text_price_,
        arg_min(read_price_, raw_price_::VARCHAR) FILTER (texts_price_) AS number_price_,
        list(DISTINCT CASE WHEN texts_price_ THEN __launch_currency(raw_price_::VARCHAR) END) AS listed_in_,
        count(*) FILTER (texts_date_) AS texts_dates_, max(CASE WHEN texts_date_ THEN raw_date_::VARCHAR END) AS text_date_,
        arg_max(valid_date_, raw_date_::VARCHAR) FILTER (texts_date_) AS date_of_text_,
        count(*) FILTER (raw_date_ IS NOT NULL AND valid_date_ IS NULL) AS bad_dates_,
        min(CASE WHEN raw_date_ IS NOT NULL AND valid_date_ IS NULL THEN raw_date_::VARCHAR END) AS date_like_,
        count(DISTINCT raw_key_) FILTER (nth_ = 2) AS twice_,
        min(CASE WHEN nth_ = 2 THEN raw_key_::VARCHAR END) AS twice_like_
    FROM (
        SELECT
            *, valid_date_ IS NOT NULL AND TRY_CAST(raw_date_ AS DATE) IS NULL AS texts_date_,
            read_price_ IS NOT NULL AND read_price_ IS DISTINCT FROM TRY_CAST(raw_price_ AS DOUBLE) AS texts_price_
        FROM (
            SELECT
                COLUMNS(lambda c: __launch_column(c, product_id, coalesce(products, 'products'))) AS raw_key_,
                __launch_amount(COLUMNS(lambda c: __launch_column(c, price, coalesce(products, 'products')))) AS read_price_,
                __launch_valid_day(COLUMNS(lambda c: __launch_column(c, launch_date, coalesce(products, 'products'))))
                    AS valid_date_,
                COLUMNS(lambda c: __launch_part(c, price, 1, coalesce(products, 'products'))) AS raw_price_,
                COLUMNS(lambda c: __launch_part(c, launch_date, 1, coalesce(products, 'products'))) AS raw_date_,
                CASE WHEN raw_key_ IS NOT NULL THEN row_number() OVER (PARTITION BY raw_key_) END AS nth_
            FROM query(__launch_read(
                products, [product_id, launch_date], ['price', price, 'launch_date', 'cost'], [launch_date], [price, 'cost']
            ))
        )
    )
)
