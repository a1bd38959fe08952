-- The quantile of sorted numbers, as quantile_cont has it; the probability need not be constant.
--
-- @scalar
-- @param a_list: DOUBLE[]         numbers in order, none of them NULL
-- @param a_probability: DOUBLE    from 0 to 1
-- @returns DOUBLE the quantile, between two numbers on their line; NULL of an empty list
-- @example __launch_list_quantile([1.0, 2.0, 4.0], 0.75)
a_list[1 + floor(a_probability * (len(a_list) - 1))::BIGINT]
+ (a_probability * (len(a_list) - 1) - floor(a_probability * (len(a_list) - 1)))
    * (a_list[1 + ceil(a_probability * (len(a_list) - 1))::BIGINT] - a_list[1 + floor(a_probability * (len(a_list) - 1))::BIGINT])
