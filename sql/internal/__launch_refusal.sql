-- Why a candidate cannot be looked at, whatever the question.
--
-- @scalar
-- @param product: ANY    its product
-- @param copies: BIGINT  how often the product is among the candidates
-- @param undated: VARCHAR = NULL  a launch date that is none
-- @returns VARCHAR the reason, NULL when there is none
-- @example __launch_refusal('P01', 2)
CASE
    WHEN product IS NULL THEN 'product_id is NULL'
    WHEN copies > 1 THEN 'product_id appears ' || copies || ' times in candidates: keep one row per product'
    WHEN undated IS NOT NULL
    THEN 'launch_date is no date, or may be read in two ways: write ''' || undated || ''' as year-month-day'
END
