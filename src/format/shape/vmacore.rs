//! Programs on the vmacore library: hostd, vpxa, vpxd, fdm, rhttpproxy, vsansystem.

use memchr::memmem;

use super::{Shape, behind, closing_bracket, split_token};
use crate::format::header::Header;

/// `info hostd[2099] [Originator@6876 …] text` and `INFO vpxd 20973 [Originator@4413 …] text`; whether it is that.
pub(super) fn level_first<'a>(rest: &'a [u8], header: &mut Header<'a>) -> bool {
    let Some(tail) = level_and_program(rest, header) else { return false };
    header.shape = Shape::Service;
    bracket(tail, header);
    true
}

/// Takes level, program and thread; what follows them.
fn level_and_program<'a>(rest: &'a [u8], header: &mut Header<'a>) -> Option<&'a [u8]> {
    let (level, tail) = split_token(rest)?;
    if level.is_empty() || !level.iter().all(u8::is_ascii_alphabetic) {
        return None;
    }
    let (program, tail) = split_token(tail)?;
    if let Some(open) = program.iter().position(|&byte| byte == b'[') {
        let thread = program[open + 1..].strip_suffix(b"]")?;
        if open == 0 {
            return None;
        }
        (header.level, header.program, header.thread) = (Some(level), Some(&program[..open]), Some(thread));
        return Some(tail);
    }
    let (pid, tail) = split_token(tail)?;
    let numbered = !pid.is_empty() && pid.iter().all(u8::is_ascii_digit) && tail.first() == Some(&b'[');
    if !numbered {
        return None;
    }
    (header.level, header.program, header.thread) = (Some(level), Some(program), Some(pid));
    Some(tail)
}

/// Where a vmacore header begins in `message`: at its start, or behind a repeated old prefix, `info -[1234] `.
pub(super) fn header_at(message: &[u8]) -> Option<usize> {
    if is_vmacore(message) {
        return Some(0);
    }
    let head = &message[..message.len().min(64)];
    let at = memmem::find(head, b"[Originator@").or_else(|| memmem::find(head, b"[vSAN@"))?;
    (at == 0 || head[at - 1] == b' ').then_some(at)
}

/// `[Originator@6876 sub=X item=y opID=z user=a\b] message`, or `[opID=x Class::method] message` of another service: the
/// bracket is closed by depth, its keys are known by name. Text without a bracket is the message.
pub(super) fn bracket<'a>(text: &'a [u8], header: &mut Header<'a>) {
    header.message = text;
    let close = text.first().filter(|&&byte| byte == b'[').and_then(|_| closing_bracket(text));
    // A path may hold half of a pair of brackets.
    let half = || memmem::find(&text[..text.len().min(2048)], b"] ").filter(|_| is_vmacore(text));
    let Some(close) = close.or_else(half) else { return };
    let inside = &text[1..close];
    if is_vmacore(text) {
        if header.shape == Shape::Service {
            header.shape = Shape::Vmacore;
        }
        keys(inside, header);
        header.message = behind(&text[close + 1..]);
    } else if let Some(id) = word(inside, b"opID").or_else(|| word(inside, b"opId")) {
        header.op_id = Some(id);
        header.message = behind(&text[close + 1..]);
    }
}

fn is_vmacore(text: &[u8]) -> bool {
    text.starts_with(b"[Originator@") || text.starts_with(b"[vSAN@")
}

/// Takes the values of a vmacore header: each reaches up to the next key that is known, as values may hold blanks. Of a key
/// that stands twice the last one counts: what is before it is part of a value.
fn keys<'a>(inside: &'a [u8], header: &mut Header<'a>) {
    if !take_keys(inside, header, |_, _| true) {
        (header.sub, header.user, header.op_id) = (None, None, None);
        take_keys(inside, header, |key, behind| !stands_again(key, behind));
    }
}

/// Takes the values of the keys for which `counts` holds, given what is behind them; false where one stands twice.
fn take_keys<'a>(inside: &'a [u8], header: &mut Header<'a>, counts: impl Fn(Key, &[u8]) -> bool) -> bool {
    let mut open: Option<(Key, usize)> = None;
    for blank in memchr::memchr_iter(b' ', inside) {
        let Some((key, len)) = key(&inside[blank + 1..]) else { continue };
        let from = blank + 1 + len;
        if !counts(key, &inside[from..]) {
            continue;
        }
        take(open.replace((key, from)), &inside[..blank], header);
        let again = match key {
            Key::Sub => header.sub.is_some(),
            Key::User => header.user.is_some(),
            Key::OpId | Key::Other => false,
        };
        if again {
            return false;
        }
    }
    take(open, inside, header);
    true
}

/// Whether a key stands once more behind this place: then this one is part of a value, as of a path that holds ` user=`.
fn stands_again(key: Key, behind: &[u8]) -> bool {
    let name: &[u8] = match key {
        Key::Sub => b" sub=",
        Key::User => b" user=",
        Key::OpId | Key::Other => return false,
    };
    memmem::find(behind, name).is_some()
}

/// A key of a vmacore header.
#[derive(Clone, Copy)]
enum Key {
    Sub,
    OpId,
    User,
    Other,
}

/// The key that `text` begins with, and its length up to the value.
fn key(text: &[u8]) -> Option<(Key, usize)> {
    // `sub`, `opID` and `user` come first: they are the most frequent ones.
    let known: &[(&[u8], Key)] = match text.first()? {
        b's' => &[(b"sub=", Key::Sub), (b"sid=", Key::Other)],
        b'o' => &[(b"opID=", Key::OpId), (b"opId=", Key::OpId)],
        b'u' => &[(b"user=", Key::User), (b"update=", Key::Other)],
        b'i' => &[(b"item=", Key::Other)],
        b'r' => &[(b"req=", Key::Other), (b"reason=", Key::Other)],
        _ => return None,
    };
    known.iter().find(|(name, _)| text.starts_with(name)).map(|(name, key)| (*key, name.len()))
}

/// Takes the value that begins where `open` says and ends with `until`.
fn take<'a>(open: Option<(Key, usize)>, until: &'a [u8], header: &mut Header<'a>) {
    let Some((key, from)) = open else { return };
    let value = until[from..].trim_ascii();
    let unquoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    let value = Some(unquoted.unwrap_or(value)).filter(|value| !value.is_empty());
    match key {
        Key::Sub => header.sub = header.sub.or(value),
        Key::OpId => header.op_id = header.op_id.or(value),
        Key::User => header.user = header.user.or(value),
        Key::Other => {}
    }
}

/// The value of `key` in another bracket: up to the next blank.
pub(super) fn word<'a>(inside: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let at = memmem::find_iter(inside, key)
        .find(|&at| inside.get(at + key.len()) == Some(&b'=') && (at == 0 || inside[at - 1] == b' '))?;
    let value = &inside[at + key.len() + 1..];
    let end = value.iter().position(|&byte| byte == b' ' || byte == b']').unwrap_or(value.len());
    Some(&value[..end]).filter(|value| !value.is_empty())
}

/// `[FFA1B2C0 info 'Sub.Name' opID=x] text` of 5.x; whether it is that.
pub(super) fn quoted<'a>(rest: &'a [u8], header: &mut Header<'a>) -> bool {
    let Some(close) = closing_bracket(rest) else { return false };
    if !columns(&rest[1..close], header) {
        return false;
    }
    header.shape = Shape::Vmacore5;
    header.message = behind(&rest[close + 1..]);
    true
}

/// `FFA1B2C0 info 'Sub' opID=x` of 4.x and 5.x, and `'Sub' FFA1B2C0 info` of 3.x.
pub(in crate::format) fn columns<'a>(inside: &'a [u8], header: &mut Header<'a>) -> bool {
    let quote = |text: &[u8]| text.iter().position(|&byte| byte == b'\'');
    let Some(open) = quote(inside) else { return false };
    let Some(end) = quote(&inside[open + 1..]).map(|at| open + 1 + at) else { return false };
    let (before, sub, after) = (&inside[..open], &inside[open + 1..end], &inside[end + 1..]);
    let mut words = if before.trim_ascii().is_empty() { after } else { before }
        .split(|&byte| byte == b' ')
        .filter(|word| !word.is_empty());
    let (Some(thread), Some(level)) = (words.next(), words.next()) else { return false };
    if !level.iter().all(u8::is_ascii_alphabetic) {
        return false;
    }
    (header.thread, header.level, header.sub) = (Some(thread), Some(level), Some(sub));
    header.op_id = word(after, b"opID");
    header.user = word(after, b"user");
    true
}
