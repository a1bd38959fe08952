-- When to launch each candidate, at what price and with how many units, chosen together. Units are those of the forecast at the
-- first date and the reference price, times the season of the candidate's category at the date relative to the first one, times
-- (price / reference price) ^ elasticity. The order is the one of highest expected profit, as in launch_stock; units and money are
-- those of what is sold from it. Plans are compared in some worlds and reported in others, so that the best of many is not
-- flattered by chance. Constraints that cannot all hold are an error that names them. An elasticity that is only assumed advises no
-- price: without one of the table elasticities a candidate keeps its price, unless prices are given. Dates at which a price comes
-- out the same, to 1 % of the best plan, are one plan. A candidate that cannot be planned comes back as one row with status refused.
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
-- @param cannibalization: VARCHAR = NULL  a table as launch_cannibalization returns it, for net_units
-- @param audience: VARCHAR = NULL         a table as launch_audience returns it; told beside the plan, which it does not move, and so
--                                         are the next four
-- @param tendency: VARCHAR = NULL         a table as launch_review_tendency returns it
-- @param positions: VARCHAR = NULL        a table as launch_price_position returns it
-- @param announced: VARCHAR = NULL        launches that competitors have announced: a table with date and, if there is one, category
-- @param channels: VARCHAR = NULL         a table as launch_channels returns it
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
-- @param k: BIGINT = 5                    plans returned per candidate, at most
-- @param n: BIGINT = 400                  worlds that plans are compared in, and others that they are reported in, 1 to 10,000
-- @param category: VARCHAR = 'category'       the column of categories, if there is one
-- @param product_id: VARCHAR = 'product_id'   the column of products in all tables
-- @param date: VARCHAR = 'date'               the column of dates in sales
-- @param units: VARCHAR = 'units'             the column of units in sales
-- @param launch_date: VARCHAR = 'launch_date' the column of launch dates in candidates
-- @param price: VARCHAR = 'price'             the column of prices in candidates
-- @param cost: VARCHAR = 'cost'               the column of costs in candidates, if there is one
-- @returns product_id: same as input    the candidate
-- @returns plan_rank: BIGINT            1 for the plan chosen; the others are what else this candidate could do with the money that the
--                                       plan has for it, and what is left of the budget
-- @returns launch_date: DATE            launch date of the plan
-- @returns price: DOUBLE                price of the plan
-- @returns expected_units: DOUBLE       expected units sold from the order over the horizon
-- @returns units_lower: DOUBLE          lower end of the interval of the sum over the periods
-- @returns units_upper: DOUBLE          upper end
-- @returns net_units: DOUBLE            expected units less those that come out of neighbours; NULL without cannibalization
-- @returns expected_revenue: DOUBLE     expected units times price
-- @returns expected_profit: DOUBLE      sales and salvage less the cost of the order, and holding; NULL without cost
-- @returns profit_lower: DOUBLE         lower end of its interval
-- @returns profit_upper: DOUBLE         upper end
-- @returns lift: DOUBLE                 objective over that of the first date at the reference price, less 1
-- @returns binding_constraint: VARCHAR  limits the plan stands at: earliest, latest, lowest price, highest price, stock, budget,
--                                       launches a week, days apart
-- @returns status: VARCHAR              ok or refused
-- @returns reason: VARCHAR              how the plan came about, or why there is none
-- @returns horizon_end: DATE            last day of the periods that units are summed over
-- @returns order_units: DOUBLE          units to order; NULL without cost, or where a unit costs more than it brings
-- @returns expected_demand: DOUBLE      expected units wanted
-- @returns price_lower: DOUBLE          lowest price at this date that comes within 1 % of the best
-- @returns price_upper: DOUBLE          highest one
-- @returns probability_of_loss: DOUBLE    that the profit is below 0
-- @returns probability_of_target: DOUBLE  that units sold reach the target; without one that the profit is 0 or more
-- @returns alternatives: BIGINT         plans of the candidate that come within 1 % of the best
-- @returns audience: DOUBLE             buyers to be expected among the users of audience; NULL without the table, and so are the next
--                                       three
-- @returns review_probability: DOUBLE   probability that a review will be positive
-- @returns price_position: DOUBLE       percentile of its own price among those of competitors
-- @returns announced: BIGINT            launches of competitors in its category, from four weeks before to four weeks after
-- @returns channels: VARCHAR            the channels of the marketing budget and their shares; NULL without the table
-- @returns model_id: VARCHAR            identity of the model
-- @example FROM launch_plan('candidates', (SELECT model FROM model), sales := 'sales', products := 'products')
-- @example FROM launch_plan('candidates', (SELECT model FROM model), prices := [0.9, 1.0, 1.1], elasticity := -2, k := 3)
-- @example FROM launch_plan('candidates', (SELECT model FROM model), budget := 20000, per_week := 2, risk := 0.5, k := 1)
WITH planned_ AS MATERIALIZED (
    SELECT *, row_['rank'] AS rank_, row_['day'] AS day_
    FROM __launch_planned(
        candidates, model, 'best', sales, products, objective, risk, budget, per_week, apart, blackout, earliest, latest, prices,
        price_ending, minimum_margin, elasticity, elasticities, salvage::VARCHAR, holding::VARCHAR, returns::VARCHAR, pack::VARCHAR,
        minimum::VARCHAR, stock::VARCHAR, target::VARCHAR, lowest_price, highest_price, signals, covariates, signal_key, k, level, n,
        product_id, date, units, price, cost, launch_date, category
    )
),
shares_ AS MATERIALIZED (FROM __launch_taken_shares(cannibalization)),
net_ AS (
    SELECT
        planned_.*,
        coalesce(own_.share_, all_.share_) AS share_,
        CASE
            WHEN cannibalization IS NULL THEN ''
            WHEN all_.share_ IS NULL THEN '; cannibalization has no launch with status ok, so net units are not known'
            WHEN own_.share_ IS NULL THEN format(
                '; {:.0f} % of its units come out of other products (launches: {} of all categories)',
                100 * all_.share_, all_.launches_
            )
            ELSE format(
                '; {:.0f} % of its units come out of other products (launches: {} of its category, {} of all)',
                100 * own_.share_, own_.launches_, all_.launches_
            ) END AS net_of_
    FROM planned_
    LEFT JOIN shares_ AS own_ ON NOT own_.all_ AND own_.category_ = planned_.category_
    LEFT JOIN shares_ AS all_ ON all_.all_
),
mix_ AS MATERIALIZED (FROM __launch_channel_shares(channels)),
beside_ AS (FROM __launch_beside('planned_', audience, tendency, positions, announced, product_id))
SELECT
    net_.key_ AS product_id,
    net_.rank_ AS plan_rank,
    day_ AS launch_date,
    row_['price'] AS price,
    row_['units'] AS expected_units,
    row_['units_lower'] AS units_lower,
    row_['units_upper'] AS units_upper,
    row_['units'] * (1 - share_) AS net_units,
    row_['units'] * row_['price'] AS expected_revenue,
    row_['profit'] AS expected_profit,
    row_['profit_lower'] AS profit_lower,
    row_['profit_upper'] AS profit_upper,
    row_['lift'] AS lift,
    row_['bound'] AS binding_constraint,
    status_ AS status,
    CASE WHEN row_ IS NULL THEN story_ ELSE __launch_words(format(
        'number {} of {} plans by {}{}: {}{}; {}',
        net_.rank_, row_['plans'], lower(objective),
        CASE WHEN row_['dates_alike'] > 1
        THEN format(' ({} dates up to {} alike)', row_['dates_alike'], row_['last_alike']::VARCHAR) ELSE '' END,
        CASE WHEN row_['order_units'] = 0
        THEN 'nothing is ordered, as the budget brings more elsewhere, there is no stock, or no order earns money; ' ELSE '' END || story_,
        net_of_ || coalesce('; no product of ' || unmatched_ || ' is a candidate: write their ids alike', '')
            || coalesce('; ' || beside_unread_, ''), row_['reason']
    ), product_id) || coalesce('; ' || unlisted_, '')
        || coalesce('; ' || (FROM __launch_unread(sales, NULL, product_id, date, units, price, 'launch_date', priced := true)), '') END AS reason,
    horizon_end_ AS horizon_end,
    row_['order_units'] AS order_units,
    row_['demand'] AS expected_demand,
    row_['price_lower'] AS price_lower,
    row_['price_upper'] AS price_upper,
    row_['probability_of_loss'] AS probability_of_loss,
    row_['probability_of_target'] AS probability_of_target,
    row_['alternatives'] AS alternatives,
    beside_.users_ AS audience,
    beside_.positive_ AS review_probability,
    beside_.percentile_ AS price_position,
    beside_.announced_ AS announced,
    CASE WHEN net_.row_ IS NOT NULL THEN (
        SELECT string_agg(format('{} {:.1f} %', mixed_, 100 * part_), ', ' ORDER BY part_ DESC, mixed_) FROM mix_
    ) || '; the plan does not count on it, as past launches had the average marketing already' END AS channels,
    (SELECT launch_model_info(model::BLOB)::JSON->>'model_id') AS model_id
FROM net_ CROSS JOIN __launch_unlisted(sales, products, product_id, category) LEFT JOIN beside_ ON beside_.id_ = net_.key_::VARCHAR AND beside_.rank_ = net_.rank_
ORDER BY 1, 2
