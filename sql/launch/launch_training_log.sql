-- How the networks in a model learned: one row per epoch of each. Empty for models without networks.
--
-- @param model: BLOB  the model, such as (SELECT model FROM my_model)
-- @returns epoch: INTEGER           pass over the launches, from 1
-- @returns train_loss: DOUBLE       mean loss on the launches learned from
-- @returns validation_loss: DOUBLE  mean loss on the launches held out, the latest ones; NULL where there are none
-- @returns learning_rate: DOUBLE    learning rate of the optimiser
-- @returns architecture: VARCHAR    the network
-- @example FROM launch_training_log((SELECT model FROM model))
SELECT
    row_['epoch'] AS epoch,
    row_['train_loss'] AS train_loss,
    row_['validation_loss'] AS validation_loss,
    row_['learning_rate'] AS learning_rate,
    row_['architecture'] AS architecture
FROM (SELECT unnest(__launch_training_log(model::BLOB)) AS row_)
