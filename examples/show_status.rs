//! Shows the nodes of a cluster and whether all data nodes are in service.
//!
//! ```sh
//! cargo run --example show_status -- localhost:1186
//! cargo run --example show_status                      # NDB_CONNECTSTRING, else localhost:1186
//! ```
//!
//! The exit status is 0 if all data nodes are in service, else 1. Nothing is parsed: the nodes
//! come as [`NodeState`].

use std::error::Error;
use std::process::ExitCode;

use ndbmgm::client::{ConnectOptions, NodeState, connect};
use ndbmgm::cluster::{ConnectString, NodeStatus, NodeType};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let argument = std::env::args().nth(1);
    let environment = std::env::var("NDB_CONNECTSTRING").ok();
    let connect_string = ConnectString::choose(argument.as_deref(), environment.as_deref())?;

    // One attempt per server of the connect string. Every later wait has a limit as well.
    let mut session = connect(&ConnectOptions::once(connect_string)).await?;
    println!("Management server {}:{}", session.host(), session.port());

    let nodes = session.get_status(None).await?;
    for node in &nodes {
        println!("{}", describe(node));
    }

    let data_nodes = || nodes.iter().filter(|node| node.node_type == NodeType::Ndb);
    let serving = data_nodes().filter(|node| is_serving(node.status)).count();
    let all = data_nodes().count();
    println!("{serving} of {all} data nodes in service");
    Ok(if serving == all {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn describe(node: &NodeState) -> String {
    let kind = match node.node_type {
        NodeType::Ndb => "data node",
        NodeType::Mgm => "management server",
        NodeType::Api => "API slot",
    };
    let state = match node.status {
        NodeStatus::NoContact => "not connected".to_owned(),
        NodeStatus::Starting => format!("starting, phase {} done", node.start_phase),
        NodeStatus::Started | NodeStatus::Connected => {
            let version = node.version.map(|version| version.to_string());
            format!(
                "in service, NDB {}",
                version.as_deref().unwrap_or("unknown")
            )
        }
        other => other.wire_name().to_ascii_lowercase(),
    };
    let address = node.address.as_deref().unwrap_or("-");
    format!("Node {:>3}  {kind:<17}  {address:<15}  {state}", node.node)
}

fn is_serving(status: NodeStatus) -> bool {
    matches!(
        status,
        NodeStatus::Started | NodeStatus::SingleUserMode | NodeStatus::Resume
    )
}
