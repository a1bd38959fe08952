//! Which levels are taken out: as fine as the cells carry.

use super::Cell;
use crate::statistics::{codes, count};

/// Cells per level, at least: with fewer, what is left of a cell is mostly what its own level took.
const MIN_CELLS: f64 = 1.5;

/// The fixed effects of a group.
pub(super) struct Levels {
    /// One code per cell and effect; the first is that of the product, or of the product in its place.
    pub effects: Vec<Vec<u32>>,
    /// Levels in all effects.
    pub lost: usize,
    /// Whether the cells carry them.
    pub carried: bool,
    /// Whether each period has an effect of its own.
    pub each_period: bool,
    /// What was aggregated.
    pub note: Option<String>,
}

impl Levels {
    /// The first of these that has [`MIN_CELLS`] cells per level, or else the last: a level of each product in each place;
    /// levels of products and of places on their own; levels of products; those without the season. Effects of each period
    /// stay: without them the question is another one.
    pub fn of(cells: &[&Cell]) -> Self {
        let products = || codes(cells.iter().map(|c| c.product));
        let places = || codes(cells.iter().map(|c| c.place));
        let times = || codes(cells.iter().map(|c| c.effect));
        let units = codes(cells.iter().map(|c| (c.product, c.place)));
        let (levels, several) = (count(&units), count(&units) > count(&products()));
        let timed = count(&times()) > 1;
        let each_period = timed && cells.iter().all(|c| c.effect == c.period);
        let season = timed && !each_period;
        let taken = |effects: Vec<Vec<u32>>, note| {
            let lost = effects.iter().map(|codes| count(codes)).sum();
            let carried = cells.len() as f64 >= MIN_CELLS * lost as f64;
            Self {
                effects,
                lost,
                carried,
                each_period,
                note,
            }
        };
        let each = format!("{:.1} cells", cells.len() as f64 / levels.max(1) as f64);
        let mut found = taken(vec![units, times()], None);
        for (allowed, effects, what) in [
            (
                several,
                vec![products(), places(), times()],
                "levels of products and of places are apart",
            ),
            (several, vec![products(), times()], "places are taken together"),
            (
                season,
                vec![products()],
                if several {
                    "places and months are taken together"
                } else {
                    "months are taken together"
                },
            ),
        ] {
            if allowed && !found.carried {
                let of = if several {
                    "a product in a place has"
                } else {
                    "a product has"
                };
                found = taken(effects, Some(format!("{what}, as {of} {each}")));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many cells of two products, the n-th in the place and period that `at` gives, in seasons of a quarter of periods.
    fn levels(cells: i64, at: impl Fn(i64) -> (i64, i64), each_period: bool) -> Levels {
        let cell = |n: i64| {
            let (place, period) = at(n);
            Cell {
                key: None,
                product: n % 2,
                place,
                period,
                effect: if each_period { period } else { 1000 + period / 10 },
                units: Some(1.0),
                price: Some(1.0),
                controls: vec![],
            }
        };
        let cells: Vec<Cell> = (0..cells).map(cell).collect();
        Levels::of(&cells.iter().collect::<Vec<_>>())
    }

    #[test]
    fn levels_are_as_fine_as_the_cells_carry() {
        // Cells, places, levels: 2 x 2 + 4; 2 + 30 + 4; 2 + 4; 2.
        for (cells, places, lost, note) in [
            (80, 2, 8, None),
            (
                60,
                30,
                36,
                Some("levels of products and of places are apart, as a product in a place has 1.0 cells"),
            ),
            (
                30,
                15,
                6,
                Some("places are taken together, as a product in a place has 1.0 cells"),
            ),
            (
                8,
                8,
                2,
                Some("places and months are taken together, as a product in a place has 1.0 cells"),
            ),
            (8, 1, 2, Some("months are taken together, as a product has 4.0 cells")),
        ] {
            let found = levels(cells, |n| (n / 2 % places, n * 40 / cells), false);
            assert_eq!(
                (found.lost, found.note.as_deref()),
                (lost, note),
                "{cells} cells, {places} places"
            );
            assert!(found.carried && !found.each_period);
        }
    }

    #[test]
    fn effects_of_each_period_stay() {
        let found = levels(40, |n| (0, n), true);
        assert!(found.each_period && !found.carried && found.note.is_none() && found.lost == 42);
        assert!(!levels(1, |_| (0, 0), false).carried);
        assert!(!Levels::of(&[]).each_period);
    }
}
