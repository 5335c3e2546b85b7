//! One entry of the directory: what of it is kept while it is read, and what it says of a node.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::super::super::Line;
use super::super::super::text::{cut, is_uuid, value};
use super::super::lexer::{Lexer, Token};
use crate::model::Source;

/// The most bytes of a key that are kept.
const MAX_KEY: usize = 64;

/// One entry of the directory that tells of a node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CmmdsEntry {
    /// The node that it tells of: its uuid, for an interface its owner.
    pub node_uuid: String,
    /// What it tells.
    pub kind: CmmdsKind,
    /// The uuid of a `NET_INTERFACE` entry, whose node is its owner.
    pub interface: Option<String>,
    /// `Healthy`; `Unhealthy` where the node that wrote it is gone.
    pub health: Option<String>,
    /// How often it was written.
    pub revision: Option<u64>,
    /// `hostname` of a `HOSTNAME` entry.
    pub hostname: Option<String>,
    /// The first address of a `NET_INTERFACE` entry.
    pub address: Option<String>,
    /// `decomState` of a `NODE_DECOM_STATE` entry: 0 is out of maintenance, 6 is in it, KB 326536.
    pub decom_state: Option<u64>,
}

/// What an entry of the directory tells.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CmmdsKind {
    /// `HOSTNAME`: the node's name.
    HostName,
    /// `NODE`: that it is one.
    Node,
    /// `NODE_DECOM_STATE`: its maintenance.
    DecomState,
    /// `NET_INTERFACE`: an adapter that carries its vSAN traffic.
    NetInterface,
}

impl CmmdsKind {
    pub(super) fn of(kind: &str) -> Option<Self> {
        Some(match kind {
            "HOSTNAME" => CmmdsKind::HostName,
            "NODE" => CmmdsKind::Node,
            "NODE_DECOM_STATE" => CmmdsKind::DecomState,
            "NET_INTERFACE" => CmmdsKind::NetInterface,
            _ => return None,
        })
    }
}

/// One entry, as far as it was read.
#[derive(Default)]
pub(super) struct Entry {
    pub(super) uuid: Option<String>,
    owner: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) health: Option<String>,
    revision: Option<u64>,
    hostname: Option<String>,
    address: Option<String>,
    decom_state: Option<u64>,
    /// Whether it has two uuids: what ended the one and began the other is missing.
    pub(super) two: bool,
    pub(super) source: Option<Source>,
    /// The lines that it is told by, with their numbers.
    lines: Vec<(u64, String)>,
}

impl Entry {
    /// Whether the object is an entry at all: what holds the list of entries is none.
    pub(super) fn is_one(&self) -> bool {
        self.uuid.is_some() || self.kind.is_some()
    }

    pub(super) fn field(&mut self, key: &[u8], text: &[u8], line: &Line<'_>, at: usize) {
        let said = || value(&String::from_utf8_lossy(text));
        match key {
            b"uuid" => {
                self.two |= self.uuid.is_some();
                self.uuid = said();
            }
            b"owner" => self.owner = said(),
            b"type" => self.kind = said(),
            b"health" => self.health = said(),
            b"revision" => self.revision = said().and_then(|number| number.parse().ok()),
            b"content" if self.is_wanted() => self.content_text(text),
            _ => return,
        }
        if key != b"owner" && key != b"revision" {
            self.told_by(line, at);
        }
    }

    /// Whether its content may matter: mostly its type is said before.
    fn is_wanted(&self) -> bool {
        self.kind.as_deref().is_none_or(|kind| CmmdsKind::of(kind).is_some())
    }

    /// `{"hostname": "esx01.lab.local"}`, printed as a string.
    fn content_text(&mut self, text: &[u8]) {
        let (mut lexer, mut pairs, mut at) = (Lexer::default(), Pairs::default(), 0);
        while let Some(token) = lexer.next(text, &mut at) {
            match token {
                Token::Colon => pairs.colon(),
                Token::Text(text) => {
                    let key = pairs.text(&text);
                    self.content(key.as_deref().unwrap_or_default(), &text);
                }
                Token::Open(_) | Token::Close(_) | Token::Comma => pairs.clear(),
            }
        }
    }

    /// One value of its content; true where it says something.
    pub(super) fn content(&mut self, key: &[u8], text: &[u8]) -> bool {
        if !self.is_wanted() || text.len() > MAX_CONTENT {
            return false;
        }
        let text = String::from_utf8_lossy(text);
        match key {
            b"hostname" => self.hostname = value(&text),
            b"decomState" => self.decom_state = text.parse().ok(),
            // The key differs by version. Masks and multicast groups follow the address.
            _ if self.address.is_none() => match text.parse().ok().filter(is_address) {
                Some(address) => self.address = Some(address.to_string()),
                None => return false,
            },
            _ => return false,
        }
        true
    }

    /// Keeps the line as evidence: all of it, or of a very long one what lies around `at`.
    pub(super) fn told_by(&mut self, line: &Line<'_>, at: usize) {
        self.source.get_or_insert_with(|| line.source());
        if self.lines.last().is_none_or(|(number, _)| *number != line.number) && self.lines.len() < 8 {
            let from = if line.bytes.len() <= 300 { 0 } else { at.saturating_sub(60) };
            let part = &line.bytes[from..line.bytes.len().min(from + 300)];
            self.lines.push((line.number, String::from_utf8_lossy(part).trim_end().to_owned()));
        }
    }

    /// The lines that it is told by, as they stand.
    pub(super) fn evidence(&self) -> String {
        let mut text = String::new();
        let mut above = None;
        for (number, line) in &self.lines {
            match above {
                Some(above) if above + 1 == *number => text.push('\n'),
                Some(_) => text.push_str("\n…\n"),
                None => {}
            }
            text.push_str(line);
            above = Some(*number);
        }
        cut(&text, 300).to_owned()
    }

    /// What it says of a node; `None` where it does not say of which.
    pub(super) fn told(self, kind: CmmdsKind) -> Option<CmmdsEntry> {
        let interface = kind == CmmdsKind::NetInterface;
        let node_uuid = if interface { self.owner.filter(|uuid| is_uuid(uuid)) } else { self.uuid.clone() };
        Some(CmmdsEntry {
            node_uuid: node_uuid?,
            kind,
            interface: self.uuid.filter(|_| interface),
            health: self.health,
            revision: self.revision,
            hostname: self.hostname.filter(|_| kind == CmmdsKind::HostName),
            address: self.address.filter(|_| interface),
            decom_state: self.decom_state.filter(|_| kind == CmmdsKind::DecomState),
        })
    }
}

/// The longest value of a content that is looked at: a name.
const MAX_CONTENT: usize = 255;

/// Whether it can be a node's: neither a mask nor a multicast group.
fn is_address(address: &IpAddr) -> bool {
    let mask = matches!(address, IpAddr::V4(v4) if v4.octets()[0] >= 224);
    !mask && !address.is_multicast() && !address.is_unspecified() && !address.is_loopback()
}

/// Puts words together: a key, a colon and its value.
#[derive(Default)]
pub(super) struct Pairs {
    pub(super) key: Option<Vec<u8>>,
    word: Option<Vec<u8>>,
}

impl Pairs {
    /// Takes a word: gives the key that it is the value of, or keeps it as one that may be a key.
    pub(super) fn text(&mut self, text: &[u8]) -> Option<Vec<u8>> {
        let key = self.key.take();
        if key.is_none() {
            self.word = Some(text[..text.len().min(MAX_KEY)].to_vec());
        }
        key
    }

    pub(super) fn colon(&mut self) {
        self.key = self.word.take();
    }

    pub(super) fn clear(&mut self) {
        (self.key, self.word) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_groups_and_words_are_no_addresses() {
        let check = |text: &str, expected: bool| {
            assert_eq!(text.parse().ok().filter(is_address).is_some(), expected, "{text}");
        };
        check("10.0.0.1", true);
        check("fd00::1", true);
        for text in ["255.255.255.0", "224.1.2.3", "0.0.0.0", "127.0.0.1", "ff19::1", "::", "12321", "vmk2"] {
            check(text, false);
        }
    }
}
