//! esxray: offline forensics for VMware support bundles.

pub mod bundle;
pub mod case;
pub mod cli;
pub mod demo;
pub mod digest;
pub mod engine;
pub mod fact;
pub mod format;
pub mod model;
pub mod record;
pub mod report;
pub mod rule;
pub mod verdict;
