//! The grammar of the management client's commands.
