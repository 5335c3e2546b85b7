//! The headers of log lines, by log and release generation.

use super::line::{Level, Log};
use super::site::{Generation, Release};
use crate::model::Timestamp;

/// What a header says besides time and program.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Head<'a> {
    /// Level.
    pub level: Level,
    /// `sub=`, correlator or class; empty for none.
    pub sub: &'a str,
    /// opID; empty for none.
    pub op_id: &'a str,
    /// `user=`; empty for none.
    pub user: &'a str,
    /// Thread or process id.
    pub tid: u64,
    /// Logical processor of a kernel line.
    pub cpu: u64,
    /// World of a kernel line.
    pub world: u64,
    /// opID hash of a kernel line; 0 for none.
    pub hash: u32,
}

impl Head<'_> {
    /// A header with nothing but a level.
    pub(crate) const fn plain(level: Level) -> Self {
        Head { level, sub: "", op_id: "", user: "", tid: 2_098_176, cpu: 3, world: 2_097_664, hash: 0 }
    }
}

/// Writes the lines of one log.
#[derive(Debug)]
pub(crate) struct LineWriter {
    log: Log,
    generation: Generation,
    boot: Timestamp,
    day: i64,
    date: [u8; 11],
}

impl LineWriter {
    /// A writer for `log` of a host (or vCenter) of `generation`.
    pub(crate) fn new(log: Log, generation: Generation) -> Self {
        let boot = Timestamp::default();
        LineWriter { log, generation, boot, day: i64::MIN, date: *b"0000-00-00T" }
    }

    /// Tells when the system was booted: vobd prints its uptime.
    pub(crate) fn set_boot(&mut self, boot: Timestamp) {
        self.boot = boot;
    }

    /// Writes `text` at `at`: its first line behind the header, the others as continuation lines.
    pub(crate) fn line(&mut self, out: &mut Vec<u8>, at: Timestamp, head: &Head<'_>, text: &str) {
        let mut lines = text.split('\n');
        self.header(out, at, head);
        out.extend_from_slice(lines.next().unwrap_or_default().as_bytes());
        out.push(b'\n');
        for line in lines {
            self.continuation(out, at, head);
            out.extend_from_slice(line.as_bytes());
            out.push(b'\n');
        }
    }

    fn continuation(&mut self, out: &mut Vec<u8>, at: Timestamp, head: &Head<'_>) {
        let vmacore = matches!(self.log, Log::Hostd | Log::Vpxa | Log::Fdm | Log::HostdProbe);
        if vmacore && self.generation == Generation::V80 {
            self.syslog_header(out, at, head);
        }
        if vmacore || self.log == Log::Vpxd {
            out.extend_from_slice(b"--> ");
        }
    }

    fn header(&mut self, out: &mut Vec<u8>, at: Timestamp, head: &Head<'_>) {
        let modern = self.generation == Generation::V80;
        match self.log {
            Log::Vmkernel => self.kernel(out, at, head),
            Log::Hostd | Log::Vpxa | Log::Fdm | Log::HostdProbe if modern => {
                self.syslog_header(out, at, head);
                originator(out, head);
            }
            Log::Hostd | Log::Vpxa | Log::Fdm | Log::HostdProbe | Log::Vpxd => {
                self.vmacore_header(out, at, head);
                originator(out, head);
            }
            Log::Vobd => self.vobd(out, at, head),
            Log::Clomd | Log::Vsanmgmt if modern => {
                self.syslog_header(out, at, head);
                self.class(out, head);
            }
            Log::Clomd => {
                self.stamp(out, at);
                push_all(out, &[b" clomd["]);
                decimal(out, head.tid);
                out.extend_from_slice(b"]: ");
            }
            Log::Vsanmgmt | Log::VsanHealth => {
                self.vmacore_header(out, at, head);
                self.class(out, head);
            }
            Log::Eam => self.eam(out, at, head),
            Log::Syslog | Log::Shell | Log::Esxupdate | Log::Vmksummary => self.plain(out, at),
        }
    }

    /// `2020-02-18T01:02:03.123Z cpu4:2097664 opID=1a2b3c4d)WARNING: `
    fn kernel(&mut self, out: &mut Vec<u8>, at: Timestamp, head: &Head<'_>) {
        self.stamp(out, at);
        let (tag, word): (&[u8], &[u8]) = match head.level {
            Level::Alert => (b" Al(177) vmkalert:", b"ALERT: "),
            Level::Warning | Level::Error => (b" Wa(180) vmkwarning:", b"WARNING: "),
            Level::Info | Level::Verbose => (b" In(182) vmkernel:", b""),
        };
        if self.generation == Generation::V80 {
            out.extend_from_slice(tag);
        }
        out.extend_from_slice(b" cpu");
        decimal(out, head.cpu);
        out.push(b':');
        decimal(out, head.world);
        if head.hash != 0 {
            out.extend_from_slice(b" opID=");
            hex(out, u64::from(head.hash), 8);
        }
        out.push(b')');
        out.extend_from_slice(word);
    }

    /// `2020-02-18T01:02:03.123Z info hostd[2098176] `
    fn vmacore_header(&mut self, out: &mut Vec<u8>, at: Timestamp, head: &Head<'_>) {
        self.stamp(out, at);
        let level: &[u8] = match (self.log, head.level) {
            (Log::VsanHealth, Level::Error | Level::Alert) => b" ERROR ",
            (Log::VsanHealth, Level::Warning) => b" WARNING ",
            (Log::VsanHealth, _) => b" INFO ",
            (_, Level::Verbose) => b" verbose ",
            (_, Level::Info) => b" info ",
            (_, Level::Warning) => b" warning ",
            (_, Level::Error | Level::Alert) => b" error ",
        };
        let program: &[u8] = match self.log {
            Log::VsanHealth => b"vsan-mgmt",
            Log::Vsanmgmt => b"vsand",
            log => log.name().as_bytes(),
        };
        push_all(out, &[level, program, b"["]);
        match self.log {
            // vpxd counts its threads itself and pads them to five digits.
            Log::Vpxd => padded(out, head.tid % 100_000, 5),
            _ => decimal(out, head.tid),
        }
        out.extend_from_slice(b"] ");
    }

    /// `2024-11-05T01:02:03.123Z In(166) Hostd[2098176]: `
    fn syslog_header(&mut self, out: &mut Vec<u8>, at: Timestamp, head: &Head<'_>) {
        self.stamp(out, at);
        let local4 = !matches!(self.log, Log::Clomd | Log::Vsanmgmt);
        let severity: &[u8] = match (head.level, local4) {
            (Level::Verbose, true) => b" Db(167) ",
            (Level::Info, true) => b" In(166) ",
            (Level::Warning, true) => b" Wa(164) ",
            (Level::Error | Level::Alert, true) => b" Er(163) ",
            (Level::Verbose, false) => b" Db(15) ",
            (Level::Info, false) => b" In(14) ",
            (Level::Warning, false) => b" Wa(12) ",
            (Level::Error | Level::Alert, false) => b" Er(11) ",
        };
        let program: &[u8] = match self.log {
            Log::Hostd => b"Hostd",
            Log::Vpxa => b"Vpxa",
            Log::Fdm => b"Fdm",
            Log::Vsanmgmt => b"vsand",
            log => log.name().as_bytes(),
        };
        push_all(out, &[severity, program, b"["]);
        decimal(out, head.tid);
        out.extend_from_slice(b"]: ");
    }

    /// `2020-02-18T01:02:03.123Z: [netCorrelator] 123456us: `
    fn vobd(&mut self, out: &mut Vec<u8>, at: Timestamp, head: &Head<'_>) {
        self.stamp(out, at);
        match self.generation {
            Generation::V80 => {
                out.extend_from_slice(b" In(14) vobd[");
                decimal(out, head.tid);
                out.extend_from_slice(b"]:  ");
            }
            _ => out.extend_from_slice(b": "),
        }
        push_all(out, &[b"[", head.sub.as_bytes(), b"] "]);
        decimal(out, at.since(self.boot).max(0) as u64);
        out.extend_from_slice(b"us: ");
    }

    /// `[opID=1a2b VsanSystemImpl::Update] `, or class first in the health service.
    fn class(&self, out: &mut Vec<u8>, head: &Head<'_>) {
        let op_id = if head.op_id.is_empty() { "noOpId" } else { head.op_id };
        match self.log {
            Log::Vsanmgmt => push_all(out, &[b"[opID=", op_id.as_bytes(), b" ", head.sub.as_bytes(), b"] "]),
            Log::VsanHealth => {
                push_all(out, &[b"[", head.sub.as_bytes(), b" opID=", op_id.as_bytes(), b"] "]);
            }
            _ => {}
        }
    }

    /// `2020-02-18T01:02:03.123Z |  INFO | vim-monitor | VcListener.java | 131 | `
    fn eam(&mut self, out: &mut Vec<u8>, at: Timestamp, head: &Head<'_>) {
        self.stamp(out, at);
        let level: &[u8] = match head.level {
            Level::Verbose => b" | DEBUG | ",
            Level::Info => b" |  INFO | ",
            Level::Warning => b" |  WARN | ",
            Level::Error | Level::Alert => b" | ERROR | ",
        };
        push_all(out, &[level, b"vim-monitor | ", head.sub.as_bytes(), b" | "]);
    }

    /// `2020-02-18T01:02:03Z `: the program stands in the text. Whole seconds up to 7.0.
    fn plain(&mut self, out: &mut Vec<u8>, at: Timestamp) {
        self.stamp(out, at);
        if self.generation == Generation::V80 {
            out.extend_from_slice(b" In(14) ");
            return;
        }
        // The stamp ends in `.mmmZ`: cut it to `Z`.
        out.truncate(out.len() - 5);
        out.extend_from_slice(b"Z ");
    }

    /// `2020-02-18T01:02:03.123Z`
    pub(crate) fn stamp(&mut self, out: &mut Vec<u8>, at: Timestamp) {
        let micros = at.micros();
        let day = micros.div_euclid(86_400_000_000);
        if day != self.day {
            let (year, month, date, _) = at.civil();
            let text = format!("{year:04}-{month:02}-{date:02}T");
            self.date.copy_from_slice(&text.as_bytes()[..11]);
            self.day = day;
        }
        let millis = micros.rem_euclid(86_400_000_000) as u64 / 1000;
        let mut text = *b"00:00:00.000Z";
        let fields = [(0, millis / 3_600_000), (3, millis / 60_000 % 60), (6, millis / 1000 % 60)];
        for (place, value) in fields {
            text[place] = b'0' + (value / 10) as u8;
            text[place + 1] = b'0' + (value % 10) as u8;
        }
        for (place, unit) in [(9, 100), (10, 10), (11, 1)] {
            text[place] = b'0' + (millis / unit % 10) as u8;
        }
        out.extend_from_slice(&self.date);
        out.extend_from_slice(&text);
    }
}

/// `[Originator@6876 sub=Default opID=1a2b user=root] `
fn originator(out: &mut Vec<u8>, head: &Head<'_>) {
    let sub = if head.sub.is_empty() { "Default" } else { head.sub };
    push_all(out, &[b"[Originator@6876 sub=", sub.as_bytes()]);
    if !head.op_id.is_empty() {
        push_all(out, &[b" opID=", head.op_id.as_bytes()]);
    }
    if !head.user.is_empty() {
        push_all(out, &[b" user=", head.user.as_bytes()]);
    }
    out.extend_from_slice(b"] ");
}

/// The section header that a vmacore log begins with after a rotation at `rotated`.
pub(crate) fn section(
    log: Log,
    release: &Release,
    rotated: Timestamp,
    started: Timestamp,
    pid: u64,
) -> String {
    let (version, build) = (&release.version, release.build);
    if log == Log::Vpxd {
        return format!(
            "{rotated} Section for VMware VirtualCenter, pid={pid}, version={version}, build={build}, option=Release\n"
        );
    }
    let tail = format!("Section for VMware ESX, pid={pid}, version={version}, build={build}, option=Release");
    match release.generation {
        Generation::V67 => format!("{started} - time the service was last started, {tail}\n"),
        Generation::V70 => format!(
            "{rotated} - last log rotation time, {started} - time the service was last started, {tail}\n"
        ),
        Generation::V80 => format!(
            "{rotated} In(14) vmsyslogd[2098010]: Logs rotated. {rotated} - time the service was last started {started}, {tail}\n"
        ),
    }
}

/// Appends every part.
pub(crate) fn push_all(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// Appends `value` in decimal; much quicker than the formatting machinery.
pub(crate) fn decimal(out: &mut Vec<u8>, value: u64) {
    padded(out, value, 1);
}

/// Appends `value` in decimal with at least `width` digits.
pub(crate) fn padded(out: &mut Vec<u8>, mut value: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut first = digits.len();
    while value > 0 {
        first -= 1;
        digits[first] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(&digits[first.min(20 - width.min(20))..]);
}

/// Appends the low `width` hexadecimal digits of `value`.
pub(crate) fn hex(out: &mut Vec<u8>, value: u64, width: u32) {
    for place in (0..width).rev() {
        out.push(b"0123456789abcdef"[(value >> (4 * place)) as usize & 15]);
    }
}
