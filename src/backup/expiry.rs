//! Which sets a rule keeps and which it removes.
//!
//! Only what can be restored counts as redundancy: a set that is complete, and verified if that
//! is asked for. However old, it stays while there would be too few others. Sets that are broken
//! never push a good one out; they go when a newer good one is there. Sets of which nothing is
//! known stay.

use std::collections::BTreeSet;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// What is known of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worth {
    /// It counts as redundancy.
    Good,
    /// It is complete, and does not count: it was not verified, and that was asked for.
    Unverified,
    /// It can't be restored: incomplete, damaged, never completed.
    Broken,
    /// Nothing is known (encrypted, no manifest, no password), or it is being written.
    Unknown,
}

/// A set to decide on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Id of the backup.
    pub backup_id: u32,
    /// When it was written, in seconds since 1970.
    pub written: i64,
    /// What is known of it.
    pub worth: Worth,
    /// It is pinned.
    pub kept: bool,
}

/// What to keep. A set is kept if any rule says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeepRules {
    /// The newest good sets.
    pub last: usize,
    /// Good sets of the last days.
    pub days: u32,
    /// The newest good set of each of the last weeks that have one (of seven days, from Monday).
    pub weekly: usize,
    /// Good sets that stay in any case.
    pub min_redundancy: usize,
}

/// What becomes of a set, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It stays.
    Keep(&'static str),
    /// It goes.
    Remove(&'static str),
}

/// Decides on every set. `now` is in seconds since 1970.
pub fn decide(candidates: &[Candidate], rules: KeepRules, now: i64) -> Vec<Decision> {
    let mut good: Vec<usize> = (0..candidates.len())
        .filter(|index| candidates[*index].worth == Worth::Good)
        .collect();
    // The newest first; of the same age the higher id is newer.
    good.sort_by_key(|index| {
        let set = &candidates[*index];
        std::cmp::Reverse((set.written, set.backup_id))
    });
    let newest_good = good.first().map(|index| candidates[*index].written);
    let oldest_kept = |decisions: &[Decision]| {
        let kept = good
            .iter()
            .filter(|it| matches!(decisions[**it], Decision::Keep(_)));
        kept.map(|index| candidates[*index].written).min()
    };
    let mut decisions = vec![Decision::Remove("no rule keeps it"); candidates.len()];
    let mut weeks = BTreeSet::new();
    for (rank, index) in good.iter().enumerate() {
        let set = &candidates[*index];
        let is_new_week = weeks.len() < rules.weekly && weeks.insert(week_of(set.written));
        decisions[*index] = if set.kept {
            Decision::Keep("it is pinned")
        } else if rank < rules.last {
            Decision::Keep("it is one of the last")
        } else if now - set.written < i64::from(rules.days) * DAY {
            Decision::Keep("it is of the last days")
        } else if is_new_week {
            Decision::Keep("it is the newest of its week")
        } else if rank < rules.min_redundancy {
            Decision::Keep("there would be too few")
        } else {
            Decision::Remove("no rule keeps it")
        };
    }
    let oldest_kept = oldest_kept(&decisions);
    for (decision, set) in decisions.iter_mut().zip(candidates) {
        let is_before = |time: Option<i64>| time.is_some_and(|time| set.written < time);
        *decision = match set.worth {
            Worth::Good => continue,
            _ if set.kept => Decision::Keep("it is pinned"),
            Worth::Unknown => Decision::Keep("nothing is known of it"),
            Worth::Unverified if is_before(oldest_kept) => {
                Decision::Remove("it is older than every verified set that stays")
            }
            Worth::Unverified => Decision::Keep("it was not verified yet"),
            Worth::Broken if is_before(newest_good) => {
                Decision::Remove("it can't be restored, and a newer set can")
            }
            Worth::Broken => Decision::Keep("no newer set can be restored"),
        };
    }
    decisions
}

/// Weeks since the Monday before 1970.
fn week_of(written: i64) -> i64 {
    // 1970-01-01 was a Thursday.
    (written.div_euclid(DAY) + 3).div_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn set(backup_id: u32, days: i64, worth: Worth) -> Candidate {
        Candidate {
            backup_id,
            written: NOW - days * DAY,
            worth,
            kept: false,
        }
    }

    fn kept(sets: &[Candidate], rules: KeepRules) -> Vec<u32> {
        let decisions = decide(sets, rules, NOW);
        let pairs = sets.iter().zip(decisions);
        let kept = pairs.filter(|(_, decision)| matches!(decision, Decision::Keep(_)));
        kept.map(|(set, _)| set.backup_id).collect()
    }

    #[test]
    fn rules_keep_the_last_the_days_and_the_weeks() {
        let sets: Vec<Candidate> = (0..30)
            .map(|day| set(100 - day, day.into(), Worth::Good))
            .collect();
        let rules = KeepRules::default();
        assert_eq!(kept(&sets, KeepRules { last: 2, ..rules }), [100, 99]);
        assert_eq!(kept(&sets, KeepRules { days: 3, ..rules }), [100, 99, 98]);
        assert_eq!(kept(&sets, KeepRules { weekly: 3, ..rules }).len(), 3);
        assert_eq!(
            kept(
                &sets,
                KeepRules {
                    min_redundancy: 4,
                    ..rules
                }
            )
            .len(),
            4
        );
    }

    #[test]
    fn broken_sets_push_no_good_one_out() {
        let sets = [
            set(5, 0, Worth::Broken),
            set(4, 1, Worth::Broken),
            set(3, 2, Worth::Good),
            set(2, 3, Worth::Broken),
            set(1, 4, Worth::Good),
        ];
        let rules = KeepRules {
            last: 1,
            min_redundancy: 1,
            ..KeepRules::default()
        };
        assert_eq!(kept(&sets, rules), [5, 4, 3]);
    }

    #[test]
    fn what_is_unknown_or_pinned_stays() {
        let mut sets = [
            set(4, 0, Worth::Good),
            set(3, 100, Worth::Unknown),
            set(2, 100, Worth::Broken),
            set(1, 100, Worth::Good),
        ];
        sets[2].kept = true;
        sets[3].kept = true;
        let rules = KeepRules {
            last: 1,
            ..KeepRules::default()
        };
        assert_eq!(kept(&sets, rules), [4, 3, 2, 1]);
    }

    #[test]
    fn no_history_leaves_too_few_good_sets_or_loses_a_pinned_one() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut dice = |sides: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % sides
        };
        for history in 0..100_000 {
            let rules = KeepRules {
                last: dice(4) as usize,
                days: dice(10) as u32,
                weekly: dice(4) as usize,
                min_redundancy: dice(5) as usize,
            };
            // Sets come, and the rules run after each, as night follows night.
            let mut sets: Vec<Candidate> = Vec::new();
            for night in 0..dice(12) as u32 {
                let worth = match dice(8) {
                    0 => Worth::Broken,
                    1 => Worth::Unknown,
                    2 => Worth::Unverified,
                    _ => Worth::Good,
                };
                let written = i64::from(night) * DAY * (1 + dice(5) as i64);
                sets.push(Candidate {
                    backup_id: night + 1,
                    written,
                    worth,
                    kept: dice(6) == 0,
                });
                let now =
                    sets.iter().map(|it| it.written).max().unwrap_or(0) + dice(10) as i64 * DAY;
                let decisions = decide(&sets, rules, now);
                let good =
                    |sets: &[Candidate]| sets.iter().filter(|it| it.worth == Worth::Good).count();
                let left: Vec<Candidate> = sets
                    .iter()
                    .zip(&decisions)
                    .filter(|(_, decision)| matches!(decision, Decision::Keep(_)))
                    .map(|(set, _)| *set)
                    .collect();
                let expected = good(&sets).min(rules.min_redundancy);
                assert!(good(&left) >= expected, "{history}: {rules:?} {sets:?}");
                for set in &sets {
                    let must_stay = set.kept || set.worth == Worth::Unknown;
                    assert!(!must_stay || left.contains(set), "{history}: {set:?}");
                }
                sets = left;
            }
        }
    }
}
