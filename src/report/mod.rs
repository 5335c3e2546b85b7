//! One file per output; each a function of [`model::Report`].

pub mod model;
