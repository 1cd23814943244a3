//! TOP: a live view of the cluster.
//!
//! | module | its one job |
//! |---|---|
//! | `collector` | puts what is seen and heard together, a snapshot for each tick |
//! | `looks`, `surveys`, `events` | the three connections: states, all the rest, what happens |
//! | `picture` | a snapshot on a terminal, keys and signals |
//! | `canvas`, `keys` | the terminal: taking it, giving it back, drawing on it, reading keys |
//! | `screen` | a snapshot and what its user chose, as cells (pure) |

mod canvas;
mod collector;
mod events;
mod keys;
mod looks;
mod picture;
mod screen;
mod surveys;

pub(super) use collector::Feed;
pub(super) use keys::keyboard;
pub(super) use picture::{Picture, Wish};
