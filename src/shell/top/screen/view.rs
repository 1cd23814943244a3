//! What the user of the screen chose, and the keys that choose it.

use crate::cluster::Severity;

/// A key, as far as the screen tells keys apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) enum Key {
    /// A character, with Shift applied.
    Char(char),
    /// Escape.
    Escape,
    /// Ctrl-C.
    CtrlC,
    /// Tab.
    Tab,
    /// The arrows.
    Up,
    /// See `Up`.
    Down,
    /// See `Up`.
    Left,
    /// See `Up`.
    Right,
    /// PgUp.
    PageUp,
    /// PgDn.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
}

/// What follows a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) enum Pressed {
    /// TOP ends.
    Quit,
    /// The screen is to be drawn again.
    Redraw,
    /// The key means nothing here.
    Nothing,
}

/// What data nodes are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// Nodegroup, then id.
    Nodegroup,
    /// Those that are not in service first.
    State,
    /// The fullest first.
    Memory,
    /// The busiest first.
    Operations,
}

impl Sort {
    /// What the screen calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Sort::Nodegroup => "nodegroup",
            Sort::State => "state",
            Sort::Memory => "memory",
            Sort::Operations => "operations",
        }
    }

    fn next(self) -> Self {
        match self {
            Sort::Nodegroup => Sort::State,
            Sort::State => Sort::Memory,
            Sort::Memory => Sort::Operations,
            Sort::Operations => Sort::Nodegroup,
        }
    }
}

/// What the keys for scrolling scroll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Focus {
    Nodes,
    Events,
}

/// How much there is of something, and how much of it was on the last frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Window {
    pub(super) total: usize,
    pub(super) shown: usize,
}

impl Window {
    /// How far it can be scrolled.
    pub(super) fn furthest(self) -> usize {
        self.total.saturating_sub(self.shown)
    }
}

/// What the last frame had room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Extent {
    /// Data nodes.
    pub(super) nodes: Window,
    /// Events that pass the filter.
    pub(super) events: Window,
    /// Columns of the longest event on the frame that stand beyond its right edge, unshifted.
    pub(super) beyond: usize,
}

/// What the user chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct View {
    /// The picture stands still.
    pub(super) frozen: bool,
    /// The order of the data nodes.
    pub(super) sort: Sort,
    /// Milder events are not shown.
    pub(super) least: Severity,
    /// What is scrolled where both can be.
    pub(super) focus: Focus,
    /// The page of keys is shown.
    pub(super) help: bool,
    /// How many data nodes are above the first that is shown.
    pub(super) nodes_above: usize,
    /// How many events are below the last that is shown.
    pub(super) events_below: usize,
    /// How many columns of the texts of events are left of the screen.
    pub(super) shift: usize,
}

/// How far an arrow shifts the texts of events.
const SHIFT: usize = 10;

impl Default for View {
    fn default() -> Self {
        View {
            frozen: false,
            sort: Sort::Nodegroup,
            least: Severity::Debug,
            focus: Focus::Nodes,
            help: false,
            nodes_above: 0,
            events_below: 0,
            shift: 0,
        }
    }
}

impl View {
    /// Takes a key, given what the last frame had room for.
    pub(super) fn press(&mut self, key: Key, extent: Extent) -> Pressed {
        if matches!(key, Key::Char('q' | 'Q') | Key::CtrlC) {
            return Pressed::Quit;
        }
        if self.help {
            self.help = false;
            return Pressed::Redraw;
        }
        let before = *self;
        match key {
            Key::Escape => return Pressed::Quit,
            Key::Char(' ' | 'f' | 'F') => self.frozen = !self.frozen,
            Key::Char('s' | 'S') => {
                self.sort = self.sort.next();
                self.nodes_above = 0;
            }
            Key::Char('l' | 'L') => {
                self.least = next_least(self.least);
                self.events_below = 0;
            }
            Key::Char('h' | 'H' | '?') => self.help = true,
            Key::Tab if extent.nodes.furthest() > 0 => {
                self.focus = match self.focus {
                    Focus::Nodes => Focus::Events,
                    Focus::Events => Focus::Nodes,
                }
            }
            Key::Left => self.shift = self.shift.min(extent.beyond).saturating_sub(SHIFT),
            Key::Right => self.shift = (self.shift + SHIFT).min(extent.beyond),
            Key::Up | Key::Down | Key::PageUp | Key::PageDown | Key::Home | Key::End => {
                self.scroll(key, extent);
            }
            Key::Char(_) | Key::CtrlC | Key::Tab => {}
        }
        match *self == before {
            true => Pressed::Nothing,
            false => Pressed::Redraw,
        }
    }

    /// What the keys for scrolling scroll: events, if all nodes are on the screen.
    pub(super) fn scrolled(&self, extent: Extent) -> Focus {
        match extent.nodes.furthest() {
            0 => Focus::Events,
            _ => self.focus,
        }
    }

    fn scroll(&mut self, key: Key, extent: Extent) {
        let focus = self.scrolled(extent);
        let (window, above) = match focus {
            Focus::Nodes => (extent.nodes, self.nodes_above.min(extent.nodes.furthest())),
            Focus::Events => {
                let furthest = extent.events.furthest();
                (extent.events, furthest.saturating_sub(self.events_below))
            }
        };
        let page = window.shown.max(1);
        let above = match key {
            Key::Up => above.saturating_sub(1),
            Key::Down => above + 1,
            Key::PageUp => above.saturating_sub(page),
            Key::PageDown => above + page,
            Key::Home => 0,
            _ => window.furthest(),
        };
        let above = above.min(window.furthest());
        match focus {
            Focus::Nodes => self.nodes_above = above,
            Focus::Events => self.events_below = window.furthest() - above,
        }
    }
}

/// The next of the severities that can be chosen: all, then those that ask for more and more
/// attention.
fn next_least(least: Severity) -> Severity {
    match least {
        Severity::Debug | Severity::Info => Severity::Warning,
        Severity::Warning => Severity::Error,
        Severity::Error => Severity::Alert,
        Severity::Critical | Severity::Alert => Severity::Debug,
    }
}

/// What the screen calls a filter.
pub(super) fn filter_name(least: Severity) -> &'static str {
    match least {
        Severity::Debug | Severity::Info => "all",
        Severity::Warning => "from WARNING",
        Severity::Error => "from ERROR",
        Severity::Critical => "from CRITICAL",
        Severity::Alert => "ALERT only",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10 data nodes of which 4 were shown, 20 events of which 5 were.
    const EXTENT: Extent = Extent {
        nodes: Window {
            total: 10,
            shown: 4,
        },
        events: Window {
            total: 20,
            shown: 5,
        },
        beyond: 15,
    };

    fn after(keys: &[Key]) -> View {
        let mut view = View::default();
        for key in keys {
            view.press(*key, EXTENT);
        }
        view
    }

    #[test]
    fn q_escape_and_ctrl_c_quit() {
        for key in [Key::Char('q'), Key::Char('Q'), Key::Escape, Key::CtrlC] {
            assert_eq!(View::default().press(key, EXTENT), Pressed::Quit, "{key:?}");
        }
    }

    #[test]
    fn a_key_without_a_meaning_or_an_effect_draws_nothing() {
        let mut view = View::default();
        for key in [
            Key::Char('x'),
            Key::Char('\u{1b}'),
            Key::Up,
            Key::Left,
            Key::Home,
        ] {
            assert_eq!(view.press(key, EXTENT), Pressed::Nothing, "{key:?}");
        }
        assert_eq!(view, View::default());
    }

    #[test]
    fn space_and_f_freeze_and_go_on() {
        for key in [Key::Char(' '), Key::Char('f')] {
            assert!(after(&[key]).frozen);
            assert!(!after(&[key, key]).frozen);
        }
    }

    #[test]
    fn s_goes_through_all_orders_from_their_top() {
        let mut view = View::default();
        let mut seen = Vec::new();
        for _ in 0..4 {
            view.press(Key::End, EXTENT);
            assert_eq!(view.press(Key::Char('s'), EXTENT), Pressed::Redraw);
            assert_eq!(view.nodes_above, 0);
            seen.push(view.sort.name());
        }
        assert_eq!(seen, ["state", "memory", "operations", "nodegroup"]);
    }

    #[test]
    fn l_asks_for_more_and_more_severe_events_and_shows_the_newest() {
        let mut view = View::default();
        let mut seen = vec![filter_name(view.least)];
        for _ in 0..4 {
            view.events_below = 3;
            view.press(Key::Char('l'), EXTENT);
            assert_eq!(view.events_below, 0);
            seen.push(filter_name(view.least));
        }
        let names = ["all", "from WARNING", "from ERROR", "ALERT only", "all"];
        assert_eq!(seen, names);
    }

    #[test]
    fn nodes_scroll_from_their_first_to_their_last() {
        let above = |keys: &[Key]| after(keys).nodes_above;
        assert_eq!(above(&[Key::Down]), 1);
        assert_eq!(above(&[Key::PageDown]), 4);
        assert_eq!(above(&[Key::PageDown, Key::PageDown]), 6);
        assert_eq!(above(&[Key::End]), 6);
        assert_eq!(above(&[Key::End, Key::Down]), 6);
        assert_eq!(above(&[Key::End, Key::Up]), 5);
        assert_eq!(above(&[Key::End, Key::PageUp]), 2);
        assert_eq!(above(&[Key::End, Key::Home]), 0);
    }

    #[test]
    fn tab_makes_events_scroll_which_begin_with_the_newest() {
        let below = |keys: &[Key]| {
            let view = after(&[&[Key::Tab], keys].concat());
            assert_eq!(view.nodes_above, 0);
            view.events_below
        };
        assert_eq!(below(&[Key::Up]), 1);
        assert_eq!(below(&[Key::Up, Key::Down]), 0);
        assert_eq!(below(&[Key::PageUp]), 5);
        assert_eq!(below(&[Key::Home]), 15);
        assert_eq!(below(&[Key::Home, Key::Up]), 15);
        assert_eq!(below(&[Key::Home, Key::PageDown]), 10);
        assert_eq!(below(&[Key::Home, Key::End]), 0);
        assert_eq!(after(&[Key::Tab, Key::Tab, Key::Down]).nodes_above, 1);
    }

    #[test]
    fn events_scroll_without_tab_while_all_nodes_are_on_the_screen() {
        let all = Extent {
            nodes: Window { total: 4, shown: 4 },
            ..EXTENT
        };
        let mut view = View::default();
        assert_eq!(view.press(Key::Tab, all), Pressed::Nothing);
        assert_eq!(view.press(Key::Up, all), Pressed::Redraw);
        assert_eq!((view.nodes_above, view.events_below), (0, 1));
        assert_eq!(view.press(Key::End, all), Pressed::Redraw);
        assert_eq!(view, View::default());
    }

    #[test]
    fn left_and_right_shift_events_as_far_as_they_reach() {
        let shift = |keys: &[Key]| after(keys).shift;
        assert_eq!(shift(&[Key::Right]), 10);
        assert_eq!(shift(&[Key::Right, Key::Right, Key::Right]), 15);
        assert_eq!(shift(&[Key::Right, Key::Right, Key::Left]), 5);
        assert_eq!(shift(&[Key::Right, Key::Left]), 0);
    }

    #[test]
    fn any_key_leaves_the_help_and_does_nothing_else() {
        for key in [
            Key::Char('h'),
            Key::Char('?'),
            Key::Char('s'),
            Key::Escape,
            Key::Down,
        ] {
            let mut view = after(&[Key::Char('?')]);
            assert!(view.help);
            assert_eq!(view.press(key, EXTENT), Pressed::Redraw);
            assert_eq!(view, View::default(), "{key:?}");
        }
        let mut view = after(&[Key::Char('h')]);
        assert_eq!(view.press(Key::Char('q'), EXTENT), Pressed::Quit);
    }

    #[test]
    fn a_place_beyond_what_there_is_is_no_place_to_scroll_from() {
        let mut view = View {
            nodes_above: 100,
            events_below: 100,
            shift: 100,
            ..View::default()
        };
        view.press(Key::Up, EXTENT);
        view.press(Key::Left, EXTENT);
        view.press(Key::Tab, EXTENT);
        view.press(Key::Down, EXTENT);
        assert_eq!((view.nodes_above, view.shift), (5, 5));
        assert_eq!(view.events_below, 14);
        let mut view = View::default();
        for key in [Key::Down, Key::PageDown, Key::End, Key::Tab, Key::Home] {
            view.press(key, Extent::default());
        }
        assert_eq!((view.nodes_above, view.events_below), (0, 0));
    }
}
