-- Checks of launch_doctor: candidates beside sales and products. Nothing is found without candidates.
--
-- @param candidates: VARCHAR   the candidates, or NULL
-- @param sales: VARCHAR        the sales table
-- @param products: VARCHAR     the products table, or NULL
-- @param product_id: VARCHAR   the column of products in all of them
-- @param price: VARCHAR        the column of prices, which need not exist
-- @param launch_date: VARCHAR  the column of launch dates; 'launch_date' need not exist
-- @returns name_: VARCHAR     the check
-- @returns bad_: BOOLEAN      whether there is something to mend
-- @returns fatal_: BOOLEAN    whether nothing can be learned before it is mended
-- @returns affected_: BIGINT  how many are concerned
-- @returns all_: BIGINT       of how many
-- @returns like_: VARCHAR     one of them
-- @returns fix_: VARCHAR      what to do
-- @example FROM __launch_doctor_candidates('candidates', 'sales', 'products', 'product_id', 'price', 'launch_date')
WITH asked_ AS MATERIALIZED (
    SELECT
        key_::VARCHAR AS id_, __launch_valid_day(day_) IS NULL AS undated_, day_::VARCHAR AS day_,
        price_ IS NOT NULL AND __launch_valid_price(price_) IS NULL AS unread_, price_::VARCHAR AS price_,
        key_::VARCHAR IN (
            SELECT key_::VARCHAR
            FROM (
                SELECT COLUMNS(lambda c: __launch_column(c, product_id, coalesce(sales, 'sales'))) AS key_
                FROM query(__launch_from(sales, [product_id], []))
            )
            WHERE key_ IS NOT NULL
        ) AS sold_,
        count(*) OVER (PARTITION BY key_) AS copies_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, coalesce(candidates, 'candidates'))) AS key_,
            COLUMNS(lambda c: __launch_column(c, launch_date, coalesce(candidates, 'candidates'))) AS day_,
            COLUMNS(lambda c: __launch_column(c, price, coalesce(candidates, 'candidates'))) AS price_
        FROM query(__launch_read(candidates, [product_id, launch_date], ['launch_date', 'price', price, 'cost'], [launch_date], [price, 'cost']))
    )
),
counted_ AS (
    SELECT
        nullif(count(*), 0) AS all_,
        count(*) FILTER (id_ IS NULL OR copies_ > 1) AS nameless_,
        min(CASE WHEN id_ IS NULL THEN 'NULL' WHEN copies_ > 1 THEN concat('product ', id_, ', ', copies_, ' rows') END)
            AS nameless_like_,
        count(*) FILTER (undated_) AS undated_,
        min(CASE WHEN undated_ THEN concat('product ', coalesce(id_, 'NULL'), ', launch date ', coalesce(day_, 'NULL')) END) AS undated_like_,
        count(*) FILTER (unread_) AS unread_,
        min(CASE WHEN unread_ THEN concat('product ', coalesce(id_, 'NULL'), ', price ', price_) END) AS unread_like_,
        count(*) FILTER (sold_) AS sold_,
        min(CASE WHEN sold_ THEN concat('product ', id_) END) AS sold_like_
    FROM asked_
),
-- Values by column, of columns that both tables may have.
ours_ AS MATERIALIZED (
    SELECT id_, column_, json_extract(row_, '$."' || column_ || '"') AS value_
    FROM (
        SELECT id_, row_, unnest(json_keys(row_)) AS column_
        FROM (
            SELECT key_::VARCHAR AS id_, to_json(attributes_) AS row_
            FROM __launch_attributes(candidates, product_id, launch_date, price, coalesce(candidates, 'candidates'))
        )
    )
    WHERE NOT contains(column_, '"')
),
past_ AS MATERIALIZED (
    SELECT column_, json_extract(row_, '$."' || column_ || '"') AS value_
    FROM (
        SELECT row_, unnest(json_keys(row_)) AS column_
        FROM (
            SELECT to_json(attributes_) AS row_
            FROM __launch_attributes(products, product_id, launch_date, price, coalesce(products, 'products'))
        )
    )
    WHERE NOT contains(column_, '"')
),
-- A column of texts that repeat is a category; names and descriptions are none.
levels_ AS MATERIALIZED (
    SELECT column_, list(DISTINCT lower(trim(value_->>'$'))) AS levels_
    FROM past_
    WHERE json_type(value_) = 'VARCHAR'
    GROUP BY column_
    HAVING count(DISTINCT lower(trim(value_->>'$'))) <= greatest(1, 0.5 * count(*))
        AND count(TRY_CAST(value_->>'$' AS DATE)) = 0 AND count(__launch_amount(value_->>'$')) = 0
),
new_ AS (
    SELECT id_, column_, value_->>'$' AS level_
    FROM ours_ JOIN levels_ USING (column_)
    WHERE json_type(value_) = 'VARCHAR' AND NOT list_contains(levels_, lower(trim(value_->>'$')))
    UNION ALL
    -- A number ten times those learned from, as cents are of euros.
    SELECT id_, column_, concat(value_->>'$', ', learned from ', least_, ' to ', most_)
    FROM ours_ JOIN (
        SELECT column_, min(number_) AS least_, max(number_) AS most_
        FROM (SELECT column_, __launch_amount(value_->>'$') AS number_ FROM past_ WHERE json_type(value_) IN ('BIGINT', 'UBIGINT', 'DOUBLE'))
        WHERE number_ > 0
        GROUP BY column_ HAVING count(*) >= 5
    ) USING (column_)
    WHERE json_type(value_) IN ('BIGINT', 'UBIGINT', 'DOUBLE')
        AND (__launch_amount(value_->>'$') > 10 * most_ OR __launch_amount(value_->>'$') BETWEEN 1e-12 AND 0.1 * least_)
),
new_told_ AS (
    SELECT
        (SELECT count(DISTINCT id_) FROM new_) AS new_,
        string_agg(
            concat(column_, ' ', level_, ' (', (100 * count_ / (SELECT count(*) FROM asked_))::INTEGER, ' % of candidates)'), ', '
            ORDER BY column_
        ) AS new_like_
    FROM (SELECT column_, min(level_) AS level_, count(*) AS count_ FROM new_ GROUP BY column_)
),
columns_ AS (
    SELECT
        count(*) FILTER (past_ IS NULL) AS unseen_,
        string_agg(name_, ', ' ORDER BY name_) FILTER (past_ IS NULL) AS unseen_like_,
        count(*) FILTER (ours_ IS NULL) AS lacking_,
        string_agg(name_, ', ' ORDER BY name_) FILTER (ours_ IS NULL) AS lacking_like_,
        nullif(count(ours_), 0) AS ours_all_, nullif(count(past_), 0) AS past_all_
    FROM (
        SELECT name_, max(ours_) AS ours_, max(past_) AS past_
        FROM (
            -- A column without a value is as good as none.
            SELECT lower(column_) AS name_, 1 AS ours_, NULL AS past_ FROM ours_ WHERE json_type(value_) <> 'NULL'
            UNION ALL SELECT lower(column_), NULL, 1 FROM past_ WHERE json_type(value_) <> 'NULL'
        )
        -- Prices may be left out of both, costs are asked for by plans alone.
        WHERE name_ NOT IN (
            'price', 'cost', 'earliest', 'latest', 'lowest_price', 'highest_price', 'stock', 'target', 'on_hand', 'on_order'
        )
        GROUP BY name_
    )
    WHERE EXISTS (FROM ours_) AND EXISTS (FROM past_)
)
SELECT unnest([
    {
        'name_': 'candidates_without_own_id', 'bad_': nameless_ > 0, 'fatal_': false,
        'affected_': nameless_, 'all_': all_, 'like_': nameless_like_,
        'fix_': concat(
            'They are refused: give one row per product, (SELECT DISTINCT ON (', product_id, ') * FROM ', candidates, ' WHERE ',
            product_id, ' IS NOT NULL).'
        )
    },
    {
        'name_': 'candidates_without_launch_date', 'bad_': undated_ > 0, 'fatal_': false,
        'affected_': undated_, 'all_': all_, 'like_': undated_like_,
        'fix_': concat(
            'Give them a date from 1970 to 2200 (texts such as 12/05/2024 where all may be either: strptime(', launch_date, ', ''%m/%d/%Y'')::DATE), or ',
            'leave them out: ', candidates, ' WHERE regexp_matches(', launch_date, '::VARCHAR, ''[0-9]'').'
        )
    },
    {
        'name_': 'candidates_with_unread_price', 'bad_': unread_ > 0, 'fatal_': false,
        'affected_': unread_, 'all_': all_, 'like_': unread_like_,
        'fix_': concat(
            'These prices count as missing: give numbers from 0 to 1e12, (SELECT * REPLACE (TRY_CAST(replace(',
            __launch_identifier(price), '::VARCHAR, '','', '''') AS DOUBLE) AS ', __launch_identifier(price), ') FROM ', candidates,
            ') where commas part thousands.'
        )
    },
    {
        'name_': 'candidates_that_sold_already', 'bad_': sold_ > 0, 'fatal_': false,
        'affected_': sold_, 'all_': all_, 'like_': sold_like_,
        'fix_': concat(
            'Give sales := ', __launch_quoted(sales), ' with the candidates, so that what they sold so far corrects their forecast; ',
            'else leave them out: ', candidates, ' WHERE ', product_id, ' NOT IN (SELECT ', product_id, ' FROM ', sales, ' WHERE ', product_id, ' IS NOT NULL).'
        )
    },
    {
        'name_': 'candidates_with_new_levels', 'bad_': new_ > 0, 'fatal_': false,
        'affected_': new_, 'all_': CASE WHEN products IS NOT NULL THEN all_ END, 'like_': new_like_,
        'fix_': concat(
            'No past product had them, so nothing is known of their effect: write them as in ', products,
            ' if they are there under another name or in another unit, such as (SELECT * REPLACE (replace(column, ''new'', ''known'') AS column) FROM ',
            candidates, '), else expect wide intervals.'
        )
    },
    {
        'name_': 'candidates_with_unseen_columns', 'bad_': unseen_ > 0, 'fatal_': false,
        'affected_': unseen_, 'all_': ours_all_, 'like_': unseen_like_,
        'fix_': concat(
            'No model looks at columns that ', products, ' does not have: add them there, or leave them out, ',
            '(SELECT * EXCLUDE (', unseen_like_, ') FROM ', candidates, ').'
        )
    },
    {
        'name_': 'candidates_without_columns', 'bad_': lacking_ > 0, 'fatal_': false,
        'affected_': lacking_, 'all_': past_all_, 'like_': lacking_like_,
        'fix_': concat(
            'They count as not known for all candidates: add them to ', candidates, ', or do not learn from them, ',
            'products := ', __launch_quoted('(SELECT * EXCLUDE (' || lacking_like_ || ') FROM ' || products || ')'), '.'
        )
    }
], recursive := true)
FROM counted_, new_told_, columns_
