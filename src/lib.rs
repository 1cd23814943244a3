//! Management client, simulated cluster and backup tools for MySQL NDB Cluster.
//!
//! # Layers
//!
//! Dependencies point down only; no two modules import each other.
//!
//! | module | its one job | may use |
//! |---|---|---|
//! | [`cluster`] | vocabulary: node ids, events, error numbers (pure) | nothing |
//! | [`command`] | the prompt's grammar: text to [`command::Command`] (pure) | `cluster` |
//! | [`wire`] | the management protocol's codec (pure, sans-IO) | `cluster` |
//! | [`client`] | a session with a management server, over tokio | `wire`, `tls`, `cluster` |
//! | [`metrics`] | figures in Prometheus's text format (pure) | `cluster` |
//! | [`tls`] | keys, certificates, and what is checked of them | nothing |
//! | [`xfrm`] | the NDBXFRM1 and AZ31 containers | nothing |
//! | [`backup`] | the backup files: readers, writers, printer | `xfrm`, `cluster` |
//! | [`sim`] | the simulated cluster | `wire`, `tls`, `backup`, `xfrm`, `cluster` |
#![cfg_attr(
    feature = "programs",
    doc = "| [`shell`] | the prompt: read, execute, render | `command`, `client`, `metrics`, `tls`, `cli`, `cluster` |",
    doc = "| [`cli`] | what the programs share: options, passwords, exit statuses | `client`, `tls`, `cluster` |"
)]
//!
//! Both ends speak the real management protocol over a socket, so the client drives a
//! production cluster and the simulator alike.
//!
//! # Features
//!
//! `programs`, on by default, adds the programs and what only they use. A library user says
//! `default-features = false`.

pub mod backup;
#[cfg(feature = "programs")]
pub mod cli;
pub mod client;
pub mod cluster;
pub mod command;
pub mod metrics;
#[cfg(feature = "programs")]
pub mod shell;
pub mod sim;
pub mod tls;
pub mod wire;
pub mod xfrm;
