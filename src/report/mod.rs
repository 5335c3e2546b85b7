//! One file per output; each a function of [`model::Report`].

pub mod build;
pub mod model;
