//! esxray: offline forensics for VMware support bundles.

pub mod fact;
pub mod format;
pub mod model;
pub mod report;
