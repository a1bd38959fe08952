-- What to tell of launches that have no row in sales.
--
-- @scalar
-- @param unsold: BIGINT    how many they are
-- @param launches: BIGINT  of how many
-- @param example: VARCHAR  one of them
-- @returns VARCHAR the text, NULL when there is nothing to tell
-- @example __launch_unsold(2, 9, 'p7')
CASE
    WHEN unsold = launches AND launches > 0 THEN format(
        'none of the {} products with a launch date has a row in sales: product_id must be written alike in both tables, '
        || 'such as ''{}''',
        launches, example
    )
    WHEN unsold > 0 THEN format(
        '{} of {} launches have no row in sales, such as ''{}'', and count as sold 0: product_id must be written alike in '
        || 'both tables',
        unsold, launches, example
    )
END
