-- An id without what people do not see: case, blanks around it, and more than one blank within it.
--
-- @scalar
-- @param id: VARCHAR  the text of an id
-- @returns VARCHAR the same for ids that look alike
-- @example __launch_spelling(' Ab  1')
lower(trim(regexp_replace(id, '\s+', ' ', 'g')))
