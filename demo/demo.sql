-- From a retailer's purchases to a launch plan, on real data
-- ==========================================================
-- The data are "The Complete Journey": all purchases of 2,469 households in the stores of one American grocer in 2017.
-- Two tables are given: raw.transactions (one row per item in a basket) and raw.products (one row per item).
-- We stand on Monday, 2 October 2017. The items that first sell in the last quarter are the ones to plan; what they
-- really sold stays hidden until step 9.


-- Step 1: weekly sales.
-- The data have their own week number: week 2 starts on Monday, 2 January. Prices are those paid, per unit. We keep
-- the grocery and fresh food departments, where households buy every week; what the other departments sell is bought
-- too seldom for a sample of 2,469 households.
CREATE TABLE sales AS
SELECT
    product_id,
    DATE '2016-12-26' + 7 * (week - 1)::INTEGER AS date,
    sum(quantity)::DOUBLE AS units,
    sum(sales_value) / nullif(sum(quantity), 0) AS price,
    sum(sales_value + retail_disc + coupon_match_disc) / nullif(sum(quantity), 0) AS list_price,
    count(DISTINCT household_id) AS households
FROM raw.transactions
JOIN raw.products USING (product_id)
WHERE department IN (
    'GROCERY', 'PRODUCE', 'MEAT', 'MEAT-PCKGD', 'DELI', 'PASTRY', 'SEAFOOD', 'SEAFOOD-PCKGD', 'NUTRITION'
)
GROUP BY ALL;

FROM sales ORDER BY units DESC LIMIT 5;


-- Step 2: which items were launched in 2017?
-- The first purchase in the data is not the launch: an old item that few people buy may show up in June. But this
-- grocer numbers its items in order: the highest number sold so far climbs month by month. So an item is new when its
-- number is higher than every number sold in January (up to the 29th): it did not exist then. The table shows what
-- this rule does: most items seen for the first time in June are old.
SELECT
    strftime(date, '%m %B') AS first_seen_in,
    max(product_id) AS highest_number,
    count(*) AS items,
    count(*) FILTER (product_id > (SELECT max(product_id) FROM sales WHERE date < DATE '2017-01-30')) AS new_items
FROM (SELECT product_id, min(date) AS date FROM sales GROUP BY ALL)
GROUP BY ALL ORDER BY ALL;

-- The functions below take burn_in := 5 for the same reason: no launch is seen in the first five weeks of the data.
-- A burn-in alone would not do here: the column "items" shows that old items keep turning up all year.
-- A new item counts as launched when at least two households buy it in its first week; most of the others sell only a
-- handful of units all year. This rule looks at the first week, and it is the only look ahead in this demo. Forecasts
-- of week 1 profit from it, so step 9 also shows the later weeks alone.
-- The attributes are what a buyer knows before the launch; the price is the list price of the first week.
CREATE TABLE products AS
SELECT
    product_id,
    date AS launch_date,
    round(list_price, 2) AS price,
    department,
    product_category AS category,
    product_type,
    brand,
    manufacturer_id::VARCHAR AS manufacturer,
    TRY_CAST(regexp_extract(package_size, '^[0-9.]+') AS DOUBLE)
        * CASE WHEN package_size LIKE '% OZ' THEN 1 WHEN package_size LIKE '% LB' THEN 16 END AS ounces
FROM (FROM sales QUALIFY date = min(date) OVER (PARTITION BY product_id))
JOIN raw.products USING (product_id)
WHERE product_id > (SELECT max(product_id) FROM sales WHERE date < DATE '2017-01-30')
    AND households >= 2;


-- Step 3: cut at 2 October. From here to step 9 only known_sales, past_launches and candidates are used.
CREATE TABLE known_sales AS FROM sales WHERE date < DATE '2017-10-02';

CREATE TABLE past_launches AS FROM products WHERE launch_date < DATE '2017-10-02';

-- Costs are not in the data. We assume 60 % of the list price for the grocer's own brand and 70 % for other brands.
CREATE TABLE candidates AS
SELECT *, round(price * CASE brand WHEN 'Private' THEN 0.6 ELSE 0.7 END, 2) AS cost
FROM products
WHERE launch_date >= DATE '2017-10-02';


-- Step 4: ask the doctor before anything is learned. It makes 23 checks; here are its findings.
-- Missing periods are weeks in which no household bought the item: zero is right. One year of data is short, we have
-- no more. Sales without products are the old items, which we left out of past_launches on purpose.
SELECT "check", status, affected, share, fix
FROM launch_doctor('known_sales', products := 'past_launches', horizon := 8, burn_in := 5)
WHERE status <> 'ok';

-- The past launches, aligned on their launch: the mean curve by department. A week that is not over is left out, not
-- counted as zero: launches of September have few weeks to show.
SELECT department, count(DISTINCT product_id) AS launches,
    round(avg(units) FILTER (step = 1), 1) AS week_1, round(avg(units) FILTER (step = 2), 1) AS week_2,
    round(avg(units) FILTER (step = 4), 1) AS week_4, round(avg(units) FILTER (step = 8), 1) AS week_8
FROM launch_history('known_sales', 'past_launches', horizon := 8, burn_in := 5)
JOIN past_launches USING (product_id)
GROUP BY department ORDER BY launches DESC;


-- Step 5: learn from the past launches, eight weeks ahead. A model is a value in a table. Its accuracy was measured
-- on launches it had not seen, beside that of the naive forecast: the mean launch curve of the category.
-- analog rests on similar past launches alone, which step 6 lists, and takes a second. Without an architecture it is
-- auto, a mean of several models with networks among them: 6 s on two cores here, for a validation_wape of 0.78
-- instead of 0.81.
CREATE TABLE model AS
FROM launch_train(
    'known_sales', products := 'past_launches', architecture := 'analog', horizon := 8, burn_in := 5
);

SELECT model_id, launches, observations, validation_wape, naive_wape, validation_rmsle, validation_coverage, status
FROM model;

-- How good would such forecasts have been during the year? At each cutoff the models are trained on what was known
-- that day, and forecast the launches up to the next cutoff.
SELECT architecture, cutoff, launches, wape, rmsle, bias, coverage, pinball
FROM launch_backtest(
    'known_sales', products := 'past_launches', architectures := ['analog', 'bass'], horizon := 8, burn_in := 5
)
ORDER BY cutoff, architecture;


-- Step 6: forecast the items of the last quarter, which have no history. yhat is the median; the interval should hold
-- the true number of units in 80 of 100 weeks.
CREATE TABLE forecast AS FROM launch_forecast('candidates', model := (SELECT model FROM model));

-- One candidate to look at closely: of those whose eight weeks end with the year, the one with the largest forecast.
CREATE TABLE chosen AS
SELECT candidates.*
FROM candidates
JOIN (SELECT product_id, sum(yhat) AS units FROM forecast GROUP BY ALL) USING (product_id)
WHERE launch_date <= DATE '2017-11-06'
ORDER BY units DESC, product_id LIMIT 1;

SELECT product_id, product_type, manufacturer, price, step, date, yhat, yhat_lower, yhat_upper
FROM forecast JOIN chosen USING (product_id) ORDER BY step;

SELECT DISTINCT reason FROM forecast JOIN chosen USING (product_id);

-- Why? The past launches behind this forecast, with their weights, which add up to 1; the last rows stand for the other
-- launches, by what they have in common. scale is what the units of a past launch are multiplied by, because its attributes differ.
SELECT rank, weight, scale, comparable_launch_date AS launched, comparable_units AS units,
    coalesce(comparable_group, left(product_type, 28)) AS product_type, brand, manufacturer, price
FROM launch_comparables('chosen', (SELECT model FROM model), k := 8)
LEFT JOIN past_launches ON past_launches.product_id = comparable_id
ORDER BY rank NULLS LAST;


-- Step 7: the plan. For each candidate it compares launch dates and prices and ranks them by profit. The price
-- elasticity is an assumption too: -2.62 is the mean of 1,851 published estimates (Bijmolt, van Heerde, Pieters 2005).
-- An assumed one advises no price, so the prices to compare are named, and reason says what the advice rests on.
-- Nine months of sales tell nothing about the season of a whole year, so all dates come out alike, and the first one
-- is kept.
CREATE TABLE plan AS
FROM launch_plan(
    'candidates', (SELECT model FROM model), sales := 'known_sales', products := 'past_launches',
    objective := 'profit', elasticity := -2.62, prices := [0.9, 1.0, 1.1]
);

SELECT product_id, left(product_type, 22) AS product_type, launch_date, plan.price, expected_units AS units,
    units_lower AS lower, units_upper AS upper, expected_profit AS profit, lift, binding_constraint
FROM plan JOIN candidates USING (product_id, launch_date)
WHERE plan_rank = 1 ORDER BY expected_profit DESC LIMIT 10;


-- Step 8: the calendar of the plan, for the chosen candidate, with a budget of 10,000 for all launches together.
SELECT date, week, action, channel, budget, note
FROM launch_calendar('plan', budget := 10000)
JOIN chosen USING (product_id)
ORDER BY date;


-- Step 9: the truth. The quarter is over; the full table sales tells what the candidates really sold. Beside the
-- forecast stands the naive one. Weeks after the end of the data are left out, not counted as zero.
CREATE TABLE naive_forecast AS
FROM launch_forecast('candidates', model := (
    SELECT model
    FROM launch_train(
        'known_sales', products := 'past_launches', architecture := 'naive', horizon := 8, burn_in := 5
    )
));

CREATE VIEW forecast_by_weeks AS
SELECT *, CASE step WHEN 1 THEN 'week 1' ELSE 'weeks 2 to 8' END AS weeks FROM forecast;

SELECT key, n, wape, naive_wape, rmsle, naive_rmsle, pinball, naive_pinball, bias, naive_bias, coverage, naive_coverage
FROM launch_evaluate('forecast', 'sales', baseline := 'naive_forecast')
UNION ALL
SELECT key, n, wape, naive_wape, rmsle, naive_rmsle, pinball, naive_pinball, bias, naive_bias, coverage, naive_coverage
FROM launch_evaluate('forecast_by_weeks', 'sales', by := 'weeks', baseline := 'naive_forecast');

-- How to read it. wape: the errors as a share of the units sold. In this sample an item sells one or two units a week,
-- and such small counts are mostly chance: in weeks 2 to 8 a wape near 1 is no better than forecasting nothing at all.
-- There rmsle (the error on the log scale), pinball (the loss of median and interval, in units) and coverage (the share of
-- weeks inside the 80 % interval) tell more.
-- bias below 0: yhat is a median and sales are skewed, so the medians add up to less than was sold. The expected units
-- of the plan are means.
-- Chance weighs less in the sum of all observed weeks of an item:
CREATE VIEW items AS
SELECT product_id, sum(forecast.yhat) AS forecast, sum(naive_forecast.yhat) AS naive, sum(units) AS really_sold
FROM forecast
JOIN naive_forecast USING (product_id, step)
JOIN launch_history('sales', 'candidates', horizon := 8, burn_in := 5) USING (product_id, step)
WHERE units IS NOT NULL
GROUP BY product_id;

SELECT
    count(*) AS items, sum(really_sold) AS units,
    launch_wape(really_sold, forecast) AS wape, launch_wape(really_sold, naive) AS naive_wape,
    corr(ln(1 + really_sold), ln(1 + forecast)) AS correlation,
    corr(ln(1 + really_sold), ln(1 + naive)) AS naive_correlation
FROM items;

-- The order of the items, which a plan needs: the candidates in four groups, from the largest forecasts to the
-- smallest.
SELECT forecast_group, count(*) AS items, sum(forecast) AS forecast, sum(naive) AS naive,
    sum(really_sold) AS really_sold
FROM (SELECT *, ntile(4) OVER (ORDER BY forecast DESC, product_id) AS forecast_group FROM items)
GROUP BY forecast_group ORDER BY forecast_group;

-- And the ten largest forecasts, item by item. Some items are hits that no attribute foretells.
SELECT product_id, left(product_type, 30) AS product_type, brand, launch_date, forecast, naive, really_sold
FROM items JOIN candidates USING (product_id)
ORDER BY forecast DESC, product_id LIMIT 10;

-- What to order for a launch, and what a plan expects, beside what was then sold: the candidates whose eight weeks end with
-- the year, all orders placed on 2 October. The plan is made once more at list prices, as the items were sold at those. Its
-- order is the one of highest profit: of goods that cost 60 or 70 % of their price and are worth nothing afterwards, little is
-- ordered, and it often runs out. The stock is asked for four orders of five that suffice.
CREATE VIEW over_by_now AS FROM candidates WHERE launch_date <= DATE '2017-11-06';

CREATE TABLE at_list_price AS
FROM launch_plan('over_by_now', (SELECT model FROM model), sales := 'known_sales', products := 'past_launches',
    elasticity := -2.62, prices := [1.0], k := 1);

CREATE TABLE stock AS FROM launch_stock('over_by_now', (SELECT model FROM model), service_level := 0.8);

CREATE VIEW eight_weeks AS
SELECT product_id, sum(units) AS really_sold
FROM sales JOIN over_by_now USING (product_id) WHERE date < launch_date + 56 GROUP BY product_id;

SELECT
    source, count(*) AS items, sum(order_units) AS ordered, sum(expected_units) AS expected_to_sell,
    sum(least(order_units, really_sold)) AS would_have_sold, sum(really_sold) AS really_sold,
    100 * avg((order_units >= really_sold)::INTEGER) AS percent_that_sufficed
FROM (
    SELECT 'plan: highest profit' AS source, product_id, order_units, expected_units FROM at_list_price WHERE status = 'ok'
    UNION ALL SELECT 'stock: 80 % suffice', product_id, order_units, expected_sales FROM stock WHERE status = 'ok'
)
JOIN eight_weeks USING (product_id)
GROUP BY source ORDER BY source;

-- The six largest orders of the stock. Of a hit too little is ordered, of most others too much.
SELECT product_id, left(product_type, 30) AS product_type, at_list_price.order_units AS plan_order, stock.order_units AS stock_order,
    stock.expected_sales, really_sold
FROM stock JOIN at_list_price USING (product_id) JOIN eight_weeks USING (product_id) JOIN over_by_now USING (product_id)
ORDER BY stock.order_units DESC, product_id LIMIT 6;


-- Step 10: who will buy? Two more tables are needed: what each household bought, and what all items are. An item that is not
-- new has no launch date. The model learns from the launches whose 30 days were over on 2 October: who of the households
-- that had bought something in the 90 days before did then buy it. lift is the share of the buyers that are among the tenth
-- with the highest probabilities, times ten, on launches that came after those learned from; category_lift is that of an
-- order by purchases in the category and the days since.
CREATE TABLE purchases AS
SELECT household_id AS user_id, product_id, transaction_timestamp::DATE AS date, quantity AS units,
    sales_value / quantity AS price, 'store ' || store_id AS channel
FROM raw.transactions
JOIN (SELECT DISTINCT product_id FROM sales) USING (product_id)
WHERE quantity > 0;

CREATE TABLE goods AS
SELECT
    known.product_id, any_value(launch_date) AS launch_date, coalesce(any_value(new.price), median(known.price)) AS price,
    items.department, product_category AS category, items.product_type, items.brand, manufacturer_id::VARCHAR AS manufacturer
FROM known_sales AS known
JOIN raw.products AS items ON items.product_id = known.product_id
LEFT JOIN past_launches AS new ON new.product_id = known.product_id
GROUP BY ALL;

CREATE TABLE purchase_model AS
FROM launch_train_purchase(
    'purchases WHERE date < DATE ''2017-10-02''', 'goods', brand := 'manufacturer', architecture := 'logistic'
);

SELECT launches, pairs, positives, 100 * base_rate AS percent, auc, lift, category_lift, average_precision, category_precision
FROM purchase_model;

-- What does it rest on?
SELECT feature, 1000 * importance AS thousandths, direction, share
FROM launch_importance((SELECT model FROM purchase_model)) ORDER BY importance DESC LIMIT 6;

-- The audience of the chosen candidate: as of 2 October it is not on sale yet. One household in ten is set aside and not
-- told: a probability is not an effect, and only they will show what telling does.
SELECT rank, user_id, 100 * probability AS percent, expected_units, channel, is_control, reason
FROM launch_audience(
    'chosen', 'purchases WHERE date < DATE ''2017-10-02''', 'goods', (SELECT model FROM purchase_model), top := 8,
    brand := 'manufacturer'
)
ORDER BY rank;

-- The truth, for all launches of October, each asked about as of its own day: how many of those who bought within
-- 30 days are in each tenth of the households, and how many were expected.
CREATE TABLE asked AS
SELECT audience.*, bought.user_id IS NOT NULL AS bought
FROM launch_audience(
    'candidates WHERE launch_date < DATE ''2017-11-01''', 'purchases', 'goods', (SELECT model FROM purchase_model),
    top := 10000, control := 0, brand := 'manufacturer'
) AS audience
LEFT JOIN (
    SELECT DISTINCT product_id, user_id
    FROM purchases JOIN candidates USING (product_id)
    WHERE date BETWEEN launch_date AND launch_date + 29
) AS bought ON bought.product_id = audience.product_id AND bought.user_id = audience.user_id;

SELECT tenth, count(*) AS pairs, sum(probability) AS expected_buyers, count(*) FILTER (bought) AS buyers
FROM (SELECT *, ntile(10) OVER (PARTITION BY product_id ORDER BY rank) AS tenth FROM asked)
GROUP BY tenth ORDER BY tenth;

-- Channels: the campaigns of these data have no spend and were not dealt at random, so that what they bring cannot be told. Where the
-- expected buyers shop is known: a budget for local advertising by store.
SELECT channel, spend, 100 * share AS percent, expected_outcome, outcome_lower, outcome_upper
FROM launch_channels(NULL, audience := 'asked', budget := 1000)
ORDER BY spend DESC LIMIT 5;

-- Step 11: who are the households? Each with what it did up to 2 October, and what to expect of it in the last quarter; beside
-- it the days on which it then bought.
CREATE TABLE households AS
FROM launch_segments('purchases', as_of := DATE '2017-10-02', days := 90);

SELECT segment, count(*) AS households, sum(expected_purchases) AS expected_days, sum(days) AS days_with_a_purchase,
    avg(recency) AS days_since_last, avg(monetary) AS spend_of_a_day
FROM households
LEFT JOIN (
    SELECT user_id, count(DISTINCT date) AS days FROM purchases
    WHERE date BETWEEN DATE '2017-10-02' AND DATE '2017-12-30' GROUP BY user_id
) USING (user_id)
GROUP BY segment ORDER BY households DESC;


-- Step 12: the page for those who decide: one file to open in any browser, without network. It takes the plan and whatever
-- other tables there are; the curves are those of the chosen candidate.
CREATE TABLE curves AS
FROM launch_pricing(
    'chosen', (SELECT model FROM model), sales := 'known_sales', products := 'past_launches', objective := 'profit',
    elasticity := -2.62, prices := [0.9, 1.0, 1.1]
);

COPY (
    FROM launch_report(
        'plan', forecast := 'forecast',
        comparables := '(FROM launch_comparables(''candidates'', (SELECT model FROM model), k := 6))', pricing := 'curves',
        stock := 'stock', calendar := '(FROM launch_calendar(''plan'', budget := 10000))',
        audience := 'asked', evaluation := '(FROM launch_evaluate(''forecast'', ''sales'', baseline := ''naive_forecast''))',
        model := (SELECT model FROM model), title := 'Launches of the last quarter'
    )
) TO 'build/plan.html' (FORMAT BLOB);

-- The same charts are to be had as Vega-Lite, for notebooks and dashboards; and a curve is to be seen in a SQL prompt.
SELECT product_id, launch_sparkline(list(mean ORDER BY step)) AS weeks, round(sum(mean), 1) AS units,
    launch_bar(sum(mean), max(sum(mean)) OVER (), width := 30) AS bar
FROM forecast GROUP BY product_id ORDER BY sum(mean) DESC, product_id LIMIT 8;
