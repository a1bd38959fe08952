-- The mean of numbers of any size, the same to the last bit for any order of the rows and any number of threads.
--
-- @scalar
-- @param x: DOUBLE  a number; NULL and NaN are skipped
-- @returns DOUBLE the mean; NULL without numbers, and when one of them is 1e30 or more on either side of zero
-- @example SELECT __launch_exact_mean(units) FROM sales
__launch_exact_sum(x) / (
    count(TRY_CAST(x * 1024 AS BIGINT)) + count(CASE WHEN abs(x) BETWEEN 9007199254740992 AND 1e30 THEN x::HUGEINT END)
)
