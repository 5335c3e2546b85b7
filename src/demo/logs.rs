//! Whole logs: scripted lines merged with noise in time order, cut into rotations and handed on one at a time,
//! so that no more than one rotation is ever held.

use std::io;

use super::headers::{Head, LineWriter, section};
use super::line::{Level, Log, ScriptedLine};
use super::noise::{Noise, Words};
use super::pack::{Members, gzip};
use super::prng::Prng;
use super::site::{DAEMON_START, Generation, Host, Release, Vcenter, Volume};
use crate::model::Timestamp;

/// The system whose logs are written: what headers and gaps depend on.
pub(crate) struct Origin<'a> {
    /// The host; `None` for vCenter.
    pub host: Option<&'a Host>,
    /// vCenter's release, in the shape of a host's.
    pub release: Release,
    /// Boot time of vCenter.
    pub booted_at: Timestamp,
    /// First and last moment of the logs.
    pub span: (Timestamp, Timestamp),
    /// Volume of noise.
    pub volume: Volume,
    /// The shares of all its logs together.
    pub shares: u64,
    /// The site's seed and the system's name.
    pub seed: (u64, &'a str),
}

impl<'a> Origin<'a> {
    /// The logs of `host`.
    pub(crate) fn host(host: &'a Host, seed: u64) -> Self {
        Origin {
            host: Some(host),
            release: host.release.clone(),
            booted_at: host.booted_at,
            span: (host.log_from, host.captured_at),
            volume: host.volume,
            shares: Log::HOST
                .iter()
                .filter(|log| host.vsan.is_some() || !log.is_vsan())
                .map(|log| log.share())
                .sum(),
            seed: (seed, &host.name),
        }
    }

    /// The logs of `vcenter`, which kept the old header grammar in every release.
    pub(crate) fn vcenter(vcenter: &'a Vcenter, seed: u64) -> Self {
        let release = Release {
            version: vcenter.version.clone(),
            update: vcenter.update,
            patch: 0,
            build: vcenter.vpxd_build,
            generation: Generation::V67,
            microcode_vib: String::new(),
        };
        Origin {
            host: None,
            release,
            booted_at: vcenter.booted_at,
            span: (vcenter.log_from, vcenter.captured_at),
            volume: vcenter.volume,
            shares: Log::VCENTER.iter().map(|log| log.share()).sum(),
            seed: (seed, &vcenter.name),
        }
    }

    fn boot(&self, at: Timestamp) -> Timestamp {
        self.host.map_or(self.booted_at, |host| host.boot_before(at))
    }

    fn release_at(&self, at: Timestamp) -> &Release {
        self.host.map_or(&self.release, |host| host.release_at(at))
    }

    /// Whether the log's writer did not run: the kernel while the host was down, daemons a little longer.
    fn is_silent(&self, log: Log, at: Timestamp) -> bool {
        self.host.is_some_and(|host| {
            let hangs = host.silent_from.get(&log).is_some_and(|&from| from <= at);
            hangs || if log == Log::Vmkernel { host.is_down(at) } else { host.is_starting(at) }
        })
    }
}

/// Which lines of a log are kept.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(crate) enum Keep {
    /// All.
    All,
    /// Kernel warnings and alerts: `vmkwarning`.
    Warnings,
}

/// One log of one system, read off segment by segment, oldest first.
pub(crate) struct LogStream<'a> {
    origin: &'a Origin<'a>,
    log: Log,
    keep: Keep,
    words: &'a Words,
    scripted: std::iter::Peekable<std::vec::IntoIter<&'a ScriptedLine>>,
    noise: Noise,
    writer: LineWriter,
    prng: Prng,
    lines: u64,
    segments: u64,
    segment: u64,
}

impl<'a> LogStream<'a> {
    /// The log `log` of `origin`, with those of `lines` that belong to it.
    pub(crate) fn new(
        origin: &'a Origin<'a>,
        (log, keep): (Log, Keep),
        lines: &'a [ScriptedLine],
        words: &'a Words,
    ) -> Self {
        let mut scripted: Vec<&ScriptedLine> = lines.iter().filter(|line| line.log == log).collect();
        // Stable: lines of one instant stay in the order in which they were planted.
        scripted.sort_by_key(|line| line.at);
        let noise = Noise::new(log);
        let lines = if noise.is_silent() { 0 } else { origin.volume.lines * log.share() / origin.shares };
        LogStream {
            origin,
            log,
            keep,
            words,
            scripted: scripted.into_iter().peekable(),
            noise,
            writer: LineWriter::new(log, origin.release.generation),
            prng: Prng::labelled(origin.seed.0, &["log", origin.seed.1, log.name()]),
            lines,
            segments: lines.div_ceil(origin.volume.rotate_at.max(1)).max(2),
            segment: 0,
        }
    }

    /// How many files the log is cut into.
    pub(crate) fn segments(&self) -> u64 {
        self.segments
    }

    /// The next segment's text and the time of its end, into `out`; false when there is none.
    pub(crate) fn next_segment(&mut self, out: &mut Vec<u8>) -> Option<Timestamp> {
        if self.segment == self.segments {
            return None;
        }
        out.clear();
        let first = self.lines * self.segment / self.segments;
        let last = self.lines * (self.segment + 1) / self.segments;
        let (from, end) = (self.segment_start(self.segment), self.segment_start(self.segment + 1));
        self.section(out, from);
        for index in first..last {
            let at = self.noise_time(index);
            self.scripted_before(out, at);
            self.noise_line(out, at, index);
        }
        self.segment += 1;
        let rest = if self.segment == self.segments { Timestamp::from_micros(i64::MAX) } else { end };
        self.scripted_before(out, rest);
        Some(end)
    }

    fn segment_start(&self, segment: u64) -> Timestamp {
        let (from, to) = self.origin.span;
        let part = i128::from(to.since(from)) * i128::from(segment) / i128::from(self.segments);
        from.plus_micros(part as i64)
    }

    /// Lines are spread evenly over the span, each at random inside its share: so they ascend.
    fn noise_time(&mut self, index: u64) -> Timestamp {
        let (from, to) = self.origin.span;
        let share = to.since(from) as f64 / self.lines.max(1) as f64;
        let inside = (self.prng.next() >> 44) as f64 / f64::from(1 << 20);
        from.plus_micros((share * (index as f64 + inside)) as i64)
    }

    fn section(&mut self, out: &mut Vec<u8>, from: Timestamp) {
        if self.log.has_section() && self.keep == Keep::All && !self.origin.is_silent(self.log, from) {
            let started = self.origin.boot(from).plus_seconds(DAEMON_START);
            let release = self.origin.release_at(from);
            out.extend_from_slice(section(self.log, release, from, started, 2_098_176).as_bytes());
        }
    }

    fn noise_line(&mut self, out: &mut Vec<u8>, at: Timestamp, index: u64) {
        let start = out.len();
        self.writer.set_boot(self.origin.boot(at));
        let warning = self.noise.line(out, &mut self.writer, (at, index), self.words, &mut self.prng);
        if self.origin.is_silent(self.log, at) || (self.keep == Keep::Warnings && !warning) {
            out.truncate(start);
        }
    }

    fn scripted_before(&mut self, out: &mut Vec<u8>, time: Timestamp) {
        let host = self.origin.host;
        let shown = |line: &ScriptedLine| host.map_or(line.at, |host| host.clock.shows(line.at));
        while let Some(line) = self.scripted.next_if(|line| shown(line) < time) {
            let at = shown(line);
            let warning = matches!(line.level, Level::Warning | Level::Error | Level::Alert);
            if self.keep == Keep::Warnings && !warning {
                continue;
            }
            if line.raw {
                out.extend_from_slice(line.text.as_bytes());
                out.push(b'\n');
                continue;
            }
            self.writer.set_boot(self.origin.boot(at));
            let mut head = Head::plain(line.level);
            if self.log == Log::Vpxd {
                head.tid = 3_187;
            }
            head.sub = &line.sub;
            head.op_id = line.op_id.as_deref().unwrap_or_default();
            self.writer.line(out, at, &head, &line.text);
        }
    }
}

/// Writes a host's log: `X.1.gz` older than `X.0.gz`, `X.log` newest.
pub(crate) fn write_host_log(
    mut stream: LogStream<'_>,
    base: &str,
    directories: &[&str],
    out: &mut Members<'_>,
) -> io::Result<()> {
    let (mut text, mut left, level) = (Vec::new(), stream.segments(), stream.origin.volume.gzip);
    while let Some(end) = stream.next_segment(&mut text) {
        left -= 1;
        let packed = if left > 0 { gzip(&text, level)? } else { std::mem::take(&mut text) };
        for directory in directories {
            let path = match left {
                0 => format!("{directory}/{base}.log"),
                _ => format!("{directory}/{base}.{}.gz", left - 1),
            };
            out.file(&path, &packed, end)?;
        }
    }
    Ok(())
}

/// Writes a vCenter log: `X-<n>.log.gz` with `n` growing with time, `X.log` newest.
pub(crate) fn write_vcenter_log(
    mut stream: LogStream<'_>,
    directory: &str,
    out: &mut Members<'_>,
) -> io::Result<()> {
    let (mut text, mut left, level) = (Vec::new(), stream.segments(), stream.origin.volume.gzip);
    let (base, mut number) = (stream.log.name(), 11);
    while let Some(end) = stream.next_segment(&mut text) {
        left -= 1;
        number += 1;
        match left {
            0 => out.file(&format!("{directory}/{base}.log"), &text, end)?,
            _ => out.file(&format!("{directory}/{base}-{number}.log.gz"), &gzip(&text, level)?, end)?,
        }
    }
    Ok(())
}
