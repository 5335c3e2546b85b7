//! What is different about each host of a cluster.

use super::super::diff::{Section, sections};
use super::super::labels::Labels;
use super::super::model::Report;

/// Hosts of a cluster that are shown, and lines of each.
const HOSTS: usize = 64;
const ROWS: usize = 15;

/// What differs in each cluster.
pub fn differences(report: &Report, l: &Labels) -> Vec<Section> {
    sections(report, HOSTS, ROWS, l)
}
