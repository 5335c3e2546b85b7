//! Power-ons that VMs' own logs tell.
//!
//! hostd tells a power-on too, but its logs reach back days, and those of a VM to the beginning of its run.

use std::collections::HashMap;

use super::super::host::Host;
use super::super::timeline::Moment;
use super::Vm;
use crate::fact::{VmRun, VmStart};
use crate::model::{Event, EventKind, Severity, Source, Timestamp};
use crate::rule::say::Made;

/// The rule that these power-ons are told by.
const RULE: &str = "state.vm-powered-on";

/// How they are told.
pub(super) const SAID: Made = Made {
    rule: RULE,
    fields: &["vm"],
    en: "The VM {vm} was powered on on {here}",
    ja: "仮想マシン {vm} が {here} でパワーオンされました",
};

/// hostd and a VM's log tell one power-on within this many seconds: the log begins with it, hostd tells when it is done.
const ONE: i64 = 120;

/// The power-on that `run` began with, where its log names `host` as the place.
pub(super) fn on(host: &Host, run: &VmRun, source: &Source) -> Option<Event> {
    let stamp = run.from.filter(|_| run.start == VmStart::PowerOn)?;
    run.host.as_deref().filter(|name| host.is_called(name))?;
    let name = run.name.clone().filter(|name| !name.trim().is_empty());
    let called = name.as_deref().unwrap_or(&run.folder);
    let text = format!("{called} was powered on, as its own log tells");
    Some(Event {
        stamp: Some(stamp),
        kind: EventKind::VM_POWER_ON,
        severity: Severity::Info,
        rule: RULE.to_owned(),
        raw: text.clone(),
        text,
        // A log without a name is told by the name of its folder's VM, as its other records are.
        fields: name.into_iter().map(|name| ("vm".to_owned(), name)).collect(),
        source: source.clone(),
    })
}

/// Leaves out what hostd tells as well.
pub(in crate::case) fn once(moments: &mut Vec<Moment>) {
    let mut told: HashMap<(usize, String), Vec<Timestamp>> = HashMap::new();
    let is_on = |moment: &&Moment| moment.event.kind == EventKind::VM_POWER_ON && moment.event.rule != RULE;
    for moment in moments.iter().filter(is_on) {
        if let Some(vm) = moment.field("vm") {
            told.entry((moment.host, vm.to_owned())).or_default().push(moment.time);
        }
    }
    moments.retain(|moment| {
        let vm = moment.field("vm").filter(|_| moment.event.rule == RULE);
        let times = vm.and_then(|vm| told.get(&(moment.host, vm.to_owned())));
        // Moments are ordered, so the times of a VM are.
        times.is_none_or(|times| {
            let from = times.partition_point(|at| at.since(moment.time) < -ONE * 1_000_000);
            times.get(from).is_none_or(|at| at.since(moment.time) > ONE * 1_000_000)
        })
    });
}

impl Vm {
    /// Whether `moment` tells of the power-on since which it runs.
    pub fn is_powered_on_by(&self, moment: &Moment) -> bool {
        let is_near = |on: Timestamp| moment.time.since(on).abs() <= ONE * 1_000_000;
        let in_folder =
            || !self.folder.is_empty() && moment.event.source.file.as_str().contains(&self.folder);
        moment.event.kind == EventKind::VM_POWER_ON
            && self.powered_on_at.is_some_and(is_near)
            && (moment.field("vm") == Some(self.name.as_str()) || in_folder())
    }

    /// How far such a moment may lie from the power-on, in seconds.
    pub const ONE_POWER_ON: i64 = ONE;
}
