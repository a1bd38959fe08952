-- How reviews of products that do not exist yet will turn out: the probability that a review will be positive, for each
-- candidate as a whole and, where users are given, for each of them. It is learned from the reviews of other products:
-- effects of users, products and attributes, each drawn to its mean as far as it rests on little, and the level of ratings
-- over time. What it is worth is measured on products held out.
--
-- @param candidates: VARCHAR                   products that do not exist yet: id, attributes and, if there is one, launch date
-- @param reviews: VARCHAR                      reviews of other products: product, rating and, if there are, user and date
-- @param products: VARCHAR = NULL              reviewed products with their attributes; NULL where nothing is known of them
-- @param users: VARCHAR = NULL                 users to answer for, beside each candidate as a whole
-- @param positive: DOUBLE = 4                  the lowest rating that is positive
-- @param lowest: DOUBLE = 1                    the lowest rating there is
-- @param highest: DOUBLE = 5                   the highest rating there is
-- @param level: DOUBLE = 0.8                   probability of the interval
-- @param as_of: ANY = NULL                     the day that is asked as of: reviews from then on are not used; NULL for the launch
--                                              date of each candidate, or for all reviews where it has none
-- @param product_id: VARCHAR = 'product_id'    the column of products in all tables
-- @param user_id: VARCHAR = 'user_id'          the column of users, if there is one
-- @param date: VARCHAR = 'date'                the column of dates in reviews, if there is one
-- @param rating: VARCHAR = 'rating'            the column of ratings
-- @param launch_date: VARCHAR = 'launch_date'  the column of launch dates in candidates, if there is one
-- @returns product_id: same as input           the candidate
-- @returns user_id: same as input              the user; NULL in the row of the candidate as a whole
-- @returns probability: DOUBLE                 that a review is positive
-- @returns lower: DOUBLE                       lower end of the interval: of the candidate's share of positive reviews, or of the
--                                              probability for the user
-- @returns upper: DOUBLE                       upper end of the interval
-- @returns expected_rating: DOUBLE             mean rating
-- @returns reviews: BIGINT                     reviews learned from
-- @returns own_reviews: BIGINT                 those of the candidate itself among them
-- @returns user_reviews: BIGINT                those by the user among them; NULL in the row of the candidate as a whole
-- @returns status: VARCHAR                     ok or refused
-- @returns reason: VARCHAR                     what it rests on and what was left out; or why there is no answer
-- @example FROM launch_review_tendency('new_goods', 'reviews', products := 'goods')
WITH drawn_ AS (
    SELECT unnest(__launch_review_tendency(
        kind_, number_, other_, day_, rating_, text_, note_, attributes_, by_user := nullif(trim(users), '') IS NOT NULL,
        positive := positive, lowest := lowest, highest := highest, level := __launch_level(level)
    )) AS row_
    FROM __launch_reviewed(
        reviews, products, candidates, users, __launch_as_of(as_of), product_id, user_id, date, rating, launch_date
    )
    WHERE __launch_named(candidates, 'candidates') IS NOT NULL
)
SELECT
    goods_.key_ AS product_id, people_.key_ AS user_id, row_['probability'] AS probability, row_['lower'] AS lower,
    row_['upper'] AS upper, row_['expected_rating'] AS expected_rating, row_['reviews'] AS reviews,
    row_['own_reviews'] AS own_reviews, row_['user_reviews'] AS user_reviews, row_['status'] AS status, row_['reason'] AS reason
FROM drawn_
LEFT JOIN __launch_keys(nullif(trim(candidates), ''), product_id) goods_ ON row_['product'] = goods_.text_
LEFT JOIN __launch_keys(nullif(trim(users), ''), user_id) people_ ON row_['user'] = people_.text_
