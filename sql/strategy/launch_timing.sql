-- What each launch date would bring, at the price and under the limits of the plan: a curve to draw, one row for each date compared.
-- See launch_plan for the parameters, and for how the plan is chosen.
--
-- @param candidates: VARCHAR              product, launch date, price (the reference), cost, category, attributes; where there are
--                                         such columns: earliest, latest, lowest_price, highest_price, stock, target
-- @param model: BLOB                      the model, such as (SELECT model FROM my_model)
-- @param sales: VARCHAR = NULL            the sales table, for the season; without it all months count alike
-- @param products: VARCHAR = NULL         the products table, for the season of each category
-- @param objective: VARCHAR = 'profit'    what is to be large: profit, revenue or units
-- @param risk: DOUBLE = 0                 how much the worst tenth of the worlds counts beside the mean of all
-- @param budget: DOUBLE = NULL            money for all orders together
-- @param per_week: BIGINT = NULL          launches in one week (Monday to Sunday), at most
-- @param apart: BIGINT = NULL             days between two launches of one category, at least
-- @param blackout: VARCHAR = NULL         a table of days without launches: with date, or with first and last
-- @param earliest: DATE = NULL            first launch date compared; NULL for the candidate's own
-- @param latest: DATE = NULL              last launch date compared; NULL for twelve periods after the first
-- @param prices: DOUBLE[] = NULL          prices compared, as multiples of the candidate's price; NULL for 0.9, 1.0
--                                         and 1.1 where elasticities has its elasticity, else for its price alone
-- @param price_ending: DOUBLE = NULL      what prices end in, such as 0.99
-- @param minimum_margin: DOUBLE = NULL    (price - cost) / price, at least
-- @param elasticity: DOUBLE = NULL        change of units in % for a price higher by 1 %; at most 0. NULL for -1.5; with
--                                         elasticities it is that of candidates which these do not know
-- @param elasticities: VARCHAR = NULL     a table as launch_elasticity returns it: the row of the candidate's category,
--                                         else that of all products (key NULL). Without either, and without elasticity,
--                                         a candidate is refused
-- @param salvage: ANY = 0                 what a unit left over brings: a number, or the name of a column of candidates; so are the
--                                         next five
-- @param holding: ANY = 0                 what holding a unit for a period costs
-- @param returns: ANY = 0                 share of units sold that come back, are refunded and left over
-- @param pack: ANY = 1                    units are ordered in multiples of it
-- @param minimum: ANY = NULL              least order, if anything is ordered
-- @param stock: ANY = 'stock'             units there are, at most; the column need not exist
-- @param target: VARCHAR = 'target'       the column of units to reach, if there is one; NULL for none
-- @param lowest_price: VARCHAR = 'lowest_price'    the column of lowest prices, if there is one
-- @param highest_price: VARCHAR = 'highest_price'  the column of highest prices, if there is one
-- @param signals: VARCHAR = NULL          as in launch_forecast
-- @param covariates: VARCHAR = NULL       as in launch_forecast
-- @param signal_key: VARCHAR = NULL       as in launch_forecast
-- @param level: DOUBLE = 0.8              probability of the intervals
-- @param n: BIGINT = 400                  worlds that plans are compared in, and others that they are reported in, 1 to 10,000
-- @param category: VARCHAR = 'category'       the column of categories, if there is one
-- @param product_id: VARCHAR = 'product_id'   the column of products in all tables
-- @param date: VARCHAR = 'date'               the column of dates in sales
-- @param units: VARCHAR = 'units'             the column of units in sales
-- @param launch_date: VARCHAR = 'launch_date' the column of launch dates in candidates
-- @param price: VARCHAR = 'price'             the column of prices in candidates
-- @param cost: VARCHAR = 'cost'               the column of costs in candidates, if there is one
-- @returns product_id: same as input   the candidate
-- @returns launch_date: DATE   the launch date
-- @returns expected_units: DOUBLE      expected units sold over the horizon
-- @returns revenue: DOUBLE             expected units times price
-- @returns profit: DOUBLE              expected profit; NULL without cost
-- @returns lower: DOUBLE               lower end of its interval
-- @returns upper: DOUBLE               upper end
-- @returns chosen: BOOLEAN             whether the plan takes it
-- @returns order_units: DOUBLE         units to order; NULL without cost
-- @returns status: VARCHAR             ok or refused
-- @returns reason: VARCHAR             how it came about, or why there is none
-- @example FROM launch_timing('candidates', (SELECT model FROM model), sales := 'sales', products := 'products')
SELECT
    key_ AS product_id,
    row_['day'] AS launch_date,
    row_['units'] AS expected_units,
    row_['units'] * row_['price'] AS revenue,
    row_['profit'] AS profit,
    row_['profit_lower'] AS lower,
    row_['profit_upper'] AS upper,
    row_['chosen'] AS chosen,
    row_['order_units'] AS order_units,
    status_ AS status,
    CASE WHEN row_ IS NULL THEN story_ ELSE __launch_words(story_ || '; ' || row_['reason'], product_id) END AS reason
FROM __launch_planned(
    candidates, model, 'dates', sales, products, objective, risk, budget, per_week, apart, blackout, earliest, latest, prices,
    price_ending, minimum_margin, elasticity, elasticities, salvage::VARCHAR, holding::VARCHAR, returns::VARCHAR, pack::VARCHAR,
    minimum::VARCHAR, stock::VARCHAR, target::VARCHAR, lowest_price, highest_price, signals, covariates, signal_key, 1, level, n,
    product_id, date, units, price, cost, launch_date, category
)
ORDER BY 1, 2
