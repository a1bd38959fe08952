//! Categories and texts: what levels there are, and which of them a row has.

use std::collections::{BTreeMap, HashMap};

use arrow_array::{Array, ArrayRef, BooleanArray, Float64Array, StringArray};

use super::text::{Vocabulary, terms};
use super::{Encoding, MISSING, UNSEEN};
use crate::statistics::mean;

/// How false and true are written.
pub(super) const BOOLEANS: [&[&str]; 2] = [&["false", "no", "n", "f"], &["true", "yes", "y", "t"]];
/// Words of a text that are kept at most.
const MAX_WORDS: usize = 512;

/// The encoding of a column of texts: few values that repeat are levels, others texts of words, if they are no identifiers.
pub(super) fn fit_text(values: &StringArray) -> Option<Encoding> {
    // The number of rows with each level, and its first spelling.
    let mut counts: BTreeMap<String, (usize, &str)> = BTreeMap::new();
    for value in values.iter().flatten().filter(|value| !value.trim().is_empty()) {
        let level = counts.entry(normal(value)).or_insert((0, value));
        *level = (level.0 + 1, level.1.min(value));
    }
    let counts: BTreeMap<&str, usize> = counts.into_values().map(|(count, level)| (level, count)).collect();
    let n: usize = counts.values().sum();
    if counts.len() < 2 {
        return None;
    }
    let repeated: usize = counts.values().filter(|&&c| c >= 2).sum();
    if 2 * repeated >= n {
        let levels = counts
            .keys()
            .enumerate()
            .map(|(code, level)| ((*level).to_owned(), code as i32))
            .collect();
        return Some(Encoding::Category { levels });
    }
    if values.iter().flatten().all(is_uuid) {
        return None;
    }
    let length = mean(values.iter().flatten().map(|text| terms(text).count() as f64))?;
    let vocabulary = Vocabulary::fit(values.iter().flatten(), MAX_WORDS);
    (length >= 2.0 && !vocabulary.is_empty()).then_some(Encoding::Text { vocabulary })
}

/// Whether a text is 32 hexadecimal digits in five groups: its parts are equal to those of another one by chance.
fn is_uuid(text: &str) -> bool {
    let mut groups = text.trim().split('-');
    let is_group = |group: &str, digits: usize| group.len() == digits && group.bytes().all(|b| b.is_ascii_hexdigit());
    [8, 4, 4, 4, 12]
        .into_iter()
        .all(|digits| groups.next().is_some_and(|group| is_group(group, digits)))
        && groups.next().is_none()
}

/// Whether no row has a level that is known.
pub(super) fn none_known(levels: &BTreeMap<String, i32>, array: &ArrayRef) -> bool {
    codes(levels, array).iter().all(|code| *code < 0)
}

/// Codes of a column of texts, or of numbers or booleans as they are written.
pub(super) fn codes(levels: &BTreeMap<String, i32>, array: &ArrayRef) -> Vec<i32> {
    // Models of earlier versions may hold several spellings of a level: one that is known as it is comes first.
    let normals: HashMap<String, i32> = levels.iter().map(|(level, &code)| (normal(level), code)).collect();
    let known = |text: &str| levels.get(text).or_else(|| normals.get(&normal(text))).copied();
    let is_boolean = array.as_any().is::<BooleanArray>();
    let code = |text: String| {
        let words = BOOLEANS
            .iter()
            .find(|words| is_boolean && words.contains(&text.as_str()));
        let spelt = || words.and_then(|words| words.iter().find_map(|word| known(word)));
        match known(&text).or_else(spelt) {
            Some(code) => code,
            None if text.trim().is_empty() => MISSING,
            None => UNSEEN,
        }
    };
    (0..array.len())
        .map(|row| level(array, row).map_or(MISSING, code))
        .collect()
}

/// What a row has of a column of texts, numbers or booleans, as it is written.
pub(super) fn level(array: &ArrayRef, row: usize) -> Option<String> {
    let any = array.as_any();
    if array.is_null(row) {
        None
    } else if let Some(texts) = any.downcast_ref::<StringArray>() {
        Some(texts.value(row).to_owned())
    } else if let Some(numbers) = any.downcast_ref::<Float64Array>() {
        Some(numbers.value(row).to_string())
    } else {
        any.downcast_ref::<BooleanArray>()
            .map(|values| values.value(row).to_string())
    }
}

/// A level as it is compared: case and surrounding blanks do not count.
pub(super) fn normal(level: &str) -> String {
    level.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::attributes::tests::batch;
    use super::super::{AttributeEncoder, EncodedColumn};
    use super::*;

    #[test]
    fn levels_are_known_in_another_type() {
        let texts = |values: [&str; 4]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
        let past = batch(vec![
            ("code", texts(["11", "22", "11", "22"])),
            ("size", texts(["1.5 x", "2", "1.5 x", "2"])),
            ("organic", texts(["Yes", "no", "no", "Yes"])),
            ("vegan", Arc::new(BooleanArray::from(vec![true, false, true, false]))),
        ]);
        let encoder = AttributeEncoder::fit(&past);
        let new = batch(vec![
            ("code", Arc::new(Float64Array::from(vec![Some(22.0), Some(33.0), None]))),
            ("size", Arc::new(Float64Array::from(vec![2.0, 1.5, 2.0]))),
            ("organic", Arc::new(BooleanArray::from(vec![true, false, true]))),
            ("vegan", Arc::new(StringArray::from(vec!["no", "YES", "no"]))),
        ]);
        let columns = encoder.encode(&new);
        assert_eq!(columns[0], EncodedColumn::Category(vec![1, UNSEEN, MISSING]));
        assert_eq!(columns[1], EncodedColumn::Category(vec![1, UNSEEN, 1]));
        assert_eq!(columns[2], EncodedColumn::Category(vec![0, 1, 0]));
        assert_eq!(
            columns[3],
            EncodedColumn::Number(vec![Some(-1.0), Some(1.0), Some(-1.0)])
        );
        assert!(encoder.unlike(&new).is_empty());
        assert_eq!(encoder.unknown(&new)[1].levels, ["code 33", "size 1.5"]);
    }

    #[test]
    fn uuids_that_hardly_repeat_are_identifiers() {
        let uuid = |i: u64| format!("{:08x}-1234-4abc-a000-{:012x}", i * 77, i % 3);
        let texts: Vec<String> = (0..40).map(uuid).collect();
        let column = |texts: &[String]| -> ArrayRef { Arc::new(StringArray::from(texts.to_vec())) };
        assert!(
            AttributeEncoder::fit(&batch(vec![("id", column(&texts))]))
                .columns
                .is_empty()
        );
        // Few of them that repeat are levels, as a supplier's are.
        let repeated: Vec<String> = (0..40).map(|i| uuid(i % 4)).collect();
        assert_eq!(
            AttributeEncoder::fit(&batch(vec![("id", column(&repeated))]))
                .columns
                .len(),
            1
        );
    }

    #[test]
    fn case_and_surrounding_blanks_make_no_level() {
        let colours = |texts: Vec<&str>| batch(vec![("colour", Arc::new(StringArray::from(texts)) as ArrayRef)]);
        let encoder = AttributeEncoder::fit(&colours(vec!["Red", "red ", "RED", "blue", "Blue"]));
        let Encoding::Category { levels } = &encoder.columns[0].1 else {
            panic!("{encoder:?}");
        };
        assert_eq!(levels.keys().collect::<Vec<_>>(), ["Blue", "RED"]);
        let new = encoder.encode(&colours(vec![" rEd", "blue", "green", " "]));
        assert_eq!(new, [EncodedColumn::Category(vec![1, 0, UNSEEN, MISSING])]);
        assert!(encoder.is_valid());
    }
}
