//! Objects of JSON as they come line by line.
//!
//! The text around them need not be JSON: stderr stands before it, and what was cut off is not there. Each object is
//! given when it closes, inner ones first.

use serde_json::{Map, Value};

/// The most bytes of one object, with all that is inside it.
const MAX_OBJECT: usize = 1 << 20;

/// How deep objects may nest.
const MAX_DEPTH: usize = 32;

/// Reads objects over lines.
#[derive(Default)]
pub(super) struct Objects {
    text: Vec<u8>,
    /// Where the objects that are open begin in `text`.
    starts: Vec<usize>,
    quoted: bool,
    escaped: bool,
}

impl Objects {
    /// Takes the next line and gives the objects that close on it.
    pub(super) fn line(&mut self, line: &[u8], take: &mut dyn FnMut(&Map<String, Value>)) {
        // A string never spans lines: a lone quote is prose.
        (self.quoted, self.escaped) = (false, false);
        for &byte in line {
            self.byte(byte, take);
        }
        if !self.starts.is_empty() {
            self.text.push(b'\n');
        }
    }

    fn byte(&mut self, byte: u8, take: &mut dyn FnMut(&Map<String, Value>)) {
        if byte == b'{' && !self.quoted {
            self.starts.push(self.text.len());
        }
        if self.starts.is_empty() {
            return;
        }
        self.text.push(byte);
        if self.text.len() > MAX_OBJECT || self.starts.len() > MAX_DEPTH {
            *self = Objects::default();
            return;
        }
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.quoted => self.escaped = true,
            b'"' => self.quoted = !self.quoted,
            b'}' if !self.quoted => self.close(take),
            _ => {}
        }
    }

    fn close(&mut self, take: &mut dyn FnMut(&Map<String, Value>)) {
        let Some(start) = self.starts.pop() else { return };
        if let Ok(Value::Object(object)) = serde_json::from_slice(&self.text[start..]) {
            take(&object);
        }
        if self.starts.is_empty() {
            self.text.clear();
        }
    }
}

/// The text that `object` has under `name`; `Install Date`, `InstallDate` and `install_date` are one name.
pub(super) fn text<'o>(object: &'o Map<String, Value>, name: &str) -> Option<&'o str> {
    let plain = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
    };
    let wanted = plain(name);
    object.iter().find(|(key, _)| plain(key) == wanted).and_then(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let (mut objects, mut found) = (Objects::default(), Vec::new());
        for line in text.lines() {
            objects.line(line.as_bytes(), &mut |object| {
                found.extend(super::text(object, "a b").map(str::to_owned));
            });
        }
        found
    }

    #[test]
    fn objects_are_read_with_noise_around_and_without_what_is_cut() {
        assert_eq!(
            names("it's \"x\n[{\"A B\": \"1}\"},\n{\n\"aB\": \"2\\\"\"\n}, {\"ab\": \"3"),
            ["1}", "2\""]
        );
        assert_eq!(names("{\"x\": [{\"ab\": \"in\"}], \"ab\": \"out\"}"), ["in", "out"]);
        assert!(names(&"{".repeat(100_000)).is_empty() && names("} } {\"ab\": 1}").is_empty());
    }
}
