-- Checks of launch_doctor: whether the ids of sales and products can be compared.
--
-- @param sales: VARCHAR       the sales table
-- @param products: VARCHAR    the products table, or NULL
-- @param product_id: VARCHAR  the column of products in both
-- @returns name_: VARCHAR     the check
-- @returns bad_: BOOLEAN      whether there is something to mend
-- @returns fatal_: BOOLEAN    whether nothing can be learned before it is mended
-- @returns affected_: BIGINT  how many are concerned
-- @returns all_: BIGINT       of how many
-- @returns like_: VARCHAR     one of them
-- @returns fix_: VARCHAR      what to do
-- @example FROM __launch_doctor_ids('sales', 'products', 'product_id')
WITH ids_ AS MATERIALIZED (
    SELECT DISTINCT key_::VARCHAR AS id_
    FROM (
        SELECT COLUMNS(lambda c: __launch_column(c, product_id, coalesce(sales, 'sales')))::VARCHAR AS key_
        FROM query(__launch_from(sales, [product_id], []))
        UNION ALL
        SELECT COLUMNS(lambda c: __launch_column(c, product_id, coalesce(products, 'products')))::VARCHAR
        FROM query(__launch_from(products, [product_id], []))
    )
    WHERE key_ IS NOT NULL
)
SELECT unnest([
    {
        'name_': 'ids_of_two_types', 'bad_': why_ IS NOT NULL, 'fatal_': true,
        'affected_': CASE WHEN why_ IS NULL THEN 0 ELSE 1 END, 'all_': CASE WHEN count_ > 0 AND products IS NOT NULL THEN 1 END,
        'like_': example_,
        'fix_': concat(
            'Products of the two tables are never the same: give ', cast_, ' in place of ',
            CASE WHEN cast_ = __launch_texts(sales, product_id) THEN sales ELSE products END, '.'
        )
    },
    {
        'name_': 'ids_with_blanks_or_case', 'bad_': alike_ > 0, 'fatal_': false,
        'affected_': coalesce(alike_, 0), 'all_': count_, 'like_': alike_like_,
        'fix_': concat(
            'Ids that are alike but for blanks and case are different products: give ',
            CASE WHEN contains(product_id, ',') THEN 'lower(trim()) of each column of ' || product_id ELSE concat(
                '(SELECT * REPLACE (lower(trim(', __launch_identifier(product_id), ')) AS ', __launch_identifier(product_id),
                ') FROM ', sales, ')'
            ) END,
            CASE WHEN products IS NULL THEN '.' ELSE ', and likewise for ' || products || '.' END
        )
    }
], recursive := true)
FROM __launch_two_types(sales, products, product_id), (
    SELECT
        sum(spellings_)::BIGINT AS count_,
        (sum(spellings_) FILTER (spellings_ > 1))::BIGINT AS alike_,
        min(CASE WHEN spellings_ > 1 THEN concat('''', one_, ''' and ''', other_, '''') END) AS alike_like_
    FROM (
        SELECT count(*) AS spellings_, min(id_) AS one_, max(id_) AS other_
        FROM ids_
        GROUP BY __launch_spelling(id_)
    )
)
