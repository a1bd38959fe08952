-- Within which dates and prices each candidate is to be launched, and what it is to reach: columns of candidates, none of which
-- needs to exist.
--
-- @param candidates: VARCHAR    the table of candidates
-- @param product_id: VARCHAR    its column of products
-- @param price_lowest: VARCHAR  its column of lowest prices; so are those below columns
-- @param price_highest: VARCHAR highest price
-- @param target: VARCHAR        units to reach
-- @returns key_: same as input  the product
-- @returns bounds_: STRUCT      earliest_, latest_, lowest_, highest_, target_
-- @returns why_: VARCHAR        why they cannot be read
-- @example FROM __launch_bounds('candidates', 'product_id', 'lowest_price', 'highest_price', 'target')
SELECT
    key_,
    {
        'earliest_': min(__launch_valid_day(earliest_)), 'latest_': min(__launch_valid_day(latest_)),
        'lowest_': min(__launch_amount(lowest_)), 'highest_': min(__launch_amount(highest_)), 'target_': min(__launch_amount(target_))
    } AS bounds_,
    min(CASE
        WHEN earliest_ IS NOT NULL AND __launch_valid_day(earliest_) IS NULL THEN 'earliest is no date: ' || earliest_::VARCHAR
        WHEN latest_ IS NOT NULL AND __launch_valid_day(latest_) IS NULL THEN 'latest is no date: ' || latest_::VARCHAR
        WHEN lowest_ IS NOT NULL AND NOT coalesce(__launch_amount(lowest_) BETWEEN 0 AND 1e12, false)
        THEN price_lowest || ' is no price: ' || lowest_::VARCHAR
        WHEN highest_ IS NOT NULL AND NOT coalesce(__launch_amount(highest_) BETWEEN 0 AND 1e12, false)
        THEN price_highest || ' is no price: ' || highest_::VARCHAR
        WHEN target_ IS NOT NULL AND NOT coalesce(__launch_amount(target_) BETWEEN 0 AND 1e12, false)
        THEN target || ' is no number of units: ' || target_::VARCHAR || '; target names the column, NULL for none'
        WHEN __launch_amount(lowest_) > __launch_amount(highest_)
        THEN format('{} {} is above {} {}', price_lowest, lowest_::VARCHAR, price_highest, highest_::VARCHAR)
        WHEN __launch_valid_day(earliest_) > __launch_valid_day(latest_)
        THEN format('earliest {} is after latest {}', earliest_::VARCHAR, latest_::VARCHAR)
    END) AS why_
FROM (
    SELECT
        COLUMNS(lambda c: __launch_column(c, product_id, candidates)) AS key_,
        COLUMNS(lambda c: __launch_column(c, 'earliest', candidates)) AS earliest_,
        COLUMNS(lambda c: __launch_column(c, 'latest', candidates)) AS latest_,
        COLUMNS(lambda c: __launch_column(c, price_lowest, candidates)) AS lowest_,
        COLUMNS(lambda c: __launch_column(c, price_highest, candidates)) AS highest_,
        COLUMNS(lambda c: __launch_column(c, coalesce(target, '__launch_none'), candidates)) AS target_
    FROM query(__launch_from(
        candidates, [product_id], ['earliest', 'latest', 'lowest_price', 'highest_price', 'target', 'none']
    ))
)
GROUP BY key_
