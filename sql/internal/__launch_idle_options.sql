-- What to tell of options of networks that were given where no network is trained.
--
-- @scalar
-- @param architecture: VARCHAR     what is trained; NULL where a model was given, which is trained already
-- @param hidden: BIGINT[]          the options, NULL where they were not given
-- @param epochs: BIGINT            the same
-- @param batch_size: BIGINT        the same
-- @param learning_rate: DOUBLE     the same
-- @param loss: VARCHAR             the same
-- @param dropout: DOUBLE           the same
-- @param networks: BIGINT          the same
-- @param patience: BIGINT          the same
-- @param context_length: BIGINT    the same
-- @returns VARCHAR the text, NULL when there is nothing to tell
-- @example __launch_idle_options('analog', NULL, 100, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
CASE
    WHEN coalesce(lower(architecture), 'none') IN ('none', 'naive', 'analog', 'bass', 'gbm') THEN
        nullif(concat_ws(', ',
            CASE WHEN hidden IS NOT NULL THEN 'hidden' END, CASE WHEN epochs IS NOT NULL THEN 'epochs' END,
            CASE WHEN batch_size IS NOT NULL THEN 'batch_size' END, CASE WHEN learning_rate IS NOT NULL THEN 'learning_rate' END,
            CASE WHEN loss IS NOT NULL THEN 'loss' END, CASE WHEN dropout IS NOT NULL THEN 'dropout' END,
            CASE WHEN networks IS NOT NULL THEN 'networks' END, CASE WHEN patience IS NOT NULL THEN 'patience' END,
            CASE WHEN context_length IS NOT NULL THEN 'context_length' END
        ), '') || CASE WHEN architecture IS NULL THEN ': not used, as the model given is trained already'
            ELSE ': not used, as they are options of networks, and ' || lower(architecture) || ' has none' END
END
