-- A text without blanks, and without a sign or code of money at its ends.
--
-- @scalar
-- @param amount: ANY  the text
-- @returns VARCHAR the rest
-- @example __launch_bare('€ 3,15')
regexp_replace(
    regexp_replace(amount::VARCHAR, '[\s\x{00A0}\x{202F}]', '', 'g'), '^([$€£¥]|[A-Z]{3})|([$€£¥]|[A-Z]{3})$', '', 'g'
)
