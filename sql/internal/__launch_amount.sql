-- A number as people write it: with a sign of money, blanks, and separators of thousands and decimals where one reading alone
-- is possible. A text such as '1,234', which may be one and a bit or over a thousand, is none.
--
-- @scalar
-- @param amount: ANY  a number or text
-- @returns DOUBLE the number; NULL when it is none
-- @example __launch_amount('$1,234.50')
CASE
    WHEN typeof(amount) <> 'VARCHAR' OR TRY_CAST(amount AS DOUBLE) IS NOT NULL THEN TRY_CAST(amount AS DOUBLE)
    ELSE TRY_CAST(CASE
        WHEN regexp_full_match(__launch_bare(amount), '[-+]?\d+(\.\d+)?') THEN __launch_bare(amount)
        WHEN regexp_full_match(__launch_bare(amount), '[-+]?\d{1,3}((,\d{3})+\.\d+|(,\d{3}){2,})')
            THEN replace(__launch_bare(amount), ',', '')
        WHEN regexp_full_match(__launch_bare(amount), '[-+]?\d{1,3}((\.\d{3})+,\d+|(\.\d{3}){2,})')
            THEN replace(replace(__launch_bare(amount), '.', ''), ',', '.')
        WHEN regexp_full_match(__launch_bare(amount), '[-+]?\d+,(\d{1,2}|\d{4,})')
            THEN replace(__launch_bare(amount), ',', '.')
    END AS DOUBLE)
END
