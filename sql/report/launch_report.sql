-- One page of a launch plan, for those who decide on it: what is expected in three numbers and in words, a calendar, a fan and curves
-- for each product, stock, channels, audience, how good the forecasts are, what is wrong in the data, and the models behind it. It
-- takes the plan alone, or with whatever other tables there are. The page is one file of HTML, without scripts and without requests,
-- in light and dark, on paper too; each chart has its numbers in a table beneath. Whatever the tables hold is shown as text. Written by
-- COPY (FROM launch_report('plan')) TO 'plan.html' (FORMAT BLOB). The same tables give the same bytes.
--
-- @param plan: VARCHAR                       the plan, as launch_plan returns it
-- @param forecast: VARCHAR = NULL            a table as launch_forecast returns it: a fan for each product
-- @param total: VARCHAR = NULL               a table as launch_total returns it for the whole horizon: the interval of all units together
-- @param comparables: VARCHAR = NULL         a table as launch_comparables returns it: the past launches behind each forecast
-- @param timing: VARCHAR = NULL              a table as launch_timing returns it: what other dates would bring
-- @param pricing: VARCHAR = NULL             a table as launch_pricing returns it: what other prices would bring
-- @param stock: VARCHAR = NULL               a table as launch_stock returns it; where its orders are not the plan's own, the page says so
-- @param channels: VARCHAR = NULL            a table as launch_channels returns it
-- @param calendar: VARCHAR = NULL            a table as launch_calendar returns it; without it the calendar has the plan's dates
-- @param audience: VARCHAR = NULL            a table as launch_audience returns it
-- @param evaluation: VARCHAR = NULL          a table as launch_evaluate or launch_backtest returns it
-- @param review: VARCHAR = NULL              a table as launch_review returns it
-- @param doctor: VARCHAR = NULL              a table as launch_doctor returns it
-- @param model: BLOB = NULL                  the model, such as (SELECT model FROM my_model), for its settings
-- @param title: VARCHAR = NULL               the heading; NULL for Launch plan
-- @param top: BIGINT = 50                   products shown in full, those that bring most, 0 to 1,000; the others stand in a table
-- @param product_id: VARCHAR = 'product_id'  the column of products in all tables
-- @returns html: BLOB  the page
-- @example FROM launch_report('plan')
-- @example SELECT octet_length(html) < 1e6 FROM launch_report('plan', audience := 'audience', model := (SELECT model FROM model), title := 'Autumn')
SELECT __launch_report(
    plan_, forecast_, total_, comparables_, timing_, pricing_, stock_, channels_, calendar_, audience_, evaluation_, review_,
    doctor_,
    model := model::BLOB, title := title, most := top, key := product_id
) AS html
FROM __launch_reported(
    plan, forecast, total, comparables, timing, pricing, stock, channels, calendar, audience, evaluation, review, doctor,
    product_id
)
