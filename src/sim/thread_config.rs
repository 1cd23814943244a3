//! `ThreadConfig` of a data node, as far as its backups depend on it.

/// Most LDM threads that count.
const LDM_MAX: u32 = 32;

/// How many LDM threads `ThreadConfig` asks for: `main,ldm={count=4,cpubind=1,2,3,4},io` is 4.
/// A node without any has one.
pub(super) fn ldm_count(text: &str) -> u32 {
    let count = threads(text)
        .into_iter()
        .filter_map(|thread| {
            let (name, options) = thread.split_once('=').unwrap_or((thread, ""));
            let options = options.trim().trim_matches(['{', '}']);
            let count = options
                .split(',')
                .filter_map(|option| option.split_once('='))
                .find(|(option, _)| option.trim().eq_ignore_ascii_case("count"))
                .map_or(Some(1), |(_, count)| count.trim().parse::<u32>().ok());
            name.trim().eq_ignore_ascii_case("ldm").then_some(count)?
        })
        .fold(0, u32::saturating_add);
    count.clamp(1, LDM_MAX)
}

/// The entries between the commas that are in no braces.
fn threads(text: &str) -> Vec<&str> {
    let mut depth = 0_i32;
    text.split(|letter| {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        letter == ',' && depth == 0
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_are_asked_for_are_counted() {
        for (text, count) in [
            ("", 1),
            ("main,rep", 1),
            ("ldm", 1),
            ("ldm={count=2}", 2),
            (
                "main={cpubind=0},LDM={count=4,cpubind=1,2,5,6},io={count=9}",
                4,
            ),
            ("main, ldm = { cpubind=3, count = 3 }", 3),
            ("ldm={count=2},ldm={count=1},ldm", 4),
            ("ldm={count=0}", 1),
            ("ldm={count=4000000000},ldm={count=4000000000}", LDM_MAX),
            ("ldm={count=x}", 1),
            ("}},ldm={count=2", 1),
        ] {
            assert_eq!(ldm_count(text), count, "{text}");
        }
    }
}
