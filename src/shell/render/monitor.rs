//! HEALTH for monitoring: the line of a Nagios plugin, and Prometheus's text format.

use std::fmt::Write;

use crate::cluster::state::{Condition, Grade, Health};
use crate::metrics::{Exposition, push_cluster, push_health};
use crate::shell::outcome::{Failure, HealthReport};

use super::text::{render_failure, render_finding, render_member_state, render_unknown_cause};

/// One line, with performance data behind a bar.
pub(in crate::shell) fn render_nagios(report: &HealthReport) -> String {
    let health = &report.health;
    let mut parts = vec![summary(health)];
    for nodegroup in &health.nodegroups {
        if nodegroup.condition() != Condition::Ok {
            let missing: Vec<String> = nodegroup
                .members
                .iter()
                .filter_map(render_member_state)
                .collect();
            parts.push(format!(
                "nodegroup {}: {}",
                nodegroup.nodegroup,
                missing.join(", ")
            ));
        }
    }
    let findings = health.findings.iter();
    let findings = findings.filter(|finding| finding.grade() != Grade::Ok);
    parts.extend(findings.map(|finding| render_finding(finding, report.limits)));
    let mut line = plugin_line(health.grade().name(), &parts.join("; "));
    if report.state.is_some() {
        line.push_str(&performance(report));
    }
    line.push('\n');
    line
}

/// HEALTH was interrupted: the only way in which it fails.
pub(in crate::shell) fn render_nagios_failure(failure: &Failure) -> String {
    let text = render_failure(failure);
    let text = match text.trim() {
        "" => "interrupted",
        text => text,
    };
    plugin_line("UNKNOWN", text) + "\n"
}

/// A bar and a line end have a meaning for Nagios.
fn plugin_line(status: &str, text: &str) -> String {
    let text = text.replace('|', "/").replace('\n', " ");
    format!("NDB {status} - {text}")
}

fn summary(health: &Health) -> String {
    let name = health.condition.name();
    match &health.cause {
        Some(cause) => render_unknown_cause(cause),
        None => {
            let size: usize = health.nodegroups.iter().map(|of| of.size()).sum();
            let up: usize = health.nodegroups.iter().map(|of| of.in_service()).sum();
            format!("cluster is {name}, {up} of {size} data nodes in service")
        }
    }
}

fn performance(report: &HealthReport) -> String {
    let health = &report.health;
    let size: usize = health.nodegroups.iter().map(|of| of.size()).sum();
    let up: usize = health.nodegroups.iter().map(|of| of.in_service()).sum();
    let mut text = format!(" | data_nodes={up};;;0;{size}");
    let memory = report.state.as_ref().and_then(|state| state.memory());
    for memory in memory.unwrap_or_default() {
        // Writing to a string does not fail.
        let _ = write!(
            text,
            " node{}_{}_memory={}%;{};{};0;100",
            memory.node,
            memory.kind.name(),
            memory.percent(),
            report.limits.warning,
            report.limits.critical
        );
    }
    text
}

/// Health and, if anything is known, nodes and memory.
pub(in crate::shell) fn render_prometheus(report: &HealthReport) -> String {
    let mut out = Exposition::new();
    push_health(&mut out, &report.health);
    if let Some(state) = &report.state {
        push_cluster(&mut out, state);
    }
    out.into_text()
}
