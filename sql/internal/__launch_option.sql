-- Checks an option that is one of a few words.
--
-- @scalar
-- @param option_name: VARCHAR  the option's name, for the error
-- @param chosen: VARCHAR       the word, in any case
-- @param allowed: VARCHAR[]    the words there are
-- @returns VARCHAR the word in lower case
-- @example __launch_option('missing', 'Zero', ['zero', 'null'])
CASE WHEN list_contains(allowed, lower(chosen)) THEN lower(chosen)
ELSE error(
    option_name || ' must be one of ' || array_to_string(allowed, ', ')
    || ', got ' || coalesce('''' || chosen || '''', 'NULL')
) END
