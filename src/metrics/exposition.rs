//! Prometheus's text format: families of samples, each with its help and its type.

use std::fmt::{self, Write};
use std::time::Duration;

/// What the values of a family mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// A value that goes up and down.
    Gauge,
    /// A value that only goes up, until it begins anew at 0. Its name ends in `_total`.
    Counter,
}

impl MetricKind {
    fn name(self) -> &'static str {
        match self {
            MetricKind::Gauge => "gauge",
            MetricKind::Counter => "counter",
        }
    }
}

/// A text that grows by families.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exposition {
    text: String,
    family: &'static str,
}

impl Exposition {
    /// Nothing yet.
    pub fn new() -> Self {
        Exposition::default()
    }

    /// Begins a family; its samples follow. A name is begun once only.
    pub fn family(&mut self, name: &'static str, kind: MetricKind, help: &str) {
        self.family = name;
        // Writing to a string does not fail, here and below.
        let _ = writeln!(
            self.text,
            "# HELP {name} {}\n# TYPE {name} {}",
            escaped(help, false),
            kind.name()
        );
    }

    /// A sample of the family that was begun last, with its labels.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: u64) {
        self.push_sample(labels, format_args!("{value}"));
    }

    /// A sample in seconds, to the microsecond.
    pub fn sample_seconds(&mut self, labels: &[(&str, &str)], value: Duration) {
        self.push_sample(labels, format_args!("{:.6}", value.as_secs_f64()));
    }

    fn push_sample(&mut self, labels: &[(&str, &str)], value: fmt::Arguments<'_>) {
        self.text.push_str(self.family);
        for (index, (name, value)) in labels.iter().enumerate() {
            let before = if index == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{before}{name}=\"{}\"", escaped(value, true));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{end} {value}");
    }

    /// The whole text.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// Backslashes and line ends, and in the values of labels quotes, too.
fn escaped(text: &str, is_label: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if is_label => out.push_str("\\\""),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_and_samples_are_in_the_text_format() {
        let mut out = Exposition::new();
        out.family("a_total", MetricKind::Counter, "How\noften \\ \"x\".");
        out.sample(&[], 7);
        out.sample(&[("node", "2"), ("said", "\"a\\b\"\n")], u64::MAX);
        let text = "\
# HELP a_total How\\noften \\\\ \"x\".
# TYPE a_total counter
a_total 7
a_total{node=\"2\",said=\"\\\"a\\\\b\\\"\\n\"} 18446744073709551615
";
        assert_eq!(out.into_text(), text);
    }
}
