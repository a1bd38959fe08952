//! Whether treatments look dealt at random: as many customers of each as of the others, and customers who are alike.

use statrs::distribution::{ChiSquared, ContinuousCDF};

/// A chance below this one is none.
const CHANCE: f64 = 0.001;
/// Numbers of customers within this factor of each other are meant to be equal.
const MEANT_EQUAL: f64 = 1.25;
/// Least expected number of customers of a cell; values with fewer are put together.
const LEAST_EXPECTED: f64 = 5.0;

/// A column of customers.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Whether it was known before the campaign, so that treatments cannot have changed it.
    pub is_known: bool,
    /// Customers by value, and by treatment.
    pub counts: Vec<Vec<f64>>,
}

/// What speaks against a draw at random.
#[derive(Debug, Clone, PartialEq)]
pub struct Draw {
    /// Whether nothing does.
    pub is_fair: bool,
    /// What was looked at, and what was found.
    pub told: String,
}

/// Whether customers were dealt to treatments at random.
///
/// *Model*: numbers of customers within 25 % of each other are taken as meant to be equal and tested so (a sample ratio
/// mismatch); further ones as planned. Each column is tested for independence of the treatment. Both with the chi-square of
/// Pearson, at 1 in 1,000 over all tests. A column that is not said to be known before the campaign may be an outcome: it is told,
/// and does not speak against the draw.
///
/// *References*: Pearson 1900; Fabijan et al. 2019, Diagnosing sample ratio mismatch in online controlled experiments.
pub fn draw(customers: &[f64], columns: &[Column]) -> Draw {
    let tests = columns.len() as f64 + 1.0;
    let is_chance = |p: f64| p >= CHANCE / tests;
    let mut against = Vec::new();
    let (least, most) = customers.iter().fold((f64::INFINITY, 0.0_f64), |(least, most), n| {
        (least.min(*n), most.max(*n))
    });
    if most <= MEANT_EQUAL * least && even(customers).is_some_and(|p| !is_chance(p)) {
        against.push(format!(
            "numbers of customers ({}) differ more than equal shares do by chance",
            customers.iter().map(f64::to_string).collect::<Vec<_>>().join(", ")
        ));
    }
    let apart = |is_known: bool| -> Vec<&str> {
        let differ = |column: &&Column| {
            column.is_known == is_known && independence(&column.counts).is_some_and(|p| !is_chance(p))
        };
        columns
            .iter()
            .filter(differ)
            .map(|column| column.name.as_str())
            .collect()
    };
    let (known, others) = (apart(true), apart(false));
    if !known.is_empty() {
        against.push(format!(
            "{} differ between treatments more than by chance",
            known.join(", ")
        ));
    }
    let is_fair = against.is_empty();
    let mut told = match is_fair {
        true => {
            let alike = match columns.len() - others.len() {
                0 => String::new(),
                1 => " and 1 column".to_owned(),
                n => format!(" and {n} columns"),
            };
            format!("numbers of customers{alike} are as after a draw at random")
        }
        false => format!("not dealt at random: {}", against.join("; ")),
    };
    if !others.is_empty() {
        told += &format!(
            "; {} differ between treatments, as outcomes may: what was known before is to be named in known_before",
            others.join(", ")
        );
    }
    Draw { is_fair, told }
}

/// The chance of numbers that differ at least so much where all have the same share.
fn even(counts: &[f64]) -> Option<f64> {
    let expected = counts.iter().sum::<f64>() / counts.len() as f64;
    let square = counts.iter().map(|n| (n - expected).powi(2) / expected).sum();
    chance(square, counts.len() as f64 - 1.0)
}

/// The chance of a table that is at least so uneven where rows and columns are independent; `None` of fewer than two rows.
fn independence(counts: &[Vec<f64>]) -> Option<f64> {
    let width = counts.first()?.len();
    let column = |at: usize| counts.iter().filter_map(|row| row.get(at)).sum::<f64>();
    let columns: Vec<f64> = (0..width).map(column).collect();
    let total: f64 = columns.iter().sum();
    let least = columns.iter().copied().fold(f64::INFINITY, f64::min);
    let mut rows = Vec::new();
    let mut rest = vec![0.0; width];
    for row in counts {
        let sum: f64 = row.iter().sum();
        match sum * least / total >= LEAST_EXPECTED {
            true => rows.push(row.clone()),
            false => rest.iter_mut().zip(row).for_each(|(rest, n)| *rest += n),
        }
    }
    if rest.iter().sum::<f64>() * least / total >= LEAST_EXPECTED {
        rows.push(rest);
    }
    if rows.len() < 2 || width < 2 {
        return None;
    }
    let kept: Vec<f64> = (0..width).map(|at| rows.iter().map(|row| row[at]).sum()).collect();
    let total: f64 = kept.iter().sum();
    let square = rows
        .iter()
        .flat_map(|row| {
            let share = row.iter().sum::<f64>() / total;
            let kept = &kept;
            row.iter()
                .zip(kept)
                .map(move |(n, column)| (n - share * column).powi(2) / (share * column))
        })
        .sum();
    chance(square, (rows.len() as f64 - 1.0) * (width as f64 - 1.0))
}

fn chance(square: f64, freedom: f64) -> Option<f64> {
    ChiSquared::new(freedom).ok().map(|chi| chi.sf(square))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, is_known: bool, counts: &[[f64; 2]]) -> Column {
        Column {
            name: name.to_owned(),
            is_known,
            counts: counts.iter().map(|row| row.to_vec()).collect(),
        }
    }

    #[test]
    fn chances_are_those_of_the_tables() {
        assert!((even(&[60.0, 40.0]).unwrap() - 0.045_500).abs() < 1e-5);
        let p = independence(&[vec![30.0, 20.0], vec![20.0, 30.0]]).unwrap();
        assert!((p - 0.045_500).abs() < 1e-5, "{p}");
        assert_eq!(independence(&[vec![30.0, 20.0]]), None);
        // Rare values are one: of 3 values with 2 customers each nothing can be told alone.
        let rare = [vec![2.0, 0.0], vec![2.0, 0.0], vec![2.0, 0.0], vec![50.0, 50.0]];
        assert_eq!(independence(&rare), None);
    }

    #[test]
    fn a_draw_at_random_is_told_from_another() {
        let fair = draw(
            &[21_306.0, 21_307.0],
            &[column("newbie", true, &[[100.0, 104.0], [97.0, 99.0]])],
        );
        assert!(
            fair.is_fair && fair.told.contains("customers and 1 column are"),
            "{fair:?}"
        );
        let short = draw(&[10_000.0, 9_000.0], &[]);
        assert!(!short.is_fair && short.told.contains("(10000, 9000)"), "{short:?}");
        // A tenth is set aside on purpose.
        assert!(draw(&[9_000.0, 1_000.0], &[]).is_fair);
        let uneven = [[900.0, 100.0], [100.0, 900.0]];
        let known = draw(&[1_000.0, 1_000.0], &[column("age", true, &uneven)]);
        assert!(!known.is_fair && known.told.contains("age differ"), "{known:?}");
        let other = draw(&[1_000.0, 1_000.0], &[column("visits", false, &uneven)]);
        assert!(
            other.is_fair && other.told.contains("visits differ between treatments, as outcomes may"),
            "{other:?}"
        );
    }
}
