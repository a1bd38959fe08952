-- A text that speaks of products, in the words of who calls a product something else: stores, where product_id names a
-- column store or store_id.
--
-- @scalar
-- @param told: VARCHAR   the text
-- @param label: VARCHAR  the column of products
-- @returns VARCHAR the text, as it is for other columns
-- @example __launch_words('3 products', 'store_id')
list_transform(
    [regexp_extract(
        lower(label),
        '^(store|shop|outlet|branch|site|location|region|market|country|city|customer|channel|brand)(_?(id|no|code|name))?$',
        1
    )],
    lambda noun: CASE WHEN noun = '' OR noun IS NULL THEN told
    ELSE regexp_replace(
        regexp_replace(
            told, '\bproducts\b',
            CASE WHEN ends_with(noun, 'y') THEN noun[:-2] || 'ies' WHEN ends_with(noun, 'ch') THEN noun || 'es' ELSE noun || 's' END,
            'g'
        ),
        '\bproduct\b', noun, 'g'
    ) END
)[1]
