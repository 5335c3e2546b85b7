//! The records of one host put together to stops, in the order of time.

use super::super::host::Host;
use super::super::timeline::Moment;
use super::{How, Stop, covered};
use crate::model::{EventKind, HostKind, Timestamp};

/// Records about one stop, or one boot, lie within this many seconds of the one before.
const TOGETHER: i64 = 1_800;
/// Two boots that nothing stands between are one where they lie this close, in seconds: large hosts take minutes to
/// tell of their boot in every log.
const ONE_BOOT: i64 = 900;
/// A change of software is completed by a reboot within this many seconds; a later stop has nothing to do with it.
const UPGRADE: i64 = 86_400;
/// Work on a host in maintenance mode takes no longer than this, in seconds: whoever left it there forgot it.
const MAINTENANCE: i64 = 30 * 86_400;
/// A record of a boot names no uptime above this, in microseconds: an older one is told again.
const FRESH: i64 = 3_600_000_000;

/// The stops of `host`, whose records are `own`: indices into the timeline, in the order of time.
pub(super) fn together(timeline: &[Moment], hosts: &[Host], host: usize, own: &[usize]) -> Vec<Stop> {
    if hosts[host].kind != HostKind::Esxi {
        return Vec::new();
    }
    let mut reader = Reader::new(timeline, &hosts[host], host, own);
    own.iter().for_each(|&at| reader.take(at));
    reader.finish()
}

/// Reads the records of a host one after another.
struct Reader<'a> {
    timeline: &'a [Moment],
    host: &'a Host,
    index: usize,
    own: &'a [usize],
    stops: Vec<Stop>,
    /// The stop whose boot is still to come.
    open: Option<Stop>,
    /// The record that says that the host is in maintenance mode.
    maintenance: Option<usize>,
    /// The last change of its software since the last boot.
    upgrade: Option<usize>,
    /// The last boot, and whether the newest of `stops` ended with it.
    boot: Option<(Timestamp, bool)>,
}

impl<'a> Reader<'a> {
    fn new(timeline: &'a [Moment], host: &'a Host, index: usize, own: &'a [usize]) -> Self {
        Reader {
            timeline,
            host,
            index,
            own,
            stops: Vec::new(),
            open: None,
            maintenance: None,
            upgrade: None,
            boot: None,
        }
    }

    fn take(&mut self, at: usize) {
        let moment = &self.timeline[at];
        match moment.event.kind {
            EventKind::HOST_MAINTENANCE_ENTER => self.maintenance = Some(at),
            EventKind::HOST_MAINTENANCE_EXIT => self.maintenance = None,
            // No host in maintenance mode takes a VM: somebody ended it, where no log tells that.
            _ if is_at_work(moment) => self.maintenance = None,
            EventKind::HOST_UPGRADE => self.upgrade = Some(at),
            EventKind::HOST_REBOOT => self.stopped(at, How::Reboot),
            EventKind::HOST_SHUTDOWN => self.stopped(at, How::Shutdown),
            EventKind::HOST_CRASH if is_found_at_boot(moment) => self.found(at),
            EventKind::HOST_CRASH => self.crashed(at),
            EventKind::HOST_BOOT if is_fresh(moment) => self.booted(at),
            _ => {}
        }
    }

    /// A record says that the host stops.
    fn stopped(&mut self, at: usize, how: How) {
        self.close_old(at);
        match &mut self.open {
            // What came first is why: a crash while it stops is still a crash, and one power button makes both records.
            Some(stop) => {
                stop.lines.push(at);
                stop.how = if stop.how == How::Unclean { how } else { stop.how };
                stop.down = stop.down.or(Some(self.timeline[at].time));
            }
            None => self.open = Some(self.stop(at, how, Some(self.timeline[at].time))),
        }
    }

    /// A purple screen. What a host writes of it after the boot belongs to the stop before that boot.
    fn crashed(&mut self, at: usize) {
        self.close_old(at);
        let time = self.timeline[at].time;
        let boots_later = || {
            let mut later = self.own.iter().filter(|&&other| other > at).map(|&other| &self.timeline[other]);
            later.any(|moment| moment.event.kind == EventKind::HOST_BOOT && is_fresh(moment))
        };
        if self.open.is_none() && self.is_after_boot(time) && !boots_later() {
            return self.found_as(at, How::PurpleScreen);
        }
        match &mut self.open {
            Some(stop) => {
                stop.how = How::PurpleScreen;
                stop.lines.push(at);
                stop.down = stop.down.or(Some(time));
            }
            None => self.open = Some(self.stop(at, How::PurpleScreen, Some(time))),
        }
    }

    /// What is found at a boot says how the run before it ended.
    fn found(&mut self, at: usize) {
        self.close_old(at);
        if self.open.is_none() && self.is_after_boot(self.timeline[at].time) {
            return self.found_as(at, How::Unclean);
        }
        match &mut self.open {
            // A dump that nobody collected is found at every boot: a stop that was asked for stays one.
            Some(stop) => stop.lines.push(at),
            None => self.open = Some(self.stop(at, How::Unclean, None)),
        }
    }

    /// The boot that has just been told ended a run of this kind.
    fn found_as(&mut self, at: usize, how: How) {
        let up = self.boot.map(|(time, _)| time);
        match self.stops.last_mut().filter(|stop| stop.up.is_some() && stop.up == up) {
            Some(stop) => {
                stop.lines.push(at);
                let is_worse = how == How::PurpleScreen || stop.how == How::Silent;
                stop.how = if is_worse { how } else { stop.how };
            }
            None => {
                let down = up.and_then(|up| self.last_before(up));
                let stop = Stop { up, ..self.stop(at, how, down) };
                self.stops.push(self.weighed(stop));
            }
        }
    }

    fn booted(&mut self, at: usize) {
        let time = self.timeline[at].time;
        self.close_old(at);
        let again = self.boot.filter(|(last, _)| seconds(time, *last) <= ONE_BOOT && self.open.is_none());
        if let Some((_, told)) = again {
            if let Some(stop) = self.stops.last_mut().filter(|_| told) {
                stop.lines.push(at);
            }
            return;
        }
        let stop = match self.open.take() {
            Some(mut stop) => {
                stop.lines.push(at);
                stop.down = stop.down.or_else(|| self.last_before(self.timeline[stop.lines[0]].time));
                stop.up = Some(time);
                Some(self.weighed(stop))
            }
            None => self.silent(at),
        };
        self.boot = Some((time, stop.is_some()));
        self.stops.extend(stop);
        self.upgrade = None;
    }

    /// What is found at a boot tells of that stop only where its logs would have told of another one before it.
    fn weighed(&self, stop: Stop) -> Stop {
        let is_covered = |(down, up): (Timestamp, Timestamp)| covered::tells_of_stop(self.host, down, up);
        let is_covered = stop.how != How::Unclean || stop.down.zip(stop.up).is_some_and(is_covered);
        Stop { is_covered, ..stop }
    }

    /// The boot came without a word before it, though there would have been one.
    fn silent(&self, at: usize) -> Option<Stop> {
        // Whoever works on a host in maintenance mode, or completes an upgrade, may well switch it off.
        let boot = self.timeline[at].time;
        let before = self.last_before(boot)?;
        let stop = Stop { up: Some(boot), ..self.stop(at, How::Silent, Some(before)) };
        let is_worked_on = stop.maintenance.is_some() || stop.upgrade.is_some();
        (!is_worked_on && covered::tells_of_stop(self.host, before, boot)).then_some(stop)
    }

    /// The last time before `boot` that the host is known to have run.
    fn last_before(&self, boot: Timestamp) -> Option<Timestamp> {
        let silence = covered::silence(self.host, boot);
        // A boot tells how long the host has been up: what it wrote since is of the new run.
        let end = silence.map_or(boot, |silence| silence.to).min(self.began(boot));
        let moments = self.own.iter().map(|&at| &self.timeline[at]).filter(|moment| moment.time < end);
        let told = moments.filter(|moment| moment.event.kind != EventKind::HOST_BOOT || is_fresh(moment));
        told.map(|moment| moment.time).chain(silence.map(|silence| silence.from)).max()
    }

    /// When the run that `boot` tells of began, by the uptime that some record of the boot gives.
    fn began(&self, boot: Timestamp) -> Timestamp {
        let near = |moment: &&Moment| {
            moment.event.kind == EventKind::HOST_BOOT && seconds(moment.time, boot).abs() <= TOGETHER
        };
        let told = self.own.iter().map(|&at| &self.timeline[at]).filter(near).filter_map(|moment| {
            let micros: i64 = moment.field("us")?.parse().ok()?;
            (0..=FRESH).contains(&micros).then(|| moment.time.plus_micros(-micros))
        });
        told.min().unwrap_or(boot).min(boot)
    }

    /// Ends the open stop where the record `at` is too late to be of it.
    fn close_old(&mut self, at: usize) {
        let time = self.timeline[at].time;
        let is_boot = self.timeline[at].event.kind == EventKind::HOST_BOOT;
        let last = |stop: &Stop| stop.lines.last().map(|&line| self.timeline[line].time);
        let is_old = |stop: &Stop| last(stop).is_some_and(|last| seconds(time, last) > TOGETHER);
        if !is_boot && self.open.as_ref().is_some_and(is_old) {
            self.close();
        }
    }

    /// Ends the open stop, whose boot no record tells.
    fn close(&mut self) {
        let Some(mut stop) = self.open.take() else { return };
        let captures = &self.host.captures;
        let boots = captures.iter().filter_map(|capture| capture.booted_at).chain(self.host.booted_at);
        stop.up = boots.filter(|boot| stop.down.is_some_and(|down| *boot > down)).min();
        // A host that had booted before and runs on was asked to stop and did not.
        let ran_on = |down: Timestamp| {
            let mut captures =
                captures.iter().filter_map(|capture| capture.captured_at.zip(capture.booted_at));
            captures.any(|(taken, booted)| booted < down && seconds(taken, down) > TOGETHER)
        };
        if !(stop.is_asked() && stop.up.is_none() && stop.down.is_some_and(ran_on)) {
            self.stops.push(stop);
        }
    }

    fn finish(mut self) -> Vec<Stop> {
        self.close();
        self.stops.sort_by_key(|stop| stop.down.or(stop.up));
        self.stops
    }

    fn is_after_boot(&self, time: Timestamp) -> bool {
        self.boot.is_some_and(|(boot, _)| seconds(time, boot) <= TOGETHER)
    }

    fn stop(&self, at: usize, how: How, down: Option<Timestamp>) -> Stop {
        let time = down.unwrap_or(self.timeline[at].time);
        let within = |record: Option<usize>, limit: i64| {
            record.filter(|&record| seconds(time, self.timeline[record].time) <= limit)
        };
        Stop {
            host: self.index,
            how,
            down,
            up: None,
            is_covered: how != How::Unclean,
            maintenance: within(self.maintenance, MAINTENANCE),
            upgrade: within(self.upgrade, UPGRADE),
            lines: vec![at],
        }
    }
}

/// Whether a host runs VMs: one was powered on, or comes from another host.
pub(in crate::case) fn is_at_work(moment: &Moment) -> bool {
    match moment.event.kind {
        EventKind::VM_POWER_ON => true,
        EventKind::VMOTION_START => moment.field("role") == Some("Dest") || moment.field("side") == Some("D"),
        _ => false,
    }
}

fn seconds(later: Timestamp, earlier: Timestamp) -> i64 {
    later.since(earlier) / 1_000_000
}

/// Whether a crash is told by the run after it: a core dump that is there, or a boot without a known reason.
pub(super) fn is_found_at_boot(moment: &Moment) -> bool {
    moment.field("reason").is_none() && moment.field("message").is_none()
}

/// Whether a record of a boot is not told again much later.
pub(in crate::case) fn is_fresh(moment: &Moment) -> bool {
    let uptime = moment.field("us").and_then(|us| us.parse::<i64>().ok());
    uptime.is_none_or(|uptime| uptime <= FRESH)
}
