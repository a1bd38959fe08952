-- What past launches took from their neighbours: the units of products that share `by` in the periods from a launch
-- on, against what they would have sold without it. That is told from a control, the products of other keys: what
-- moves both, such as the season, cancels. Keys in which nothing was launched in these periods are the control if they
-- sell at least as much as the neighbours; else all other keys are, and the reason says that the change is what was
-- taken beyond what their own launches took. The interval rests on how neighbours and control moved apart before the
-- launch, in stretches as long as the one after it. Only products that began a horizon before all periods compared (or
-- before the data) are neighbours or control, so launch curves are in neither. When other products of the key began in
-- the same periods, their effects cannot be told apart: each is given its part by units, and the reason says so.
-- A launch in the first period of the data, or after its end, is left out; a launch or neighbour that cannot be
-- measured is a row with status refused. No period after a launch's horizon is looked at. Units that are not known, and
-- days without stock (the column available), are not 0: the rest of the period or those beside it stand for them.
--
-- Rows with affected 'category' are all neighbours of a launch together. With neighbours := true there are rows with
-- 'product' as well, for each of them alone; those that cannot be measured are counted in the reason of the launch. One
-- launch is small beside its key, so its own change is often mostly noise. Therefore each key has a 'category' row
-- without product_id: all its launches together, as if each took the same part of its own units from the others.
--
-- @param sales: VARCHAR              the sales table: product_id, date, units
-- @param products: VARCHAR           the products table: product_id, the column `by`, and launch_date if there is one;
--                                    without it a product is launched on its first day with sales
-- @param by: VARCHAR = 'category'    column of products whose values are the keys within which products compete; it
--                                    needs at least two values
-- @param frequency: VARCHAR = 'week' length of a period: day, week (from Monday) or month
-- @param horizon: BIGINT = 8         periods from the launch on that are measured, 1 to 520
-- @param before: BIGINT = NULL       periods before the launch to compare with, at most; at least three times the
--                                    horizon; NULL for six times the horizon
-- @param level: DOUBLE = 0.9         probability of the interval
-- @param neighbours: BOOLEAN = false single neighbours too: a row for each launch and each of them, which can be many
-- @param product_id: VARCHAR = 'product_id'    column of products in both tables
-- @param date: VARCHAR = 'date'                column of dates in sales
-- @param units: VARCHAR = 'units'              column of units in sales
-- @param launch_date: VARCHAR = 'launch_date'  column of launch dates in products
-- @returns product_id: same as input   the launched product; NULL for all launches of the key
-- @returns launch_date: DATE           its launch date; NULL for all launches of the key
-- @returns key: same as input          the value of `by`
-- @returns affected: VARCHAR           product or category
-- @returns affected_id: same as input  the neighbour; NULL for all of them together
-- @returns periods: BIGINT             periods from the launch on that were observed, at most the horizon; the sum of
--                                      them for all launches of a key
-- @returns change: DOUBLE              units against those expected without the launch: -0.12 is 12 % less
-- @returns lower: DOUBLE               lower end of its interval
-- @returns upper: DOUBLE               upper end
-- @returns units_change: DOUBLE        units over these periods less those expected; negative for a loss
-- @returns gross_units: DOUBLE         units of the launched product over these periods
-- @returns net_effect: DOUBLE          gross_units + units_change
-- @returns status: VARCHAR             ok or refused
-- @returns reason: VARCHAR             what it was measured against, or why it was not measured
-- @example FROM launch_cannibalization('sales', 'products', horizon := 4)
-- @example FROM launch_cannibalization('sales', 'products', horizon := 4, neighbours := true)
WITH options_ AS MATERIALIZED (
    SELECT
        __launch_frequency(frequency) AS frequency_,
        horizon_,
        CASE WHEN before IS NULL THEN 6 * horizon_
        WHEN before BETWEEN 3 * horizon_ AND 10000 THEN before::BIGINT
        ELSE error('before must be between three times the horizon, ' || 3 * horizon_ || ', and 10000, got ' || before)
        END AS before_,
        __launch_level(level) AS level_
    FROM (SELECT __launch_horizon(horizon)::BIGINT AS horizon_)
    WHERE CASE
        WHEN products IS NULL THEN error('products must not be NULL: give the table with the column by')
        WHEN "by" IS NULL THEN error('by must name a column of ' || products || ', got NULL')
        ELSE true END
),
-- Every product of the products table with its key and the period it began in.
listed_ AS MATERIALIZED (
    SELECT
        row_number() OVER () AS item_, dates_.key_, dates_.launch_, dates_.given_,
        __launch_period(dates_.launch_, frequency) AS begin_, keyed_.group_
    FROM __launch_dates(sales, products, product_id, date, units, 'price', launch_date) AS dates_
    JOIN (
        SELECT key_, min(group_) AS group_
        FROM __launch_grouped(products, product_id, "by")
        GROUP BY key_
    ) AS keyed_ ON keyed_.key_ = dates_.key_
    WHERE dates_.launch_ IS NOT NULL
),
volumes_ AS MATERIALIZED (
    SELECT item_, group_, begin_, given_, number_, greatest(units_, 0)::DECIMAL(38, 9) AS units_, apart_
    FROM __launch_volumes(sales, frequency, product_id, date, units, 'price') AS sold_
    JOIN listed_ ON listed_.key_ = sold_.key_
),
-- Products without known units, and those whose first sale may not be their launch, as nothing is known of the time before.
unsure_ AS MATERIALIZED (
    SELECT item_, bool_and(apart_ IS NULL) AS unknown_
    FROM volumes_ GROUP BY item_
    HAVING bool_and(apart_ IS NULL) OR (any_value(given_) IS NULL AND bool_or(apart_ = -1))
),
periods_ AS MATERIALIZED (
    SELECT item_, group_, begin_, number_, units_
    FROM volumes_ CROSS JOIN options_
    WHERE group_ IS NOT NULL AND item_ NOT IN (SELECT item_ FROM unsure_)
        AND (apart_ BETWEEN 0 AND horizon_ OR (apart_ < 0 AND number_ >= begin_))
),
-- The launches, with the stretches of time they are measured in: blocks_ before and one from number_ on, all of
-- after_ periods. Products that began by settled_ are neighbours or control.
launches_ AS MATERIALIZED (
    SELECT
        *,
        number_ - blocks_ * after_ AS first_,
        greatest(number_ - blocks_ * after_ - horizon_, start_) AS settled_
    FROM (
        SELECT
            item_, key_, launch_, group_, begin_ AS number_, start_, horizon_, level_,
            least(end_ - begin_, horizon_) AS after_,
            least(before_, begin_ - start_) // least(end_ - begin_, horizon_) AS blocks_
        FROM listed_
        CROSS JOIN __launch_calendar(sales, frequency, product_id, date, units, 'price')
        CROSS JOIN options_
        WHERE begin_ > start_ AND begin_ < end_ AND frequency_ <> ''
    )
),
-- Units by key and stretch of what is settled, once for all launches of a period. Launches of one period have the same
-- stretches.
windows_ AS MATERIALIZED (
    SELECT DISTINCT number_, after_, blocks_, first_, settled_ FROM launches_ WHERE blocks_ >= 3
),
markets_ AS MATERIALIZED (
    SELECT asked_.number_, group_, (at_ - first_) // after_ AS block_, sum(units_) AS units_
    FROM (SELECT *, unnest(range(first_, number_ + after_)) AS at_ FROM windows_) AS asked_
    JOIN (SELECT group_, begin_, number_, sum(units_) AS units_ FROM periods_ GROUP BY ALL) AS sold_
        ON sold_.number_ = at_
    WHERE begin_ <= settled_
    GROUP BY ALL
),
-- Keys in which something was launched in these periods: their own launches take from them, so the others are a better
-- control, if they sell enough.
busy_ AS MATERIALIZED (
    SELECT DISTINCT number_, group_, true AS launching_
    FROM windows_ JOIN (SELECT DISTINCT group_, begin_ FROM periods_)
        ON begin_ >= first_ AND begin_ > settled_ AND begin_ < number_ + after_
),
settlers_ AS MATERIALIZED (
    SELECT windows_.number_, begun_.group_, launching_, sum(products_)::BIGINT AS products_
    FROM windows_
    JOIN (SELECT group_, begin_, count(*) AS products_ FROM listed_ WHERE group_ IS NOT NULL GROUP BY ALL) AS begun_
        ON begin_ <= settled_
    LEFT JOIN busy_ ON busy_.number_ = windows_.number_ AND busy_.group_ = begun_.group_
    GROUP BY ALL
),
compared_ AS MATERIALIZED (
    SELECT
        every_.number_,
        every_.group_,
        list(coalesce(own_.units_, 0)::DOUBLE ORDER BY every_.block_) AS neighbours_,
        list((coalesce(all_.units_, 0) - coalesce(own_.units_, 0))::DOUBLE ORDER BY every_.block_) AS others_sold_,
        list(coalesce(all_.calm_units_, 0)::DOUBLE ORDER BY every_.block_) AS calm_sold_
    FROM (
        SELECT *, unnest(range(0, blocks_ + 1)) AS block_
        FROM (SELECT DISTINCT number_, group_, blocks_ FROM launches_ WHERE blocks_ >= 3 AND group_ IS NOT NULL)
    ) AS every_
    LEFT JOIN markets_ AS own_
        ON own_.number_ = every_.number_ AND own_.group_ = every_.group_ AND own_.block_ = every_.block_
    LEFT JOIN (
        SELECT
            markets_.number_, block_, sum(units_) AS units_, sum(units_) FILTER (launching_ IS NULL) AS calm_units_
        FROM markets_ LEFT JOIN busy_ ON busy_.number_ = markets_.number_ AND busy_.group_ = markets_.group_
        GROUP BY ALL
    ) AS all_ ON all_.number_ = every_.number_ AND all_.block_ = every_.block_
    GROUP BY ALL
),
-- Other products of the key that began in these periods: what they sold more, or less, after the launch than in a mean
-- stretch before it. No more than half of the launch's own units is set off, so that no share is above 2. Theirs is
-- what all that began then sold, less what the launch did.
begun_ AS MATERIALIZED (
    SELECT
        number_, group_,
        coalesce(sum(units_) FILTER (at_ >= number_), 0) AS after_units_,
        coalesce(sum(units_) FILTER (at_ < number_), 0) AS before_units_
    FROM (SELECT *, unnest(range(first_, number_ + after_)) AS at_ FROM windows_) AS asked_
    JOIN (SELECT group_, begin_, number_ AS sold_, sum(units_) AS units_ FROM periods_ GROUP BY ALL) ON sold_ = at_
    WHERE begin_ > settled_
    GROUP BY ALL
),
rival_counts_ AS MATERIALIZED (
    SELECT windows_.number_, group_, sum(items_)::BIGINT AS items_
    FROM windows_
    JOIN (
        SELECT group_, begin_, from_, to_, count(*) AS items_
        FROM (
            SELECT group_, begin_, min(number_) AS from_, max(number_) AS to_
            FROM periods_
            GROUP BY item_, group_, begin_
        )
        GROUP BY ALL
    ) ON begin_ > settled_ AND from_ < windows_.number_ + after_ AND to_ >= first_
    GROUP BY ALL
),
rivals_ AS (
    SELECT
        item_, gross_::DOUBLE AS gross_, items_ - 1 AS others_,
        gross_ / nullif(gross_ + greatest(
            ((after_units_ - gross_) - (before_units_ - early_) / blocks_)::DOUBLE, -gross_::DOUBLE / 2
        ), 0) AS share_
    FROM (
        SELECT
            launches_.item_, launches_.number_, launches_.group_, blocks_,
            coalesce(sum(units_) FILTER (periods_.number_ >= launches_.number_), 0) AS gross_,
            coalesce(sum(units_) FILTER (periods_.number_ < launches_.number_), 0) AS early_
        FROM launches_
        JOIN periods_
            ON periods_.item_ = launches_.item_
            AND periods_.number_ BETWEEN first_ AND launches_.number_ + after_ - 1
        WHERE blocks_ >= 3
        GROUP BY ALL
    ) AS own_
    JOIN begun_ ON begun_.number_ = own_.number_ AND begun_.group_ = own_.group_
    JOIN rival_counts_ ON rival_counts_.number_ = own_.number_ AND rival_counts_.group_ = own_.group_
),
judged_ AS MATERIALIZED (
    SELECT
        *,
        CASE
            WHEN group_ IS NULL THEN "by" || ' is NULL: give it in ' || products
            WHEN unknown_ THEN 'its units are not known'
            WHEN NOT unknown_ THEN 'its units are not known before its first sale, which may not be its launch: give launch_date in products'
            WHEN blocks_ < 3 THEN format(
                '{} periods of sales before the launch, {} are needed for {} from it on: choose a shorter horizon',
                number_ - start_, 3 * after_, after_
            )
            WHEN controls_ = 0 AND keys_ < 2
            THEN 'there is no control: give a column with more than one value as by, got ' || "by"
            WHEN controls_ = 0 THEN format(
                'there is no control: no product of another {} sold since {} or earlier; '
                || 'a smaller before asks for less',
                "by", __launch_period_start(settled_, frequency)
            )
            WHEN gross_ = 0 THEN format('sold nothing in the {} periods from the launch on', after_)
        END AS why_
    FROM (
        SELECT
            launches_.*, unsure_.unknown_, late_,
            neighbours_,
            calm_,
            CASE WHEN calm_ THEN calm_sold_ ELSE others_sold_ END AS control_,
            coalesce(gross_, 0) AS gross_,
            share_,
            coalesce(others_, 0) AS others_,
            CASE WHEN calm_ THEN all_.calm_products_
            ELSE coalesce(all_.products_, 0) - coalesce(own_.products_, 0) END AS controls_,
            (SELECT count(DISTINCT group_) FROM listed_) AS keys_
        FROM launches_
        LEFT JOIN unsure_ ON unsure_.item_ = launches_.item_
        LEFT JOIN rivals_ ON rivals_.item_ = launches_.item_
        LEFT JOIN (
            SELECT item_, sum(units_)::DOUBLE AS late_ FROM periods_ WHERE number_ < begin_ GROUP BY item_
        ) AS early_ ON early_.item_ = launches_.item_
        LEFT JOIN (
            SELECT *, list_min(calm_sold_) > 0 AND list_sum(calm_sold_) >= list_sum(neighbours_) AS calm_ FROM compared_
        ) AS compared_ ON compared_.number_ = launches_.number_ AND compared_.group_ = launches_.group_
        LEFT JOIN settlers_ AS own_ ON own_.number_ = launches_.number_ AND own_.group_ = launches_.group_
        LEFT JOIN (
            SELECT
                number_, sum(products_)::BIGINT AS products_,
                sum(products_) FILTER (launching_ IS NULL)::BIGINT AS calm_products_
            FROM settlers_
            GROUP BY ALL
        ) AS all_ ON all_.number_ = launches_.number_
    )
),
-- Each launch with each other product of its key that sold in these periods.
pairs_ AS MATERIALIZED (
    SELECT
        summed_.item_, listed_.key_ AS other_key_, listed_.begin_ <= settled_ AS settled_, stretches_, units_
    FROM (
        SELECT item_, other_, list(block_) AS stretches_, list(sold_::DOUBLE) AS units_
        FROM (
            SELECT
                judged_.item_, rows_.item_ AS other_, (rows_.number_ - first_) // after_ AS block_, blocks_,
                sum(units_) AS sold_
            FROM judged_
            JOIN periods_ AS rows_
                ON rows_.group_ = judged_.group_
                AND rows_.number_ BETWEEN first_ AND judged_.number_ + after_ - 1
            WHERE neighbours AND why_ IS NULL AND rows_.item_ <> judged_.item_
            GROUP BY ALL
        )
        GROUP BY ALL
        HAVING sum(sold_) FILTER (block_ < blocks_) > 0
    ) AS summed_
    JOIN judged_ ON judged_.item_ = summed_.item_
    JOIN listed_ ON listed_.item_ = other_
),
measured_ AS MATERIALIZED (
    SELECT
        *,
        CASE
            WHEN why_ IS NOT NULL THEN NULL
            ELSE __launch_cannibalization(sold_, control_, share_, level_)[1]
        END AS effect_
    FROM (
        SELECT * EXCLUDE (neighbours_), 'category' AS affected_, NULL AS other_key_, neighbours_ AS sold_ FROM judged_
        UNION ALL BY NAME
        SELECT
            judged_.* EXCLUDE (neighbours_),
            'product' AS affected_,
            other_key_,
            list_transform(
                range(0, judged_.blocks_ + 1), lambda b: coalesce(pairs_.units_[list_position(stretches_, b)], 0)
            ) AS sold_
        FROM judged_
        JOIN pairs_ ON pairs_.item_ = judged_.item_
        WHERE pairs_.settled_
    )
),
-- Neighbours that cannot be measured are counted: those on their own launch curve, and those of strange units.
unlisted_ AS (
    SELECT item_, count(*) AS unlisted_
    FROM (
        SELECT item_ FROM pairs_ WHERE NOT settled_
        UNION ALL
        SELECT item_ FROM measured_ WHERE affected_ = 'product' AND effect_.change IS NULL
    )
    GROUP BY item_
),
effects_ AS MATERIALIZED (
    SELECT measured_.*, unlisted_
    FROM measured_
    LEFT JOIN unlisted_
        ON unlisted_.item_ = measured_.item_ AND affected_ = 'category' AND effect_.change IS NOT NULL
    WHERE affected_ = 'category' OR effect_.change IS NOT NULL
),
-- What could not be read, or matched, of both tables.
told_ AS MATERIALIZED (
    SELECT nullif(concat_ws('; ',
        (FROM __launch_unlisted(sales, products, product_id, "by")),
        (FROM __launch_unread(sales, NULL, product_id, date, units, 'price', 'launch_date', summed := true))
    ), '') AS told_
),
pooled_ AS (
    SELECT
        group_,
        count(*) FILTER (measured_ AND late_ > 0.05 * gross_) AS late_,
        sum(after_) FILTER (measured_)::BIGINT AS periods_,
        count(*) FILTER (measured_) AS launches_,
        count(*) AS all_,
        sum(gross_::DECIMAL(38, 9)) FILTER (measured_)::DOUBLE AS pool_gross_,
        __launch_cannibalization_pooled(
            coalesce(list(number_::DOUBLE) FILTER (measured_), []),
            coalesce(list(after_::DOUBLE) FILTER (measured_), []),
            coalesce(list(blocks_::DOUBLE) FILTER (measured_), []),
            coalesce(list(gross_) FILTER (measured_), []),
            coalesce(list(effect_.expected) FILTER (measured_), []),
            coalesce(list(effect_.units_change) FILTER (measured_), []),
            coalesce(list(effect_.error) FILTER (measured_), []),
            any_value(level_)
        )[1] AS pool_
    FROM (SELECT *, effect_.change IS NOT NULL AS measured_ FROM effects_ WHERE affected_ = 'category')
    WHERE group_ IS NOT NULL
    GROUP BY group_
)
SELECT
    key_ AS product_id,
    launch_ AS launch_date,
    group_ AS key,
    affected_ AS affected,
    other_key_ AS affected_id,
    after_ AS periods,
    effect_.change AS change,
    effect_.lower AS lower,
    effect_.upper AS upper,
    effect_.units_change AS units_change,
    gross_ AS gross_units,
    gross_ + effect_.units_change AS net_effect,
    CASE WHEN effect_.change IS NULL THEN 'refused' ELSE 'ok' END AS status,
    coalesce(why_, __launch_words(coalesce(effect_.reason, format(
        '{} periods from the launch on against {} before, beside {} products of other keys{}{}',
        after_, blocks_ * after_, controls_,
        CASE WHEN calm_ THEN '' ELSE ', which had launches too: this is what it took beyond theirs' END,
        CASE WHEN others_ > 0 THEN format(
            '; {} other products of the key began in these periods: by units, x {:.2f} of the change is its own',
            others_, share_
        ) ELSE '' END
    )), product_id)) || CASE WHEN unlisted_ > 0 THEN format(
        '; {} neighbours are not listed: they began in the periods compared, or sold before their own launch (a smaller '
        || 'before asks for less)', unlisted_
    ) ELSE '' END || CASE WHEN late_ > 0.05 * gross_ THEN format(
        '; it sold {:.0f} units before its launch date, in the periods that it is compared with: correct launch_date', late_
    ) ELSE '' END || coalesce('; ' || told_, '') AS reason
FROM effects_ CROSS JOIN told_
UNION ALL BY NAME
SELECT
    group_ AS key,
    'category' AS affected,
    periods_ AS periods,
    pool_.change AS change,
    pool_.lower AS lower,
    pool_.upper AS upper,
    pool_.units_change AS units_change,
    pool_gross_ AS gross_units,
    pool_gross_ + pool_.units_change AS net_effect,
    CASE WHEN pool_.change IS NULL THEN 'refused' ELSE 'ok' END AS status,
    coalesce(pool_.reason, format('{} of {} launches of the key together', launches_, all_))
        || CASE WHEN late_ > 0 THEN format('; {} of them sold before their launch date: correct launch_date', late_) ELSE '' END
        || coalesce('; ' || told_, '') AS reason
FROM pooled_ CROSS JOIN told_
UNION ALL BY NAME
SELECT
    'category' AS affected, 'refused' AS status,
    concat_ws('; ', 'no product of products began to sell after the first period of sales, so nothing was launched', told_) AS reason
FROM told_ WHERE NOT EXISTS (FROM effects_)
ORDER BY 3, 2 NULLS FIRST, 1 NULLS FIRST, 4, 5
