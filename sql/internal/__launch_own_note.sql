-- What to tell of the sales of a candidate so far.
--
-- @scalar
-- @param sold: DOUBLE[]       units by step, NULL where not known
-- @param available: DOUBLE[]  share of each step in which it was on sale, as __launch_launches tells
-- @param before: DOUBLE       units sold before the launch date and left out
-- @returns VARCHAR the text, empty when there is nothing to tell
-- @example __launch_own_note([12, NULL], [0, 0], 3)
concat(
    CASE WHEN len([s_ FOR s_, k_ IN sold IF s_ IS NULL AND available[k_] IS NOT NULL]) > 0
    THEN '; sales of ' || len([s_ FOR s_, k_ IN sold IF s_ IS NULL AND available[k_] IS NOT NULL])
        || ' steps are not known' END,
    CASE WHEN len([s_ FOR s_, k_ IN sold IF s_ IS NOT NULL AND available[k_] = 0]) > 0
    THEN '; stock ran out in ' || len([s_ FOR s_, k_ IN sold IF s_ IS NOT NULL AND available[k_] = 0])
        || ' steps: units are a lower bound there' END,
    CASE WHEN __launch_idle(sold) > 0 THEN format(
        '; nothing was sold in the first {} steps, which is taken for a late launch: launch_date says when it was', __launch_idle(sold)
    ) END,
    CASE WHEN len(sold) > 0 AND len(list_filter(sold, lambda u: u = 0)) = len(sold) THEN format(
        '; nothing was sold in all its {} steps: where it was launched later, launch_date says when', len(sold)
    ) END,
    CASE WHEN before > 0 THEN format(
        '; {:.0f} units sold before the launch date are left out: preorders := ''first_step'' counts them', before
    ) END
)
