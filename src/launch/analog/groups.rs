//! Past launches of one kind together: what a forecast rests on where its weights are spread over thousands of launches.

use super::FittedAnalog;
use crate::features::{EncodedColumn, Encoding};

/// Groups told at most, the largest; the launches of all others stand together.
const MAX_GROUPS: usize = 3;

/// Past launches that have one level of an attribute, or all that are left.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Attribute and level, such as `category toys`; none for all that are left.
    pub name: Option<String>,
    /// How many launches.
    pub launches: usize,
    /// Sum of their amounts.
    pub amount: f64,
}

/// An attribute with the level of each past launch and the names of the levels.
pub struct Levels<'a> {
    attribute: &'a str,
    codes: &'a [i32],
    names: Vec<&'a str>,
}

impl FittedAnalog {
    /// The categories.
    pub(super) fn levels(&self) -> Vec<Levels<'_>> {
        let columns = self.encoder.columns.iter().zip(self.points.columns());
        let mut found = Vec::new();
        for ((attribute, encoding), column) in columns {
            let (Encoding::Category { levels }, EncodedColumn::Category(codes)) = (encoding, column) else {
                continue;
            };
            let mut names = vec![""; levels.len()];
            for (name, &code) in levels {
                if let Some(place) = usize::try_from(code).ok().and_then(|code| names.get_mut(code)) {
                    *place = name;
                }
            }
            found.push(Levels {
                attribute,
                codes,
                names,
            });
        }
        found
    }
}

/// Launches by the levels of one category with the sums of their amounts, largest first, and all that are left at the end; the
/// amounts add up. The category is the one that tells most: whose groups differ most from what as many launches of all
/// would have, by the divergence of Kullback and Leibler.
pub fn grouped(categories: &[Levels<'_>], amounts: impl Iterator<Item = (usize, f64)>) -> Vec<Group> {
    let amounts: Vec<(usize, f64)> = amounts.collect();
    let by_category = categories.iter().map(|levels| by_level(levels, &amounts));
    let best = by_category.max_by(|a, b| divergence(a).total_cmp(&divergence(b)));
    best.unwrap_or_else(|| {
        let all = Group {
            name: None,
            launches: amounts.len(),
            amount: amounts.iter().map(|(_, amount)| amount).sum(),
        };
        if all.launches > 0 { vec![all] } else { Vec::new() }
    })
}

fn by_level(levels: &Levels<'_>, amounts: &[(usize, f64)]) -> Vec<Group> {
    let count = levels.names.len();
    // Launches and amount by level, and of those without a known one.
    let mut sums = vec![(0usize, 0.0f64); count + 1];
    for &(launch, amount) in amounts {
        let sum = &mut sums[usize::try_from(levels.codes[launch]).unwrap_or(count).min(count)];
        *sum = (sum.0 + 1, sum.1 + amount);
    }
    let mut order: Vec<usize> = (0..count).filter(|&code| sums[code].0 > 0).collect();
    order.sort_by(|&a, &b| sums[b].1.abs().total_cmp(&sums[a].1.abs()));
    let left = order.split_off(order.len().min(MAX_GROUPS));
    let left = left.into_iter().map(|code| sums[code]);
    let (launches, amount) = left.fold(sums[count], |(n, sum), (launches, amount)| (n + launches, sum + amount));
    let named = |&code: &usize| Group {
        name: Some(format!("{} {}", levels.attribute, levels.names[code])),
        launches: sums[code].0,
        amount: sums[code].1,
    };
    let mut groups: Vec<Group> = order.iter().map(named).collect();
    if launches > 0 {
        groups.push(Group {
            name: None,
            launches,
            amount,
        });
    }
    groups
}

fn divergence(groups: &[Group]) -> f64 {
    let launches: usize = groups.iter().map(|group| group.launches).sum();
    let amount: f64 = groups.iter().map(|group| group.amount.abs()).sum();
    let of_group = |group: &Group| {
        let (own, expected) = (group.amount.abs() / amount, group.launches as f64 / launches as f64);
        if own > 0.0 { own * (own / expected).ln() } else { 0.0 }
    };
    groups.iter().map(of_group).sum()
}

impl Group {
    /// Such as `31 launches of category toys`.
    pub fn text(&self) -> String {
        match (&self.name, self.launches) {
            (Some(name), 1) => format!("1 launch of {name}"),
            (Some(name), launches) => format!("{launches} launches of {name}"),
            (None, launches) => format!("{launches} other launches"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_category_that_tells_most_is_named() {
        // By colour all launches weigh alike, by brand three quarters lie on two of eight.
        let (colours, brands) = ([0, 1, 0, 1, 0, 1, 0, 1], [0, 0, 1, 2, 3, 4, -1, 1]);
        let levels = |attribute, codes, names: &[&'static str]| Levels {
            attribute,
            codes,
            names: names.to_vec(),
        };
        let categories = [
            levels("colour", &colours, &["red", "blue"]),
            levels("brand", &brands, &["x", "y", "z", "v", "w"]),
        ];
        let weights = [3.0, 3.0, 0.5, 0.5, 0.4, 0.2, 0.2, 0.2];
        let found = grouped(&categories, weights.iter().copied().enumerate());
        let texts: Vec<String> = found.iter().map(Group::text).collect();
        assert_eq!(
            texts,
            [
                "2 launches of brand x",
                "2 launches of brand y",
                "1 launch of brand z",
                "3 other launches"
            ]
        );
        assert!((found.iter().map(|group| group.amount).sum::<f64>() - 8.0).abs() < 1e-12);
        // Without a category they stand together; without launches there is nothing.
        let all = grouped(&[], weights.iter().copied().enumerate());
        assert_eq!((all.len(), all[0].text().as_str()), (1, "8 other launches"));
        assert_eq!(grouped(&categories, std::iter::empty()), []);
        assert_eq!(grouped(&[], std::iter::empty()), []);
    }
}
