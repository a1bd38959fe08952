-- On what terms each candidate is bought: numbers that are the same for all, or in a column of candidates.
--
-- @param candidates: VARCHAR     the table of candidates
-- @param product_id: VARCHAR     its column of products
-- @param salvage: VARCHAR        what a unit left over brings: a number, or the name of a column; so are those below
-- @param holding: VARCHAR        what holding a unit for a period costs
-- @param returns: VARCHAR        share of units sold that come back
-- @param service_level: VARCHAR  probability of not running out
-- @param pack: VARCHAR           units of a pack
-- @param minimum: VARCHAR        least order
-- @param maximum: VARCHAR        largest order
-- @param on_hand: VARCHAR        units on hand
-- @param on_order: VARCHAR       units on order
-- @returns key_: same as input   the product
-- @returns terms_: STRUCT        the numbers, by name
-- @returns why_: VARCHAR         why they cannot be read
-- @example FROM __launch_terms('candidates', 'product_id', '0', '0', '0', NULL, '12', NULL, NULL, 'on_hand', 'on_order')
WITH given_ AS (
    SELECT
        COLUMNS(lambda c: __launch_column(c, product_id, candidates)) AS key_,
        COLUMNS(lambda c: __launch_column(c, coalesce(salvage, '__launch_none'), candidates)) AS salvage_,
        COLUMNS(lambda c: __launch_column(c, coalesce(holding, '__launch_none'), candidates)) AS holding_,
        COLUMNS(lambda c: __launch_column(c, coalesce(returns, '__launch_none'), candidates)) AS returns_,
        COLUMNS(lambda c: __launch_column(c, coalesce(service_level, '__launch_none'), candidates)) AS level_,
        COLUMNS(lambda c: __launch_column(c, coalesce(pack, '__launch_none'), candidates)) AS pack_,
        COLUMNS(lambda c: __launch_column(c, coalesce(minimum, '__launch_none'), candidates)) AS minimum_,
        COLUMNS(lambda c: __launch_column(c, coalesce(maximum, '__launch_none'), candidates)) AS maximum_,
        COLUMNS(lambda c: __launch_column(c, coalesce(on_hand, '__launch_none'), candidates)) AS on_hand_,
        COLUMNS(lambda c: __launch_column(c, coalesce(on_order, '__launch_none'), candidates)) AS on_order_
    FROM query('SELECT *, NULL AS __launch_none' || array_to_string(
        -- A number stands for itself: it is a column of its own, named as it is.
        [
            ', ' || CASE WHEN isfinite(TRY_CAST(n_ AS DOUBLE)) THEN n_ ELSE 'NULL' END || ' AS ' || __launch_identifier('__launch_' || n_)
            FOR n_ IN list_sort(list_distinct(list_filter(
                [salvage, holding, returns, service_level, pack, minimum, maximum, on_hand, on_order],
                lambda n: coalesce(isfinite(TRY_CAST(n AS DOUBLE)), false) OR lower(n) IN ('on_hand', 'on_order', 'stock')
            )))
        ], ''
    ) || ' FROM ' || coalesce(__launch_joined(candidates, CASE WHEN contains(product_id, ',') THEN product_id END), candidates))
)
SELECT
    key_,
    struct_pack(
        salvage := min(__launch_amount(salvage_)), holding := min(__launch_amount(holding_)), returns := min(__launch_amount(returns_)),
        service_level := min(__launch_amount(level_)), pack := min(__launch_amount(pack_)), minimum := min(__launch_amount(minimum_)),
        maximum := min(__launch_amount(maximum_)), on_hand := min(__launch_amount(on_hand_)), on_order := min(__launch_amount(on_order_))
    ) AS terms_,
    min(CASE
        WHEN salvage_ IS NOT NULL AND __launch_amount(salvage_) IS NULL THEN 'salvage is no number: ' || salvage_::VARCHAR
        WHEN holding_ IS NOT NULL AND __launch_amount(holding_) IS NULL THEN 'holding is no number: ' || holding_::VARCHAR
        WHEN returns_ IS NOT NULL AND __launch_amount(returns_) IS NULL THEN 'returns is no number: ' || returns_::VARCHAR
        WHEN level_ IS NOT NULL AND __launch_amount(level_) IS NULL THEN 'service_level is no number: ' || level_::VARCHAR
        WHEN pack_ IS NOT NULL AND __launch_amount(pack_) IS NULL THEN 'pack is no number: ' || pack_::VARCHAR
        WHEN minimum_ IS NOT NULL AND __launch_amount(minimum_) IS NULL THEN 'minimum is no number: ' || minimum_::VARCHAR
        WHEN maximum_ IS NOT NULL AND __launch_amount(maximum_) IS NULL THEN 'maximum is no number: ' || maximum_::VARCHAR
        WHEN on_hand_ IS NOT NULL AND __launch_amount(on_hand_) IS NULL THEN 'on_hand is no number: ' || on_hand_::VARCHAR
        WHEN on_order_ IS NOT NULL AND __launch_amount(on_order_) IS NULL THEN 'on_order is no number: ' || on_order_::VARCHAR
    END) AS why_
FROM given_
GROUP BY key_
