//! The header of a record: which shape a line has, and where a record begins.
//!
//! A line's own bytes decide its shape, so a log of a host that was upgraded in between is read on, and no order of
//! trials is needed. Where two shapes fit one line, the file decides ([`Dialect`]). A header is read once and borrowed
//! from the line; nothing is allocated. What is not written is `None`.

use std::sync::LazyLock;

use memchr::memmem::{self, Finder};

use super::glance;
use super::shape::vmx::{self, OpIdColumn};
use super::shape::{Shape, after_stamp, behind, closing_bracket, kernel, service, syslog, vmacore};
use super::text::without_mark;
use super::time::{self, Yearless};
use crate::model::{Stamp, TimeQuality};

/// What stands before a record's message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header<'a> {
    /// How the record is written.
    pub shape: Shape,
    /// When the record was written.
    pub stamp: Option<Stamp>,
    /// The same where the year is not written.
    pub yearless: Option<Yearless>,
    /// Microseconds since the boot, where the kernel counts them.
    pub uptime: Option<i64>,
    /// The machine that a relay or a classic syslog names.
    pub host: Option<&'a [u8]>,
    /// The level as written: `info`, `In`, `W115`, `WARNING`; of a forwarded line that of its number.
    pub level: Option<&'a [u8]>,
    /// The program: `hostd`, `Hostd`, `vmkernel`, `clomd`.
    pub program: Option<&'a [u8]>,
    /// Thread, process or world id, or the vmx thread's name.
    pub thread: Option<&'a [u8]>,
    /// vmacore's `sub=`, or the module or class that other programs name.
    pub sub: Option<&'a [u8]>,
    /// vmacore's `opID=`, vmkernel's `opID=`, or the opID column of an 8.x `vmware.log`.
    pub op_id: Option<&'a [u8]>,
    /// vmacore's `user=`.
    pub user: Option<&'a [u8]>,
    /// Whether the line is marked as the continuation of the record before it.
    pub continues: bool,
    /// What the file says of a column that a line alone does not tell.
    pub(super) column: OpIdColumn,
    /// What follows the header.
    pub message: &'a [u8],
}

impl<'a> Header<'a> {
    /// A record that has none: all of it is the message.
    pub fn without(message: &'a [u8]) -> Self {
        Header { message, ..Header::default() }
    }
}

/// What only a file as a whole tells of its lines.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialect {
    column: OpIdColumn,
}

impl Dialect {
    /// Learns from a line at which a record begins.
    pub fn see(&mut self, line: &[u8]) {
        if let Some((_, end)) = time::iso(line)
            && let Some(rest) = line[end..].strip_prefix(b" ")
        {
            self.column.see(rest);
        }
    }

    /// Reads the header of a line of this file.
    pub fn parse(self, line: &[u8]) -> Option<Header<'_>> {
        let mut header = Header { column: self.column, ..Header::default() };
        if !read(begun(line), &mut header) {
            return None;
        }
        header.column = OpIdColumn::default();
        Some(header)
    }
}

/// Reads the header of a line of an unknown file.
///
/// ```text
/// 2020-07-01T08:15:30.123Z cpu4:2097705 opID=3f2a)WARNING: Module: 12: text            vmkernel, 5.0 to 7.0
/// 2020-07-01T08:15:30.123Z info hostd[2099] [Originator@6876 sub=X opID=y] text        hostd, vpxa, fdm, vpxd
/// 2020-07-01T08:15:30.123Z: [vmfsCorrelator] 123us: [esx.problem.x] text               vobd up to 7.0
/// 2020-07-01T08:15:30.123Z| vmx| I125: text                                            vmware.log up to 7.0
/// 2020-07-01T08:15:30Z clomd[2099]: text                                               syslog up to 7.0
/// 2023-07-01T08:15:30.123Z In(182) vmkernel: cpu4:2097705)text                         everything since 8.0
/// 2023-07-01T08:15:30.123Z In(05) vmx - text                                           vmware.log since 8.0
/// 2013-07-01T08:15:30.123Z [FFA1B2C0 info 'Sub' opID=x] text                           hostd, vpxa, vpxd in 5.x
/// [2011-07-01 08:15:30.123 F5A5AB90 info 'Sub'] text                                   hostd, vpxa, vpxd in 4.x
/// Aug 15 06:07:13 esx01 vmkernel: 0:01:02:03.456 cpu4:2097)text                        vmkernel in 3.5 and 4.x
/// 0:00:00:04.100 cpu0:1)text                                                           before the clock is known
/// <166>2020-07-01T08:15:30.123Z esx01 Hostd: text                                      forwarded
/// ```
pub fn parse(line: &[u8]) -> Option<Header<'_>> {
    Dialect::default().parse(line)
}

fn read<'a>(line: &'a [u8], header: &mut Header<'a>) -> bool {
    match line.first() {
        Some(b'0'..=b'9') => digits(line, header),
        Some(b'[') => bracketed(line, header),
        Some(b'<') => syslog::forwarded(line, header),
        Some(b'-') => mark(line, header),
        Some(b'A'..=b'Z' | b'a'..=b'z') => worded(line, header),
        _ => false,
    }
}

/// A line behind what a crash or an editor left before it: zero bytes, a byte order mark.
fn begun(line: &[u8]) -> &[u8] {
    match line.first() {
        Some(0xef) => without_mark(line),
        Some(0) => &line[line.iter().position(|&byte| byte != 0).unwrap_or(line.len())..],
        _ => line,
    }
}

fn digits<'a>(line: &'a [u8], header: &mut Header<'a>) -> bool {
    if let Some((stamp, end)) = time::iso(line) {
        header.stamp = Some(stamp);
        after_stamp(&line[end..], header);
        return true;
    }
    if let Some((stamp, end)) = time::dated(line) {
        header.stamp = Some(stamp);
        after_stamp(&line[end..], header);
        return true;
    }
    kernel::before_clock(line, header) || dump(line, header) || date_only(line, header)
}

/// `1584433290.123456,<uuid>,…`: an entry of the vSAN directory's history.
fn dump<'a>(line: &'a [u8], header: &mut Header<'a>) -> bool {
    let Some((stamp, end)) = time::epoch(line) else { return false };
    let Some(rest) = line[end..].strip_prefix(b",") else { return false };
    header.shape = Shape::Epoch;
    header.stamp = Some(stamp);
    header.message = rest;
    true
}

/// `2022-06-02 In(14) hostprofile[12]: 05:34:23.666 text`: the time of day went into the message.
fn date_only<'a>(line: &'a [u8], header: &mut Header<'a>) -> bool {
    let Some(date) = time::date(line) else { return false };
    let Some((level, marked, tail)) = line[10..].strip_prefix(b" ").and_then(syslog::priority) else {
        return false;
    };
    header.level = Some(level);
    syslog::after_priority(tail, marked, header);
    if let Some((micros, fraction, end)) = time::time_of_day(header.message, 0) {
        let quality = if fraction { TimeQuality::Exact } else { TimeQuality::Second };
        header.stamp = Some(Stamp { time: date.plus_micros(micros), quality });
        header.message = behind(&header.message[end..]);
    }
    true
}

/// `[2011-04-01 15:14:34.203 F5A5AB90 info 'Sub'] text` of vmacore in 4.x, and a service in Java.
fn bracketed<'a>(line: &'a [u8], header: &mut Header<'a>) -> bool {
    let inside = &line[1..];
    let Some((stamp, end)) = time::dated(inside).or_else(|| time::iso(inside)) else { return false };
    header.stamp = Some(stamp);
    header.message = &inside[end..];
    let Some(close) = closing_bracket(line) else { return true };
    let columns = &line[1 + end..close];
    let message = &line[close + 1..];
    header.shape = Shape::Vmacore4;
    if !vmacore::columns(columns, header) {
        service::java(columns, header);
    }
    header.message = message.trim_ascii_start();
    true
}

/// `-- Reboot --` and `-- Logs begin at … --` of a journal.
fn mark<'a>(line: &'a [u8], header: &mut Header<'a>) -> bool {
    let inside = line.strip_prefix(b"-- ").and_then(|line| line.trim_ascii_end().strip_suffix(b" --"));
    let marks: [&[u8]; 4] = [b"Reboot", b"Logs begin", b"Journal begins", b"No entries"];
    let inside = inside.filter(|inside| marks.iter().any(|mark| inside.starts_with(mark)));
    header.shape = Shape::Mark;
    header.message = inside.unwrap_or_default();
    inside.is_some()
}

/// Lines that begin with a word: a month, `TSC:`, or a service's own name before its stamp.
fn worded<'a>(line: &'a [u8], header: &mut Header<'a>) -> bool {
    if let Some((stamp, end)) = time::classic(line) {
        header.yearless = Some(stamp);
        let rest = &line[end..];
        if let Some(rest) =
            rest.strip_prefix(b": ").filter(|rest| rest.iter().take(64).any(|&byte| byte == b'|'))
        {
            vmx::bars(rest, header);
            return true;
        }
        syslog::classic(rest, header);
        // A date alone stands in prose too.
        return header.program.is_some();
    }
    if line.starts_with(b"TSC: ") {
        return kernel::before_clock(line, header);
    }
    let Some(rest) = service::named_stamp(line, header) else { return false };
    let Some((stamp, end)) = time::dated(rest) else { return false };
    header.stamp = Some(stamp);
    service::python(&rest[end..], header);
    true
}

/// Reads what stands for a stamp in a forwarded line, and gives what follows: a stamp of any form, `NoneZ`, or nothing.
pub(super) fn stamp_or_nothing<'a>(rest: &'a [u8], header: &mut Header<'a>) -> &'a [u8] {
    if let Some((stamp, end)) = time::iso(rest) {
        header.stamp = Some(stamp);
        return &rest[end..];
    }
    if let Some((stamp, end)) = time::classic(rest) {
        header.yearless = Some(stamp);
        return &rest[end..];
    }
    rest.strip_prefix(b"NoneZ").unwrap_or(rest)
}

/// Whether a line is the section header at the top of a log, whose stamp is that of the service's start or older.
pub fn is_section(line: &[u8]) -> bool {
    memmem::find(&line[..line.len().min(300)], b"Section for ").is_some()
        && parse(line).is_some_and(|header| header.shape == Shape::Section)
}

/// How often the record before was repeated, as `--- last message repeated 17 times ---` says.
pub fn repeats(message: &[u8]) -> Option<u64> {
    let rest = message.trim_ascii().strip_prefix(b"--- last message repeated ")?;
    let end = rest.iter().position(|&byte| byte == b' ')?;
    rest[end..]
        .starts_with(b" time")
        .then(|| time::number(&rest[..end]))
        .flatten()
        .and_then(|n| u64::try_from(n).ok())
}

/// Whether a record begins at `line`: it has a header that does not mark it as a continuation.
#[inline]
pub fn starts_record(line: &[u8]) -> bool {
    if !time::looks_iso(line) {
        return starts_otherwise(line);
    }
    glance::begins(line).unwrap_or_else(|| starts_stamped(line))
}

/// A record that begins with an ISO stamp, told by its header.
#[cold]
pub(super) fn starts_stamped(line: &[u8]) -> bool {
    static ARROW: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"-->"));
    // A continuation with a header of its own: `In(166) Hostd[1]: -->` since 8.0, `I125+` or `In(05)+` of a vmx.
    // As far as a stamp, a severity and the names of a machine and a program can reach.
    let head = &line[20..line.len().min(212)];
    let arrow = ARROW.find(head).is_some_and(|at| at >= 2 && head[..at].trim_ascii_end().ends_with(b":"));
    let marked =
        memchr::memchr_iter(b'+', head).any(|at| at > 0 && matches!(head[at - 1], b'0'..=b'9' | b')' | b'['));
    !((arrow || marked) && parse(line).is_some_and(|header| header.continues))
}

/// Records that do not begin with an ISO stamp. Most lines that come here are continuations: the first bytes decide.
#[inline]
fn starts_otherwise(line: &[u8]) -> bool {
    let plausible = match line {
        [b'-', b'-', b' ', ..] | [b'[', b'0'..=b'9', ..] | [b'<', b'0'..=b'9', ..] | [0 | 0xef, ..] => true,
        // A number's second part, a date's, or a stamp's.
        [b'0'..=b'9', ..] => {
            line[..line.len().min(11)].iter().any(|&byte| matches!(byte, b':' | b'-' | b'.' | b','))
        }
        [b'A'..=b'Z' | b'a'..=b'z', ..] => line[..line.len().min(64)].contains(&b':'),
        _ => false,
    };
    plausible && parse(line).is_some_and(|header| !header.continues)
}

/// Whether a line that [`starts_record`] takes for a continuation goes on with the record that begins with `head`.
///
/// A line without a header of its own always does. One that has a header goes on only with a record of the same
/// program and stamp, or of the same machine and program where a relay passed both on: what stands between was written
/// by another.
#[inline]
pub fn goes_on_with(head: &[u8], line: &[u8]) -> bool {
    // Most begin with an arrow or a blank.
    matches!(line, [] | [b' ' | b'\t', ..] | [b'-', b'-', b'>', ..]) || goes_on_as_told(head, line)
}

/// The same of a line that may have a header.
fn goes_on_as_told(head: &[u8], line: &[u8]) -> bool {
    // The same stamp, severity and program, as far as the number of the process: no header need be read.
    let until = line[..line.len().min(96)].iter().position(|&byte| matches!(byte, b'[' | b'|'));
    if time::looks_iso(line) && until.is_some_and(|end| head.get(..=end) == line.get(..=end)) && !is_vmx(line)
    {
        return true;
    }
    let Some(own) = parse(line) else { return true };
    let Some(other) = parse(head) else { return false };
    match own.shape {
        Shape::Vmx | Shape::VmxSeverity => own.thread == other.thread,
        Shape::Relayed | Shape::Classic | Shape::Vmkernel4 => {
            own.host == other.host && is_one_program(&own, &other)
        }
        _ => is_one_program(&own, &other) && own.stamp == other.stamp,
    }
}

/// A relay and the program itself may spell its name in two ways: `Hostd` and `hostd`.
fn is_one_program(one: &Header<'_>, other: &Header<'_>) -> bool {
    match (one.program, other.program) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        (one, other) => one == other,
    }
}

/// Whether a line is of a `vmware.log` up to 7.0, whose threads write between each other.
fn is_vmx(line: &[u8]) -> bool {
    line.get(20..40).is_some_and(|head| head.contains(&b'|'))
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

    #[track_caller]
    fn relayed(line: &str, host: &str, program: &str, level: &str, time: &str, message: &str) {
        let header = parse(line.as_bytes()).unwrap_or_else(|| panic!("no header: {line}"));
        let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or(b"")).into_owned();
        let stamp = header.stamp.map(|stamp| stamp.time.to_string()).unwrap_or_default();
        assert_eq!(
            (text(header.host).as_str(), text(header.program).as_str(), text(header.level).as_str()),
            (host, program, level),
            "{line}"
        );
        assert_eq!((stamp.as_str(), text(Some(header.message)).as_str()), (time, message), "{line}");
        assert!(starts_record(line.as_bytes()), "{line}");
    }

    #[test]
    fn relays_pass_on_records_in_disorder() {
        const AT: &str = "2020-07-01T08:15:30.123Z";
        let check = |line: &str, host: &str, program: &str, level: &str, message: &str| {
            relayed(&line.replace("{}", AT), host, program, level, AT, message);
        };
        check("<166>{} esx1.lab Hostd: m n", "esx1.lab", "Hostd", "In", "m n");
        check("<164>{} esx1 Hostd: [FFA1 warning 'Vmsvc' opID=a] m", "esx1", "Hostd", "warning", "m");
        check("<166>{} esx1 esx1 Vpxa: info vpxa[7] [Originator@6876 sub=x] m", "esx1", "vpxa", "info", "m");
        check("<181>{} esx1 vmkernel: cpu4:2097)WARNING: m", "esx1", "vmkernel", "WARNING", "WARNING: m");
        check("<14>{} esx1 vobd:  [corr] 12us: [vob.x] m", "esx1", "vobd", "In", "[corr] 12us: [vob.x] m");
        check("<14>1 {} esx1 clomd 77 - - m n", "esx1", "clomd", "In", "m n");
        check(
            "<14>1 {} vc1 vpxd 77 - [a@1 b=\"c d\"] \u{feff}Event [7] x",
            "vc1",
            "vpxd",
            "In",
            "Event [7] x",
        );
        check("<166>{} esx1 In(166) Hostd[7]: [Originator@6876 sub=x] m", "esx1", "Hostd", "In", "m");
        check("{} esx1 Hostd: [Originator@6876 sub=x] m", "esx1", "Hostd", "", "m");
        check(
            "{} 192.0.2.7 /usr/lib/vmware/bin/vmware-hostd[7]: m",
            "192.0.2.7",
            "/usr/lib/vmware/bin/vmware-hostd",
            "",
            "m",
        );
        check("{} 192.0.2.9 esx1 Hostd: m", "esx1", "Hostd", "", "m");
        check(
            "2020-07-01T08:15:33Z relay1 {} In(166) Hostd[7]: [Originator@6876 sub=x] m",
            "relay1",
            "Hostd",
            "In",
            "m",
        );
        // Relay, device and program each have their stamp: the innermost is who wrote it.
        check("<166>2020-07-01T08:15:33Z relay1 {} esx1 vobd: m", "relay1", "vobd", "In", "m");
        check("Jul  1 08:15:33 192.0.2.9 {} esx1 Hostd: m", "192.0.2.9", "Hostd", "", "m");
        let timeless = |line: &str, host: &str, program: &str, message: &str| {
            relayed(line, host, program, "In", "", message);
        };
        timeless("<166>NoneZ esx1 Hostd: m", "esx1", "Hostd", "m");
        timeless("<166>esx1 Hostd: m", "esx1", "Hostd", "m");
        timeless(
            "<166>564d1f4e-1111-2222-3333-444455556666 esx1 Hostd: m",
            "564d1f4e-1111-2222-3333-444455556666",
            "Hostd",
            "m",
        );
        timeless(
            "<166>Section for VMware ESX, pid=7, version=6.5.0",
            "",
            "",
            "Section for VMware ESX, pid=7, version=6.5.0",
        );
    }

    #[test]
    fn values_may_hold_keys_and_half_of_a_pair_of_brackets() {
        let at = "2020-07-01T08:15:30.123Z info hostd[7] ";
        let read = |bracket: &str| {
            let line = format!("{at}{bracket} m");
            let header = parse(line.as_bytes()).expect("a header");
            let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or(b"")).into_owned();
            assert_eq!(header.message, b"m", "{line}");
            (text(header.sub), text(header.op_id), text(header.user))
        };
        let path = "Vmsvc.vm:/vmfs/volumes/d/my user=x vm/x.vmx";
        assert_eq!(
            read(&format!("[Originator@6876 sub={path} opID=q-1 user=root]")),
            (path.into(), "q-1".into(), "root".into())
        );
        assert_eq!(read("[Originator@6876 sub=Vm [x opID=abc]"), ("Vm [x".into(), "abc".into(), "".into()));
        let odd = parse(b"2020-07-01T08:15:30Z Error code]: 5").expect("a stamp");
        assert_eq!((odd.program, odd.thread), (None, None));
        assert!(starts_record(b"1593591330,5f01,18,2") && starts_record(b"1593591330.5,5f01"));
        assert_eq!(parse(b"1970-01-01T00:00:05+09:00 x"), None, "nothing was logged before 1970");
    }

    #[test]
    fn prose_is_no_header() {
        for line in [
            "Aug is a month",
            "August 15 06:07:13 esx1 vmkernel: x",
            "Aug 15, 06:07:13",
            "   2020-07-01T08:15:30.123Z cpu1:2)x",
            "1: a list",
            "12:30 is a time",
            "2020-07-01",
            "2020-07-01 is a date",
            "error: foo: bar",
            "http://host/path: x",
            "[1234] x",
            "[2020-07-01] x",
            "<html>",
            "<166 x",
            "<999>2020-07-01T08:15:30.123Z esx1 Hostd: m",
            "TSC: off",
            "TSC: 12 and more",
            "--- x ---",
            "--> -- a --",
            "Traceback (most recent call last):",
            "Service: 12 of 2020-07-01 08:15:30",
        ] {
            assert!(!starts_record(line.as_bytes()), "{line}");
            assert_eq!(parse(line.as_bytes()), None, "{line}");
        }
        // A colon in prose makes no program and no machine.
        let check = |rest: &str| {
            let line = format!("2020-07-01T08:15:30.123Z {rest}");
            let header = parse(line.as_bytes()).expect("a stamp");
            assert_eq!(
                (header.host, header.program, header.message),
                (None, None, rest.as_bytes()),
                "{line}"
            );
        };
        check("some error: text");
        check("http://host/path: x");
        check("Host has booted");
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
