//! Incident 2: one host falls out of a vSAN cluster, and its VMs turn invalid.

use std::collections::BTreeMap;

use super::super::cluster::{ClusterOptions, base, routine_migrations};
use super::super::line::{Level, Log, ScriptedLine};
use super::super::prng::Prng;
use super::super::script::add_upgrade;
use super::super::site::{Generation, Host, Release, Site, VcenterRelease, Vm, VsanState, membership_uuid};
use super::said::{self, TIMEOUT};
use super::{Observer, Wording, availability, management, rolling};
use crate::model::Timestamp;

/// Why the host fell out.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum VsanCause {
    /// The hosts are newer than vCenter, which no longer pushes the member list to the lost host.
    VersionSkew,
    /// The vSAN network of the lost host is broken; versions, member lists and generations agree.
    Network,
}

/// The knobs of [`vsan_incident`].
#[derive(Clone, Debug)]
pub struct VsanOptions {
    /// The cluster it happens to.
    pub cluster: ClusterOptions,
    /// The host that falls out, by index.
    pub lost: usize,
    /// How long before the first capture, in seconds.
    pub lost_before: i64,
    /// How kernel lines are worded; `None` for the generation's own.
    pub wording: Option<Wording>,
    /// Why.
    pub cause: VsanCause,
    /// Whether the other hosts still list the lost one as a unicast agent.
    pub peers_keep_entry: bool,
    /// Whether the hosts tell that their peers left and joined while they were upgraded one after another.
    pub upgrades_are_seen: bool,
    /// Whether logs tell of it; without, only the state at capture does.
    pub lines: bool,
}

impl Default for VsanOptions {
    fn default() -> Self {
        let captured_at = Timestamp::from_seconds(1_568_452_507);
        VsanOptions {
            cluster: ClusterOptions {
                captured_at,
                cluster: "vSAN-A".to_owned(),
                ..ClusterOptions::default()
            },
            lost: 0,
            lost_before: 8_733,
            wording: None,
            cause: VsanCause::VersionSkew,
            peers_keep_entry: false,
            upgrades_are_seen: false,
            lines: true,
        }
    }
}

impl VsanOptions {
    /// The same course on hosts of `generation`.
    pub fn of(generation: Generation) -> Self {
        match generation {
            Generation::V67 => VsanOptions::default(),
            _ => {
                let cluster =
                    ClusterOptions { cluster: "vSAN-A".to_owned(), ..ClusterOptions::of(generation) };
                VsanOptions { cluster, ..VsanOptions::default() }
            }
        }
    }
}

/// What a right answer says about [`vsan_incident`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VsanTruth {
    /// The lost host.
    pub host: String,
    /// Its node.
    pub node_uuid: String,
    /// When the first of the others dropped it.
    pub lost_at: Timestamp,
    /// When the lost host gave up and made a view of its own.
    pub alone_at: Timestamp,
    /// The others, in the order of their names.
    pub observers: Vec<Observer>,
    /// Entries of each host's unicast agent list.
    pub unicast_peers: BTreeMap<String, usize>,
    /// vCenter's version and update, if its bundle is there.
    pub vcenter_version: Option<(String, u32)>,
    /// The hosts' version and update.
    pub host_version: (String, u32),
    /// The VMs that turned invalid, and when hostd said so.
    pub invalid_vms: Vec<(String, Timestamp)>,
    /// When vCenter marked the host as not responding.
    pub not_responding_at: Timestamp,
    /// Why it fell out.
    pub cause: VsanCause,
}

/// The site and the truth.
pub fn vsan_incident(options: &VsanOptions) -> (Site, VsanTruth) {
    let cluster =
        ClusterOptions { vsan: true, hosts: options.cluster.hosts.max(2), ..options.cluster.clone() };
    let mut site = base(&cluster);
    let course = Course::new(&site, options);
    if options.cause == VsanCause::VersionSkew {
        upgrade(&mut site, options, &course);
    } else {
        routine_migrations(&mut site);
    }
    split(&mut site, options, &course);
    let truth = truth(&site, options, &course);
    site.hosts[course.lost].unreachable_from = Some(course.at.plus_seconds(-8));
    if options.lines {
        tell(&mut site, options, &course, &truth);
    }
    (site, truth)
}

/// Who is who, and when.
struct Course {
    lost: usize,
    lost_was_master: bool,
    master: usize,
    backup: Option<usize>,
    others: Vec<usize>,
    at: Timestamp,
    alone_at: Timestamp,
    word: &'static str,
}

impl Course {
    fn new(site: &Site, options: &VsanOptions) -> Self {
        let lost = options.lost.min(site.hosts.len() - 1);
        let others: Vec<usize> = (0..site.hosts.len()).filter(|&index| index != lost).collect();
        let role = |state: VsanState| {
            others
                .iter()
                .copied()
                .find(|&index| site.hosts[index].vsan.as_ref().is_some_and(|v| v.state == state))
        };
        // The master stays; where it is the lost one, the backup takes over.
        let lost_was_master = role(VsanState::Master).is_none();
        let master = role(VsanState::Master).or(role(VsanState::Backup)).unwrap_or(others[0]);
        let free = || others.iter().copied().find(|&index| index != master);
        let backup = if lost_was_master { free() } else { role(VsanState::Backup).or_else(free) };
        let at = options.cluster.captured_at.plus_seconds(-options.lost_before).plus_micros(318_000);
        Course {
            lost,
            lost_was_master,
            master,
            backup,
            others,
            at,
            alone_at: at.plus_micros(16_204_000),
            word: Wording::of(options.wording, options.cluster.generation).word(),
        }
    }

    /// Each observer notices a little later than the one before.
    fn seen_at(&self, observer: usize) -> Timestamp {
        let place = self.others.iter().position(|&index| index == observer).unwrap_or(0);
        self.at.plus_micros(83_000 * place as i64)
    }

    /// The role a host plays once the lost one is gone.
    fn role(&self, index: usize) -> VsanState {
        if index == self.lost || index == self.master {
            VsanState::Master
        } else if Some(index) == self.backup {
            VsanState::Backup
        } else {
            VsanState::Agent
        }
    }
}

/// The hosts were upgraded one after another, the last one an hour before the loss; vCenter was not.
fn upgrade(site: &mut Site, options: &VsanOptions, course: &Course) {
    let generation = options.cluster.generation;
    let count = site.hosts.len() as i64;
    let step = (21_600 / count).min(3_300);
    for (index, host) in site.hosts.iter_mut().enumerate() {
        let start = course.at.plus_seconds(-3_600 - step * (count - index as i64)).plus_micros(41_000);
        add_upgrade(host, Release::before(generation), start);
        for (slot, vm) in host.vms.iter_mut().enumerate() {
            vm.run.started = host.booted_at.plus_seconds(700 + 95 * slot as i64);
        }
    }
    if options.upgrades_are_seen {
        rolling::tell(site, course.word);
    }
    if let Some(vcenter) = &mut site.vcenter {
        vcenter.set_release(VcenterRelease::before(generation));
    }
}

/// Gives every host the vSAN state of after the loss.
fn split(site: &mut Site, options: &VsanOptions, course: &Course) {
    let mut prng = Prng::labelled(site.seed, &["partition"]);
    let nodes: Vec<(String, String)> =
        site.hosts.iter().map(|host| (host.uuid.clone(), host.name.clone())).collect();
    let survivors: Vec<(String, String)> = course.others.iter().map(|&index| nodes[index].clone()).collect();
    let view = membership_uuid(course.at.plus_seconds(1), &prng.uuid()[9..]);
    let own_view = membership_uuid(course.alone_at, &prng.uuid()[9..]);
    let skew = options.cause == VsanCause::VersionSkew;
    for (index, host) in site.hosts.iter_mut().enumerate() {
        let Some(vsan) = &mut host.vsan else { continue };
        vsan.state = course.role(index);
        let lost = index == course.lost;
        let backup = course.backup.map(|backup| nodes[backup].0.clone());
        vsan.master_uuid = nodes[if lost { course.lost } else { course.master }].0.clone();
        vsan.backup_uuid = if lost { None } else { backup };
        vsan.members = if lost { vec![nodes[index].clone()] } else { survivors.clone() };
        vsan.membership_uuid = if lost { own_view.clone() } else { view.clone() };
        vsan.entry_revision = u32::from(!lost) * 2;
        if skew && lost {
            vsan.unicast.clear();
            let (_, generation, time) = &mut vsan.config_generation;
            (*generation, *time) = (6, course.at.plus_seconds(-11 * 86_400));
        } else if skew {
            vsan.config_generation.1 = 9;
            vsan.config_generation.2 = course.at.plus_seconds(-1_260);
            if !options.peers_keep_entry {
                vsan.unicast.retain(|agent| agent.node_uuid != nodes[course.lost].0);
            }
        }
    }
}

fn truth(site: &Site, options: &VsanOptions, course: &Course) -> VsanTruth {
    let lost = &site.hosts[course.lost];
    let observer =
        |&index: &usize| Observer { host: site.hosts[index].name.clone(), at: course.seen_at(index) };
    let peers = |host: &Host| (host.name.clone(), host.vsan.as_ref().map_or(0, |vsan| vsan.unicast.len()));
    let invalid = |(slot, vm): (usize, &Vm)| {
        (vm.name.clone(), course.alone_at.plus_micros(74_000_000 + 1_310_000 * slot as i64))
    };
    VsanTruth {
        host: lost.name.clone(),
        node_uuid: lost.uuid.clone(),
        lost_at: course.at,
        alone_at: course.alone_at,
        observers: course.others.iter().map(observer).collect(),
        unicast_peers: site.hosts.iter().map(peers).collect(),
        vcenter_version: site.vcenter.as_ref().map(|vcenter| (vcenter.version.clone(), vcenter.update)),
        host_version: (lost.release.version.clone(), lost.release.update),
        invalid_vms: lost.vms.iter().filter(|vm| vm.running).enumerate().map(invalid).collect(),
        not_responding_at: course.at.plus_micros(62_440_000),
        cause: options.cause,
    }
}

/// Plants the lines that tell of the loss.
fn tell(site: &mut Site, options: &VsanOptions, course: &Course, truth: &VsanTruth) {
    let nodes: Vec<String> = site.hosts.iter().map(|host| host.uuid.clone()).collect();
    let addresses: Vec<String> = site.hosts.iter().map(|host| host.net.vsan.clone()).collect();
    let morefs: Vec<u32> = site.hosts.iter().map(|host| host.moref).collect();
    for &index in &course.others {
        let mut lines = observer_lines(course, index, &nodes);
        if index == course.master {
            lines.extend(availability::partitioned(course.at, &[morefs[course.lost]]));
        }
        if options.cause == VsanCause::Network {
            lines.extend(network_lines(course.seen_at(index), std::slice::from_ref(&addresses[course.lost])));
        }
        site.hosts[index].lines.extend(lines);
    }
    let peers: Vec<String> = course.others.iter().map(|&index| addresses[index].clone()).collect();
    let lost = &mut site.hosts[course.lost];
    let mut lines = lost_lines(course, &nodes);
    lines.extend(availability::alone(course.at, morefs[course.lost]));
    lines.extend(management::invalid(lost, &truth.invalid_vms));
    lines.extend(lost_services(course, lost, options.cause));
    if options.cause == VsanCause::Network {
        lines.extend(network_lines(course.at, &peers));
    }
    lost.lines.extend(lines);
    vcenter_lines(site, options, course, truth);
}

fn observer_lines(course: &Course, index: usize, nodes: &[String]) -> Vec<ScriptedLine> {
    let (at, lost, word) = (course.seen_at(index), &nodes[course.lost], course.word);
    let mut lines = vec![said::missed(at.plus_micros(-1_240_000), lost), said::destroyed(at, lost, TIMEOUT)];
    if index == course.master {
        lines.push(said::removed(at.plus_micros(3_000), word, lost));
        // Was this host's predecessor lost, it had to take over first.
        let reason = format!("Lost the {}", word.to_lowercase());
        if course.lost_was_master {
            lines.push(said::role(at.plus_micros(2_000), &nodes[index], ("Backup", word), &reason));
        }
    } else {
        lines.push(said::left(at.plus_micros(4_000), lost));
    }
    lines.push(said::clomd_removed(at.plus_micros(1_106_000), lost));
    lines
}

/// On the lost host it is the others that go away.
fn lost_lines(course: &Course, nodes: &[String]) -> Vec<ScriptedLine> {
    let (at, own, word) = (course.at, &nodes[course.lost], course.word);
    let mut lines = Vec::new();
    for (place, &other) in course.others.iter().enumerate() {
        let seen = at.plus_micros(212_000 + 5_000 * place as i64);
        lines.push(said::destroyed(seen, &nodes[other], TIMEOUT));
        lines.push(said::clomd_removed(seen.plus_micros(1_400_000), &nodes[other]));
    }
    let role = if course.lost_was_master { word } else { "Agent" };
    lines.extend(said::alone(at, course.alone_at, own, (role, word)));
    lines
}

fn network_lines(at: Timestamp, peers: &[String]) -> Vec<ScriptedLine> {
    let mut lines = said::sends_failed(at, peers, "Host is down");
    lines.push(said::no_redundancy(at));
    lines
}

fn lost_services(course: &Course, host: &Host, cause: VsanCause) -> Vec<ScriptedLine> {
    let mut lines = Vec::new();
    let after = |seconds: i64| course.at.plus_seconds(seconds);
    let boot = host.booted_at.plus_seconds(96);
    let text = "vSAN clustering services have been enabled.";
    if boot > host.log_from {
        lines.push(ScriptedLine::vob(boot, "VsanCorrelator", "esx.audit.vsan.clustering.enabled", text));
    }
    if cause == VsanCause::VersionSkew {
        let text = "unicast agent update not applied: generation 6 stays, the request carries no member list";
        lines.push(
            ScriptedLine::new(after(-7), Log::Vsanmgmt, text)
                .under("VsanSystemImpl::Update")
                .op("5b1e-77a0")
                .level(Level::Warning),
        );
        let text = "Heartbeat to vCenter: not acknowledged, session closed by peer (unsupported version)";
        lines.push(ScriptedLine::new(after(2), Log::Vpxa, text).under("Heartbeat").level(Level::Warning));
    }
    lines
}

/// vCenter loses the host a minute later: vpxd, eam and the health service say so.
fn vcenter_lines(site: &mut Site, options: &VsanOptions, course: &Course, truth: &VsanTruth) {
    let host = (truth.host.as_str(), site.hosts[course.lost].moref);
    let Some(vcenter) = &mut site.vcenter else { return };
    let at = truth.not_responding_at;
    vcenter.lines.extend(management::not_responding(at, host));
    if options.cause == VsanCause::VersionSkew {
        vcenter.lines.push(management::bad_version(at, host, &truth.host_version.0));
    }
    let health = management::health_test(at.plus_micros(21_900_000), "vSAN cluster partition", true);
    vcenter.lines.push(health);
}
