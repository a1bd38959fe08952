-- The charts of launch_report as Vega-Lite specifications with their data in them, one row for each: for notebooks, dashboards and BI
-- tools that draw such, where a page of HTML has no place. First those of everything together, then those of each product.
--
-- @param plan: VARCHAR                       the plan, as launch_plan returns it
-- @param forecast: VARCHAR = NULL            a table as launch_forecast returns it: a fan for each product
-- @param total: VARCHAR = NULL               a table as launch_total returns it for the whole horizon: the interval of all units together
-- @param comparables: VARCHAR = NULL         a table as launch_comparables returns it: the past launches behind each forecast
-- @param timing: VARCHAR = NULL              a table as launch_timing returns it: what other dates would bring
-- @param pricing: VARCHAR = NULL             a table as launch_pricing returns it: what other prices would bring
-- @param stock: VARCHAR = NULL               a table as launch_stock returns it
-- @param channels: VARCHAR = NULL            a table as launch_channels returns it
-- @param calendar: VARCHAR = NULL            a table as launch_calendar returns it; without it the calendar has the plan's dates
-- @param audience: VARCHAR = NULL            a table as launch_audience returns it
-- @param evaluation: VARCHAR = NULL          a table as launch_evaluate or launch_backtest returns it
-- @param review: VARCHAR = NULL              a table as launch_review returns it
-- @param doctor: VARCHAR = NULL              a table as launch_doctor returns it
-- @param top: BIGINT = 50                   products with charts of their own, those that bring most, 0 to 1,000
-- @param product_id: VARCHAR = 'product_id'  the column of products in all tables
-- @returns place: BIGINT           the chart's place on the page, from 1
-- @returns chart: VARCHAR          calendar, demand, stock, stock_split, channels, audience, evaluation, forecast, comparables, timing,
--                                  pricing or review
-- @returns product_id: VARCHAR     the text of the product; NULL for a chart of all
-- @returns title: VARCHAR          its title
-- @returns description: VARCHAR    what it shows, in words
-- @returns specification: JSON     the specification, of Vega-Lite 5
-- @example FROM launch_chart('plan')
SELECT
    row_['place'] AS place,
    row_['chart'] AS chart,
    row_['product_id'] AS product_id,
    row_['title'] AS title,
    row_['description'] AS description,
    (row_['specification'])::JSON AS specification
FROM (
    SELECT unnest(__launch_charts(
        plan_, forecast_, total_, comparables_, timing_, pricing_, stock_, channels_, calendar_, audience_, evaluation_,
        review_, doctor_,
        most := top, key := product_id
    )) AS row_
    FROM __launch_reported(
        plan, forecast, total, comparables, timing, pricing, stock, channels, calendar, audience, evaluation, review, doctor,
        product_id
    )
)
ORDER BY 1
