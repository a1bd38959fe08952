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

/// The attribute whose likeness counts most, with the level of each past launch and the names of the levels.
pub struct Levels<'a> {
    attribute: &'a str,
    codes: &'a [i32],
    names: Vec<&'a str>,
}

impl FittedAnalog {
    /// The category with the largest learned weight; none without a category.
    pub(super) fn levels(&self) -> Option<Levels<'_>> {
        let columns = self
            .encoder
            .columns
            .iter()
            .zip(self.points.columns())
            .zip(&self.weights);
        let categories = columns.filter_map(|(((name, encoding), column), weight)| match (encoding, column) {
            (Encoding::Category { levels }, EncodedColumn::Category(codes)) => Some((name, levels, codes, weight)),
            _ => None,
        });
        let (attribute, levels, codes, _) = categories.max_by(|a, b| a.3.total_cmp(b.3))?;
        let mut names = vec![""; levels.len()];
        for (name, &code) in levels {
            *names.get_mut(usize::try_from(code).ok()?)? = name;
        }
        Some(Levels {
            attribute,
            codes,
            names,
        })
    }
}

/// Launches by level with the sums of their amounts, largest first, and all that are left at the end; the amounts add
/// up.
pub fn grouped(levels: Option<&Levels<'_>>, amounts: impl Iterator<Item = (usize, f64)>) -> Vec<Group> {
    let count = levels.map_or(0, |levels| levels.names.len());
    // Launches and amount by level, and of those without a known one.
    let mut sums = vec![(0usize, 0.0f64); count + 1];
    for (launch, amount) in amounts {
        let code = levels.and_then(|levels| usize::try_from(levels.codes[launch]).ok());
        let sum = &mut sums[code.unwrap_or(count)];
        *sum = (sum.0 + 1, sum.1 + amount);
    }
    let mut order: Vec<usize> = (0..count).filter(|&code| sums[code].0 > 0).collect();
    order.sort_by(|&a, &b| sums[b].1.abs().total_cmp(&sums[a].1.abs()));
    let left = order.split_off(order.len().min(MAX_GROUPS));
    let left = left.into_iter().map(|code| sums[code]);
    let left = left.fold(sums[count], |(n, sum), (launches, amount)| (n + launches, sum + amount));
    let group = |name: Option<String>, (launches, amount): (usize, f64)| Group { name, launches, amount };
    let named = levels.into_iter().flat_map(|levels| {
        let name = |&code: &usize| Some(format!("{} {}", levels.attribute, levels.names[code]));
        order.iter().map(move |code| (name(code), *code))
    });
    let mut groups: Vec<Group> = named.map(|(name, code)| group(name, sums[code])).collect();
    if left.0 > 0 {
        groups.push(group(None, left));
    }
    groups
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
