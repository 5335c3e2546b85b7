//! Colours on a terminal.

use crate::model::Severity;

/// SGR codes; the only escape sequences that a terminal is sent.
#[derive(Copy, Clone)]
pub enum Style {
    /// What is to be read first.
    Bold,
    /// What may be passed over.
    Dim,
    /// An error.
    Red,
    /// A warning.
    Yellow,
    /// Information.
    Blue,
    /// All is well.
    Green,
}

impl Style {
    const fn code(self) -> &'static str {
        match self {
            Style::Bold => "1",
            Style::Dim => "2",
            Style::Red => "1;31",
            Style::Yellow => "1;33",
            Style::Blue => "1;34",
            Style::Green => "1;32",
        }
    }

    /// The style of a severity.
    pub const fn of(severity: Severity) -> Style {
        match severity {
            Severity::Critical | Severity::Error => Style::Red,
            Severity::Warning => Style::Yellow,
            Severity::Info => Style::Blue,
        }
    }
}

/// `text` in `style` where `colour` says so.
pub fn paint(colour: bool, style: Style, text: &str) -> String {
    if colour { format!("\u{1b}[{}m{text}\u{1b}[0m", style.code()) } else { text.to_owned() }
}
