//! Curves and bars of block characters, to be seen in a SQL prompt.

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Eighths of a character, from the left.
const EIGHTHS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// One character for each number: the lowest block for the smallest (or 0, if none is below), the highest for the largest; a space
/// where there is no number.
pub fn sparkline(numbers: &[Option<f64>]) -> String {
    let known = || numbers.iter().flatten().copied().filter(|number| number.is_finite());
    let low = known().fold(0.0, f64::min);
    let high = known().fold(low, f64::max);
    let block = |number: &Option<f64>| match number.filter(|number| number.is_finite()) {
        None => ' ',
        Some(number) => {
            // Halves first: the span of two large numbers may be infinite.
            let (span, over) = (high / 2.0 - low / 2.0, number / 2.0 - low / 2.0);
            let share = if span > 0.0 { over / span } else { 0.0 };
            let place = (share * (BLOCKS.len() - 1) as f64).round() as usize;
            BLOCKS.get(place).copied().unwrap_or('█')
        }
    };
    numbers.iter().map(block).collect()
}

/// A bar as long as `value` is of `largest`, in eighths of characters; `width` characters stand for `largest`, and what is larger
/// ends in an arrow.
pub fn bar(value: f64, largest: f64, width: usize) -> String {
    let share = if largest > 0.0 { (value / largest).max(0.0) } else { 0.0 };
    if share > 1.0 {
        return format!("{}→", "█".repeat(width.saturating_sub(1)));
    }
    let eighths = (share * (8 * width) as f64).round() as usize;
    let mut text = "█".repeat(eighths / 8);
    text.extend((eighths % 8).checked_sub(1).and_then(|rest| EIGHTHS.get(rest)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_shows_the_shape() {
        let some = |numbers: &[f64]| numbers.iter().map(|number| Some(*number)).collect::<Vec<_>>();
        assert_eq!(sparkline(&some(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])), "▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&some(&[5.0, 5.0])), "██");
        assert_eq!(sparkline(&some(&[-1.0, 0.0, 1.0])), "▁▅█");
        assert_eq!(sparkline(&some(&[0.0, 0.0])), "▁▁");
        assert_eq!(sparkline(&[Some(1.0), None, Some(f64::NAN)]), "█  ");
        assert_eq!(sparkline(&some(&[-f64::MAX, f64::MAX])), "▁█");
        assert_eq!(sparkline(&[]), "");
    }

    #[test]
    fn a_bar_is_as_long_as_its_value() {
        assert_eq!(bar(5.0, 10.0, 4), "██");
        assert_eq!(bar(1.0, 16.0, 4), "▎");
        assert_eq!(bar(10.0, 10.0, 3), "███");
        assert_eq!(bar(11.0, 10.0, 3), "██→");
        assert_eq!((bar(-1.0, 10.0, 3), bar(1.0, 0.0, 3)), (String::new(), String::new()));
    }
}
