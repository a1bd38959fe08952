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
),
-- As texts, so that the many ways to write a number are read in one place.
read_ AS (
    SELECT key_, [{'name_': t_.name_, 'raw_': t_.raw_, 'amount_': __launch_amount(t_.raw_)} FOR t_ IN [
        {'name_': 'salvage', 'raw_': salvage_::VARCHAR}, {'name_': 'holding', 'raw_': holding_::VARCHAR},
        {'name_': 'returns', 'raw_': returns_::VARCHAR}, {'name_': 'service_level', 'raw_': level_::VARCHAR},
        {'name_': 'pack', 'raw_': pack_::VARCHAR}, {'name_': 'minimum', 'raw_': minimum_::VARCHAR},
        {'name_': 'maximum', 'raw_': maximum_::VARCHAR}, {'name_': 'on_hand', 'raw_': on_hand_::VARCHAR},
        {'name_': 'on_order', 'raw_': on_order_::VARCHAR}
    ]] AS terms_
    FROM given_
)
SELECT
    key_,
    struct_pack(
        salvage := min(terms_[1]['amount_']), holding := min(terms_[2]['amount_']), returns := min(terms_[3]['amount_']),
        service_level := min(terms_[4]['amount_']), pack := min(terms_[5]['amount_']), minimum := min(terms_[6]['amount_']),
        maximum := min(terms_[7]['amount_']), on_hand := min(terms_[8]['amount_']), on_order := min(terms_[9]['amount_'])
    ) AS terms_,
    min([t_['name_'] || ' is no number: ' || t_['raw_'] FOR t_ IN terms_ IF t_['raw_'] IS NOT NULL AND t_['amount_'] IS NULL][1]) AS why_
FROM read_
GROUP BY key_
