//! vSAN as one host sees it: membership, the unicast list, network, disks, objects, and the cluster's directory.

pub mod cluster;
pub mod cmmds;
pub mod format;
pub mod health;
mod lexer;
pub mod network;
pub mod storage;
pub mod unicast;

/// Whether `text` has the form of a node's UUID: 32 hexadecimal digits in groups. Nothing else may stand for a node, as
/// these UUIDs go into commands.
pub fn is_node_uuid(text: &str) -> bool {
    super::text::is_uuid(text)
}
