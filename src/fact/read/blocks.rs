//! Blocks of indented lines `   Key: value`.

use super::super::Line;
use super::super::text::{Anchor, column_name, lossy, pair};
use super::Entry;

/// Cuts lines into blocks.
pub(super) struct Blocks {
    /// The key that begins a block; blank where each may.
    start: String,
    /// The keys that are looked at; all where there are none.
    keys: Vec<String>,
    entry: Option<Entry>,
    /// Whether the line above is one of the block.
    told: bool,
}

impl Blocks {
    pub(super) fn new(start: &str, keys: &[&str]) -> Self {
        let keys = keys.iter().map(|key| column_name(key)).collect();
        Blocks { start: column_name(start), keys, entry: None, told: false }
    }

    /// Takes the next line; gives the block that ends before it.
    ///
    /// ```text
    /// vmk0
    ///    Name: vmk0
    ///    MAC Address: 00:50:56:0a:00:01
    /// ```
    pub(super) fn line(&mut self, line: &Line<'_>) -> Option<Entry> {
        self.told = false;
        let text = lossy(line);
        let (key, text) = pair(&text).filter(|_| is_indented(&text))?;
        let key = column_name(key);
        if !self.keys.is_empty() && !self.keys.contains(&key) {
            return None;
        }
        let starts = key == self.start;
        let done = self.entry.take_if(|entry| starts || entry.knows(&key));
        if self.entry.is_none() && (starts || self.start.is_empty()) {
            self.entry = Some(Entry::new(Anchor::of(line)));
        }
        if let Some(entry) = &mut self.entry {
            entry.put_line(&key, text, Anchor::of(line));
            self.told = true;
        }
        done
    }

    /// The line above may be cut.
    pub(super) fn cut(&mut self) {
        if let Some(entry) = self.entry.as_mut().filter(|_| self.told) {
            entry.open_last();
        }
        // Of what a block is that has no other line is not known.
        let named = !self.start.is_empty();
        self.entry.take_if(|entry| named && entry.is_open());
    }

    /// What was begun does not go on.
    pub(super) fn take(&mut self) -> Option<Entry> {
        self.entry.take()
    }
}

/// What a command writes to stderr is not indented, and in JSON a key stands in quotes.
fn is_indented(text: &str) -> bool {
    text.starts_with([' ', '\t']) && !text.trim_start().starts_with(['"', '{', '['])
}
