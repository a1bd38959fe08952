//! Tables of the page, as texts.

/// A table with a caption.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// What it holds.
    pub caption: String,
    /// Titles of the columns, and what they hold.
    pub head: Vec<(String, Kind)>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// Rows that the page leaves out, as they are too many.
    pub left_out: usize,
}

/// What a column holds, which decides on its width and side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Names and short texts.
    Name,
    /// Numbers, to the right.
    Number,
    /// Days, in one line.
    Day,
    /// Sentences.
    Words,
}

/// Rows of a table on the page, at most.
const MOST: usize = 2_000;

impl Table {
    /// A table of columns; a title that begins with `#` is one of numbers, with `@` of days, with `*` of sentences.
    pub fn new(caption: impl Into<String>, head: &[&str]) -> Self {
        let column = |title: &&str| {
            let kinds = [('#', Kind::Number), ('@', Kind::Day), ('*', Kind::Words)];
            let found = kinds
                .into_iter()
                .find_map(|(sign, kind)| Some((title.strip_prefix(sign)?.to_owned(), kind)));
            found.unwrap_or_else(|| ((*title).to_owned(), Kind::Name))
        };
        Self {
            caption: caption.into(),
            head: head.iter().map(column).collect(),
            ..Self::default()
        }
    }

    /// One more row, as long as there is room.
    pub fn push(&mut self, row: Vec<String>) {
        if self.rows.len() < MOST {
            self.rows.push(row);
        } else {
            self.left_out += 1;
        }
    }

    /// Without the columns that say nothing: every cell is a dash or empty. The first column stays.
    pub fn without_empty(mut self) -> Self {
        let says = |place: usize| {
            self.rows
                .iter()
                .any(|row| row.get(place).is_some_and(|c| !c.is_empty() && c != super::words::NONE))
        };
        let kept: Vec<bool> = (0..self.head.len()).map(|place| place == 0 || says(place)).collect();
        fn keep<T>(of: &mut Vec<T>, kept: &[bool]) {
            let mut kept = kept.iter();
            of.retain(|_| kept.next().copied().unwrap_or(true));
        }
        keep(&mut self.head, &kept);
        for row in &mut self.rows {
            keep(row, &kept);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_without_a_word_are_left_out() {
        let mut table = Table::new("t", &["a", "#b", "c"]);
        table.push(vec!["x".to_owned(), "–".to_owned(), "y".to_owned()]);
        table.push(vec![String::new(), "–".to_owned(), String::new()]);
        let table = table.without_empty();
        assert_eq!(table.head, [("a".to_owned(), Kind::Name), ("c".to_owned(), Kind::Name)]);
        assert_eq!(table.rows[0], ["x", "y"]);
    }

    #[test]
    fn rows_beyond_what_a_page_bears_are_counted() {
        let mut table = Table::new("t", &["a"]);
        (0..MOST + 3).for_each(|row| table.push(vec![row.to_string()]));
        assert_eq!((table.rows.len(), table.left_out), (MOST, 3));
    }
}
