//! What the binaries share: options, option files, passwords, exit statuses.
