-- The attributes that tell a candidate from other products, the most telling first. An attribute is the more telling the fewer
-- products have its value, a number the fewer are beyond it on the nearer side: among the products of the category, where at least
-- 20 have the attribute, else among all. Texts of which most products have one of their own are names or prose, and left out; so are
-- numbers of a million and more that are all different.
--
-- @param candidates: VARCHAR  the candidates
-- @param products: VARCHAR    more products to compare with, or NULL
-- @param product_id: VARCHAR  the column of products
-- @param category: VARCHAR    the column of categories; 'category' need not exist
-- @param hidden: VARCHAR[]    columns that are no attributes, in lower case
-- @param most: BIGINT         attributes of a candidate at most
-- @returns id_: VARCHAR     the candidate as text
-- @returns facts_: VARCHAR  name: value, separated by commas
-- @returns words_: VARCHAR  the first three as a title would say them
-- @example FROM __launch_telling('candidates', 'products', 'product_id', 'category', ['price', 'cost'], 5)
WITH asked_ AS MATERIALIZED (FROM __launch_described(candidates, 'candidates', product_id, category, hidden)),
all_ AS MATERIALIZED (
    FROM asked_
    UNION ALL
    FROM __launch_described(products, 'products', product_id, category, hidden)
    WHERE id_ NOT IN (SELECT id_ FROM asked_ WHERE id_ IS NOT NULL)
),
usable_ AS (
    SELECT name_
    FROM all_
    GROUP BY name_
    HAVING CASE
        WHEN bool_and(number_ IS NOT NULL) THEN NOT (count(*) > 1 AND min(abs(number_)) >= 1e6 AND count(DISTINCT number_) = count(*))
        ELSE max(length(value_)) <= 60 AND NOT (count(*) >= 20 AND count(DISTINCT value_) > 0.5 * count(*))
    END
),
-- Each value of an attribute in a category, and how many products have it.
values_ AS MATERIALIZED (
    SELECT name_, category_, value_, number_, count(*) AS count_
    FROM all_
    WHERE name_ IN (FROM usable_)
    GROUP BY ALL
),
shares_ AS (
    SELECT
        name_, category_, value_,
        CASE
            WHEN sum(count_) OVER (PARTITION BY name_, category_) >= 20 AND number_ IS NULL
            THEN count_ / sum(count_) OVER (PARTITION BY name_, category_)
            WHEN sum(count_) OVER (PARTITION BY name_, category_) >= 20
            THEN 2 * least(
                sum(count_) OVER (PARTITION BY name_, category_ ORDER BY number_),
                sum(count_) OVER (PARTITION BY name_, category_ ORDER BY number_ DESC)
            ) / sum(count_) OVER (PARTITION BY name_, category_)
            WHEN number_ IS NULL THEN sum(count_) OVER (PARTITION BY name_, value_) / sum(count_) OVER (PARTITION BY name_)
            ELSE 2 * least(
                sum(count_) OVER (PARTITION BY name_ ORDER BY number_), sum(count_) OVER (PARTITION BY name_ ORDER BY number_ DESC)
            ) / sum(count_) OVER (PARTITION BY name_)
        END AS share_
    FROM values_
)
SELECT
    id_,
    string_agg(name_ || ': ' || value_, ', ' ORDER BY place_) AS facts_,
    string_agg(CASE WHEN flag_ THEN name_ WHEN number_ IS NULL THEN value_ ELSE name_ || ' ' || value_ END, ', ' ORDER BY place_)
        FILTER (place_ <= 3) AS words_
FROM (
    SELECT asked_.*, row_number() OVER (PARTITION BY id_ ORDER BY least(share_, 1), asked_.name_, asked_.value_) AS place_
    FROM asked_
    JOIN shares_ ON shares_.name_ = asked_.name_ AND shares_.value_ = asked_.value_
        AND shares_.category_ IS NOT DISTINCT FROM asked_.category_
    WHERE id_ IS NOT NULL
)
WHERE place_ <= most
GROUP BY id_
