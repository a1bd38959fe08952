-- What people praise and what they complain about: the words and phrases of reviews that go with the label, the strongest first. A
-- term counts once per review. Terms that only stand within or beside another one, as "this zipper" beside "zipper", are left out. A
-- key that cannot be answered comes back as one row with status refused.
--
-- @param data: VARCHAR                        the table of reviews
-- @param text: VARCHAR = 'text'               its column of texts, in any language
-- @param by: VARCHAR = NULL                   its column of keys, such as the category; NULL for all reviews together
-- @param label: VARCHAR = 'label'             its column of what people thought: a boolean, or a number such as the rating
-- @param positive: DOUBLE = 4                 the number from which on a review is positive; 1 for a label of 0 and 1. A key whose
--                                             labels go beyond the scale of this number (up to 5, 10 or 100), or from 0 to
--                                             this number, is refused
-- @param min_mentions: BIGINT = 20            reviews of a key that must mention a term
-- @param false_discovery_rate: DOUBLE = 0.05  share of the terms of a key that may be there by chance
-- @param level: DOUBLE = 0.8                  probability of the intervals
-- @param top: BIGINT = NULL                   praises of a key at most, and complaints at most; NULL for all
-- @param user_id: VARCHAR = 'user_id'         the column of users, if there is one: a text that a user gives twice counts once, and so
--                                             does one of more than four words without a user
-- @returns key: same as input  the key; all without a column of keys
-- @returns term: VARCHAR       one to three words in lower case, an emoji, or two to three letters of a script without spaces
-- @returns mentions: BIGINT    reviews that mention it
-- @returns sentiment: DOUBLE   share of positive reviews among them, drawn to that of the key as if by 4 reviews
-- @returns lift: DOUBLE        sentiment less the share of positive reviews among those that do not mention it: 0.1 where of 100
--                              reviews that mention the term 10 more are positive; below 0 for complaints
-- @returns lower: DOUBLE       lower end of the interval of lift
-- @returns upper: DOUBLE       upper end
-- @returns example: VARCHAR    the words around the term in a typical review, a positive one for praise
-- @returns rank: BIGINT        from 1, by how improbable the term is by chance
-- @returns status: VARCHAR     ok or refused
-- @returns reason: VARCHAR     what was left out, or why there is none
-- @example FROM launch_aspects('reviews', label := 'rating')
-- @example SELECT key, term, lift FROM launch_aspects('reviews', "by" := 'category', label := 'rating', top := 5)
WITH given_ AS (
    SELECT
        COLUMNS(lambda c: __launch_column(c, coalesce("by", '__launch_all'), data)) AS key_,
        COLUMNS(lambda c: __launch_column(c, text, data))::VARCHAR AS text_,
        __launch_id_text(COLUMNS(lambda c: __launch_column(c, user_id, data))) AS user_,
        __launch_number(COLUMNS(lambda c: __launch_column(c, label, data))) AS label_
    FROM query('SELECT *, ''all'' AS __launch_all FROM (' || __launch_from(__launch_named(data, 'data'), [text, label, user_id], ['user_id']) || ')')
),
answers_ AS MATERIALIZED (
    SELECT
        key_, __launch_aspects(
            text_,
            CASE
                WHEN __launch_kind(label_['type_']) = 'number' OR label_['type_'] = '"NULL"' THEN label_['value_']
                ELSE error(format(
                    'label must be a boolean or a number, and {} is {}: give a boolean, such as (SELECT *, {} = ''good'' AS label FROM {})',
                    label, label_['type_'], label, data
                ))
            END,
            user_,
            positive := CASE WHEN label_['type_'] = 'BOOLEAN' AND positive IS NOT NULL THEN 1 ELSE positive END,
            min_mentions := min_mentions, false_discovery_rate := false_discovery_rate, level := level, top := top
        ) AS rows_
    FROM given_
    GROUP BY key_
)
SELECT
    key_ AS key, row_['term'] AS term, row_['mentions'] AS mentions, row_['sentiment'] AS sentiment, row_['lift'] AS lift,
    row_['lower'] AS lower, row_['upper'] AS upper, row_['example'] AS example, row_['rank'] AS rank, row_['status'] AS status,
    row_['reason'] AS reason
FROM (
    SELECT key_, unnest(rows_) AS row_ FROM answers_
    UNION ALL
    SELECT NULL, {
        'term': NULL, 'mentions': NULL, 'sentiment': NULL, 'lift': NULL, 'lower': NULL, 'upper': NULL, 'example': NULL, 'rank': NULL,
        'status': 'refused', 'reason': data || ' has no rows'
    }
    WHERE NOT EXISTS (FROM answers_)
)
ORDER BY key_ NULLS LAST, row_['rank']
