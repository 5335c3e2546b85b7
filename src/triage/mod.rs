//! Many bundles become cases, and the cases an index: worst first, and how often the same incident is among them.
//!
//! ```text
//! cards ─▶ groups ─▶ (a case each: digests ─▶ case ─▶ report) ─▶ rows ─▶ index ─▶ index.html, .md, .csv, .json
//! ```
//!
//! Only cards and rows of all cases are at hand at once, digests of one case at a time: so memory does not grow with the
//! number of bundles but by some kilobytes each.

pub mod group;
pub mod index;
mod row;
mod shape;

pub use group::{Item, groups};
pub use row::{HostRow, Row};
pub use shape::Shape;
