-- Which products have one date per period, such as the Monday of each week, and which periods their sales cover: those
-- up to the end of the last day, or of its period where the rows of a period have one date. A few rows on other dates
-- change nothing: a product has one date per period if 85 % of its rows, of at least six periods, are on the same day
-- of the period, and has not if at most half of them are; the others are like most. Where at most 30 % of all rows are
-- on the same day of the period, none has.
--
-- @param sales: VARCHAR       the sales table
-- @param frequency: VARCHAR   day, week or month
-- @param product_id: VARCHAR  its column of products
-- @param date: VARCHAR        its column of dates
-- @param units: VARCHAR       its column of units
-- @param price: VARCHAR       its column of prices; 'price' need not exist
-- @returns key_: same as input    the product; NULL for all together, and for products without a row of their own
-- @returns start_: BIGINT         the first period, as __launch_period counts; NULL without sales
-- @returns end_: BIGINT           the first period that is not fully observed
-- @returns stamped_: BOOLEAN      whether all rows of a period have one date
-- @returns first_day_: DATE       the first day of all products
-- @returns last_day_: DATE        the last day of all products
-- @returns longest_gap_: INTEGER  days between two dates that follow each other, at most
-- @returns after_gap_: DATE       the date after that gap
-- @example FROM __launch_stamps('sales', 'week', 'product_id', 'date', 'units', 'price')
WITH days_ AS MATERIALIZED (
    SELECT
        *, __launch_period(day_, frequency) AS number_, day_ - lag(day_) OVER (ORDER BY day_) AS gap_,
        -- Dates of months are counted from their first day and from their last one.
        CASE WHEN __launch_frequency(frequency) = 'month' THEN day(day_) ELSE isodow(day_) END AS place_,
        CASE WHEN __launch_frequency(frequency) = 'month' THEN last_day(day_) - day_ ELSE 0 END AS other_
    FROM (SELECT day_, count(*) AS rows_ FROM __launch_sales(sales, product_id, date, units, price) GROUP BY day_)
),
all_ AS MATERIALIZED (
    SELECT
        *,
        -- Where no period has two dates, or rows are spread over the days, there is nothing to judge.
        NOT single_ AND (
            SELECT max(part_) > 0.3 * max(total_)
            FROM (
                SELECT place_, sum(rows_) AS part_, sum(sum(rows_)) OVER (PARTITION BY grouping(place_)) AS total_
                FROM days_ GROUP BY GROUPING SETS ((place_), (other_))
                HAVING grouping(place_) = 0 OR __launch_frequency(frequency) = 'month'
            )
        ) AS judge_
    FROM (
        SELECT
            min(number_) AS start_,
            max(number_) + 1 AS after_,
            __launch_period(max(day_) + 1, frequency) AS over_,
            count(*) = count(DISTINCT number_) AS single_,
            min(day_) AS first_day_,
            max(day_) AS last_day_,
            max(gap_)::INTEGER AS longest_gap_,
            min(day_) FILTER (gap_ = longest_) AS after_gap_
        FROM (SELECT *, max(gap_) OVER () AS longest_ FROM days_)
    )
),
places_ AS MATERIALIZED (
    SELECT
        key_, place_, other_, count(*) AS rows_, max(day_) AS last_,
        bit_or(1::BIGINT << (__launch_period(day_, frequency) % 62)::BIGINT) AS periods_
    FROM (
        SELECT
            key_, day_,
            CASE WHEN __launch_frequency(frequency) = 'month' THEN day(day_) ELSE isodow(day_) END AS place_,
            CASE WHEN __launch_frequency(frequency) = 'month' THEN last_day(day_) - day_ ELSE 0 END AS other_
        FROM __launch_sales(sales, product_id, date, units, price)
        WHERE (SELECT judge_ FROM all_)
    )
    GROUP BY key_, place_, other_
),
counted_ AS (
    SELECT
        key_, sum(rows_) AS rows_, max(last_) AS last_, bit_or(periods_) AS periods_, grouping(other_) AS by_place_
    FROM places_
    GROUP BY GROUPING SETS ((key_, place_), (key_, other_), (place_), (other_))
),
judged_ AS MATERIALIZED (
    SELECT
        key_, rows_, last_,
        CASE
            WHEN periods_ >= 6 AND regular_ >= 0.85 THEN true
            WHEN periods_ >= 6 AND regular_ <= 0.5 THEN false END AS own_
    FROM (
        SELECT
            key_, sum(rows_) / 2 AS rows_, max(last_) AS last_, bit_count(bit_or(periods_)) AS periods_,
            max(CASE WHEN by_place_ = 1 OR __launch_frequency(frequency) = 'month' THEN rows_ END)
                / (sum(rows_) / 2) AS regular_
        FROM counted_
        GROUP BY key_
    )
),
most_ AS MATERIALIZED (
    SELECT
        coalesce(
            sum(rows_) FILTER (own_ AND key_ IS NOT NULL)
                > coalesce(sum(rows_) FILTER (NOT own_ AND key_ IS NOT NULL), 0),
            NOT bool_or(NOT own_ AND key_ IS NOT NULL) AND bool_or(own_),
            false
        ) AS stamped_,
        max(__launch_period(last_, frequency)) FILTER (own_ AND key_ IS NOT NULL) + 1 AS after_
    FROM judged_
)
SELECT
    found_.key_, start_,
    CASE
        WHEN single_ THEN all_.after_
        WHEN found_.stamped_ THEN greatest(coalesce(most_.after_, over_), over_)
        ELSE over_ END AS end_,
    single_ OR found_.stamped_ AS stamped_,
    first_day_, last_day_, longest_gap_, after_gap_
FROM all_, most_, (
    SELECT key_, coalesce(own_, (SELECT stamped_ FROM most_)) AS stamped_ FROM judged_ WHERE key_ IS NOT NULL
    UNION ALL SELECT NULL, stamped_ FROM most_
) AS found_
