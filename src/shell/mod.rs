//! The prompt: read a line, execute it, render the outcome.
