-- How many units to order for each launch: the order whose expected profit is highest, (price - cost) / (price - salvage) of the way
-- up the distribution of what may sell over the model's horizon, or the one that suffices with a probability. Packs, least and
-- largest orders, one budget for all, and a second order that knows the sales of the first weeks are part of it. For a product that
-- sells already it says what is missing beside what is on hand and on order. Money is expected over all worlds in which the model
-- sees the season, so it adds up. A candidate that cannot be planned comes back as one row with status refused.
--
-- @param candidates: VARCHAR               product, launch date, price, cost and the attributes the model was trained on
-- @param model: BLOB                       the model, such as (SELECT model FROM my_model)
-- @param cost: VARCHAR = 'cost'            the column of what a unit costs; need not exist where service_level is given
-- @param salvage: ANY = 0                  what a unit left over at the end brings: a number, or the name of a column of candidates;
--                                          so are the parameters down to on_order
-- @param holding: ANY = 0                  what holding a unit for a period costs
-- @param returns: ANY = 0                  share of units sold that come back, are refunded and left over; 0 where sales are net of them
-- @param service_level: ANY = NULL         probability of not running out; NULL for the order of highest expected profit
-- @param pack: ANY = 1                     units are ordered in multiples of it
-- @param minimum: ANY = NULL               least order, if anything is ordered
-- @param maximum: ANY = NULL               largest order
-- @param on_hand: ANY = 'on_hand'          units on hand, which are paid for; the column need not exist
-- @param on_order: ANY = 'on_order'        units ordered before, which count as on hand; the column need not exist
-- @param lead_time: BIGINT = 0             days from an order to its arrival
-- @param reorder_after: BIGINT = NULL      periods of sales after which a second order is placed; NULL for one order
-- @param budget: DOUBLE = NULL             money for all orders of today together: what each costs is compared with what it brings
-- @param by: VARCHAR = NULL                a column of sales to split orders by, such as 'store' or 'size': by its shares in past sales
-- @param sales: VARCHAR = NULL             the sales table, for what candidates sold so far, and for the shares
-- @param products: VARCHAR = NULL          the products table, for shares by category
-- @param signals: VARCHAR = NULL           as in launch_forecast
-- @param covariates: VARCHAR = NULL        as in launch_forecast
-- @param signal_key: VARCHAR = NULL        as in launch_forecast
-- @param level: DOUBLE = 0.8               probability of the intervals
-- @param n: BIGINT = 1000                  worlds that orders are planned in, 1 to 10,000
-- @param product_id: VARCHAR = 'product_id'    the column of products in all tables
-- @param date: VARCHAR = 'date'                the column of dates in sales
-- @param units: VARCHAR = 'units'              the column of units in sales
-- @param price: VARCHAR = 'price'              the column of prices
-- @param launch_date: VARCHAR = 'launch_date'  the column of launch dates in candidates
-- @param category: VARCHAR = 'category'        the column of categories in candidates and products, if there is one
-- @param available: VARCHAR = 'available'      as in launch_forecast
-- @param preorders: VARCHAR = 'drop'           as in launch_forecast
-- @returns product_id: same as input     the product
-- @returns key: VARCHAR                  the value of the column split by; NULL without one
-- @returns order_units: DOUBLE           units of the first order; 0 for a product that sells already
-- @returns reorder_units: DOUBLE         expected units of the second order; of a product that sells already those to order now
-- @returns reorder_date: DATE            day on which they are ordered; NULL without a second order
-- @returns expected_sales: DOUBLE        expected units sold over the rest of the horizon
-- @returns expected_lost_sales: DOUBLE   expected units wanted when there is no stock
-- @returns expected_leftover: DOUBLE     expected units left over at its end
-- @returns service_level: DOUBLE         probability that nothing is lost
-- @returns fill_rate: DOUBLE             share of the units wanted that are sold
-- @returns expected_profit: DOUBLE       sales, salvage, cost of what is ordered, and holding; NULL without price and cost
-- @returns profit_lower: DOUBLE          lower end of its interval
-- @returns profit_upper: DOUBLE          upper end
-- @returns bound: VARCHAR                the limit that the order stands at: minimum, maximum, budget; NULL for none
-- @returns status: VARCHAR               ok or refused
-- @returns reason: VARCHAR               what it rests on, or why there is no order
-- @returns order_date: DATE              day of the first order: lead_time before the launch
-- @example FROM launch_stock('candidates', (SELECT model FROM model))
-- @example FROM launch_stock('candidates', (SELECT model FROM model), salvage := 2, pack := 12, lead_time := 21, reorder_after := 3, budget := 2000)
WITH given_ AS MATERIALIZED (
    SELECT model::BLOB AS blob_, CASE
        WHEN "by" IS NOT NULL AND sales IS NULL THEN error('by needs the table sales, whose column ' || "by" || ' says how orders are split')
    END AS checked_
),
asked_ AS MATERIALIZED (
    SELECT *, CASE
        WHEN __launch_refusal(key_, copies_, undated_) IS NOT NULL THEN __launch_refusal(key_, copies_, undated_)
        WHEN (SELECT blob_ IS NULL FROM given_ WHERE checked_ IS NULL) THEN 'the model is NULL: train one with launch_train, whose reason says why if it gives none'
        WHEN cost_ IS NOT NULL AND money_ IS NULL THEN 'cost is no number: ' || cost_::VARCHAR
        ELSE unread_
    END AS why_
    FROM (
        SELECT asked_.*, __launch_amount(cost_) AS money_, terms_, unread_, count(*) OVER (PARTITION BY asked_.key_) AS copies_
        FROM __launch_attributes(candidates, product_id, launch_date, price, candidates, cost, category, priced := true) AS asked_
        LEFT JOIN (
            SELECT key_, terms_, why_ AS unread_ FROM __launch_terms(
                candidates, product_id, salvage::VARCHAR, holding::VARCHAR, returns::VARCHAR, service_level::VARCHAR, pack::VARCHAR,
                minimum::VARCHAR, maximum::VARCHAR, on_hand::VARCHAR, on_order::VARCHAR
            )
        ) AS told_ ON told_.key_ = asked_.key_
    )
),
calendar_ AS MATERIALIZED (
    SELECT info_->>'frequency' AS frequency_, (info_->>'horizon')::BIGINT AS horizon_
    FROM (SELECT launch_model_info(blob_)::JSON AS info_ FROM given_)
),
own_ AS (
    FROM __launch_own(
        sales, candidates, (SELECT coalesce(frequency_, 'week') FROM calendar_), (SELECT coalesce(horizon_, 1) FROM calendar_),
        product_id, date, units, price, launch_date, available, preorders
    )
),
single_ AS MATERIALIZED (
    SELECT
        key_, launch_, attributes_, money_, terms_, coalesce(frequency_, 'week') AS frequency_, coalesce(horizon_, 1) AS horizon_,
        false AS required_, row_number() OVER (ORDER BY key_::VARCHAR) AS place_
    FROM asked_, calendar_
    WHERE why_ IS NULL
),
drawn_ AS (
    SELECT unnest(__launch_stock(
        (SELECT blob_ FROM given_), list_, level := level, n := n, budget := budget, lead_time := lead_time,
        reorder_after := reorder_after
    )) AS row_
    FROM (
        SELECT list({
            'launch_date': launch_, 'attributes': attributes_, 'key': single_.key_::VARCHAR, 'units': units_, 'at_least': at_least_,
            'covariates': covariates_, 'price': attributes_['price'], 'cost': money_, 'salvage': terms_['salvage'],
            'holding': terms_['holding'], 'returns': terms_['returns'], 'service_level': terms_['service_level'],
            'pack': terms_['pack'], 'minimum': terms_['minimum'], 'maximum': terms_['maximum'],
            'on_hand': terms_['on_hand'], 'on_order': terms_['on_order']
        } ORDER BY place_) AS list_
        FROM single_
        LEFT JOIN own_ ON own_.key_ = single_.key_
        LEFT JOIN __launch_covariates('single_', candidates, product_id, signals, covariates, signal_key) AS told_
            ON told_.id_ = single_.key_::VARCHAR
    )
),
ordered_ AS MATERIALIZED (
    SELECT key_, category_, row_, row_['status'] AS status_, concat(row_['reason'], note_) AS reason_, (terms_['pack'])::DOUBLE AS pack_
    FROM drawn_ JOIN single_ ON place_ = row_['place']
    LEFT JOIN (SELECT key_ AS own_key_, note_ FROM own_) ON own_key_ = key_
    LEFT JOIN (SELECT key_ AS asked_key_, category_::VARCHAR AS category_ FROM asked_ WHERE why_ IS NULL) ON asked_key_ = key_
    UNION ALL
    SELECT key_, NULL, NULL, 'refused', why_, NULL FROM asked_ WHERE why_ IS NOT NULL
),
shares_ AS MATERIALIZED (FROM __launch_shares(sales, products, "by", product_id, units, category)),
-- Each product by each value of the column: that of its category, else that of all.
split_ AS (
    SELECT ordered_.*, value_, coalesce(share_, 1) AS share_, coalesce(pack_, 1) AS packed_, from_, left_out_
    FROM ordered_
    LEFT JOIN (
        SELECT named_.category_ AS of_, shares_.category_ AS from_, value_, share_, left_out_
        FROM (SELECT DISTINCT category_ FROM ordered_ WHERE status_ = 'ok') AS named_
        JOIN shares_ ON shares_.category_ IS NOT DISTINCT FROM CASE
            WHEN named_.category_ IN (SELECT category_ FROM shares_) THEN named_.category_ END
    ) ON status_ = 'ok' AND of_ IS NOT DISTINCT FROM category_
),
-- Whole packs, of which the largest remainders get those that are left.
packs_ AS (
    SELECT
        *,
        row_['order_units'] / packed_ * share_ AS order_packs_, floor(row_['order_units'] / packed_ * share_ + 1e-9) AS whole_,
        row_['reorder_units'] / packed_ * share_ AS reorder_packs_, floor(row_['reorder_units'] / packed_ * share_ + 1e-9) AS rewhole_
    FROM split_
)
SELECT
    key_ AS product_id,
    value_ AS key,
    CASE WHEN value_ IS NULL THEN row_['order_units']
    ELSE packed_ * (whole_ + (row_number() OVER (rest_ ORDER BY order_packs_ - whole_ DESC, value_)
        <= round(row_['order_units'] / packed_ - sum(whole_) OVER rest_))::INTEGER) END AS order_units,
    -- An expected second order is no number of packs; what a product that sells already needs now is.
    CASE WHEN value_ IS NULL OR row_['order_date'] IS NOT NULL THEN row_['reorder_units'] * share_
    ELSE packed_ * (rewhole_ + (row_number() OVER (rest_ ORDER BY reorder_packs_ - rewhole_ DESC, value_)
        <= round(row_['reorder_units'] / packed_ - sum(rewhole_) OVER rest_))::INTEGER) END AS reorder_units,
    row_['reorder_date'] AS reorder_date,
    row_['expected_sales'] * share_ AS expected_sales,
    row_['expected_lost_sales'] * share_ AS expected_lost_sales,
    row_['expected_leftover'] * share_ AS expected_leftover,
    row_['service_level'] AS service_level,
    row_['fill_rate'] AS fill_rate,
    row_['expected_profit'] * share_ AS expected_profit,
    row_['profit_lower'] * share_ AS profit_lower,
    row_['profit_upper'] * share_ AS profit_upper,
    row_['bound'] AS bound,
    status_ AS status,
    CASE WHEN status_ = 'ok' THEN concat_ws('; ',
        reason_,
        CASE
            WHEN "by" IS NULL THEN NULL
            WHEN value_ IS NULL THEN 'not split, as sales have no unit with a ' || "by"
            WHEN from_ IS NULL THEN format('{:.0f} % of the order by the shares of all products', 100 * share_)
            ELSE format('{:.0f} % of the order by the shares of category {}', 100 * share_, from_) END,
        CASE left_out_ WHEN 0 THEN NULL WHEN 1 THEN '1 row of sales without a ' || "by" || ' or units says nothing of the shares'
        ELSE left_out_ || ' rows of sales without a ' || "by" || ' or units say nothing of the shares' END,
        (FROM __launch_unread(sales, NULL, product_id, date, units, price, 'launch_date', priced := true))
    ) ELSE reason_ END AS reason,
    row_['order_date'] AS order_date
FROM packs_
WINDOW rest_ AS (PARTITION BY key_::VARCHAR, status_)
ORDER BY 1, 2 NULLS FIRST
