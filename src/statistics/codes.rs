//! Numbers for groups.

/// A number from 0 for each value: equal values have equal numbers, in the order of the values.
pub fn codes<T: Ord + Copy>(values: impl IntoIterator<Item = T>) -> Vec<u32> {
    let values: Vec<T> = values.into_iter().collect();
    let mut levels = values.clone();
    levels.sort_unstable();
    levels.dedup();
    // Every value is among the levels, so the place below which all are lower is its own.
    let code = |value: &T| levels.partition_point(|level| level < value) as u32;
    values.iter().map(code).collect()
}

/// How many numbers from 0 there are.
pub fn count(codes: &[u32]) -> usize {
    codes.iter().max().map_or(0, |&code| code as usize + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_a_number_and_numbers_follow_the_values() {
        let found = codes(["pear", "apple", "pear", "fig"]);
        assert_eq!(found, [2, 0, 2, 1]);
        assert_eq!(count(&found), 3);
        assert_eq!(codes([i64::MAX, i64::MIN]), [1, 0]);
    }

    #[test]
    fn nothing_has_no_numbers() {
        assert!(codes::<i64>([]).is_empty());
        assert_eq!(count(&[]), 0);
    }
}
