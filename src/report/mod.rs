//! One file per output; each a function of [`model::Report`].
//!
//! Text from bundles is escaped here, for the place that it goes to, and nowhere else.
//! Nothing in here reads a clock, the environment or a bundle: the same report gives the same bytes.

use std::io::{self, Write};

pub mod build;
mod clock;
pub mod columns;
pub mod csv;
pub mod details;
pub mod escape;
pub mod features;
pub mod gist;
pub mod html;
pub mod json;
#[macro_use]
pub mod labels;
pub mod diff;
pub mod ledger;
pub mod markdown;
mod md;
pub mod membership;
pub mod migrations;
pub mod model;
pub mod named;
mod paint;
pub mod problem;
pub mod redact;
mod say;
pub mod setup;
pub mod show;
pub mod steps;
pub mod terminal;
pub mod timeline;
pub mod timesketch;
pub mod unknown;
pub mod view;
pub mod zone;

pub use md::text::prose as markdown_text;
use model::Report;

/// One output: a name for the command line, a file name, and the function that writes it.
pub struct Renderer {
    /// What `--format` calls it.
    pub name: &'static str,
    /// The file that it is written to.
    pub file_name: &'static str,
    /// One line for the help text.
    pub about: &'static str,
    /// Writes the report.
    pub render: fn(&Report, &mut dyn Write) -> io::Result<()>,
}

/// Every renderer, in the order in which they are offered.
pub static RENDERERS: &[&Renderer] =
    &[&html::RENDERER, &markdown::RENDERER, &json::RENDERER, &csv::RENDERER, &timesketch::RENDERER];

/// The renderer called `name`.
pub fn renderer(name: &str) -> Option<&'static Renderer> {
    RENDERERS.iter().copied().find(|renderer| renderer.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renderers_are_found_by_unique_names_and_files() {
        let mut files = std::collections::BTreeSet::new();
        for found in RENDERERS {
            assert!(std::ptr::eq(renderer(found.name).expect("listed"), *found));
            assert!(files.insert(found.file_name));
        }
        assert!(renderer("pdf").is_none());
    }
}
