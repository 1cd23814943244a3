//! Vocabulary of the cluster: plain values, checked once when they are made.
//!
//! Pure: no IO, no clock, no printing. Every other layer speaks in these types.

mod activity;
mod backup;
mod connect_string;
mod error_number;
mod event;
mod event_kind;
mod event_text;
mod event_words;
mod kept;
mod level;
pub mod live;
mod node;
mod node_state;
mod options;
mod prompt_text;
mod restart_text;
pub mod state;
mod version;

pub use activity::{TransactionCounts, operations_of, silent_node_of};
pub use backup::{
    BACKUP_ID_MAX, BACKUP_PASSWORD_MAX, BackupId, BackupPassword, Gci, PasswordError,
    SnapshotPoint, WaitFor,
};
pub use connect_string::{ConnectHost, ConnectString, ConnectStringError, DEFAULT_PORT, HostPort};
pub use error_number::{ErrorNumber, generic_message};
pub use event::{BackupTotals, Event, EventBody, SavedEvent, StopAction};
pub use event_kind::EventKind;
pub use kept::SavedEvents;
pub use level::{EventCategory, LogLevel, Severity};
pub use node::{Membership, NodeId, NodeStatus, NodeType, Nodegroup};
pub use node_state::NodeState;
pub use options::{FilterSwitch, LogFilter, ReportKind, RestartOptions, StopOptions, StopScope};
pub use version::Version;
