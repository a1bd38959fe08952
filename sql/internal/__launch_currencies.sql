-- What to tell of prices that name several currencies.
--
-- @scalar
-- @param named: VARCHAR[]  those that are named, NULL where none is
-- @param what: VARCHAR     whose prices they are
-- @returns VARCHAR the text, NULL when there is nothing to tell
-- @example __launch_currencies(['EUR', 'USD'], 'products')
CASE WHEN len(list_distinct(named)) > 1 THEN
    'prices of ' || what || ' are in several currencies, ' || array_to_string(list_sort(list_distinct(named)), ', ')
    || ', and read as one: convert them'
END
