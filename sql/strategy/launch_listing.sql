-- What is handed to the shop for each product that is to be published: title, category, price, date, what is special about it, what
-- buyers praise in its category, how many users are told of it and how many units are ordered. Price and date are those of the best
-- plan, else those of the candidate. A product without a price, or without a date, comes back with status refused; so does what was
-- given and fits no candidate, with product_id NULL.
--
-- @param candidates: VARCHAR       the products to publish: id, and if there are, title, category, price, launch date, attributes
-- @param plan: VARCHAR = NULL      a table as launch_plan returns it: its rows of plan_rank 1
-- @param products: VARCHAR = NULL  more products with attributes: what is special about a candidate is told from these too
-- @param aspects: VARCHAR = NULL   a table as launch_aspects returns it, by category or of all reviews together
-- @param audience: VARCHAR = NULL  a table as launch_audience returns it
-- @param stock: VARCHAR = NULL     a table as launch_stock returns it; its order_units count before those of the plan
-- @param attributes: BIGINT = 5    attributes of a product at most
-- @param praises: BIGINT = 3       praised aspects of a product at most
-- @param ignore: VARCHAR[] = []    columns of candidates and products that the shop is not to see
-- @param title: VARCHAR = 'title'  the column of titles; where there is none: name, description, else made of category and attributes
-- @param product_id: VARCHAR = 'product_id'    the column of products in candidates and products
-- @param launch_date: VARCHAR = 'launch_date'  the column of launch dates in candidates, if there is one
-- @param price: VARCHAR = 'price'              the column of prices in candidates, if there is one
-- @param cost: VARCHAR = 'cost'                the column of costs, if there is one: it is never shown
-- @param category: VARCHAR = 'category'        the column of categories, if there is one
-- @returns product_id: same as input   the product
-- @returns title: VARCHAR              what to call it
-- @returns category: VARCHAR           its category
-- @returns price: DOUBLE               price
-- @returns launch_date: DATE           first day in the shop
-- @returns key_attributes: VARCHAR     its attributes as name: value, the rarest among other products first
-- @returns praised: VARCHAR            what reviews of the category praise, the strongest first
-- @returns audience: BIGINT            users to tell of it, without those set aside; NULL without the table
-- @returns order_units: DOUBLE         units to order; NULL where they are not known; 0, which reason tells, where nothing is ordered
-- @returns status: VARCHAR             ok or refused
-- @returns reason: VARCHAR             where price and date are from and what is missing; or why it is refused
-- @example FROM launch_listing('candidates', plan := 'plan', aspects := 'aspects', stock := 'orders')
-- @example FROM launch_listing('new_goods', products := 'goods', audience := 'audience')
WITH columns_ AS MATERIALIZED (
    SELECT name_, true AS asked_ FROM __launch_columns(candidates) UNION ALL SELECT name_, false FROM __launch_columns(products)
),
unknown_ AS (
    SELECT coalesce(name_, 'NULL') AS name_ FROM (SELECT unnest(ignore) AS name_)
    WHERE name_ IS NULL OR lower(trim(name_)) NOT IN (SELECT name_ FROM columns_)
),
options_ AS MATERIALIZED (
    SELECT
        CASE WHEN attributes >= 0 THEN attributes
        ELSE error('attributes must be 0 or more, got ' || coalesce(attributes::VARCHAR, 'NULL')) END AS attributes_,
        CASE WHEN praises >= 0 THEN praises ELSE error('praises must be 0 or more, got ' || coalesce(praises::VARCHAR, 'NULL')) END
            AS praises_,
        -- A mistyped name would show what it was to hide.
        CASE WHEN (SELECT count(*) FROM unknown_) = 0 THEN list_transform(
            list_concat(
                string_split(product_id, ','), [launch_date, price, cost, category, title],
                ['launch_date', 'price', 'cost', 'title', 'name', 'description'], ignore
            ),
            lambda hidden: lower(trim(hidden))
        )
        ELSE error(
            'ignore names columns that neither candidates nor products have: '
            || (SELECT string_agg(name_, ', ' ORDER BY name_) FROM unknown_)
        ) END AS hidden_
),
asked_ AS MATERIALIZED (
    SELECT
        key_, id_, copies_, category_, coalesce(title_, name_, description_) AS title_,
        __launch_valid_price(raw_price_) AS own_price_, raw_price_::VARCHAR AS price_like_,
        __launch_valid_day(raw_launch_) AS own_launch_, raw_launch_::VARCHAR AS launch_like_
    FROM (
        SELECT
            *, __launch_id_text(key_) AS id_,
            count(*) OVER (PARTITION BY __launch_id_text(key_)) AS copies_,
            row_number() OVER (PARTITION BY __launch_id_text(key_) ORDER BY title_, category_) AS copy_
        FROM (
            SELECT
                COLUMNS(lambda c: __launch_column(c, product_id, candidates)) AS key_,
                COLUMNS(lambda c: __launch_column(c, launch_date, candidates)) AS raw_launch_,
                COLUMNS(lambda c: __launch_column(c, price, candidates)) AS raw_price_,
                __launch_id_text(COLUMNS(lambda c: __launch_column(c, category, candidates))) AS category_,
                __launch_id_text(COLUMNS(lambda c: __launch_column(c, title, candidates))) AS title_,
                __launch_id_text(COLUMNS(lambda c: __launch_column(c, 'name', candidates))) AS name_,
                __launch_id_text(COLUMNS(lambda c: __launch_column(c, 'description', candidates))) AS description_
            FROM query(__launch_read(
                __launch_named(candidates, 'candidates'), [product_id],
                ['launch_date', 'price', 'cost', 'category', 'title', 'name', 'description'], [launch_date], [price, 'cost']
            ))
        )
    )
    -- Of a product that is there twice no row counts.
    WHERE copy_ = 1
),
plan_ AS MATERIALIZED (FROM __launch_chosen(plan, 'product_id', 'launch_date', 'price')),
planned_ AS (
    SELECT
        id_, min(launch_) AS launch_, min(price_) AS price_, min(order_units_) AS order_units_, min(order_why_) AS order_why_,
        -- A product that sells already has its order of today among the reorders.
        bool_or(reorder_units_ > 0 AND reorder_day_ IS NULL) AS again_,
        bool_or(why_ IS NULL) AS found_, string_agg(why_, '; ' ORDER BY why_) AS why_
    FROM plan_
    GROUP BY id_
),
stock_ AS MATERIALIZED (FROM __launch_ordered(stock, 'product_id')),
told_ AS MATERIALIZED (
    SELECT
        id_, count(DISTINCT user_) FILTER (NOT aside_) AS users_, count(DISTINCT user_) FILTER (aside_) AS control_,
        min(nullif(trim(reason_::VARCHAR), '')) FILTER (user_ IS NULL) AS why_
    FROM (
        SELECT
            __launch_id_text(COLUMNS(lambda c: __launch_column(c, 'product_id', coalesce(audience, 'audience')))) AS id_,
            __launch_id_text(COLUMNS(lambda c: __launch_column(c, 'user_id', coalesce(audience, 'audience')))) AS user_,
            coalesce(TRY_CAST(COLUMNS(lambda c: __launch_column(c, 'is_control', coalesce(audience, 'audience'))) AS BOOLEAN), false)
                AS aside_,
            COLUMNS(lambda c: __launch_column(c, 'reason', coalesce(audience, 'audience'))) AS reason_
        FROM query(__launch_from(audience, ['product_id', 'user_id'], ['is_control', 'reason']))
    )
    GROUP BY id_
),
spoken_ AS MATERIALIZED (
    SELECT
        category_,
        string_agg(term_, ', ' ORDER BY place_, term_) FILTER (place_ <= (SELECT praises_ FROM options_) AND term_ IS NOT NULL) AS praised_,
        min(reason_) FILTER (lower(status_) = 'refused') AS why_
    FROM (
        SELECT *, CASE WHEN __launch_amount(lift_) > 0 THEN named_ END AS term_,
            row_number() OVER (PARTITION BY category_ ORDER BY coalesce(__launch_amount(lift_) > 0, false) DESC, rank_, named_) AS place_
        FROM (
            SELECT
                __launch_id_text(COLUMNS(lambda c: __launch_column(c, 'key', coalesce(aspects, 'aspects')))) AS category_,
                COLUMNS(lambda c: __launch_column(c, 'lift', coalesce(aspects, 'aspects'))) AS lift_,
                COLUMNS(lambda c: __launch_column(c, 'term', coalesce(aspects, 'aspects')))::VARCHAR AS named_,
                __launch_amount(COLUMNS(lambda c: __launch_column(c, 'rank', coalesce(aspects, 'aspects')))) AS rank_,
                COLUMNS(lambda c: __launch_column(c, 'status', coalesce(aspects, 'aspects')))::VARCHAR AS status_,
                COLUMNS(lambda c: __launch_column(c, 'reason', coalesce(aspects, 'aspects')))::VARCHAR AS reason_
            FROM query(__launch_from(aspects, ['key', 'term', 'lift', 'rank'], ['status', 'reason']))
        )
    )
    GROUP BY category_
),
telling_ AS (
    FROM __launch_telling(
        candidates, products, product_id, category, (SELECT hidden_ FROM options_), (SELECT attributes_ FROM options_)
    )
),
joined_ AS (
    SELECT
        asked_.*, telling_.facts_, telling_.words_,
        coalesce(planned_.price_, own_price_) AS price_, planned_.price_ AS plan_price_,
        coalesce(planned_.launch_, own_launch_) AS launch_, planned_.launch_ AS plan_launch_,
        planned_.id_ IS NOT NULL AS planned_, planned_.found_, planned_.why_ AS plan_why_,
        coalesce(stock_.order_units_, planned_.order_units_) AS order_units_,
        CASE WHEN stock_.order_units_ IS NOT NULL THEN stock_.reorder_units_ > 0 AND stock_.reorder_day_ IS NULL
        ELSE planned_.again_ END AS again_,
        stock_.id_ IS NOT NULL AS stocked_,
        coalesce(stock_.why_, stock_.order_why_, CASE WHEN stock_.order_units_ IS NULL THEN planned_.order_why_ END) AS stock_why_,
        told_.users_, told_.control_, told_.id_ IS NOT NULL AS addressed_, told_.why_ AS told_why_,
        coalesce(own_.praised_, CASE WHEN own_.category_ IS NULL THEN every_.praised_ END) AS praised_,
        own_.category_ IS NOT NULL AS spoken_, every_.category_ IS NOT NULL AS spoken_of_all_, own_.why_ AS aspects_why_
    FROM asked_
    -- So that a wrong option is an error also where it would not be asked for.
    JOIN options_ ON attributes_ IS NOT NULL AND praises_ IS NOT NULL
    LEFT JOIN telling_ ON telling_.id_ = asked_.id_
    LEFT JOIN planned_ ON planned_.id_ = asked_.id_
    LEFT JOIN stock_ ON stock_.id_ = asked_.id_
    LEFT JOIN told_ ON told_.id_ = asked_.id_
    LEFT JOIN spoken_ AS own_ ON own_.category_ = asked_.category_
    LEFT JOIN spoken_ AS every_ ON every_.category_ = 'all'
),
judged_ AS (
    SELECT
        *,
        CASE
            WHEN id_ IS NULL THEN 'product_id is NULL' || CASE WHEN copies_ > 1 THEN ' in ' || copies_ || ' rows' ELSE '' END
            WHEN copies_ > 1 THEN __launch_refusal(key_, copies_)
            ELSE nullif(concat_ws('; ',
                CASE
                    WHEN price_ > 0 THEN NULL
                    WHEN price_ = 0 THEN 'price is 0: give one above 0 in candidates, or a plan that has it'
                    WHEN price_like_ IS NOT NULL
                    THEN 'price is no number of 0 or more, got ' || price_like_ || ': give one in candidates, or a plan that has it'
                    ELSE 'price is NULL: give it in candidates, or a plan that has it' END,
                CASE
                    WHEN launch_ IS NOT NULL THEN NULL
                    WHEN launch_like_ IS NOT NULL
                    THEN 'launch_date is no date from 1970 to 2200, got ' || launch_like_ || ': write it as year-month-day'
                    ELSE 'launch_date is NULL: give it in candidates, or a plan that has it' END
            ), '')
        END AS why_
    FROM joined_
),
strangers_ AS (
    SELECT format(
        '{} has products that are not among the candidates: {}, such as {}', table_, count(*), coalesce(min(id_), 'NULL')
    ) AS reason_
    FROM (
        SELECT 'plan' AS table_, id_ FROM planned_
        UNION ALL SELECT 'stock', id_ FROM stock_
        UNION ALL SELECT 'audience', id_ FROM told_
    )
    WHERE id_ IS NULL OR id_ NOT IN (SELECT id_ FROM asked_ WHERE id_ IS NOT NULL)
    GROUP BY table_
    UNION ALL
    SELECT 'products has no attribute that candidates have: key_attributes are told from the candidates alone'
    WHERE (SELECT count(*) FROM columns_ WHERE NOT asked_) > 0 AND NOT EXISTS (
        FROM columns_ WHERE asked_ AND name_ NOT IN (SELECT unnest(hidden_) FROM options_)
            AND name_ IN (SELECT name_ FROM columns_ WHERE NOT asked_)
    )
)
SELECT
    key_ AS product_id,
    CASE WHEN counts_ THEN called_ END AS title,
    CASE WHEN counts_ THEN category_ END AS category,
    CASE WHEN counts_ THEN price_ END AS price,
    CASE WHEN counts_ THEN launch_ END AS launch_date,
    CASE WHEN counts_ THEN facts_ END AS key_attributes,
    CASE WHEN counts_ THEN praised_ END AS praised,
    CASE WHEN counts_ AND (users_ + control_ > 0 OR told_why_ IS NULL) THEN users_ END AS audience,
    CASE WHEN counts_ THEN order_units_ END AS order_units,
    CASE WHEN why_ IS NULL AND id_ IS NOT NULL THEN 'ok' ELSE 'refused' END AS status,
    CASE WHEN counts_ THEN nullif(concat_ws('; ',
        why_,
        CASE
            WHEN title_ IS NOT NULL THEN NULL
            WHEN concat(category_, words_) <> '' THEN 'title is made of category and attributes, as there is none'
            ELSE 'title is the id, as there is neither title nor category nor attribute'
        END,
        CASE WHEN alike_ > 1 THEN alike_ || ' products have this title' END,
        CASE WHEN facts_ IS NULL AND attributes > 0 THEN 'there is no attribute to show' END,
        CASE
            WHEN plan IS NULL THEN CASE WHEN why_ IS NULL THEN 'price and date are those of candidates' END
            WHEN NOT planned_ THEN 'the plan has no row of it: price and date are those of candidates'
            WHEN NOT found_ THEN plan_why_ || '; price and date are those of candidates'
            ELSE nullif(concat_ws('; ',
                plan_why_, CASE WHEN plan_price_ IS NULL THEN 'price is that of candidates, as the plan has none' END,
                CASE WHEN plan_price_ <> own_price_ THEN format('the plan changes the price from {:.2f} to {:.2f}', own_price_, plan_price_) END,
                CASE WHEN plan_launch_ <> own_launch_
                THEN 'the plan moves the launch from ' || own_launch_ || ' to ' || plan_launch_ END
            ), '')
        END,
        CASE WHEN stock IS NOT NULL AND NOT stocked_ THEN 'stock has no row of it' ELSE stock_why_ END,
        CASE WHEN order_units_ = 0 AND NOT coalesce(again_, false) THEN 'nothing is ordered: order_units is 0' END,
        CASE WHEN audience IS NULL THEN NULL WHEN NOT addressed_ THEN 'audience has no row of it'
        ELSE nullif(concat_ws('; ',
            'audience: ' || told_why_, CASE WHEN control_ > 0 THEN 'users set aside: ' || control_ END
        ), '') END,
        CASE
            WHEN aspects IS NULL THEN NULL
            WHEN spoken_ AND praised_ IS NULL THEN 'nothing is praised in ' || category_ || coalesce(': ' || aspects_why_, '')
            WHEN spoken_ THEN NULL
            WHEN spoken_of_all_ THEN 'praised is that of all reviews together'
            ELSE 'aspects has no key ' || coalesce(category_, 'all') || ': its keys are ' || coalesce(
                (SELECT array_to_string(list_sort(list(category_))[:5], ', ') FROM spoken_), 'none'
            )
        END
    ), '') ELSE coalesce(why_, reason_) END AS reason
FROM (
    SELECT *, count(*) FILTER (counts_) OVER (PARTITION BY called_) AS alike_ FROM (
        SELECT
            *, id_ IS NOT NULL AND copies_ = 1 AS counts_,
            coalesce(title_, nullif(concat_ws(', ', category_, words_), ''), id_) AS called_
        FROM judged_
    )
    UNION ALL BY NAME SELECT reason_, false AS counts_ FROM strangers_
)
ORDER BY key_ NULLS LAST, reason_
