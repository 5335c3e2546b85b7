//! The line shapes of ESXi 5 to 9 and vCenter, told apart by what follows the time stamp.
//!
//! A header is read once and borrowed from the line; nothing is allocated. What is not written is `None`.

use memchr::memmem;

use super::time;
use crate::model::Stamp;

/// What stands before a record's message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header<'a> {
    /// When the record was written.
    pub stamp: Option<Stamp>,
    /// The level as written: `info`, `In`, `W115`, `WARNING`.
    pub level: Option<&'a [u8]>,
    /// The program: `hostd`, `Hostd`, `vmkernel`, `clomd`.
    pub program: Option<&'a [u8]>,
    /// Thread, process or world id, or the vmx thread's name.
    pub thread: Option<&'a [u8]>,
    /// vmacore's `sub=`.
    pub sub: Option<&'a [u8]>,
    /// vmacore's `opID=`, vmkernel's `opID=`, or the opID column of an 8.x `vmware.log`.
    pub op_id: Option<&'a [u8]>,
    /// vmacore's `user=`.
    pub user: Option<&'a [u8]>,
    /// Whether the line is marked as the continuation of the record before it.
    pub continues: bool,
    /// What follows the header.
    pub message: &'a [u8],
}

/// Reads the header of a line that begins with an ISO time stamp.
///
/// ```text
/// 2020-07-01T08:15:30.123Z cpu4:2097705 opID=3f2a)WARNING: Module: 12: text            vmkernel up to 7.0
/// 2020-07-01T08:15:30.123Z info hostd[2099] [Originator@6876 sub=X opID=y] text        hostd, vpxa, fdm, vpxd
/// 2020-07-01T08:15:30.123Z: [vmfsCorrelator] 123us: [esx.problem.x] text               vobd up to 7.0
/// 2020-07-01T08:15:30.123Z| vmx| I125: text                                            vmware.log up to 7.0
/// 2020-07-01T08:15:30Z clomd[2099]: text                                               syslog up to 7.0
/// 2023-07-01T08:15:30.123Z In(182) vmkernel: cpu4:2097705)text                         everything on 8.x
/// 2023-07-01T08:15:30.123Z In(05) vmx - text                                           vmware.log on 8.x
/// ```
pub fn parse(line: &[u8]) -> Option<Header<'_>> {
    let (stamp, end) = time::iso(line)?;
    let rest = &line[end..];
    let mut header = Header { stamp: Some(stamp), message: rest, ..Header::default() };
    match rest.first() {
        Some(b':') => {
            header.program = Some(b"vobd");
            header.message = rest[1..].trim_ascii_start();
        }
        Some(b'|') => vmx_bars(&rest[1..], &mut header),
        Some(b' ') => after_blank(&rest[1..], &mut header),
        _ => {}
    }
    Some(header)
}

fn after_blank<'a>(rest: &'a [u8], header: &mut Header<'a>) {
    header.message = rest;
    if rest.starts_with(b"cpu") {
        header.program = Some(b"vmkernel");
        kernel_prefix(rest, header);
    } else if let Some((level, marked, tail)) = priority(rest) {
        header.level = Some(level);
        after_priority(tail, marked, header);
    } else if rest.first() == Some(&b'[') {
        quoted_sub(rest, header);
    } else if let Some(tail) = level_and_program(rest, header) {
        originator(tail, header);
    } else {
        program_colon(rest, header);
    }
}

/// `In(182)`, `Wa(180)[+]`, `In(05)+`: the letters, whether the line marker is there, and what follows.
fn priority(text: &[u8]) -> Option<(&[u8], bool, &[u8])> {
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
    Some((&text[..2], marked, tail.strip_prefix(b" ").unwrap_or(tail)))
}

/// What follows the severity on 8.x: `prog[pid]: message` of vmsyslogd, or `thread opID message` of the vmx.
fn after_priority<'a>(tail: &'a [u8], marked: bool, header: &mut Header<'a>) {
    let token = &tail[..tail.iter().position(|&byte| byte == b' ').unwrap_or(tail.len())];
    if token.ends_with(b":") {
        program_colon(tail, header);
        let message = header.message;
        if message[..message.len().min(24)].trim_ascii_start().starts_with(b"-->") {
            header.continues = true;
        } else if message.starts_with(b"cpu") {
            kernel_prefix(message, header);
        } else if let Some(at) = originator_at(message) {
            originator(&message[at..], header);
        } else {
            header.message = message.trim_ascii_start();
        }
        return;
    }
    header.continues = marked;
    header.thread = Some(token);
    let after = tail[token.len()..].trim_ascii_start();
    let second = &after[..after.iter().position(|&byte| byte == b' ').unwrap_or(after.len())];
    // The opID column is `-` or an id; an id holds a digit and no punctuation of prose.
    let is_op_id = second == b"-"
        || (second.iter().any(u8::is_ascii_digit)
            && second.iter().all(|&b| b.is_ascii_alphanumeric() || b"@:._-".contains(&b))
            && !second.ends_with(b":"));
    if is_op_id {
        header.op_id = (second != b"-").then_some(second);
        header.message = after[second.len()..].strip_prefix(b" ").unwrap_or(&after[second.len()..]);
    } else {
        header.message = after;
    }
}

/// Where a vmacore header begins: at the start, or behind a repeated old prefix `info -[1234] `.
fn originator_at(message: &[u8]) -> Option<usize> {
    let head = &message[..message.len().min(64)];
    let at = memmem::find(head, b"[Originator@").or_else(|| memmem::find(head, b"[vSAN@"))?;
    (at == 0 || head[at - 1] == b' ').then_some(at)
}

/// `cpu4:2097705 opID=3f2a)text`
fn kernel_prefix<'a>(rest: &'a [u8], header: &mut Header<'a>) {
    let head = &rest[..rest.len().min(64)];
    let Some(close) = head.iter().position(|&byte| byte == b')') else { return };
    let Some(colon) = head[..close].iter().position(|&byte| byte == b':') else { return };
    if colon < 4 || !head[3..colon].iter().all(u8::is_ascii_digit) {
        return;
    }
    let world = head[colon + 1..close].split(|&byte| byte == b' ').next();
    header.thread = world.map(|world| &rest[colon + 1..colon + 1 + world.len()]);
    if let Some(at) = memmem::find(&head[..close], b" opID=") {
        header.op_id = Some(&rest[at + 6..close]);
    }
    header.message = &rest[close + 1..];
    for level in [&b"WARNING"[..], b"ALERT"] {
        if header.message.starts_with(level) && header.message.get(level.len()) == Some(&b':') {
            header.level = Some(&header.message[..level.len()]);
        }
    }
}

/// `vmx| I125: text` behind the stamp of a `vmware.log` up to 7.0.
fn vmx_bars<'a>(rest: &'a [u8], header: &mut Header<'a>) {
    let Some(bar) = rest.iter().take(64).position(|&byte| byte == b'|') else {
        header.message = rest.trim_ascii_start();
        return;
    };
    header.program = Some(b"vmx");
    header.thread = Some(rest[..bar].trim_ascii());
    let body = rest[bar + 1..].strip_prefix(b" ").unwrap_or(&rest[bar + 1..]);
    header.message = body;
    let class = body.len() > 4 && body[0].is_ascii_uppercase() && body[1..4].iter().all(u8::is_ascii_digit);
    if class && matches!(body[4], b':' | b'+' | b' ') {
        header.level = Some(&body[..4]);
        header.continues = body[4] == b'+';
        let tail = body[4..].strip_prefix(b"+").unwrap_or(&body[4..]);
        let tail = tail.strip_prefix(b":").unwrap_or(tail);
        header.message = tail.strip_prefix(b" ").unwrap_or(tail);
    }
}

/// `info hostd[2099] ` or `INFO vpxd 20973 ` before a bracketed header; the tail begins with `[`.
fn level_and_program<'a>(rest: &'a [u8], header: &mut Header<'a>) -> Option<&'a [u8]> {
    let (level, tail) = split_token(rest)?;
    if level.is_empty() || !level.iter().all(u8::is_ascii_alphabetic) {
        return None;
    }
    let (program, tail) = split_token(tail)?;
    if let Some(open) = program.iter().position(|&byte| byte == b'[') {
        let thread = program.get(open + 1..program.len() - 1)?;
        if !program.ends_with(b"]") {
            return None;
        }
        (header.level, header.program, header.thread) = (Some(level), Some(&program[..open]), Some(thread));
        header.message = tail;
        return Some(tail);
    }
    let (pid, tail) = split_token(tail)?;
    let numbered = !pid.is_empty() && pid.iter().all(u8::is_ascii_digit) && tail.first() == Some(&b'[');
    if !numbered {
        return None;
    }
    (header.level, header.program, header.thread) = (Some(level), Some(program), Some(pid));
    header.message = tail;
    Some(tail)
}

fn split_token(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = text[..text.len().min(96)].iter().position(|&byte| byte == b' ')?;
    Some((&text[..blank], &text[blank + 1..]))
}

/// `[Originator@6876 sub=X item=y opID=z user=a\b] message`: the bracket is closed by depth, keys by name.
fn originator<'a>(text: &'a [u8], header: &mut Header<'a>) {
    if text.first() != Some(&b'[') {
        header.message = text;
        return;
    }
    let Some(close) = closing_bracket(text) else {
        header.message = text;
        return;
    };
    let inside = &text[1..close];
    if originator_at(text) == Some(0) {
        header.sub = header_value(inside, b"sub");
        header.user = header_value(inside, b"user");
    }
    header.op_id = header_value(inside, b"opID").or_else(|| header_value(inside, b"opId"));
    header.message = text[close + 1..].strip_prefix(b" ").unwrap_or(&text[close + 1..]);
}

/// The index of the `]` that closes the `[` at 0.
fn closing_bracket(text: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    for (at, &byte) in text.iter().enumerate().take(2048) {
        match byte {
            b'[' => depth += 1,
            b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

const HEADER_KEYS: &[&[u8]] =
    &[b" sub=", b" item=", b" req=", b" opID=", b" opId=", b" sid=", b" user=", b" update=", b" reason="];

/// The value of `key` in a vmacore header: up to the next known key, as values may hold blanks.
fn header_value<'a>(inside: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let at = memmem::find_iter(inside, key)
        .find(|&at| inside.get(at + key.len()) == Some(&b'=') && (at == 0 || inside[at - 1] == b' '))?;
    let value = &inside[at + key.len() + 1..];
    let end = HEADER_KEYS.iter().filter_map(|next| memmem::find(value, next)).min().unwrap_or(value.len());
    let value = value[..end].trim_ascii();
    let unquoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    Some(unquoted.unwrap_or(value))
}

/// `[FFA1B2C0 info 'Sub.Name' opID=x] text` of 5.x.
fn quoted_sub<'a>(rest: &'a [u8], header: &mut Header<'a>) {
    let Some(close) = closing_bracket(rest) else { return };
    let inside = &rest[1..close];
    let mut words = inside.splitn(3, |&byte| byte == b' ');
    let (Some(thread), Some(level), Some(tail)) = (words.next(), words.next(), words.next()) else { return };
    let Some(tail) = tail.strip_prefix(b"'") else { return };
    let Some(end) = tail.iter().position(|&byte| byte == b'\'') else { return };
    (header.thread, header.level, header.sub) = (Some(thread), Some(level), Some(&tail[..end]));
    header.op_id = header_value(&tail[end..], b"opID");
    header.message = rest[close + 1..].strip_prefix(b" ").unwrap_or(&rest[close + 1..]);
}

/// `clomd[2099]: text`, `vmkernel: text`, `/usr/lib/vmware/bin/vmware-hostd[12]: text`
fn program_colon<'a>(rest: &'a [u8], header: &mut Header<'a>) {
    let head = &rest[..rest.len().min(96)];
    let Some(colon) = head.iter().position(|&byte| byte == b':') else { return };
    let token = &rest[..colon];
    let named =
        !token.is_empty() && token.iter().all(|&b| b.is_ascii_alphanumeric() || b"_./-[]".contains(&b));
    if !named {
        return;
    }
    match token.iter().position(|&byte| byte == b'[') {
        Some(open) if token.ends_with(b"]") => {
            header.program = Some(&token[..open]);
            header.thread = Some(&token[open + 1..colon - 1]);
        }
        Some(_) => return,
        None => header.program = Some(token),
    }
    header.message = rest[colon + 1..].strip_prefix(b" ").unwrap_or(&rest[colon + 1..]);
}

/// Whether a record begins at `line`: it has a stamp and is not marked as a continuation.
pub fn starts_record(line: &[u8]) -> bool {
    if !time::looks_iso(line) {
        return starts_before_clock(line);
    }
    // A continuation with a header of its own: `In(166) Hostd[1]: -->` on 8.x, `I125+` or `In(05)+` of a vmx.
    // As far as a stamp, a severity and the name of a program or thread can reach.
    let head = &line[20..line.len().min(176)];
    let arrow =
        memmem::find(head, b"-->").is_some_and(|at| at >= 2 && head[..at].trim_ascii_end().ends_with(b":"));
    let marked =
        memchr::memchr_iter(b'+', head).any(|at| at > 0 && matches!(head[at - 1], b'0'..=b'9' | b')' | b'['));
    !((arrow || marked) && parse(line).is_some_and(|header| header.continues))
}

/// `TSC: 123 cpu0:1)…` and `0:00:00:05.123 cpu0:…`: lines of a boot, before the clock is known.
fn starts_before_clock(line: &[u8]) -> bool {
    let head = &line[..line.len().min(48)];
    let uptime = head.len() > 8
        && head[0].is_ascii_digit()
        && head[1] == b':'
        && memmem::find(head, b" cpu").is_some();
    uptime || head.starts_with(b"TSC: ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, program: &str, thread: &str, sub: &str, op_id: &str, message: &str) {
        let header = parse(line.as_bytes()).unwrap_or_else(|| panic!("no header: {line}"));
        let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or(b"")).into_owned();
        let read = (text(header.program), text(header.thread), text(header.sub), text(header.op_id));
        let expected = (program.into(), thread.into(), sub.into(), op_id.into());
        assert_eq!(read, expected, "{line}");
        assert_eq!(text(Some(header.message)), message, "{line}");
    }

    #[test]
    fn each_shape_gives_its_columns() {
        check(
            "2020-07-01T08:15:30.123Z cpu4:2097705)Net: 12: up",
            "vmkernel",
            "2097705",
            "",
            "",
            "Net: 12: up",
        );
        check(
            "2020-07-01T08:15:30.123Z cpu4:2097705 opID=3f2a9)WARNING: CMMDS: 1: x",
            "vmkernel",
            "2097705",
            "",
            "3f2a9",
            "WARNING: CMMDS: 1: x",
        );
        check(
            "2020-07-01T08:15:30.123Z error hostd[2099] [Originator@6876 sub=Vmsvc.vm:/vmfs/volumes/d/a b [1]/x.vmx opID=q-1 user=vpxuser:LAB\\a] Failed",
            "hostd",
            "2099",
            "Vmsvc.vm:/vmfs/volumes/d/a b [1]/x.vmx",
            "q-1",
            "Failed",
        );
        check(
            "2020-07-01T08:15:30.123Z: [vsanCorrelator] 12us: [vob.x] t",
            "vobd",
            "",
            "",
            "",
            "[vsanCorrelator] 12us: [vob.x] t",
        );
        check(
            "2020-07-01T08:15:30.123Z| vmx| I125: Log for VMware ESX",
            "vmx",
            "vmx",
            "",
            "",
            "Log for VMware ESX",
        );
        check("2020-07-01T08:15:30.123Z| vcpu-0| W115: text | bar", "vmx", "vcpu-0", "", "", "text | bar");
        check("2020-07-01T08:15:30Z clomd[2099]: CLOMX: y", "clomd", "2099", "", "", "CLOMX: y");
        check(
            "2023-07-01T08:15:30.1Z In(182) vmkernel: cpu4:20977 opID=1f)Net: up",
            "vmkernel",
            "20977",
            "",
            "1f",
            "Net: up",
        );
        check("2023-07-01T08:15:30.123Z In(05) vmx - Guest: x", "", "vmx", "", "", "Guest: x");
        check(
            "2023-07-01T08:15:30.123Z In(05) vcpu-0 ab12-9f-01 Guest: x",
            "",
            "vcpu-0",
            "",
            "ab12-9f-01",
            "Guest: x",
        );
        check(
            "2023-07-01T08:15:30.123Z In(14) vobd[2097]:  [netCorrelator] 1us: [vob.y] t",
            "vobd",
            "2097",
            "",
            "",
            "[netCorrelator] 1us: [vob.y] t",
        );
        check(
            "2023-07-01T08:15:30.123Z In(166) Hostd[2098]: info -[2098] [Originator@6876 sub=Default opID=a] m",
            "Hostd",
            "2098",
            "Default",
            "a",
            "m",
        );
        check("2013-01-01T08:15:30.123Z [FFA1 info 'Default' opID=ab] m", "", "FFA1", "Default", "ab", "m");
        check(
            "2025-06-04T17:06:21.349Z INFO vpxd 20973 [Originator@4413 sub=\"S\" opID=\"q\"] m",
            "vpxd",
            "20973",
            "S",
            "q",
            "m",
        );
    }

    #[test]
    fn continuation_lines_do_not_start_a_record() {
        for line in [
            "--> (vim.fault.X) {",
            "   indented",
            "",
            "2023-07-01T08:15:30.123Z In(166) Hostd[2098]: -->    key = 1",
            "2020-07-01T08:15:30.123Z| vmx| I125+ more",
            "2023-07-01T08:15:30.123Z In(05)+ vmx - more",
            "2020-07-01T08:15:30.123456+09:00| a-thread-with-a-name-of-nearly-fifty-bytes-in-all| I125+ more",
            "2023-07-01T08:15:30.123Z In(14) /usr/lib/vmware/somewhere/rather/deep/below/that/folder/is/a-daemon-of-its-own[12345]: --> x",
        ] {
            assert!(parse(line.as_bytes()).is_none_or(|header| header.continues), "{line}");
            assert!(!starts_record(line.as_bytes()), "{line}");
        }
        for line in [
            "2023-07-01T08:15:30.123Z In(166) Hostd[2098]: a --> b",
            "2020-07-01T08:15:30.123Z cpu1:2)a+b",
            "0:00:00:05.123 cpu0:1)VMB: 1",
            "TSC: 1234 cpu0:1)x",
            "2020-07-01T08:15:30Z vmkernel: x",
        ] {
            assert!(starts_record(line.as_bytes()), "{line}");
        }
    }
}
