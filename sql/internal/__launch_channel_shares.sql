-- The shares of channels in a budget, as launch_channels says them. No rows without a table.
--
-- @param channels: VARCHAR  a table with the columns channel and share, and status if it has one, or NULL
-- @returns mixed_: VARCHAR  the channel
-- @returns part_: DOUBLE    its share; those of all channels add up to 1
-- @example FROM __launch_channel_shares('(FROM (VALUES (''mail'', 0.3), (''tv'', 0.7)) t(channel, share))')
WITH read_ AS MATERIALIZED (
    SELECT
        name_, __launch_sum(amount_) AS share_, bool_or(coalesce(amount_ < 0, false)) AS below_,
        min(CASE WHEN amount_ IS NULL THEN nullif(trim(raw_::VARCHAR), '') END) AS unread_
    FROM (SELECT *, __launch_finite(__launch_amount(raw_)) AS amount_ FROM (
        SELECT
            nullif(trim(COLUMNS(lambda c: __launch_column(c, 'channel', coalesce(channels, 'channels')))::VARCHAR), '') AS name_,
            COLUMNS(lambda c: __launch_column(c, 'share', coalesce(channels, 'channels'))) AS raw_,
            COLUMNS(lambda c: __launch_column(c, 'status', coalesce(channels, 'channels')))::VARCHAR AS said_
        FROM query(__launch_from(channels, ['channel', 'share'], ['status']))
    ))
    WHERE said_ IS DISTINCT FROM 'refused'
    GROUP BY name_
),
wrong_ AS (
    SELECT CASE
        WHEN channels IS NULL THEN NULL
        WHEN count(unread_) > 0 THEN 'channels ' || channels || ' have a share that is no number, such as ' || min(unread_)
        WHEN bool_or(below_) THEN 'channels ' || channels || ' have a share below 0'
        WHEN bool_or(name_ IS NULL AND share_ > 0) THEN 'channels ' || channels || ' have a share without a channel: name it, or leave the row out'
        WHEN coalesce(sum(share_), 0) <= 0 THEN 'channels ' || channels || ' have no channel with a share above 0'
    END AS why_
    FROM read_
)
SELECT name_ AS mixed_, share_ / __launch_sum(share_) OVER () AS part_
FROM wrong_ LEFT JOIN read_ ON share_ > 0
WHERE CASE WHEN why_ IS NULL THEN name_ IS NOT NULL ELSE error(why_) END
