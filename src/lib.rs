//! esxray: offline forensics for VMware support bundles.

pub mod model;
pub mod report;
