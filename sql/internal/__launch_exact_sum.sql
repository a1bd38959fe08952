-- The sum of numbers of any size, the same to the last bit for any order of the rows and any number of threads. Each
-- number is cut into a whole number of 2^-10 and one of 2^-72, which are summed as integers; from 2^53 on it is one
-- integer. Only digits below 2^-72 (2e-22) are lost. DuckDB computes the parts that the terms share only once, but not
-- within CASE.
--
-- @scalar
-- @param x: DOUBLE  a number; NULL and NaN are skipped
-- @returns DOUBLE the sum; NULL without numbers, and when one of them is 1e30 or more on either side of zero
-- @example SELECT __launch_exact_sum(units) FROM sales
CASE WHEN count(CASE WHEN abs(x) BETWEEN 1e30 AND 'infinity'::DOUBLE THEN 1 END) = 0 THEN
    coalesce(
        (
            sum(TRY_CAST(x * 1024 AS BIGINT))::DOUBLE
            + sum(TRY_CAST((x * 1024 - TRY_CAST(x * 1024 AS BIGINT)::DOUBLE) * 4611686018427387904 AS BIGINT))::DOUBLE
                / 4611686018427387904
        ) / 1024 + coalesce(sum(CASE WHEN abs(x) BETWEEN 9007199254740992 AND 1e30 THEN x::HUGEINT END)::DOUBLE, 0),
        sum(CASE WHEN abs(x) BETWEEN 9007199254740992 AND 1e30 THEN x::HUGEINT END)::DOUBLE
    )
END
