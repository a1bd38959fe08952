-- What a table says of orders, one row per product. No rows without a table.
--
-- @param stock: VARCHAR       the table, as launch_stock returns it, or NULL
-- @param product_id: VARCHAR  its column of products
-- @returns id_: VARCHAR            the text of the product; NULL for rows without one
-- @returns order_units_: DOUBLE    units to order, NULL where there are none
-- @returns order_day_: DATE        when
-- @returns order_why_: VARCHAR     what of the two could not be read
-- @returns reorder_units_: DOUBLE  units to reorder
-- @returns reorder_day_: DATE      when
-- @returns reorder_why_: VARCHAR   what of the two could not be read
-- @returns why_: VARCHAR           why the table does not say, NULL where it does
-- @example FROM __launch_ordered('orders', 'product_id')
SELECT
    id_,
    CASE WHEN why_ IS NULL THEN __launch_order_units(order_number_) END AS order_units_,
    CASE WHEN why_ IS NULL THEN order_day_ END AS order_day_,
    CASE WHEN why_ IS NULL THEN order_why_ END AS order_why_,
    CASE WHEN why_ IS NULL THEN __launch_order_units(reorder_number_) END AS reorder_units_,
    CASE WHEN why_ IS NULL THEN reorder_day_ END AS reorder_day_,
    CASE WHEN why_ IS NULL THEN reorder_why_ END AS reorder_why_,
    why_
FROM (
    -- Of several rows none counts, so it does not matter which is kept.
    SELECT
        id_, min(order_number_) AS order_number_, min(order_day_) AS order_day_,
        min(__launch_order_unread('order', order_units_, order_number_, raw_order_, order_day_)) AS order_why_,
        min(reorder_number_) AS reorder_number_, min(reorder_day_) AS reorder_day_,
        min(__launch_order_unread('reorder', reorder_units_, reorder_number_, raw_reorder_, reorder_day_)) AS reorder_why_,
        CASE
            WHEN count(*) > 1 THEN 'stock has ' || count(*) || ' rows of it: keep one'
            WHEN NOT bool_and(fine_) THEN 'stock has no order of it: ' || coalesce(min(reason_), 'its status is not ok')
        END AS why_
    FROM (
        SELECT
            * EXCLUDE (key_, status_, reason_), __launch_id_text(key_) AS id_, nullif(trim(reason_::VARCHAR), '') AS reason_,
            __launch_amount(order_units_) AS order_number_, __launch_valid_day(raw_order_) AS order_day_,
            __launch_amount(reorder_units_) AS reorder_number_, __launch_valid_day(raw_reorder_) AS reorder_day_,
            typeof(status_) = '"NULL"' OR coalesce(lower(trim(status_::VARCHAR)) = 'ok', false) AS fine_
        FROM (
            SELECT
                COLUMNS(lambda c: __launch_column(c, product_id, coalesce(stock, 'stock'))) AS key_,
                COLUMNS(lambda c: __launch_column(c, 'order_units', coalesce(stock, 'stock'))) AS order_units_,
                COLUMNS(lambda c: __launch_column(c, 'order_date', coalesce(stock, 'stock'))) AS raw_order_,
                COLUMNS(lambda c: __launch_column(c, 'reorder_units', coalesce(stock, 'stock'))) AS reorder_units_,
                COLUMNS(lambda c: __launch_column(c, 'reorder_date', coalesce(stock, 'stock'))) AS raw_reorder_,
                COLUMNS(lambda c: __launch_column(c, 'status', coalesce(stock, 'stock'))) AS status_,
                COLUMNS(lambda c: __launch_column(c, 'reason', coalesce(stock, 'stock'))) AS reason_
            FROM query(__launch_from(
                stock, [product_id, 'order_units'], ['order_date', 'reorder_units', 'reorder_date', 'status', 'reason']
            ))
        )
    )
    GROUP BY id_
)
