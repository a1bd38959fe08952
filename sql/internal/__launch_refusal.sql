-- Why a candidate cannot be looked at, whatever the question.
--
-- @scalar
-- @param product: ANY    its product
-- @param copies: BIGINT  how often the product is among the candidates
-- @returns VARCHAR the reason, NULL when there is none
-- @example __launch_refusal('P01', 2)
CASE
    WHEN product IS NULL THEN 'product_id is NULL'
    WHEN copies > 1 THEN 'product_id appears ' || copies || ' times in candidates: keep one row per product'
END
