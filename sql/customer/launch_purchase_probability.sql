-- The probability that a row is positive, such as that a visitor buys: launch_probability under the name of what it is mostly
-- asked for.
--
-- @scalar
-- @param model: BLOB  the model column of launch_train_classifier
-- @param row: ANY     a STRUCT with the features, or the alias of a table
-- @returns DOUBLE above 0 and below 1; NULL without a model
-- @example SELECT visitor_id, launch_purchase_probability((SELECT model FROM visit_model), v) FROM visits v
launch_probability(model, row)
