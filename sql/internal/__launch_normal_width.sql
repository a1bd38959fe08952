-- Half width, in standard deviations, of a central interval of the normal distribution, to within 0.0005 (Abramowitz,
-- Stegun 1964, Handbook of mathematical functions, 26.2.23).
--
-- @scalar
-- @param probability: DOUBLE  that of the interval, above 0 and below 1
-- @returns DOUBLE the half width; 1.6449 for 0.9
-- @example __launch_normal_width(0.9)
sqrt(-2 * ln((1 - probability) / 2)) - (
    2.515517 + 0.802853 * sqrt(-2 * ln((1 - probability) / 2)) + 0.010328 * -2 * ln((1 - probability) / 2)
) / (
    1 + 1.432788 * sqrt(-2 * ln((1 - probability) / 2)) + 0.189269 * -2 * ln((1 - probability) / 2)
    + 0.001308 * (-2 * ln((1 - probability) / 2)) ^ 1.5
)
