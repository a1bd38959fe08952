-- A number as people write it: with a sign of money, blanks, and separators of thousands and decimals where one reading alone
-- is possible. A text such as '1,234' or '1.234', which may be one and a bit or over a thousand, is none.
--
-- @scalar
-- @param amount: ANY  a number or text
-- @returns DOUBLE the number; NULL when it is none
-- @example __launch_amount('$1,234.50')
CASE
    WHEN typeof(amount) <> 'VARCHAR' THEN TRY_CAST(amount AS DOUBLE)
    ELSE __launch_text_amount(amount::VARCHAR)
END
