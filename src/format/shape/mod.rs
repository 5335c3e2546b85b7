//! What follows a time stamp: one file for each sort of writer.
//!
//! Every reader here is given the text behind the stamp and fills in the columns that it finds. It never fails: what
//! it does not know is part of the message.

pub(super) mod kernel;
pub(super) mod service;
pub(super) mod syslog;
pub(super) mod vmacore;
pub(super) mod vmx;

use super::header::Header;

/// How a record is written. The names S1 to S14 are those of the field's own lists.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// A stamp, and nothing behind it that is known.
    #[default]
    Stamped,
    /// S1, `<stamp> In(182) vmkernel: text`: everything that vmsyslogd writes since 8.0.
    Severity,
    /// S2 and S2b, `<stamp> In(05) vmx - text`: `vmware.log` since 8.0, and vmon, which has no column for an opID.
    VmxSeverity,
    /// S3, `<stamp> info hostd[2099] [Originator@6876 sub=X] text`: hostd and its kin from 6.0 to 7.0, vpxd until now.
    Vmacore,
    /// S3c, `<stamp> info vsand[1000] [opID=x Class::method] text`, and the services of vCenter in Go and Java.
    Service,
    /// S4, `<stamp> [FFA1B2C0 info 'Sub' opID=x] text`: hostd and its kin in 5.x.
    Vmacore5,
    /// S5, `[2011-04-01 15:14:34.203 F5A5AB90 info 'Sub'] text`: in 4.x, and S5b, the order of 3.x.
    Vmacore4,
    /// S6, `<stamp> cpu4:2097 opID=x)text`: vmkernel from 5.0 to 7.0.
    Vmkernel,
    /// S7, `Aug 15 06:07:13 esx01 vmkernel: 0:01:02:03.456 cpu4:2097)text`: vmkernel in 3.5 and 4.x.
    Vmkernel4,
    /// S7b, `Aug 15 06:07:13 esx01 sshd[2099]: text`: other programs in 3.5 and 4.x, and journals.
    Classic,
    /// S8, `0:00:00:04.100 cpu0:1)text` and `TSC: 99 cpu0:1)text`: what is written before the clock is known.
    BeforeClock,
    /// S9, `<stamp>: [corr] 123us: [vob.id] text`: vobd up to 7.0.
    Vobd,
    /// S10, `<stamp>| vmx| I125: text`, and S10b, which names no year: `vmware.log` up to 7.0.
    Vmx,
    /// S11, `<stamp> clomd[2099]: text`: what syslog writes up to 7.0.
    Program,
    /// S13, `<166><stamp> esx01 Hostd: text`, and S13b, the same without the number: forwarded by a relay.
    Relayed,
    /// S14, `<stamp> - time the service was last started, Section for VMware ESX, …`: a service starts, or a log does.
    Section,
    /// `<seconds since the epoch>,<uuid>,…`: history of the vSAN directory.
    Epoch,
    /// `-- Reboot --`: a mark of a journal; it has no time.
    Mark,
}

/// Splits `text` at its first blank, which must be among its first bytes.
pub(super) fn split_token(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let blank = memchr::memchr(b' ', &text[..text.len().min(128)])?;
    Some((&text[..blank], &text[blank + 1..]))
}

/// The index of the `]` that closes the `[` at 0.
pub(super) fn closing_bracket(text: &[u8]) -> Option<usize> {
    let text = &text[..text.len().min(2048)];
    let mut depth = 0usize;
    for at in memchr::memchr2_iter(b'[', b']', text) {
        if text[at] == b'[' {
            depth += 1;
        } else {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// Text behind a header's end: one blank is part of the header.
pub(super) fn behind(text: &[u8]) -> &[u8] {
    text.strip_prefix(b" ").unwrap_or(text)
}

/// Whether `word` is a level as vmacore, Java, Go or Python name them.
pub(super) fn is_level(word: &[u8]) -> bool {
    const LEVELS: &[&[u8]] = &[
        b"info",
        b"verbose",
        b"warning",
        b"warn",
        b"error",
        b"trivia",
        b"debug",
        b"trace",
        b"critical",
        b"fatal",
        b"panic",
        b"notice",
        b"severe",
        b"fine",
        b"audit",
        b"none",
        b"alert",
    ];
    LEVELS.iter().any(|level| word.eq_ignore_ascii_case(level))
}

/// What follows a record's stamp, or stands where it would: any shape.
pub(super) fn after_stamp<'a>(rest: &'a [u8], header: &mut Header<'a>) {
    header.message = rest;
    match rest.first() {
        Some(b':') => kernel::vobd(&rest[1..], header),
        Some(b'|') => vmx::bars(&rest[1..], header),
        Some(b' ') => after_blank(&rest[1..], header),
        _ => {}
    }
}

fn after_blank<'a>(rest: &'a [u8], header: &mut Header<'a>) {
    header.message = rest;
    if kernel::prefix(rest, header) {
        header.shape = Shape::Vmkernel;
        header.program = Some(b"vmkernel");
    } else if let Some((level, marked, tail)) = syslog::priority(rest) {
        header.level = Some(level);
        syslog::after_priority(tail, marked, header);
    } else if is_section(rest) {
        header.shape = Shape::Section;
    } else {
        let read = match rest.first() {
            Some(b'[') => vmacore::quoted(rest, header) || service::bracketed(rest, header),
            Some(b'|') => service::bars(rest, header),
            _ => vmacore::level_first(rest, header) || service::level_first(rest, header),
        };
        if !read {
            syslog::program_or_relay(rest, header);
        }
    }
}

/// `- last log rotation time, <stamp> - time the service was last started, Section for VMware ESX, pid=…`
fn is_section(rest: &[u8]) -> bool {
    let dashed = rest.starts_with(b"- ");
    (dashed || rest.starts_with(b"Section for "))
        && memchr::memmem::find(&rest[..rest.len().min(200)], b"Section for ").is_some()
}
