//! Values for people: [`text`] is what the prompt prints.
//!
//! Pure: no IO, no clock.

mod text;

pub use text::render_parse_error;
pub(super) use text::*;
