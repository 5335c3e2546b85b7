//! Incident 2: one host falls out of a vSAN cluster, and its VMs turn invalid.

use std::collections::BTreeMap;

use super::cluster::{ClusterOptions, base, routine_migrations};
use super::line::{Level, Log, ScriptedLine};
use super::prng::Prng;
use super::script::add_upgrade;
use super::site::{Generation, Host, Release, Site, VcenterRelease, VsanState, membership_uuid};
use crate::model::Timestamp;

/// What the kernel calls the node that leads a cluster.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Wording {
    /// Master, as up to 6.7.
    Master,
    /// Leader, as in later releases. Commands still print MASTER.
    Leader,
}

impl Wording {
    const fn word(self) -> &'static str {
        match self {
            Wording::Master => "Master",
            Wording::Leader => "Leader",
        }
    }
}

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
            lines: true,
        }
    }
}

impl VsanOptions {
    /// The same story on hosts of `generation`.
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

/// A host that saw the loss.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observer {
    /// Its name.
    pub host: String,
    /// When its kernel dropped the lost node; by its clock, that plus its offset.
    pub at: Timestamp,
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
    let story = Story::new(&site, options);
    if options.cause == VsanCause::VersionSkew {
        upgrade(&mut site, options, &story);
    } else {
        routine_migrations(&mut site);
    }
    split(&mut site, options, &story);
    let truth = truth(&site, options, &story);
    site.hosts[story.lost].unreachable_from = Some(story.at.plus_seconds(-8));
    if options.lines {
        tell(&mut site, options, &story, &truth);
    }
    (site, truth)
}

/// Who is who, and when.
struct Story {
    lost: usize,
    lost_was_master: bool,
    master: usize,
    backup: Option<usize>,
    others: Vec<usize>,
    at: Timestamp,
    alone_at: Timestamp,
    word: &'static str,
}

impl Story {
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
        let wording = options.wording.unwrap_or(match options.cluster.generation {
            Generation::V67 => Wording::Master,
            Generation::V70 | Generation::V80 => Wording::Leader,
        });
        Story {
            lost,
            lost_was_master,
            master,
            backup,
            others,
            at,
            alone_at: at.plus_micros(16_204_000),
            word: wording.word(),
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
fn upgrade(site: &mut Site, options: &VsanOptions, story: &Story) {
    let generation = options.cluster.generation;
    let count = site.hosts.len() as i64;
    let step = (21_600 / count).min(3_300);
    for (index, host) in site.hosts.iter_mut().enumerate() {
        let start = story.at.plus_seconds(-3_600 - step * (count - index as i64)).plus_micros(41_000);
        add_upgrade(host, Release::before(generation), start);
        for (slot, vm) in host.vms.iter_mut().enumerate() {
            vm.run.started = host.booted_at.plus_seconds(700 + 95 * slot as i64);
        }
    }
    if let Some(vcenter) = &mut site.vcenter {
        vcenter.set_release(VcenterRelease::before(generation));
    }
}

/// Gives every host the vSAN state of after the loss.
fn split(site: &mut Site, options: &VsanOptions, story: &Story) {
    let mut prng = Prng::labelled(site.seed, &["partition"]);
    let nodes: Vec<(String, String)> =
        site.hosts.iter().map(|host| (host.uuid.clone(), host.name.clone())).collect();
    let survivors: Vec<(String, String)> = story.others.iter().map(|&index| nodes[index].clone()).collect();
    let view = membership_uuid(story.at.plus_seconds(1), &prng.uuid()[9..]);
    let own_view = membership_uuid(story.alone_at, &prng.uuid()[9..]);
    let skew = options.cause == VsanCause::VersionSkew;
    for (index, host) in site.hosts.iter_mut().enumerate() {
        let Some(vsan) = &mut host.vsan else { continue };
        vsan.state = story.role(index);
        let lost = index == story.lost;
        let backup = story.backup.map(|backup| nodes[backup].0.clone());
        vsan.master_uuid = nodes[if lost { story.lost } else { story.master }].0.clone();
        vsan.backup_uuid = if lost { None } else { backup };
        vsan.members = if lost { vec![nodes[index].clone()] } else { survivors.clone() };
        vsan.membership_uuid = if lost { own_view.clone() } else { view.clone() };
        vsan.entry_revision = u32::from(!lost) * 2;
        if skew && lost {
            vsan.unicast.clear();
            let (_, generation, time) = &mut vsan.config_generation;
            (*generation, *time) = (6, story.at.plus_seconds(-11 * 86_400));
        } else if skew {
            vsan.config_generation.1 = 9;
            vsan.config_generation.2 = story.at.plus_seconds(-1_260);
            if !options.peers_keep_entry {
                vsan.unicast.retain(|agent| agent.node_uuid != nodes[story.lost].0);
            }
        }
    }
}

fn truth(site: &Site, options: &VsanOptions, story: &Story) -> VsanTruth {
    let lost = &site.hosts[story.lost];
    let observer =
        |&index: &usize| Observer { host: site.hosts[index].name.clone(), at: story.seen_at(index) };
    let peers = |host: &Host| (host.name.clone(), host.vsan.as_ref().map_or(0, |vsan| vsan.unicast.len()));
    let invalid = |(slot, vm): (usize, &super::site::Vm)| {
        (vm.name.clone(), story.alone_at.plus_micros(74_000_000 + 1_310_000 * slot as i64))
    };
    VsanTruth {
        host: lost.name.clone(),
        node_uuid: lost.uuid.clone(),
        lost_at: story.at,
        alone_at: story.alone_at,
        observers: story.others.iter().map(observer).collect(),
        unicast_peers: site.hosts.iter().map(peers).collect(),
        vcenter_version: site.vcenter.as_ref().map(|vcenter| (vcenter.version.clone(), vcenter.update)),
        host_version: (lost.release.version.clone(), lost.release.update),
        invalid_vms: lost.vms.iter().filter(|vm| vm.running).enumerate().map(invalid).collect(),
        not_responding_at: story.at.plus_micros(62_440_000),
        cause: options.cause,
    }
}

/// Plants the lines that tell of the loss.
fn tell(site: &mut Site, options: &VsanOptions, story: &Story, truth: &VsanTruth) {
    let nodes: Vec<String> = site.hosts.iter().map(|host| host.uuid.clone()).collect();
    let addresses: Vec<String> = site.hosts.iter().map(|host| host.net.vsan.clone()).collect();
    let morefs: Vec<u32> = site.hosts.iter().map(|host| host.moref).collect();
    for &index in &story.others {
        let mut lines = observer_lines(story, index, &nodes);
        lines.extend(observer_ha(story, index, &morefs));
        if options.cause == VsanCause::Network {
            lines.extend(network_lines(story.seen_at(index), std::slice::from_ref(&addresses[story.lost])));
        }
        site.hosts[index].lines.extend(lines);
    }
    let peers: Vec<String> = story.others.iter().map(|&index| addresses[index].clone()).collect();
    let lost = &mut site.hosts[story.lost];
    let mut lines = lost_lines(story, &nodes);
    lines.extend(lost_ha(story, &morefs));
    lines.extend(invalid_lines(lost, truth));
    lines.extend(lost_services(story, lost, options.cause));
    if options.cause == VsanCause::Network {
        lines.extend(network_lines(story.at, &peers));
    }
    lost.lines.extend(lines);
    vcenter_lines(site, options, story, truth);
}

fn kernel(at: Timestamp, millis: i64, text: String) -> ScriptedLine {
    ScriptedLine::new(at.plus_micros(millis * 1000), Log::Vmkernel, text)
}

fn observer_lines(story: &Story, index: usize, nodes: &[String]) -> Vec<ScriptedLine> {
    let (at, lost, word) = (story.seen_at(index), &nodes[story.lost], story.word);
    let failed = format!(
        "CMMDS: CMMDSHeartbeatCheckHBLogWork:752: Check node returned Failure for node {lost} count 5"
    );
    let mut lines = vec![
        kernel(at, -1_240, failed).level(Level::Warning),
        kernel(at, 0, format!("CMMDS: CMMDSStateDestroyNode:708: Destroying node {lost}: Heartbeat timeout")),
    ];
    if index == story.master {
        let text = format!(
            "CMMDS: {word}RemoveNodeFromMembership:7892: Removing node {lost} (vsanNodeType: data) from the cluster membership"
        );
        lines.push(kernel(at, 3, text));
        // Was this host's predecessor lost, it had to take over first.
        let text = format!(
            "CMMDS: CMMDSLogStateTransition:1310: Transitioning({}) from Backup to {word}: (Reason: Lost the {})",
            nodes[index],
            word.to_lowercase()
        );
        if story.lost_was_master {
            lines.push(kernel(at, 2, text));
        }
    } else {
        lines.push(kernel(at, 4, format!("CMMDS: Node {lost} left cluster")));
    }
    let text = format!("Removing {lost} of type CdbObjectNode from CLOMDB");
    lines.push(ScriptedLine::new(at.plus_micros(1_106_000), Log::Clomd, text));
    lines
}

/// On the lost host it is the others that go away.
fn lost_lines(story: &Story, nodes: &[String]) -> Vec<ScriptedLine> {
    let (at, own, word) = (story.at, &nodes[story.lost], story.word);
    let mut lines = Vec::new();
    for (place, &other) in story.others.iter().enumerate() {
        let millis = 212 + 5 * place as i64;
        let node = &nodes[other];
        let text = format!("CMMDS: CMMDSStateDestroyNode:708: Destroying node {node}: Heartbeat timeout");
        lines.push(kernel(at, millis, text));
        let text = format!("Removing {node} of type CdbObjectNode from CLOMDB");
        lines.push(ScriptedLine::new(at.plus_micros(1_400_000 + millis * 1000), Log::Clomd, text));
    }
    let role = if story.lost_was_master { word } else { "Agent" };
    let steps = [
        (240, role, "Discovery", "Lost all peers"),
        (15_900, "Discovery", "Rejoin", "No reply to discovery"),
        (story.alone_at.since(at) / 1000, "Rejoin", word, "The only node of its view"),
    ];
    for (millis, from, to, reason) in steps {
        let text = format!(
            "CMMDS: CMMDSLogStateTransition:1310: Transitioning({own}) from {from} to {to}: (Reason: {reason})"
        );
        lines.push(kernel(at, millis, text));
    }
    lines
}

/// "Host is down": the neighbour's address is not resolved.
fn network_lines(at: Timestamp, peers: &[String]) -> Vec<ScriptedLine> {
    let mut lines = Vec::new();
    for (place, peer) in peers.iter().enumerate() {
        for attempt in 0..3 {
            let text = format!(
                "CMMDSNet: CMMDSNetSendtoUnicastChannels:1172: Throttled: CMMDS: Failed to send to unicast host '{peer};12321' on iface 'vmk2': Host is down"
            );
            let millis = -3_000 + 9_000 * attempt + 17 * place as i64;
            lines.push(kernel(at, millis, text).level(Level::Warning));
        }
    }
    let redundancy = "vSAN doesn't have any redundancy in its network configuration.";
    let at = at.plus_micros(-4_100_000);
    lines.push(ScriptedLine::vob(at, "netCorrelator", "esx.problem.vsan.net.redundancy.lost", redundancy));
    lines
}

fn fdm(at: Timestamp, millis: i64, sub: &str, text: String) -> ScriptedLine {
    ScriptedLine::new(at.plus_micros(millis * 1000), Log::Fdm, text).under(sub).op("SWI-5a0f21c3")
}

/// HA uses the vSAN network, so it parts where vSAN parts.
fn lost_ha(story: &Story, morefs: &[u32]) -> Vec<ScriptedLine> {
    let own = morefs[story.lost];
    let state = format!(
        "hostId=host-{own} state=Master master=host-{own} isolated=false host-list-version=12 config-version=7 vm-metadata-version=5 slv-mst-tdiff-sec=0"
    );
    vec![
        fdm(
            story.at,
            9_870,
            "Election",
            "[ClusterElection::ChangeState] Slave => Startup : Lost master".to_owned(),
        ),
        fdm(
            story.at,
            24_912,
            "Election",
            "[ClusterElection::ChangeState] Startup => Master : I'm only host".to_owned(),
        ),
        fdm(story.at, 25_020, "Cluster", state),
    ]
}

fn observer_ha(story: &Story, index: usize, morefs: &[u32]) -> Vec<ScriptedLine> {
    if index != story.master {
        return Vec::new();
    }
    let own = morefs[story.lost];
    vec![
        fdm(
            story.at,
            12_380,
            "Cluster",
            format!("Host host-{own} changed state: NetworkPartitionedFromMaster"),
        ),
        fdm(
            story.at,
            12_391,
            "Invt",
            format!("[InventoryManagerImpl::HostChange] host-{own} is live by datastore heartbeat"),
        ),
    ]
}

/// hostd loses the VMs one after another, and words it in three ways.
fn invalid_lines(host: &Host, truth: &VsanTruth) -> Vec<ScriptedLine> {
    let mut lines = Vec::new();
    for (slot, (name, at)) in truth.invalid_vms.iter().enumerate() {
        let Some(vm) = host.vm(name) else { continue };
        let sub = format!("Vmsvc.vm:{}", vm.vmx_path());
        let text = match slot % 3 {
            0 => "State Transition (VM_STATE_ON -> VM_STATE_INVALID_CONFIG)",
            1 => "Marking VirtualMachine invalid",
            _ => {
                "Failed to load virtual machine: vim.fault.InvalidVmConfig\n(vim.fault.InvalidVmConfig) {\n   faultCause = (vmodl.MethodFault) null,\n   faultMessage = <unset>,\n   property = \"config\"\n   msg = \"Input/output error\"\n}"
            }
        };
        let level = if slot % 3 == 0 { Level::Info } else { Level::Warning };
        lines.push(ScriptedLine::new(*at, Log::Hostd, text).under(sub).level(level));
    }
    lines
}

fn lost_services(story: &Story, host: &Host, cause: VsanCause) -> Vec<ScriptedLine> {
    let mut lines = Vec::new();
    let after = |seconds: i64| story.at.plus_seconds(seconds);
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
fn vcenter_lines(site: &mut Site, options: &VsanOptions, story: &Story, truth: &VsanTruth) {
    let moref = site.hosts[story.lost].moref;
    let Some(vcenter) = &mut site.vcenter else { return };
    let at = truth.not_responding_at;
    vcenter.lines.extend(vpxd_lines(options, truth, moref));
    let eam =
        format!("VcHostSystem(ID: host-{moref}) connection state changed from connected to notResponding");
    let health = "vSAN Health Test 'vSAN cluster partition' status changed from 'green' to 'red'";
    vcenter.lines.extend([
        ScriptedLine::new(at.plus_micros(1_733_000), Log::Eam, eam).under("VcHostSystem.java | 388"),
        ScriptedLine::new(at.plus_micros(21_900_000), Log::VsanHealth, health)
            .under("VsanHealthEvent::Post")
            .op("SWI-28c1e0b7")
            .level(Level::Warning),
    ]);
}

fn vpxd_lines(options: &VsanOptions, truth: &VsanTruth, moref: u32) -> Vec<ScriptedLine> {
    let name = &truth.host;
    let reference = format!("[vim.HostSystem:host-{moref},{name}]");
    let missed = |count: u32| format!("[VpxdIntHost] Missed {count} heartbeats for host {name}");
    let silent = "No heartbeats received from host, time since last heartbeat: 61012ms".to_owned();
    let dead =
        format!("Connection not alive due to missing heartbeats; [vim.HostSystem:host-{moref}, {name}]");
    let das = format!(
        "[VpxdMoHost::UpdateDasState] VC state for host host-{moref} (connected -> noResponse), FDM state (Live -> FDMUnreachable)"
    );
    let mut said = vec![
        (-31_000, "VpxdIntHost", missed(3)),
        (-1_010, "VpxdIntHost", missed(6)),
        (-4, "MoHost", silent),
        (-2, "HostCnx", dead),
        (0, "InvtHostCnx", format!("host {reference} connection state changed to NO_RESPONSE")),
        (410, "DAS", das),
    ];
    if options.cause == VsanCause::VersionSkew {
        let text = format!(
            "[VpxdMoHost] Reconnect of {reference} failed: vim.event.HostCnxFailedBadVersionEvent, agent version {} is newer than this server's",
            truth.host_version.0
        );
        said.push((64_020, "vpxdMoHost", text));
    }
    let line = |(millis, sub, text): (i64, &str, String)| {
        let at = truth.not_responding_at.plus_micros(millis * 1000);
        let line = ScriptedLine::new(at, Log::Vpxd, text).under(sub).level(Level::Warning);
        line.op("CheckforMissingHeartbeats-6d1f20b4")
    };
    said.into_iter().map(line).collect()
}
