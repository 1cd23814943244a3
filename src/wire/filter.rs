//! The filter of `listen event` (management protocol, 4.1).

use crate::cluster::{EventCategory, LogLevel};

/// Writes what [`parse_filter`] reads: `261=15 250=1`.
pub fn encode_filter(filter: &[(EventCategory, LogLevel)]) -> String {
    let items: Vec<String> = filter
        .iter()
        .map(|(category, level)| format!("{}={level}", category.number()))
        .collect();
    items.join(" ")
}

/// Reads `category=level` items, separated by blanks or commas. A category is a name in any
/// case or a number, 250 to 262.
///
/// # Errors
/// The text for `msg:` of the reply.
pub fn parse_filter(filter: &str) -> Result<Vec<(EventCategory, LogLevel)>, String> {
    let mut items: Vec<&str> = filter
        .split([' ', ','])
        .filter(|item| !item.is_empty())
        .collect();
    if items.is_empty() {
        items.push("");
    }
    items
        .into_iter()
        .map(|item| parse_item(filter, item))
        .collect()
}

fn parse_item(filter: &str, item: &str) -> Result<(EventCategory, LogLevel), String> {
    let parts: Vec<&str> = item.split(['=', ':']).collect();
    let [category, level] = parts[..] else {
        return Err(format!(
            "Invalid filter specification: >{filter}< >{item}< {}",
            parts.len()
        ));
    };
    let category = match category.parse::<u32>() {
        Ok(number) => EventCategory::from_number(number),
        Err(_) => EventCategory::from_name(category),
    }
    .ok_or_else(|| format!("Unknown category: >{}<", category.to_ascii_uppercase()))?;
    let level = level
        .parse::<u32>()
        .ok()
        .and_then(LogLevel::new)
        .ok_or_else(|| format!("Invalid level: >{level}<"))?;
    Ok((category, level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_names_or_numbers() {
        let level = |number| LogLevel::new(number).expect("in range");
        assert_eq!(
            parse_filter("261=15 startup:1,252=5"),
            Ok(vec![
                (EventCategory::Backup, level(15)),
                (EventCategory::Startup, level(1)),
                (EventCategory::Statistics, level(5)),
            ])
        );
    }

    #[test]
    fn a_filter_reads_back() {
        let filter = EventCategory::ALL.map(|category| (category, LogLevel::MAX));
        assert_eq!(parse_filter(&encode_filter(&filter)), Ok(filter.to_vec()));
        assert_eq!(encode_filter(&filter[11..]), "261=15 262=15");
    }

    #[test]
    fn faults_have_the_recorded_texts() {
        for (filter, text) in [
            (
                "BACKUP",
                "Invalid filter specification: >BACKUP< >BACKUP< 1",
            ),
            ("", "Invalid filter specification: >< >< 1"),
            ("a=1=2", "Invalid filter specification: >a=1=2< >a=1=2< 3"),
            ("foo=1", "Unknown category: >FOO<"),
            ("249=1", "Unknown category: >249<"),
            ("15=10 1=0", "Unknown category: >15<"),
            ("BACKUP=16", "Invalid level: >16<"),
            ("BACKUP=", "Invalid level: ><"),
        ] {
            assert_eq!(parse_filter(filter), Err(text.to_owned()));
        }
    }
}
