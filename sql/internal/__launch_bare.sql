-- A text without a sign or code of money at its ends, and without blanks around it or between thousands.
--
-- @scalar
-- @param amount: ANY  the text
-- @returns VARCHAR the rest
-- @example __launch_bare('€ 3,15')
list_transform(
    [regexp_replace(
        amount::VARCHAR,
        '^[\s\x{00A0}]*([$€£¥]|USD|EUR|GBP|CHF|JPY|CNY|CAD|AUD|SEK|NOK|DKK|PLN|INR|BRL|MXN)?[\s\x{00A0}]*'
            || '|[\s\x{00A0}]*([$€£¥]|USD|EUR|GBP|CHF|JPY|CNY|CAD|AUD|SEK|NOK|DKK|PLN|INR|BRL|MXN)?[\s\x{00A0}]*$',
        '', 'g'
    )],
    lambda t: CASE
        WHEN regexp_full_match(t, '[-+]?\d{1,3}([ \x{00A0}\x{202F}]\d{3})+([.,]\d+)?')
        THEN regexp_replace(t, '[ \x{00A0}\x{202F}]', '', 'g') ELSE t END
)[1]
