//! Every event of every host on one axis, with the names that ids stand for.

mod address;
mod vmx;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use self::address::Addresses;
use super::cluster::Cluster;
use super::host::Host;
use super::identity::Identity;
use super::names::{Names, position};
use super::{log_of, vm};
use crate::format::id::OpId;
use crate::model::{Event, EventKind, TimeQuality, Timestamp};
use crate::rule::is_kernel_log;

/// One event in the case.
#[derive(Clone, Debug)]
pub struct Moment {
    /// When, in UTC, on the reference clock of the case, as is the event's stamp; what its host wrote is its field
    /// `raw_time`, where that differs.
    pub time: Timestamp,
    /// How well known.
    pub quality: TimeQuality,
    /// Whose bundle says so: an index into the case's hosts.
    pub host: usize,
    /// The event. Its fields are completed: `vm`, `target`, `host_name`, `node`, and `node_host` are names.
    pub event: Event,
}

impl Moment {
    /// Whether it says that a host does not answer, or is disconnected. That a heartbeat is missed is no loss yet.
    pub fn is_lost_connection(&self) -> bool {
        let kind = self.event.kind;
        (kind == EventKind::HOST_NOT_RESPONDING || kind == EventKind::HOST_DISCONNECTED)
            && self.event.rule != "vpxd.host-missed-heartbeats"
    }

    /// What it says of a host's way into maintenance mode, or out of it.
    pub fn maintenance(&self) -> Option<Maintenance> {
        // Rules that are not built in tell a failure by its fault.
        let has_failed = || self.event.rule == "vpxd.maintenance-failed" || self.field("fault").is_some();
        match self.event.kind {
            EventKind::HOST_MAINTENANCE_ENTER if self.event.rule == "vpxd.maintenance-begun" => {
                Some(Maintenance::Begun)
            }
            EventKind::HOST_MAINTENANCE_ENTER => Some(Maintenance::Entered),
            EventKind::HOST_MAINTENANCE_EXIT if has_failed() => Some(Maintenance::Failed),
            EventKind::HOST_MAINTENANCE_EXIT => Some(Maintenance::Left),
            _ => None,
        }
    }

    /// The id of the operation that it is of. Loops that never end are none, and what the kernel writes is a hash.
    pub fn operation(&self) -> Option<OpId<'_>> {
        let id = self.field("opid").and_then(OpId::new).filter(|id| !id.is_noise())?;
        let is_kernel = log_of(self.event.source.file.as_str()).is_some_and(is_kernel_log);
        (!is_kernel).then_some(id)
    }

    /// A field of the event.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.event.fields.get(name).map(String::as_str)
    }
}

/// What a record says of a host's way into maintenance mode, or out of it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Maintenance {
    /// The task began; whether the host gets there is not known yet.
    Begun,
    /// The host is in the mode.
    Entered,
    /// The task failed, or was called off.
    Failed,
    /// The host left the mode.
    Left,
}

impl Maintenance {
    /// Whether the host is in the mode, or on its way there.
    pub const fn is_in(self) -> bool {
        matches!(self, Maintenance::Begun | Maintenance::Entered)
    }
}

/// Two records about one refused migration lie within this many seconds.
const ONE_REFUSAL: i64 = 10;

pub(super) fn build(
    events: Vec<Vec<Event>>,
    hosts: &[Host],
    clusters: &[Cluster],
    names: &Names,
    identity: &Identity,
) -> Vec<Moment> {
    let addresses = Addresses::of(hosts, clusters);
    let mut known = Known { hosts, names, identity, called: HashMap::new() };
    let mut moments = Vec::new();
    for (host, events) in events.into_iter().enumerate() {
        for mut event in events {
            let Some(stamp) = event.stamp else { continue };
            name_by_address(&mut event, host, &addresses);
            complete(&mut event, host, stamp.time, &mut known);
            if vmx::is_power_on(&event, &hosts[host]) {
                event.kind = EventKind::EVC_ADMISSION_FAILED;
            }
            moments.push(Moment { time: stamp.time, quality: stamp.quality, host, event });
        }
    }
    moments.sort_by(|a, b| (a.time, a.host, &a.event.source).cmp(&(b.time, b.host, &b.event.source)));
    vm::one_power_on_once(&mut moments);
    one_refusal_once(one_boot_once(one_start_once(moments)))
}

/// Two logs tell a boot or a stop within this many seconds.
const ONE_BOOT: i64 = 300;

/// vmksummary and vobd both tell that a host boots or stops.
fn one_boot_once(mut moments: Vec<Moment>) -> Vec<Moment> {
    let told = [EventKind::HOST_BOOT, EventKind::HOST_REBOOT, EventKind::HOST_SHUTDOWN];
    let mut last: BTreeMap<(usize, EventKind), (Timestamp, String)> = BTreeMap::new();
    moments.retain(|moment| {
        let kind = moment.event.kind;
        if !told.contains(&kind) {
            return true;
        }
        let rule = moment.event.rule.clone();
        let before = last.get(&(moment.host, kind));
        let again =
            before.is_some_and(|(at, by)| *by != rule && moment.time.since(*at) <= ONE_BOOT * 1_000_000);
        if !again {
            last.insert((moment.host, kind), (moment.time, rule));
        }
        !again
    });
    moments
}

/// A log's section header is repeated at every rotation; the process it names was started once.
fn one_start_once(mut moments: Vec<Moment>) -> Vec<Moment> {
    let mut seen = BTreeSet::new();
    moments.retain(|moment| {
        let pid = moment.field("pid").filter(|_| moment.event.kind == EventKind::SERVICE_START);
        pid.is_none_or(|pid| {
            seen.insert((moment.host, moment.field("product").map(str::to_owned), pid.to_owned()))
        })
    });
    moments
}

/// What ids may stand for.
struct Known<'a> {
    hosts: &'a [Host],
    names: &'a Names,
    identity: &'a Identity,
    /// The hosts that were asked for, by what they are called: few names stand in many events.
    called: HashMap<String, Option<usize>>,
}

impl Known<'_> {
    /// The id of the host that is called `name`; the name itself where no bundle is of it.
    fn id_of<'n>(&'n mut self, name: &'n str) -> &'n str {
        if !self.called.contains_key(name) {
            self.called.insert(name.to_owned(), position(self.hosts, name));
        }
        let found = self.called.get(name).copied().flatten();
        found.map_or(name, |index| self.hosts[index].id.as_str())
    }
}

/// Puts names beside the ids in an event's fields: what they stood for at its time.
fn complete(event: &mut Event, host: usize, time: Timestamp, known: &mut Known<'_>) {
    let Known { hosts, names, identity, .. } = *known;
    let fields = &mut event.fields;
    if let Some(entity) = fields.get("entity").cloned() {
        let word =
            |text: &str| text.starts_with("vm-") && text[3..].bytes().all(|byte| byte.is_ascii_digit());
        let mut words = entity.split([' ', ',', '(', ')', '[', ']', ':']);
        match words.find(|text| word(text)) {
            Some(moref) => {
                fields.entry("vm_ref".to_owned()).or_insert_with(|| moref.to_owned());
            }
            None if event.kind == EventKind::VMOTION_FAIL_CPU && !is_other_object(&entity) => {
                fields.entry("vm".to_owned()).or_insert(entity);
            }
            None => {}
        }
    }
    for (id, name) in
        [("vm_ref", "vm"), ("target_ref", "target"), ("host_ref", "host_name"), ("origin_ref", "origin")]
    {
        // An evacuation names several targets.
        let refs: Vec<&str> = fields.get(id).into_iter().flat_map(|refs| refs.split(',')).collect();
        let known: Vec<&str> =
            refs.iter().filter_map(|moref| identity.object(names, host, moref, time)).collect();
        if !known.is_empty() && known.len() == refs.len() {
            let known = known.join(",");
            fields.entry(name.to_owned()).or_insert(known);
        }
    }
    vmx::complete(event, host, hosts);
    let fields = &mut event.fields;
    let is_named = fields.contains_key("vm");
    if let Some(vmx) = fields.get("vmx").filter(|vmx| !is_named && vmx.contains('/')) {
        let name = vm::name_by_vmx(&hosts[host], vmx);
        let name = identity.vm_name_at(&name, hosts[host].captured_at, time);
        fields.insert("vm".to_owned(), name);
    }
    name_ends(event, host, known);
    let fields = &mut event.fields;
    for name in ["target", "host_name", "origin", "host"] {
        if let Some(found) = fields.get_mut(name) {
            let ids: Vec<String> = found.split(',').map(|name| known.id_of(name).to_owned()).collect();
            *found = ids.join(",");
        }
    }
    if let Some(uuid) = fields.get_mut("node") {
        *uuid = uuid.to_ascii_lowercase();
        let known = names.node(uuid).map(|index| hosts[index].id.clone());
        let named = known.or_else(|| names.node_name(uuid).map(str::to_owned));
        if let Some(name) = named {
            fields.insert("node_host".to_owned(), name);
        }
    }
}

/// Fields that hold an address, and those for the host that has it.
const ADDRESSES: [(&str, &str); 3] = [("src", "src_host"), ("dst", "dst_host"), ("ip", "ip_host")];

/// Names the hosts behind the addresses of a record, as seen from the host that tells it.
fn name_ends(event: &mut Event, host: usize, known: &Known<'_>) {
    // Of an address that several have it is not to say whose it is.
    if event.kind == EventKind::NET_IP_CONFLICT {
        return;
    }
    for (address, name) in ADDRESSES {
        let ip = event.fields.get(address).and_then(|text| text.parse().ok());
        let found = ip.and_then(|ip| known.identity.host_of_address(ip, Some(host)));
        if let Some(found) = found.and_then(|found| known.hosts.get(found)) {
            event.fields.entry(name.to_owned()).or_insert_with(|| found.id.clone());
        }
    }
}

/// A line about a send that failed names the peer by its address only.
fn name_by_address(event: &mut Event, host: usize, addresses: &Addresses) {
    let peer = event.fields.get("ip").filter(|_| event.kind == EventKind::VSAN_PEER_UNREACHABLE);
    if let Some(node) = peer.and_then(|ip| addresses.node(host, ip)).map(str::to_owned) {
        event.fields.entry("node".to_owned()).or_insert(node);
    }
}

/// Whether a task's entity is a host, a cluster or a folder, given by its moref.
fn is_other_object(entity: &str) -> bool {
    ["host-", "domain-", "group-", "datacenter-", "resgroup-"].iter().any(|kind| entity.starts_with(kind))
}

/// vCenter may tell one refusal in two records, as the task's fault and as the text of an event.
fn one_refusal_once(moments: Vec<Moment>) -> Vec<Moment> {
    let mut kept: Vec<Moment> = Vec::with_capacity(moments.len());
    for moment in moments {
        let is_refusal = moment.event.kind == EventKind::VMOTION_FAIL_CPU;
        let twin = if is_refusal {
            let is_near = |earlier: &&mut Moment| moment.time.since(earlier.time) <= ONE_REFUSAL * 1_000_000;
            kept.iter_mut().rev().take_while(is_near).find(|earlier| is_twin(earlier, &moment))
        } else {
            None
        };
        match twin {
            Some(earlier) => {
                for (name, value) in moment.event.fields {
                    earlier.event.fields.entry(name).or_insert(value);
                }
            }
            None => kept.push(moment),
        }
    }
    kept
}

fn is_twin(earlier: &Moment, later: &Moment) -> bool {
    let unequal =
        |name: &str| matches!((earlier.field(name), later.field(name)), (Some(a), Some(b)) if a != b);
    earlier.event.kind == EventKind::VMOTION_FAIL_CPU
        && later.time.since(earlier.time) <= ONE_REFUSAL * 1_000_000
        && (earlier.field("vm").is_some() && earlier.field("vm") == later.field("vm"))
        && !unequal("target")
        && (earlier.event.rule != later.event.rule
            || earlier.host != later.host
            || same_operation(earlier, later))
}

/// Whether two records are of one operation.
fn same_operation(a: &Moment, b: &Moment) -> bool {
    let ids = a.field("opid").and_then(OpId::new).zip(b.field("opid").and_then(OpId::new));
    ids.is_some_and(|(a, b)| a.is_related(b))
}
