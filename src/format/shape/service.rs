//! Services of vCenter in Go, Java and Python.

use super::{Shape, behind, closing_bracket, is_level, split_token, vmacore};
use crate::format::header::Header;
use crate::format::time;

/// `info wcp [agency/util.go:148] [opID=x] text` of a service in Go; whether it is that.
pub(super) fn level_first<'a>(rest: &'a [u8], header: &mut Header<'a>) -> bool {
    let Some((level, tail)) = split_token(rest).filter(|(level, _)| is_level(level)) else { return false };
    let Some((program, tail)) = split_token(tail).filter(|(_, tail)| tail.starts_with(b"[")) else {
        return false;
    };
    let Some(close) = closing_bracket(tail) else { return false };
    header.shape = Shape::Service;
    (header.level, header.program) = (Some(level), Some(program));
    header.sub = tail[1..close].split(|&byte| byte == b':').next().filter(|file| !file.is_empty());
    vmacore::bracket(behind(&tail[close + 1..]), header);
    true
}

/// `[pool-2-thread-18] INFO  opId= com.example.Class - text` of a service in Java; whether it is that.
pub(super) fn bracketed<'a>(rest: &'a [u8], header: &mut Header<'a>) -> bool {
    let Some(close) = closing_bracket(rest) else { return false };
    let Some((level, tail)) = split_token(rest[close + 1..].trim_ascii_start()) else { return false };
    if !is_level(level) {
        return false;
    }
    header.shape = Shape::Service;
    (header.thread, header.level) = (Some(&rest[1..close]), Some(level));
    let tail = tail.trim_ascii_start();
    header.message = tail;
    if let Some(dash) = memchr::memmem::find(&tail[..tail.len().min(256)], b" - ") {
        header.op_id =
            vmacore::word(&tail[..dash], b"opId").or_else(|| vmacore::word(&tail[..dash], b"opID"));
        header.sub = tail[..dash].rsplit(|&byte| byte == b' ').next();
        header.message = &tail[dash + 3..];
    }
    true
}

/// `| INFO  | thread | File.java | 148 | text` of eam; whether it is that.
pub(super) fn bars<'a>(rest: &'a [u8], header: &mut Header<'a>) -> bool {
    let mut columns = rest.splitn(6, |&byte| byte == b'|').skip(1);
    let mut next = || columns.next().map(<[u8]>::trim_ascii);
    let (Some(level), Some(thread), Some(file), Some(line), Some(_)) =
        (next(), next(), next(), next(), next())
    else {
        return false;
    };
    if !is_level(level) || time::number(line).is_none() {
        return false;
    }
    header.shape = Shape::Service;
    (header.level, header.thread, header.sub) = (Some(level), Some(thread), Some(file));
    let text = rest.splitn(6, |&byte| byte == b'|').nth(5).unwrap_or_default();
    header.message = behind(text);
    true
}

/// `[<stamp> thread  LEVEL  class] text`: what stands inside the bracket behind the stamp, as Java has it.
pub(in crate::format) fn java<'a>(inside: &'a [u8], header: &mut Header<'a>) {
    header.shape = Shape::Service;
    let mut words = inside.split(|&byte| byte == b' ').filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        if is_level(word) {
            header.level = Some(word);
            header.sub = words.next_back();
            return;
        }
        header.thread.get_or_insert(word);
    }
}

/// Takes what a service in Python writes before a stamp, its name and thread, `ImageService: 1398: ` or `HsmService:`; what
/// follows, where it is that.
pub(in crate::format) fn named_stamp<'a>(line: &'a [u8], header: &mut Header<'a>) -> Option<&'a [u8]> {
    let colon = line[..line.len().min(48)].iter().position(|&byte| byte == b':')?;
    let name = &line[..colon];
    if name.is_empty() || !name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return None;
    }
    let rest = behind(&line[colon + 1..]);
    let thread = split_token(rest)
        .and_then(|(word, _)| word.strip_suffix(b":"))
        .filter(|word| time::number(word).is_some());
    (header.program, header.thread) = (Some(name), thread);
    Some(&rest[thread.map_or(0, |thread| thread.len() + 2)..])
}

/// What follows such a stamp: ` module:769 INFO text` or `[MainThread]module:737 [INFO] text`.
pub(in crate::format) fn python<'a>(rest: &'a [u8], header: &mut Header<'a>) {
    header.shape = Shape::Service;
    let mut rest = rest.trim_ascii_start();
    header.message = rest;
    if let Some(close) = rest.first().filter(|&&byte| byte == b'[').and_then(|_| closing_bracket(rest)) {
        header.thread = Some(&rest[1..close]);
        rest = &rest[close + 1..];
    }
    let Some((module, tail)) = split_token(rest) else { return };
    let Some((level, text)) = split_token(tail) else { return };
    let level = level.strip_prefix(b"[").and_then(|level| level.strip_suffix(b"]")).unwrap_or(level);
    if is_level(level) {
        header.sub = module.split(|&byte| byte == b':').next();
        (header.level, header.message) = (Some(level), text);
    }
}
