-- What to tell of ids of one table that another one has but for case and surrounding blanks: they count as other products. One row.
--
-- @param given: VARCHAR       a table
-- @param known: VARCHAR       the other one, or NULL
-- @param given_id: VARCHAR    the column of products in the first
-- @param known_id: VARCHAR    the column of products in the other one
-- @param given_name: VARCHAR  what the first is called
-- @param known_name: VARCHAR  what the other one is called
-- @returns spelt_: VARCHAR    the text, NULL when there is nothing to tell
-- @example FROM __launch_spelt('sales', 'products', 'product_id', 'product_id', 'sales', 'products')
WITH there_ AS MATERIALIZED (
    SELECT DISTINCT __launch_id_text(COLUMNS(lambda c: __launch_column(c, known_id, coalesce(known, known_name)))) AS there_
    FROM query(__launch_from(known, [known_id], []))
),
here_ AS (
    SELECT DISTINCT __launch_id_text(COLUMNS(lambda c: __launch_column(c, given_id, coalesce(given, given_name)))) AS here_
    FROM query(__launch_from(given, [given_id], []))
),
alike_ AS (
    SELECT here_, min(same_.there_) AS there_
    FROM (FROM here_ ANTI JOIN there_ ON there_ = here_) AS strange_ JOIN there_ AS same_ ON lower(trim(same_.there_)) = lower(trim(here_))
    GROUP BY here_
)
SELECT CASE WHEN count(*) > 0 THEN format(
    'ids of {} that are those of {} but for case or blanks count as other products: {}, such as ''{}'' beside ''{}''',
    given_name, known_name, count(*), min(here_), min_by(there_, here_)
) END AS spelt_
FROM alike_
