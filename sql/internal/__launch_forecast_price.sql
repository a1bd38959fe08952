-- The price some periods ahead, from the prices so far, as launch_trend forecasts it; the last price where fewer than
-- four are known.
--
-- @scalar
-- @param prices: DOUBLE[]     prices by period, without gaps
-- @param horizon: BIGINT      periods ahead
-- @returns DOUBLE the price
-- @example __launch_forecast_price([10.0, 11.0], 13)
coalesce(
    __launch_trend(range(len(prices))::DOUBLE[], prices, len(prices), true, horizon := horizon)[horizon]['yhat'],
    prices[-1]
)
