-- Learns what to do in the weeks after a launch: at what price to sell, whether to promote, what to spend beside the usual, and when to
-- order again, while the stock lasts. An actor and a critic play launches that are drawn from the forecast and from how units answer to
-- prices, with parameters drawn anew each time from their uncertainty. One row with the policy as a value, to be stored in a table and
-- asked by launch_action, and what it earned in launches it had not played, beside three simpler rules. An action is offered only if
-- its effect is given.
--
-- @param candidates: VARCHAR           product, launch date, price, stock, cost where orders are an action, and the attributes that the
--                                      model was trained on
-- @param model: BLOB = NULL            the model of demand, such as (SELECT model FROM my_model): its joint scenarios are played
-- @param demand: VARCHAR = NULL        in place of a model, a table with product, step and expected units, as launch_forecast returns it:
--                                      units are then Poisson, with a level of error level_error
-- @param prices: DOUBLE[] = NULL       prices to choose from, as multiples of the candidate's price; NULL for 0.7, 0.8, 0.9, 1.0 and 1.1
--                                      where an elasticity is given, else for its price alone
-- @param price_step: DOUBLE = NULL     share by which a price may move from week to week, at most; NULL for any
-- @param elasticity: DOUBLE = NULL     change of units in % for a price higher by 1 %, at the candidate's price; with elasticities it is
--                                      that of candidates which these do not know
-- @param elasticity_error: DOUBLE = 0  its standard error
-- @param elasticities: VARCHAR = NULL  a table as launch_elasticity returns it: the row of the candidate's category, else that of all
--                                      products (key NULL)
-- @param response: VARCHAR = 'constant'    constant: units go with price ^ elasticity; exponential: with exp(elasticity * price change)
-- @param promotion_lift: DOUBLE = NULL     what a promotion multiplies units by; NULL for no promotions
-- @param promotion_error: DOUBLE = 0       standard error of its logarithm
-- @param promotion_cost: DOUBLE = 0        money a week of it costs
-- @param spends: DOUBLE[] = NULL           money that may be spent in a week beside the usual; NULL for none
-- @param spend_lifts: DOUBLE[] = NULL      what each of them multiplies units by
-- @param reorders: DOUBLE[] = NULL         orders that may be placed, as shares of the units expected over all steps; NULL for none
-- @param lead_time: BIGINT = 1             steps from an order to its arrival; one order is under way at a time
-- @param order_cost: DOUBLE = 0            money an order costs beside its units
-- @param cross_elasticity: DOUBLE = NULL   change of units in % for a competitor's price higher by 1 %; NULL not to look at it
-- @param competitor_price: ANY = 'competitor_price'  the competitor's price at the launch: a column of candidates, or a number; so
--                                          are the next five
-- @param stock: ANY = 'stock'              units there are at the launch
-- @param salvage: ANY = 0                  what a unit left over brings
-- @param holding: ANY = 0                  what holding a unit for a period costs
-- @param pack: ANY = 1                     units are ordered in multiples of it
-- @param level_error: ANY = 0              standard error of the logarithm of the level of demand; a model has its own
-- @param competitor_change: DOUBLE = 0.05  standard deviation of the change of the logarithm of its price in a step
-- @param horizon: BIGINT = NULL        steps, from 1 on; NULL for all that are forecast
-- @param n: BIGINT = 1000              scenarios of the model, 1 to 10,000
-- @param episodes: BIGINT = NULL       launches to play; NULL for 38,400, or fewer where there are many actions and steps
-- @param seed: BIGINT = 42             seed of all that is drawn
-- @param signals: VARCHAR = NULL       as in launch_forecast
-- @param covariates: VARCHAR = NULL    as in launch_forecast
-- @param signal_key: VARCHAR = NULL    as in launch_forecast
-- @param expected: VARCHAR = 'mean'    the column of expected units in demand
-- @param product_id: VARCHAR = 'product_id'    the column of products in all tables
-- @param launch_date: VARCHAR = 'launch_date'  the column of launch dates in candidates
-- @param price: VARCHAR = 'price'              the column of prices in candidates
-- @param cost: VARCHAR = 'cost'                the column of what a unit costs, if there is one
-- @param category: VARCHAR = 'category'        the column of categories, if there is one
-- @returns policy: BLOB             the policy, NULL when refused
-- @returns policy_id: VARCHAR       its identity: same data, options and version, same id
-- @returns products: BIGINT         products that it knows
-- @returns left_out: BIGINT         candidates that it does not know: reason and launch_action say why
-- @returns steps: BIGINT            steps that it decides about
-- @returns actions: BIGINT          actions that it chooses from
-- @returns episodes: BIGINT         launches played to learn from
-- @returns value: DOUBLE            expected money of all products: sales less costs and with what is left over, stock not paid for
-- @returns fixed_value: DOUBLE      the same of one action all the time, the best one for each product in hindsight, without orders
-- @returns myopic_value: DOUBLE     the same of what earns most in each week, at the means of the parameters
-- @returns resolved_value: DOUBLE   the same of planning anew each week as if demand were as expected at the means of the parameters
-- @returns gain: DOUBLE             value over the best of the three, less 1
-- @returns gain_error: DOUBLE       its standard error
-- @returns status: VARCHAR          ok or refused
-- @returns reason: VARCHAR          why refused; else what is to be known, NULL for nothing
-- @example CREATE OR REPLACE TEMP TABLE my_policy AS FROM launch_train_policy('stocked', (SELECT model FROM model), elasticity := -2,
--     elasticity_error := 0.3, episodes := 2560)
WITH given_ AS MATERIALIZED (
    SELECT model::BLOB AS blob_, CASE
        WHEN model IS NULL AND demand IS NULL THEN error('give a model of launch_train, or demand, a table of expected units by step')
        WHEN model IS NOT NULL AND demand IS NOT NULL THEN error('give model or demand, not both')
        WHEN elasticity_error IS NULL OR NOT elasticity_error BETWEEN 0 AND 10
        THEN error('elasticity_error must be between 0 and 10, got ' || coalesce(elasticity_error::VARCHAR, 'NULL'))
    END AS checked_
),
known_ AS MATERIALIZED (FROM __launch_known_elasticities(elasticities)),
expected_ AS (
    SELECT key_::VARCHAR AS product_, list(coalesce(units_, 0) ORDER BY step_) AS units_, count(DISTINCT step_) <> count(*)
        OR max(step_) <> count(*) OR min(step_) <> 1 AS gaps_, min(units_) < 0 AS negative_
    FROM (
        SELECT
            COLUMNS(lambda c: __launch_column(c, product_id, coalesce(demand, 'demand'))) AS key_,
            TRY_CAST(COLUMNS(lambda c: __launch_column(c, 'step', coalesce(demand, 'demand'))) AS BIGINT) AS step_,
            TRY_CAST(COLUMNS(lambda c: __launch_column(c, expected, coalesce(demand, 'demand'))) AS DOUBLE) AS units_
        FROM query(__launch_from(demand, [product_id, 'step', expected], []))
    )
    GROUP BY 1
),
asked_ AS MATERIALIZED (
    SELECT
        *,
        CASE
            WHEN __launch_refusal(key_, copies_) IS NOT NULL THEN __launch_refusal(key_, copies_)
            WHEN unread_ IS NOT NULL THEN replace(replace(replace(
                unread_, 'on_hand is', 'stock is'), 'minimum is', 'competitor_price is'), 'service_level is', 'level_error is')
            WHEN terms_['on_hand'] IS NULL THEN 'stock is NULL: give the units there are at the launch'
            WHEN cost_ IS NOT NULL AND money_ IS NULL THEN 'cost is no number: ' || cost_::VARCHAR
            WHEN terms_['service_level'] IS NOT NULL AND NOT terms_['service_level'] BETWEEN 0 AND 3
            THEN 'level_error must be between 0 and 3, got ' || terms_['service_level']
            WHEN twice_ IS NOT NULL THEN twice_
            WHEN (SELECT blob_ IS NULL FROM given_ WHERE checked_ IS NULL) AND units_ IS NULL
            THEN 'demand has no row of the product'
            WHEN gaps_ THEN 'the steps of demand must be 1, 2, ... without a gap, each once'
            WHEN negative_ THEN 'expected units of demand must be 0 or more'
        END AS why_
    FROM (
        SELECT
            asked_.key_, asked_.launch_, asked_.attributes_, asked_.cost_, __launch_amount(asked_.cost_) AS money_,
            terms_, unread_, units_, gaps_, negative_,
            count(*) OVER (PARTITION BY asked_.key_) AS copies_,
            coalesce(own_.twice_, CASE WHEN own_.category_ IS NULL THEN all_.twice_ END) AS twice_,
            coalesce(own_.estimate_, all_.estimate_, elasticity)::DOUBLE AS elasticity_,
            CASE
                WHEN own_.estimate_ IS NOT NULL THEN own_.deviation_
                WHEN all_.estimate_ IS NOT NULL THEN all_.deviation_
                ELSE elasticity_error
            END::DOUBLE AS deviation_
        FROM __launch_attributes(candidates, product_id, launch_date, price, candidates, cost, category) AS asked_
        LEFT JOIN (
            SELECT key_, terms_, why_ AS unread_ FROM __launch_terms(
                candidates, product_id, salvage::VARCHAR, holding::VARCHAR, '0', level_error::VARCHAR, pack::VARCHAR,
                CASE WHEN cross_elasticity IS NOT NULL THEN competitor_price::VARCHAR END, NULL, stock::VARCHAR, NULL
            )
        ) AS told_ ON told_.key_ = asked_.key_
        LEFT JOIN expected_ ON product_ = asked_.key_::VARCHAR
        LEFT JOIN known_ AS own_ ON own_.category_ = asked_.category_::VARCHAR
        LEFT JOIN known_ AS all_ ON all_.category_ IS NULL
    )
),
single_ AS MATERIALIZED (
    SELECT
        *, row_number() OVER (ORDER BY key_::VARCHAR) AS place_, false AS required_,
        coalesce(info_->>'frequency', 'week') AS frequency_, coalesce((info_->>'horizon')::BIGINT, 1) AS horizon_
    FROM asked_ CROSS JOIN (SELECT launch_model_info(blob_)::JSON AS info_ FROM given_)
    WHERE why_ IS NULL
),
learned_ AS MATERIALIZED (
    SELECT __launch_train_policy(
        (SELECT blob_ FROM given_ WHERE checked_ IS NULL), list_, refused_,
        prices := coalesce(prices::DOUBLE[], CASE
            WHEN elasticity IS NOT NULL OR elasticities IS NOT NULL THEN [0.7, 0.8, 0.9, 1.0, 1.1]::DOUBLE[] END),
        price_step := price_step, response := response, promotion_lift := promotion_lift, promotion_error := promotion_error,
        promotion_cost := promotion_cost, spends := spends::DOUBLE[], spend_lifts := spend_lifts::DOUBLE[],
        reorders := reorders::DOUBLE[], lead_time := lead_time, order_cost := order_cost, cross_elasticity := cross_elasticity,
        competitor_change := competitor_change, horizon := horizon, n := n, episodes := episodes, seed := seed
    ) AS learned_
    FROM (
        SELECT list({
            'launch_date': launch_, 'attributes': attributes_, 'key': single_.key_::VARCHAR, 'units': NULL::DOUBLE[],
            'at_least': NULL::BOOLEAN[], 'covariates': covariates_, 'price': attributes_['price'], 'cost': money_,
            'salvage': terms_['salvage'], 'holding': terms_['holding'], 'pack': terms_['pack'], 'stock': terms_['on_hand'],
            'elasticity': elasticity_, 'elasticity_error': deviation_, 'competitor_price': terms_['minimum'],
            'level_error': terms_['service_level'], 'expected': units_
        } ORDER BY place_) AS list_
        FROM single_
        LEFT JOIN __launch_covariates('single_', candidates, product_id, signals, covariates, signal_key) AS told_
            ON told_.id_ = single_.key_::VARCHAR
    )
    CROSS JOIN (
        SELECT list({'key': coalesce(key_::VARCHAR, 'NULL'), 'reason': why_} ORDER BY key_::VARCHAR, why_) AS refused_
        FROM asked_ WHERE why_ IS NOT NULL
    )
)
SELECT
    CASE WHEN info_->>'status' = 'ok' THEN learned_ END AS policy,
    CASE WHEN info_->>'status' = 'ok' THEN info_->>'model_id' END AS policy_id,
    coalesce((info_->>'products')::BIGINT, 0) AS products,
    coalesce(len(json_keys(info_->'left_out')), 0) AS left_out,
    (info_->>'steps')::BIGINT AS steps,
    (info_->>'actions')::BIGINT AS actions,
    (info_->'facts'->>'episodes')::BIGINT AS episodes,
    (info_->'facts'->>'value')::DOUBLE AS value,
    (info_->'facts'->>'fixed')::DOUBLE AS fixed_value,
    (info_->'facts'->>'myopic')::DOUBLE AS myopic_value,
    (info_->'facts'->>'resolved')::DOUBLE AS resolved_value,
    (info_->'facts'->>'value')::DOUBLE / best_ - 1 AS gain,
    (info_->'facts'->>'error')::DOUBLE / best_ AS gain_error,
    info_->>'status' AS status,
    info_->>'reason' AS reason
FROM (
    SELECT *, nullif(greatest(
        (info_->'facts'->>'fixed')::DOUBLE, (info_->'facts'->>'myopic')::DOUBLE, (info_->'facts'->>'resolved')::DOUBLE
    ), 0) AS best_
    FROM (SELECT learned_, launch_model_info(learned_)::JSON AS info_ FROM learned_)
)
