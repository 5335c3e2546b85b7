//! vSAN as one host sees it: membership, the unicast list, network, disks, objects, and the cluster's directory.

pub mod cluster;
pub mod cmmds;
pub mod format;
pub mod health;
mod lexer;
pub mod network;
pub mod storage;
pub mod unicast;
