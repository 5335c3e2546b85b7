//! XML as it comes line by line: elements and the text of those that hold nothing else.
//!
//! No parser of documents: what stands before, amid or behind the elements is passed over, a text cut anywhere gives
//! the elements that were closed, and attributes are not looked at.

use super::text::cut;

/// How deep elements may nest before the text is taken for garbage and read afresh.
const MAX_DEPTH: usize = 64;

/// The most bytes of one tag, and of one element's text.
const MAX_PART: usize = 4096;

/// What happens to the last element of a path.
pub(super) enum Step<'a> {
    /// It opens.
    Open,
    /// It closes; with its text where it holds no elements and its text is one line.
    Close(Option<&'a str>),
}

/// Takes what happens, with the names of the elements around it: `host`, `hostName`.
pub(super) type Take<'t> = dyn FnMut(&[String], Step<'_>) + 't;

/// Reads elements over lines.
#[derive(Default)]
pub(super) struct Xml {
    path: Vec<String>,
    text: String,
    /// Whether the innermost element held only text so far.
    leaf: bool,
    /// A tag whose `>` has not come.
    tag: Option<String>,
}

impl Xml {
    /// Takes the next line.
    pub(super) fn line(&mut self, line: &str, take: &mut Take<'_>) {
        let mut rest = line;
        while !rest.is_empty() {
            rest = if self.tag.is_some() { self.in_tag(rest, take) } else { self.in_text(rest) };
        }
        match &mut self.tag {
            Some(tag) => tag.push(' '),
            None => self.text.push('\n'),
        }
        self.bound();
    }

    /// Up to the next tag.
    fn in_text<'r>(&mut self, rest: &'r str) -> &'r str {
        let (text, behind) = rest.split_once('<').unwrap_or((rest, ""));
        let is_tag = behind.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '?' | '!'));
        if self.leaf {
            self.text.push_str(text);
        }
        if is_tag {
            self.tag = Some(String::new());
        }
        behind
    }

    /// Up to the end of the tag; a tag that another one begins in was none.
    fn in_tag<'r>(&mut self, rest: &'r str, take: &mut Take<'_>) -> &'r str {
        let end = rest.find(['<', '>']).unwrap_or(rest.len());
        let (part, behind) = rest.split_at(end);
        let mut tag = self.tag.take().unwrap_or_default();
        if behind.starts_with('<') {
            return behind;
        }
        tag.push_str(part);
        match behind.strip_prefix('>') {
            Some(behind) => {
                self.whole_tag(&tag, take);
                behind
            }
            None => {
                self.tag = Some(tag);
                behind
            }
        }
    }

    fn whole_tag(&mut self, tag: &str, take: &mut Take<'_>) {
        if tag.starts_with(['?', '!']) {
            return;
        }
        if let Some(name) = tag.strip_prefix('/') {
            self.close(local(name.trim()), take);
            return;
        }
        let name = tag.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or("");
        let name = cut(local(name), 256).to_owned();
        if self.path.len() >= MAX_DEPTH {
            self.path.clear();
        }
        self.path.push(name);
        self.text.clear();
        self.leaf = true;
        take(&self.path, Step::Open);
        if tag.trim_end().ends_with('/') {
            let name = self.path.last().cloned().unwrap_or_default();
            self.close(&name, take);
        }
    }

    /// Closes the innermost element of that name, with all that was left open inside it.
    fn close(&mut self, name: &str, take: &mut Take<'_>) {
        let leaf = std::mem::take(&mut self.leaf);
        let Some(at) = self.path.iter().rposition(|open| open == name) else { return };
        let text = std::mem::take(&mut self.text);
        let text = (leaf && at + 1 == self.path.len()).then(|| unescaped(text.trim()));
        let text = text.as_deref().filter(|text| !text.contains('\n'));
        take(&self.path[..=at], Step::Close(text));
        self.path.truncate(at);
    }

    /// Lets go of a tag or text that is too long to be one.
    fn bound(&mut self) {
        if !self.leaf {
            self.text.clear();
        } else if self.text.len() > MAX_PART {
            (self.leaf, self.text) = (false, String::new());
        }
        self.tag = self.tag.take().filter(|tag| tag.len() <= MAX_PART);
    }
}

/// `csi:host` is `host`.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Text of XML with its entities decoded; what is no entity stays as it is.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let decoded =
            rest.find(';').filter(|&end| end <= 10).and_then(|end| Some((entity(&rest[1..end])?, end)));
        match decoded {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The elements that closed with a text, as `path=text`.
    fn leaves(text: &str) -> Vec<String> {
        let (mut xml, mut found) = (Xml::default(), Vec::new());
        for line in text.lines() {
            xml.line(line, &mut |path, step| {
                if let Step::Close(Some(text)) = step {
                    found.push(format!("{}={text}", path.join("/")));
                }
            });
        }
        found
    }

    #[test]
    fn leaves_are_read_over_lines_with_junk_around() {
        let text = "12\n<?xml version=\"1.0\"?>\n<x:a xmlns:x=\"urn:y\">\nstderr: 1 < 2\n<b\n c=\"d\">1 &amp; 2</b><c/>\n\
                    <d>\n  spread\n</d><e>two\nlines</e></x:a>";
        assert_eq!(leaves(text), ["a/b=1 & 2", "a/c=", "a/d=spread"]);
    }

    #[test]
    fn what_was_never_closed_is_no_leaf_and_hides_no_other() {
        assert_eq!(leaves("<a><b>1<c>2</c></a><d>3</d></zz><e>4"), ["a/b/c=2", "d=3"]);
        assert_eq!(leaves("<a <b>1</b>"), ["b=1"]);
        let deep = format!("{}<z>1</z>", "<a>".repeat(500));
        assert_eq!(leaves(&deep).len(), 1);
        assert!(leaves(&format!("<a>{}</a>", "x\n".repeat(5000))).is_empty());
    }
}
