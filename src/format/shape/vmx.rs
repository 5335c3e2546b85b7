//! `vmware.log`, the log of a running virtual machine, and vmon, which writes alike.

use super::{Shape, behind, split_token};
use crate::format::header::Header;

/// `vmx| I125: text` behind the stamp of a `vmware.log` up to 7.0, and behind the colon in 4.x.
pub(in crate::format) fn bars<'a>(rest: &'a [u8], header: &mut Header<'a>) {
    header.shape = Shape::Vmx;
    let Some(bar) = rest.iter().take(64).position(|&byte| byte == b'|') else {
        header.message = rest.trim_ascii_start();
        return;
    };
    header.program = Some(b"vmx");
    header.thread = Some(rest[..bar].trim_ascii());
    let body = behind(&rest[bar + 1..]);
    header.message = body;
    let class = body.len() > 4 && body[0].is_ascii_uppercase() && body[1..4].iter().all(u8::is_ascii_digit);
    if class && matches!(body[4], b':' | b'+' | b' ') {
        header.level = Some(&body[..4]);
        header.continues = body[4] == b'+';
        let tail = body[4..].strip_prefix(b"+").unwrap_or(&body[4..]);
        header.message = behind(tail.strip_prefix(b":").unwrap_or(tail));
    }
}

/// Whether a file has a column for the opID behind the thread, which only the file as a whole tells: a host's
/// `vmware.log` has one on every line, that of a hosted product and vmon's have none, but some words look like one.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct OpIdColumn {
    /// Lines that only a file with the column has, less those that only one without it has.
    votes: i32,
}

impl OpIdColumn {
    /// Learns from one line's text behind its severity, `vmx - text`.
    fn learn(&mut self, tail: &[u8]) {
        let second = split_token(tail).and_then(|(_, rest)| split_token(rest)).map(|(word, _)| word);
        let vote = match second {
            Some(b"-") => 1,
            Some(word) if is_op_id(word) => 0,
            _ => -1,
        };
        self.votes = (self.votes + vote).clamp(-20, 20);
    }

    /// Learns from a whole line; one of another shape teaches nothing.
    pub(in crate::format) fn see(&mut self, rest: &[u8]) {
        if let Some((_, _, tail)) = super::syslog::priority(rest) {
            self.learn(tail);
        }
    }

    fn is_there(self) -> bool {
        self.votes >= 0
    }
}

/// `vmx - text` or `vcpu-0 ab12-9f-01 text` behind the severity.
pub(super) fn after_severity<'a>(tail: &'a [u8], marked: bool, header: &mut Header<'a>) {
    header.shape = Shape::VmxSeverity;
    header.continues = marked;
    let Some((thread, rest)) = split_token(tail) else {
        header.thread = Some(tail);
        header.message = &tail[tail.len()..];
        return;
    };
    header.thread = Some(thread);
    header.message = rest;
    let (second, after) = split_token(rest).unwrap_or((rest, &rest[rest.len()..]));
    if header.column.is_there() && (second == b"-" || is_op_id(second)) {
        header.op_id = (second != b"-").then_some(second);
        header.message = after;
    }
}

/// An opID holds a digit and no punctuation of prose.
fn is_op_id(word: &[u8]) -> bool {
    word.iter().any(u8::is_ascii_digit)
        && word.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"@:._-".contains(&byte))
        && !word.ends_with(b":")
}
