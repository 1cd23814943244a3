//! Help pages on terminals that are narrower than they are.

/// What the pages are written for.
const COLUMNS_MAX: usize = 80;

/// A narrower terminal breaks lines itself.
const COLUMNS_MIN: usize = 20;

/// Where a line that is no description goes on.
const FURTHER: usize = 4;

/// A page whose lines fit a terminal of so many columns: they are broken between words, and go
/// on below their text. A page for 80 columns and more is as it was.
pub(in crate::shell) fn fold(page: &str, columns: usize) -> String {
    if !(COLUMNS_MIN..COLUMNS_MAX).contains(&columns) {
        return page.to_owned();
    }
    let mut folded = String::new();
    for paragraph in paragraphs(page) {
        paragraph.write(columns, &mut folded);
    }
    folded
}

/// Lines that belong together, such as a term and its description.
struct Paragraph {
    /// Blanks, and the term if there is one with its blanks.
    start: String,
    /// Column in which the lines after the first begin.
    text_at: usize,
    words: Vec<String>,
    /// It may go on in a line that begins where its text does.
    goes_on: bool,
}

impl Paragraph {
    fn new(line: &str) -> Self {
        let indent = line.len() - line.trim_start().len();
        let (blanks, text) = line.split_at(indent);
        match description(text) {
            Some((term, description)) if indent > 0 => Paragraph {
                start: format!("{blanks}{term}"),
                text_at: indent + term.len(),
                words: words(description),
                goes_on: true,
            },
            _ => Paragraph {
                start: blanks.to_owned(),
                text_at: indent,
                words: words(text),
                // Deeper lines are examples, each by itself, and those at the margin are commands.
                goes_on: indent == 2,
            },
        }
    }

    fn is_followed_by(&self, line: &str) -> bool {
        let indent = line.len() - line.trim_start().len();
        let is_item = self.start.trim().is_empty() && description(line.trim_start()).is_some();
        self.goes_on && !self.words.is_empty() && indent == self.text_at && !is_item
    }

    fn write(&self, columns: usize, to: &mut String) {
        let text_at = match self.start.trim().is_empty() {
            true if self.goes_on => self.text_at,
            true => (self.text_at + FURTHER).min(columns / 2),
            // A description needs room of its own.
            false if self.text_at * 2 <= columns => self.text_at,
            false => 2 * FURTHER,
        };
        let mut line = self.start.clone();
        let mut has_words = false;
        for word in &self.words {
            let fits = line.len() + usize::from(has_words) + word.len() <= columns;
            if !fits && (has_words || line.len() > text_at) {
                to.push_str(line.trim_end());
                to.push('\n');
                line = " ".repeat(text_at);
            } else if has_words {
                line.push(' ');
            }
            line.push_str(word);
            has_words = true;
        }
        to.push_str(line.trim_end());
        to.push('\n');
    }
}

/// A term with the blanks behind it, and its description: at least two blanks are between them.
fn description(text: &str) -> Option<(&str, &str)> {
    let end = text.find("  ")?;
    let start = end + text[end..].find(|letter| letter != ' ')?;
    Some(text.split_at(start))
}

fn words(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

fn paragraphs(page: &str) -> Vec<Paragraph> {
    let mut all: Vec<Paragraph> = Vec::new();
    for line in page.lines() {
        match all.last_mut() {
            Some(last) if last.is_followed_by(line) => last.words.extend(words(line)),
            _ => all.push(Paragraph::new(line)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{HelpTopic, help};

    fn page(topic: &str) -> String {
        help(Some(&HelpTopic::new(topic).unwrap()))
    }

    #[test]
    fn a_page_for_40_columns_breaks_between_words_below_its_text() {
        assert_eq!(
            fold(&page("ABORT BACKUP"), 40),
            "\
ABORT BACKUP <backup id>

  Stop a running backup and remove its
  files.

  The line \"Abort of backup .. ordered\"
  says that the order was passed on. The
  data nodes then report, in no fixed
  order, that the backup has been
  aborted. If no backup with this id
  runs, nothing is printed.
"
        );
        let stop = fold(&page("STOP"), 30);
        assert!(
            stop.ends_with(
                "
  -A   at once, without a
       clean shutdown
  -F   even if the cluster
       can't go on without the
       node

  ALL stops the data nodes;
  SHUTDOWN stops the
  management servers too.
"
            ),
            "{stop}"
        );
    }

    #[test]
    fn no_page_is_wider_than_a_narrow_terminal_or_loses_a_word() {
        let overview = help(None);
        let keywords: Vec<&str> = overview
            .split(|letter: char| !letter.is_ascii_alphabetic())
            .filter(|word| HelpTopic::new(word).is_some())
            .collect();
        assert!(keywords.len() > 40);
        let pages = keywords.into_iter().map(page).chain([overview.clone()]);
        for page in pages {
            assert_eq!(fold(&page, 80), page);
            for columns in [20, 40, 60, 79] {
                let folded = fold(&page, columns);
                assert_eq!(words(&folded), words(&page));
                let longest = words(&page).iter().map(String::len).max().unwrap();
                for line in folded.lines() {
                    let room = columns.max(2 * FURTHER + longest);
                    assert!(line.len() <= room, "{columns}: {line}");
                }
            }
        }
    }
}
