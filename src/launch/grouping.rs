//! The category of a launch, for models that work by category.

use arrow_array::RecordBatch;
use serde::{Deserialize, Serialize};

use crate::features::{AttributeEncoder, EncodedColumn, Encoding};

/// Name of the column that is the category where there is one.
const CONVENTIONAL: &str = "category";

/// Which attribute is the category: the column named `category`, else the first text column with repeated values;
/// without one all launches are one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grouping {
    encoder: AttributeEncoder,
}

impl Grouping {
    /// Choose the category from the attributes of past launches.
    pub fn fit(attributes: &RecordBatch) -> Self {
        let mut columns = AttributeEncoder::fit(attributes).columns;
        columns.retain(|(_, encoding)| matches!(encoding, Encoding::Category { .. }));
        let chosen = columns
            .iter()
            .position(|(name, _)| name.eq_ignore_ascii_case(CONVENTIONAL))
            .unwrap_or(0);
        let encoder = AttributeEncoder {
            columns: columns.into_iter().skip(chosen).take(1).collect(),
        };
        Self { encoder }
    }

    /// Whether it is what [`Grouping::fit`] makes; asked of models that were read from bytes.
    pub fn is_valid(&self) -> bool {
        let columns = &self.encoder.columns;
        let categories = columns.iter().all(|(_, e)| matches!(e, Encoding::Category { .. }));
        columns.len() <= 1 && categories && self.encoder.is_valid()
    }

    /// Number of groups, 0 without a category.
    pub fn count(&self) -> usize {
        match self.encoder.columns.first() {
            Some((_, Encoding::Category { levels })) => levels.len(),
            _ => 0,
        }
    }

    /// Name of the category column.
    pub fn column(&self) -> Option<&str> {
        self.encoder.columns.first().map(|(name, _)| name.as_str())
    }

    /// The group of each row; `None` where its category is missing or unknown.
    pub fn groups(&self, attributes: &RecordBatch) -> Vec<Option<usize>> {
        match self.encoder.encode(attributes).pop() {
            Some(EncodedColumn::Category(codes)) => codes.into_iter().map(|c| usize::try_from(c).ok()).collect(),
            _ => vec![None; attributes.num_rows()],
        }
    }

    /// Name of a group, such as `category 'Snacks'`.
    pub fn describe(&self, group: Option<usize>) -> String {
        let level = match (self.encoder.columns.first(), group) {
            (Some((column, Encoding::Category { levels })), Some(group)) => levels
                .iter()
                .find(|(_, code)| usize::try_from(**code) == Ok(group))
                .map(|(level, _)| format!("{column} '{level}'")),
            _ => None,
        };
        level.unwrap_or_else(|| "all categories".to_owned())
    }

    /// The encoder, to tell which columns candidates lack.
    pub fn encoder(&self) -> &AttributeEncoder {
        &self.encoder
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};

    use super::*;

    fn texts(values: [&str; 4]) -> ArrayRef {
        Arc::new(StringArray::from(values.to_vec()))
    }

    #[test]
    fn the_column_named_category_goes_first() {
        let number: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0, 4.0]));
        let named = RecordBatch::try_from_iter([
            ("price", number.clone()),
            ("brand", texts(["x", "x", "y", "y"])),
            ("Category", texts(["b", "a", "a", "b"])),
        ])
        .unwrap();
        let grouping = Grouping::fit(&named);
        assert_eq!((grouping.column(), grouping.count()), (Some("Category"), 2));
        assert_eq!(grouping.groups(&named), [Some(1), Some(0), Some(0), Some(1)]);
        assert_eq!(grouping.describe(Some(1)), "Category 'b'");

        // Without it the first text that repeats; without any all launches are one group.
        let unnamed = RecordBatch::try_from_iter([
            ("price", number.clone()),
            ("sku", texts(["p", "q", "r", "s"])),
            ("brand", texts(["x", "x", "y", "y"])),
        ])
        .unwrap();
        assert_eq!(Grouping::fit(&unnamed).column(), Some("brand"));
        let none = Grouping::fit(&RecordBatch::try_from_iter([("price", number)]).unwrap());
        assert_eq!((none.column(), none.count()), (None, 0));
        assert_eq!(none.groups(&unnamed), [None; 4]);
        assert_eq!(none.describe(None), "all categories");
    }
}
