//! Numbers in as many columns as there are, whatever they come to.

/// Columns of a [`human`] number.
pub(super) const HUMAN_WIDTH: u16 = 5;

/// What is not known.
pub(super) const UNKNOWN: &str = "-";

const UNITS: [&str; 6] = ["", "k", "M", "G", "T", "P"];

/// A number a second, in at most [`HUMAN_WIDTH`] columns: two digits at least, `0.4`, `12`, `1.2k`.
/// What is no such number is not known.
pub(super) fn human(value: Option<f64>) -> String {
    let Some(value) = value.filter(|value| value.is_finite() && *value >= 0.0) else {
        return UNKNOWN.to_owned();
    };
    if value == 0.0 {
        return "0".to_owned();
    }
    // Not nothing, and less than a digit says.
    if value < 0.05 {
        return "<0.1".to_owned();
    }
    let mut scaled = value;
    for unit in UNITS {
        if scaled < 9.95 {
            return format!("{scaled:.1}{unit}");
        }
        if scaled < 999.5 {
            return format!("{scaled:.0}{unit}");
        }
        scaled /= 1000.0;
    }
    ">999P".to_owned()
}

/// A count, in at most [`HUMAN_WIDTH`] columns.
pub(super) fn human_count(count: u64) -> String {
    match count {
        0..1000 => count.to_string(),
        _ => human(Some(count as f64)),
    }
}

/// `[|||   43%]`: as many columns as `width`, between whose brackets the bar has its whole, and the
/// percentage stands over its end. A narrow one has no brackets, and a very narrow one no bar.
pub(super) fn bar(percent: u64, width: usize) -> String {
    /// Brackets, twice the length of `100%`.
    const FRAMED: usize = 10;
    /// As long as `100%`, and a bar as long.
    const BARE: usize = 8;
    let percent = percent.min(999);
    let number = format!("{percent}%");
    if width < BARE {
        return format!("{number:>width$}");
    }
    if width >= FRAMED {
        return format!("[{}]", filled(percent, &number, width - 2));
    }
    filled(percent, &number, width)
}

fn filled(percent: u64, number: &str, width: usize) -> String {
    let filled = (width * percent.min(100) as usize).div_ceil(100);
    let bar = "|".repeat(filled.min(width - number.len()));
    let rest = width - bar.len();
    format!("{bar}{number:>rest$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_takes_five_columns_at_most() {
        for (value, text) in [
            (0.0, "0"),
            (0.01, "<0.1"),
            (0.05, "0.1"),
            (0.44, "0.4"),
            (9.94, "9.9"),
            (9.96, "10"),
            (999.4, "999"),
            (999.6, "1.0k"),
            (12_345.0, "12k"),
            (999_499.0, "999k"),
            (999_600.0, "1.0M"),
            (1e18, ">999P"),
            (f64::MAX, ">999P"),
        ] {
            assert_eq!(human(Some(value)), text, "{value}");
            assert!(text.len() <= usize::from(HUMAN_WIDTH));
        }
        for unknown in [None, Some(f64::NAN), Some(f64::INFINITY), Some(-1.0)] {
            assert_eq!(human(unknown), "-", "{unknown:?}");
        }
        assert_eq!(human_count(7), "7");
        assert_eq!(human_count(999), "999");
        assert_eq!(human_count(1234), "1.2k");
        assert_eq!(human_count(u64::MAX), ">999P");
    }

    #[test]
    fn a_bar_is_as_wide_as_it_is_told_and_never_hides_its_number() {
        assert_eq!(bar(0, 8), "      0%");
        assert_eq!(bar(1, 8), "|     1%");
        assert_eq!(bar(43, 8), "|||| 43%");
        assert_eq!(bar(91, 8), "|||||91%");
        assert_eq!(bar(100, 8), "||||100%");
        assert_eq!(bar(50, 20), "[|||||||||      50%]");
        assert_eq!(bar(100, 10), "[||||100%]");
        assert_eq!(bar(43, 4), " 43%");
        assert_eq!(bar(u64::MAX, 8), "||||999%");
        for percent in 0..=100 {
            for width in 4..40 {
                assert_eq!(bar(percent, width).len(), width);
            }
        }
    }
}
