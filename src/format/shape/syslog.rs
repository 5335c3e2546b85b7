//! What goes through syslog: vmsyslogd's own files, the classic form before it, and what a relay wrote.

use super::{Shape, after_stamp, behind, closing_bracket, kernel, split_token, vmacore, vmx};
use crate::format::header::{self, Header};
use crate::format::text::without_mark;
use crate::format::time;

/// `In(182)`, `Wa(180)[+]`, `In(05)+`: the letters, whether the line marker is there, and what follows.
pub(in crate::format) fn priority(text: &[u8]) -> Option<(&[u8], bool, &[u8])> {
    if text.len() < 5 || text[2] != b'(' || !text[0].is_ascii_uppercase() || !text[1].is_ascii_lowercase() {
        return None;
    }
    let close = text[..text.len().min(8)].iter().position(|&byte| byte == b')')?;
    if close == 3 || !text[3..close].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut tail = &text[close + 1..];
    let mut marked = false;
    for marker in [&b"[+]"[..], b"+"] {
        if let Some(after) = tail.strip_prefix(marker) {
            (tail, marked) = (after, true);
        }
    }
    Some((&text[..2], marked, behind(tail)))
}

/// What follows the severity since 8.0: `prog[pid]: message` of vmsyslogd, or `thread opID message` of the vmx.
pub(in crate::format) fn after_priority<'a>(tail: &'a [u8], marked: bool, header: &mut Header<'a>) {
    header.message = tail;
    let Some(Program { name, pid, message }) = program(tail, |byte| !byte.is_ascii_whitespace()) else {
        return vmx::after_severity(tail, marked, header);
    };
    (header.program, header.thread) = (Some(name), pid);
    header.shape = Shape::Severity;
    body(message, header);
}

/// `clomd[2099]: text`
#[derive(Clone, Copy)]
struct Program<'a> {
    name: &'a [u8],
    pid: Option<&'a [u8]>,
    message: &'a [u8],
}

/// Reads a program's name up to its colon. `of_name` holds for the bytes of one.
fn program(text: &[u8], of_name: fn(u8) -> bool) -> Option<Program<'_>> {
    let head = &text[..text.len().min(96)];
    let end = head.iter().position(|&byte| matches!(byte, b':' | b'[') || !of_name(byte))?;
    let (name, rest) = text.split_at(end);
    // A number and a colon are a time, or an item of a list.
    if name.first().is_none_or(u8::is_ascii_digit) {
        return None;
    }
    if let Some(rest) = rest.strip_prefix(b":") {
        return ends_a_name(rest).then(|| Program { name, pid: None, message: behind(rest) });
    }
    let pid_end = head[end..].iter().position(|&byte| byte == b']').filter(|_| rest.starts_with(b"["))?;
    let pid = rest.get(1..pid_end)?;
    let rest = rest[pid_end + 1..].strip_prefix(b":")?;
    let plain = pid.iter().all(|&byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    plain.then(|| Program { name, pid: Some(pid), message: behind(rest) })
}

/// What follows the colon behind a program's name: a blank, a header, or nothing. `http://x` names no program.
fn ends_a_name(rest: &[u8]) -> bool {
    !matches!(rest.first(), Some(b'/' | b':' | b'\\'))
}

fn of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_./-".contains(&byte)
}

/// What a program wrote through syslog: its own header may follow.
fn body<'a>(text: &'a [u8], header: &mut Header<'a>) {
    let message = text.trim_ascii_start();
    header.message = message;
    if message.starts_with(b"-->") {
        header.continues = true;
    } else if matches!(header.shape, Shape::Relayed | Shape::Classic) && time::looks_iso(message) {
        nested(message, header);
    } else if message.starts_with(b"cpu") {
        kernel::prefix(message, header);
    } else if let Some(at) = vmacore::header_at(message) {
        let (shape, thread) = (header.shape, header.thread);
        if at > 0 && thread.is_none() {
            vmacore::level_first(message, header);
        }
        vmacore::bracket(&message[at..], header);
        (header.shape, header.thread) = (shape, thread.or(header.thread));
    } else if message.starts_with(b"[") {
        let (shape, level) = (header.shape, header.level);
        vmacore::quoted(message, header);
        (header.shape, header.level) = (shape, level.or(header.level));
    } else {
        plain_body(message, header);
    }
}

/// The columns of programs that write no bracket of vmacore: what they have before the message stays part of it.
fn plain_body<'a>(message: &'a [u8], header: &mut Header<'a>) {
    let Some((first, rest)) = split_token(message) else { return };
    if super::is_level(first) && rest.starts_with(b"[") {
        // `debug [ConfigStore:c5f9 opId=cabb] text`
        let Some(close) = closing_bracket(rest) else { return };
        let inside = &rest[..close];
        header.op_id = vmacore::word(inside, b"opId").or_else(|| vmacore::word(inside, b"opID"));
        if header.op_id.is_some() {
            header.level = header.level.or(Some(first));
            header.message = behind(&rest[close + 1..]);
        }
    } else if first.strip_suffix(b":").is_some_and(|pid| time::number(pid).is_some()) {
        // `2099: root: INFO: text` of esxupdate and `2099: module:58 ERROR text` of its successor
        header.thread = header.thread.or(Some(&first[..first.len() - 1]));
        let mut words = rest.splitn(3, |&byte| byte == b' ');
        let (module, level) = (words.next().unwrap_or(b""), words.next().unwrap_or(b""));
        let level = level.strip_suffix(b":").unwrap_or(level);
        if super::is_level(level) {
            header.level = header.level.or(Some(level));
            header.sub = module.split(|&byte| byte == b':').next().filter(|name| !name.is_empty());
        }
    }
}

/// A record inside a relayed one: the stamp of who wrote it counts, not that of who passed it on.
fn nested<'a>(text: &'a [u8], header: &mut Header<'a>) {
    let Some((stamp, end)) = time::iso(text) else { return };
    let mut inner = Header { stamp: Some(stamp), ..Header::default() };
    after_stamp(&text[end..], &mut inner);
    header.stamp = Some(stamp);
    header.yearless = None;
    header.message = inner.message;
    header.continues |= inner.continues;
    header.level = inner.level.or(header.level);
    header.program = inner.program.or(header.program);
    header.thread = inner.thread.or(header.thread);
    header.sub = inner.sub.or(header.sub);
    header.op_id = inner.op_id.or(header.op_id);
    header.user = inner.user.or(header.user);
    header.host = header.host.or(inner.host);
}

/// `clomd[2099]: text`, `[/etc/init.d/x[2099]: text]`, or the same behind the name of a machine; else all of it is text.
pub(super) fn program_or_relay<'a>(rest: &'a [u8], header: &mut Header<'a>) {
    if let Some(Program { name, pid, message }) = program(rest, of_name) {
        (header.program, header.thread) = (Some(name), pid);
        header.shape = Shape::Program;
        return body(message, header);
    }
    if let Some(inside) = rest.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"))
        && let Some(Program { name, pid, message }) = program(inside, of_name)
    {
        (header.program, header.thread, header.message) = (Some(name), pid, message);
        header.shape = Shape::Program;
        return;
    }
    // Without a number in front only a program that is known tells a relayed line from prose with a colon.
    let Some((host, after)) = split_token(rest).filter(|(host, _)| is_host(host)) else { return };
    if relayed_program(host, after, header) {
        return;
    }
    // The relay's own name or address may stand before that of the machine, and the machine's stamp behind it.
    if time::looks_iso(after) {
        header.shape = Shape::Relayed;
        header.host = Some(host);
        return nested(after, header);
    }
    if let Some((second, after)) = split_token(after).filter(|(second, _)| is_host(second)) {
        relayed_program(second, after, header);
    }
}

/// `Hostd: text` behind the name of a machine; whether it is that of a program that is known, or has a number.
fn relayed_program<'a>(host: &'a [u8], after: &'a [u8], header: &mut Header<'a>) -> bool {
    let Some(Program { name, pid, message }) = program(after, of_name) else { return false };
    if pid.is_none() && !is_known(name) {
        return false;
    }
    (header.host, header.program, header.thread) = (Some(host), Some(name), pid);
    header.shape = Shape::Relayed;
    body(message, header);
    true
}

/// The programs of hosts and of vCenter that write most.
fn is_known(name: &[u8]) -> bool {
    const KNOWN: &[&[u8]] = &[
        b"vmkernel",
        b"vmkwarning",
        b"vmkalert",
        b"hostd",
        b"vmware-hostd",
        b"vpxa",
        b"vobd",
        b"fdm",
        b"rhttpproxy",
        b"hostd-probe",
        b"clomd",
        b"cmmdsd",
        b"vsansystem",
        b"vsanmgmtd",
        b"osfsd",
        b"shell",
        b"vpxd",
        b"esxupdate",
        b"vmkeventd",
        b"vsand",
        b"eam",
        b"logger",
        b"bootstop",
        b"heartbeat",
    ];
    let name = name.rsplit(|&byte| byte == b'/').next().unwrap_or(name);
    KNOWN.iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn is_host(word: &[u8]) -> bool {
    let plain = |&byte: &u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    (1..=64).contains(&word.len()) && word.iter().all(plain)
}

/// `<166>2020-07-01T08:15:30.123Z esx01 Hostd: text`, `<14>1 <stamp> host program pid - - text`, also with no time, a
/// mark or a machine's identifier where the stamp should be.
pub(in crate::format) fn forwarded<'a>(line: &'a [u8], header: &mut Header<'a>) -> bool {
    let Some(close) = line.iter().take(5).position(|&byte| byte == b'>') else { return false };
    let Some(priority) = time::number(line.get(1..close).unwrap_or_default()).filter(|&n| n < 192) else {
        return false;
    };
    header.shape = Shape::Relayed;
    let rest = &line[close + 1..];
    let (rest, numbered) = rest.strip_prefix(b"1 ").map_or((rest, false), |rest| (rest, true));
    let rest = behind(header::stamp_or_nothing(rest, header));
    header.message = rest;
    if !(numbered && numbered_body(rest, header)) {
        relayed_body(rest, header);
    }
    // A number in brackets alone is a tag of something else.
    let is_timed = header.stamp.is_some() || header.yearless.is_some();
    if !is_timed && !header.program.is_some_and(is_known) && !header.message.starts_with(b"Section for ") {
        return false;
    }
    // The number's last three bits say how bad it is, unless the program says so itself.
    header.level = header.level.or(Some(SEVERITIES[(priority % 8) as usize]));
    true
}

const SEVERITIES: [&[u8]; 8] = [b"Em", b"Al", b"Cr", b"Er", b"Wa", b"No", b"In", b"Db"];

/// `esx01 hostd 2099 - - text`, as RFC 5424 has it; false where a program with a colon follows the machine's name.
fn numbered_body<'a>(rest: &'a [u8], header: &mut Header<'a>) -> bool {
    let Some((host, rest)) = split_token(rest) else { return false };
    let Some((program, rest)) = split_token(rest) else { return false };
    let Some((pid, rest)) = split_token(rest).filter(|_| !program.ends_with(b":")) else { return false };
    let Some((_, rest)) = split_token(rest) else { return false };
    let named = |word: &'a [u8]| (word != b"-").then_some(word);
    (header.host, header.program, header.thread) = (named(host), named(program), named(pid));
    let data = match rest.first() {
        Some(b'[') if vmacore::header_at(rest) != Some(0) => {
            closing_bracket(rest).map_or(0, |close| close + 1)
        }
        Some(b'-') => 1,
        _ => 0,
    };
    let text = behind(&rest[data..]);
    body(without_mark(text), header);
    true
}

/// `esx01 Hostd: text` and its disorders: the name twice, none, or an identifier in the way.
fn relayed_body<'a>(mut rest: &'a [u8], header: &mut Header<'a>) {
    if rest.starts_with(b"Section for ") {
        return;
    }
    for _ in 0..3 {
        if time::looks_iso(rest) {
            return nested(rest, header);
        }
        if kernel::prefix(rest, header) {
            return;
        }
        if let Some((level, marked, tail)) = priority(rest) {
            header.level = Some(level);
            return after_priority(tail, marked, header);
        }
        if let Some(Program { name, pid, message }) = program(rest, of_name) {
            (header.program, header.thread) = (Some(name), pid);
            return body(message, header);
        }
        let Some((host, after)) = split_token(rest).filter(|(host, _)| is_host(host)) else { break };
        let again = header.host.is_some_and(|known| !known.eq_ignore_ascii_case(host));
        if again && program(after, of_name).is_none() {
            break;
        }
        header.host.get_or_insert(host);
        rest = after;
        header.message = rest;
    }
    if vmacore::header_at(rest) == Some(0) {
        vmacore::bracket(rest, header);
    }
}

/// What follows a stamp that names no year: a machine, a program, and what the kernel counts.
pub(in crate::format) fn classic<'a>(rest: &'a [u8], header: &mut Header<'a>) {
    header.shape = Shape::Classic;
    // The blank before the machine's name was forgotten in some releases.
    let rest = behind(rest);
    header.message = rest;
    let (host, named) = match program(rest, of_name) {
        Some(found) => (None, Some(found)),
        None => match split_token(rest).filter(|(host, _)| is_host(host)) {
            Some((host, after)) => {
                header.message = after;
                (Some(host), program(after, of_name))
            }
            None => (None, None),
        },
    };
    header.host = host;
    let Some(Program { name, pid, message }) = named else {
        if time::looks_iso(header.message) {
            return relayed_body(header.message, header);
        }
        return;
    };
    (header.program, header.thread, header.message) = (Some(name), pid, message);
    match name {
        b"vmkernel" => kernel::classic(message, header),
        // `vobd: Aug 15 06:07:13.285: 123us: [vob.x] text`: the second stamp is the better one.
        _ => match time::classic(message) {
            Some((stamp, end)) => {
                header.yearless = Some(stamp);
                let rest = &message[end..];
                header.message = behind(rest.strip_prefix(b":").unwrap_or(rest));
            }
            None => body(message, header),
        },
    }
}
