-- Share of a period in which a product was on sale as far as known: 1 less the days of which nothing is known, over all
-- days. What is known for less than a quarter of a period says too little of the rest of it, and nothing is known where no row of it
-- says how much was sold.
--
-- @scalar
-- @param unknown: DOUBLE   the sum of what its rows lack, as __launch_sales tells
-- @param rows_seen: BIGINT  its rows
-- @param dates: BIGINT     dates on which there are rows
-- @param days: BIGINT      days of the period, or its dates where all rows of a period have one
-- @returns DOUBLE 0 to 1
-- @example __launch_on_sale(2, 7, 7, 7)
CASE
    WHEN rows_seen > 0 AND unknown >= rows_seen THEN 0
    WHEN rows_seen > 0 AND unknown > 0 THEN greatest(1 - unknown / rows_seen * least(dates / days, 1), 0)
    ELSE 1
END
