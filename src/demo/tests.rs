//! Tests of the builder: same bytes for the same seed, containers that read back, ascending logs, and the truth
//! planted once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::*;
use crate::model::Timestamp;

/// Text or bytes of every member, gunzipped, by path.
type Tree = BTreeMap<String, Vec<u8>>;

fn small_evc() -> EvcOptions {
    let mut options = EvcOptions::default();
    options.cluster.volume = Volume::SMALL;
    options
}

fn small_vsan() -> VsanOptions {
    let mut options = VsanOptions::default();
    options.cluster.volume = Volume::SMALL;
    options
}

fn gunzip(bytes: Vec<u8>) -> Vec<u8> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return bytes;
    }
    let mut out = Vec::new();
    MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut out).expect("a whole gzip stream");
    out
}

fn read_tar(bytes: &[u8]) -> Tree {
    let mut tree = Tree::new();
    for entry in tar::Archive::new(bytes).entries().expect("a tar") {
        let mut entry = entry.expect("an entry");
        let path = entry.path().expect("a path").to_string_lossy().into_owned();
        if path.ends_with('/') {
            continue;
        }
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("content");
        assert!(tree.insert(path.clone(), content).is_none(), "{path} is there twice");
    }
    tree
}

fn read_zip(bytes: Vec<u8>) -> Tree {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    let mut tree = Tree::new();
    for index in 0..zip.len() {
        let mut file = zip.by_index(index).expect("an entry");
        let mut content = Vec::new();
        file.read_to_end(&mut content).expect("content");
        let name = file.name().expect("a name").into_owned();
        tree.insert(name, content);
    }
    tree
}

fn read_folder(root: &Path, below: &Path, tree: &mut Tree) {
    for entry in fs::read_dir(below).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read_folder(root, &path, tree);
        } else {
            let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
            tree.insert(name, fs::read(&path).expect("content"));
        }
    }
}

/// The members of one system, without the top directory, gunzipped.
fn members(site: &Site, system: System) -> Tree {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write_bundle(site, system, folder.path(), Container::Tar).expect("written");
    let tree = read_tar(&fs::read(path).expect("read"));
    tree.into_iter()
        .map(|(path, bytes)| {
            let (_, below) = path.split_once('/').expect("a top directory");
            // Binary files are noise of their own.
            let bytes = if path.contains("vsantraces") { bytes } else { gunzip(bytes) };
            (below.to_owned(), bytes)
        })
        .collect()
}

/// A log's whole text, oldest first.
fn log_text(tree: &Tree, directory: &str, base: &str) -> String {
    let prefix = format!("{directory}/{base}");
    let mut parts: Vec<(i64, &Vec<u8>)> = Vec::new();
    for (path, bytes) in tree {
        let Some(rest) = path.strip_prefix(&prefix) else { continue };
        let order = if rest == ".log" {
            i64::MAX
        } else if let Some(number) = rest.strip_prefix('.').and_then(|rest| rest.strip_suffix(".gz")) {
            match number.parse::<i64>() {
                Ok(number) => -number,
                Err(_) => continue,
            }
        } else if let Some(number) = rest.strip_prefix('-').and_then(|rest| rest.strip_suffix(".log.gz")) {
            number.parse::<i64>().expect("a sequence number")
        } else {
            continue;
        };
        parts.push((order, bytes));
    }
    parts.sort();
    parts.iter().map(|(_, bytes)| std::str::from_utf8(bytes).expect("text")).collect()
}

fn host_log(tree: &Tree, log: Log) -> String {
    log_text(tree, "var/run/log", log.name())
}

/// The stamp a line begins with.
fn stamp(line: &str) -> Option<Timestamp> {
    let end = line.find('Z')? + 1;
    line[..end].parse().ok()
}

fn assert_once(text: &str, needle: &str) {
    let count = text.matches(needle).count();
    assert_eq!(count, 1, "{needle:?} stands {count} times");
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    for container in [Container::Tgz, Container::Zip, Container::Wrapped] {
        let write = |seed: u64| {
            let mut options = small_vsan();
            options.cluster.seed = seed;
            let folder = tempfile::tempdir().expect("a folder");
            let paths = write_site(&vsan_incident(&options).0, folder.path(), container).expect("written");
            paths.iter().map(|path| fs::read(path).expect("read")).collect::<Vec<_>>()
        };
        let first = write(7);
        assert!(first == write(7), "{container:?} differs between two runs");
        assert!(first != write(8), "{container:?} does not depend on the seed");
    }
}

#[test]
fn every_container_holds_the_same_members() {
    let (site, _) = evc_incident(&small_evc());
    for system in [System::Host(0), System::Vcenter] {
        let mut trees = BTreeMap::new();
        for container in Container::ALL {
            let folder = tempfile::tempdir().expect("a folder");
            let path = write_bundle(&site, system, folder.path(), container).expect("written");
            trees.insert(container, read_back(folder.path(), &path, container));
        }
        let first = &trees[&Container::Tgz];
        assert!(first.len() > 20, "only {} members", first.len());
        let tops: BTreeSet<&str> = first.keys().filter_map(|path| path.split('/').next()).collect();
        assert_eq!(tops.len(), 1, "one top directory");
        for (container, tree) in &trees {
            assert!(tree == first, "{container:?} differs");
        }
    }
}

fn read_back(folder: &Path, path: &Path, container: Container) -> Tree {
    let bytes = || fs::read(path).expect("read");
    let only = |tree: Tree| tree.into_values().next().expect("one member");
    match container {
        Container::Tgz => read_tar(&gunzip(bytes())),
        Container::Tar => read_tar(&bytes()),
        Container::Zip => read_tar(&gunzip(only(read_zip(bytes())))),
        Container::TreeZip => read_zip(bytes()),
        Container::Wrapped => read_tar(&only(read_tar(&gunzip(bytes())))),
        Container::Tree => {
            let mut tree = Tree::new();
            read_folder(folder, path, &mut tree);
            tree
        }
    }
}

#[test]
fn a_client_export_holds_every_system() {
    let (site, _) = evc_incident(&small_evc());
    let folder = tempfile::tempdir().expect("a folder");
    let paths = write_site(&site, folder.path(), Container::Zip).expect("written");
    assert_eq!(paths.len(), 1);
    let tree = read_zip(fs::read(&paths[0]).expect("read"));
    assert_eq!(tree.len(), site.hosts.len() + 1);
    assert!(
        tree.keys().any(|name| name.starts_with("esx03.lab.example.com-vm2020-2-18@")),
        "{:?}",
        tree.keys()
    );
}

#[test]
fn stamps_ascend_in_every_log_of_every_generation() {
    for generation in [Generation::V67, Generation::V70, Generation::V80] {
        let mut options = VsanOptions::of(generation);
        options.cluster.volume = Volume::SMALL;
        let (site, _) = vsan_incident(&options);
        let host = members(&site, System::Host(1));
        for log in Log::HOST {
            ascends(log.name(), &host_log(&host, log));
        }
        let vcenter = members(&site, System::Vcenter);
        let text = log_text(&vcenter, "var/log/vmware/vpxd", "vpxd");
        assert!(text.lines().count() > 1_000);
        ascends("vpxd", &text);
    }
}

fn ascends(name: &str, text: &str) {
    let mut last = Timestamp::default();
    // A 6.7 section header tells the service's start, which lies before.
    for line in text.lines().filter(|line| !line.contains("- time the service was last started")) {
        let Some(time) = stamp(line) else { continue };
        assert!(time >= last, "{name} goes back at {line}");
        last = time;
    }
}

#[test]
fn lines_of_each_generation_have_their_own_header() {
    let expected = [
        (Generation::V67, Log::Hostd, " info hostd["),
        (Generation::V67, Log::Vmkernel, " cpu"),
        (Generation::V67, Log::Vobd, "Z: ["),
        (Generation::V70, Log::Hostd, " - last log rotation time, "),
        (Generation::V80, Log::Hostd, " In(166) Hostd["),
        (Generation::V80, Log::Vmkernel, " Wa(180) vmkwarning: cpu"),
        (Generation::V80, Log::Vobd, "]:  ["),
        (Generation::V80, Log::Hostd, ": --> (vim.event.EventEx) {"),
    ];
    for (generation, log, part) in expected {
        let options = ClusterOptions { volume: Volume::SMALL, ..ClusterOptions::of(generation) };
        let text = host_log(&members(&healthy(&options), System::Host(0)), log);
        let wanted = part.replace("--> (vim.event.EventEx) {", "-->    key = ");
        assert!(text.contains(&wanted), "{generation:?} {log:?} lacks {wanted:?}");
    }
}

#[test]
fn the_evc_truth_is_planted_once() {
    let (site, truth) = evc_incident(&small_evc());
    assert_eq!(truth.features, ["cpuid.mdclear"]);
    assert_eq!(truth.have, ["esx01.lab.example.com"]);
    assert_eq!((truth.lack.len(), truth.pinned.len(), truth.refused.len()), (3, 3, 3));
    let vpxd = log_text(&members(&site, System::Vcenter), "var/log/vmware/vpxd", "vpxd");
    let head = "vim.fault.FeatureRequirementsNotMet:\n";
    assert_eq!(vpxd.matches(head).count(), 3);
    for refused in &truth.refused {
        let moref = site.host(&refused.from).and_then(|host| host.vm(&refused.vm)).expect("the VM").moref;
        assert_once(&vpxd, &format!("-->    vm = 'vim.VirtualMachine:vm-{moref}',"));
        let line = vpxd.lines().find(|line| line.starts_with(&refused.at.to_string()[..23]));
        assert!(line.is_some_and(|line| line.contains("-- ERROR task-")), "no error at {}", refused.at);
    }
}

#[test]
fn a_newest_vmware_log_tells_who_is_pinned() {
    let (site, truth) = evc_incident(&small_evc());
    let requirement = "VM Features Required: cpuid.mdclear - Bool:Min:1\n";
    for (index, host) in site.hosts.iter().enumerate() {
        let tree = members(&site, System::Host(index));
        for vm in host.vms.iter().filter(|vm| vm.running) {
            let path = format!("vmfs/volumes/{}/{}/vmware.log", vm.datastore.volume, vm.directory);
            let text = String::from_utf8_lossy(&tree[&path]).into_owned();
            let pinned = truth.pinned.iter().any(|(name, _)| *name == vm.name);
            assert_eq!(text.contains(requirement), pinned, "{}", vm.name);
        }
    }
    assert_eq!((truth.free.len(), truth.powered_off.len()), (4, 1));
    let rich = members(&site, System::Host(0));
    let old = rich.iter().filter(|(path, text)| {
        path.ends_with("vmware-1.log") && String::from_utf8_lossy(text).contains(requirement)
    });
    assert_eq!(old.count(), 1);
}

#[test]
fn masks_and_capabilities_differ_only_where_they_should() {
    let (site, _) = evc_incident(&small_evc());
    for index in 0..4 {
        let tree = members(&site, System::Host(index));
        let config = String::from_utf8_lossy(&tree["etc/vmware/config"]).into_owned();
        assert_eq!(config.matches("featMask.evc.cpuid.MDCLEAR = \"Val:1\"").count(), usize::from(index == 0));
        let pieces = tree.iter().filter(|(path, _)| path.contains("vimdump") && path.contains(".FRAG-"));
        let dump: Vec<u8> = pieces.flat_map(|(_, bytes)| bytes.clone()).collect();
        let dump = String::from_utf8(dump).expect("text");
        let (_, lists) =
            dump.split_once("featureCapability = (vim.host.FeatureCapability) [").expect("first list");
        let (own, masked) = lists.split_once("maskedFeatureCapability = ").expect("second list");
        let value = if index == 0 { "value = '1'" } else { "value = '0'" };
        for list in [own, masked] {
            let (_, entry) = list.split_once("key = 'cpuid.MDCLEAR',").expect("the key");
            assert!(entry.lines().nth(2).is_some_and(|line| line.trim() == value), "{entry:.200}");
        }
    }
}

#[test]
fn the_vsan_truth_is_planted_once_on_every_host() {
    for lost in 0..3 {
        let (site, truth) = vsan_incident(&VsanOptions { lost, ..small_vsan() });
        let node = &truth.node_uuid;
        for (index, host) in site.hosts.iter().enumerate().filter(|(index, _)| *index != lost) {
            let tree = members(&site, System::Host(index));
            let kernel = host_log(&tree, Log::Vmkernel);
            assert_once(&kernel, &format!("Destroying node {node}: Heartbeat timeout"));
            assert_once(&host_log(&tree, Log::Clomd), &format!("Removing {node} of type CdbObjectNode"));
            let observer = truth.observers.iter().find(|seen| seen.host == host.name).expect("an observer");
            let line = kernel.lines().find(|line| line.contains("Destroying node")).expect("the line");
            assert_eq!(stamp(line), Some(observer.at));
        }
        let own = members(&site, System::Host(lost));
        let cluster = String::from_utf8_lossy(&own["commands/localcli_vsan-cluster-get.txt"]).into_owned();
        assert!(cluster.contains("Local Node State: MASTER\n") && cluster.contains("Member Count: 1\n"));
        assert_once(&host_log(&own, Log::Vmkernel), "from Rejoin to Master");
        assert_eq!(truth.unicast_peers.values().copied().sum::<usize>(), 6);
        let vpxd = log_text(&members(&site, System::Vcenter), "var/log/vmware/vpxd", "vpxd");
        assert_once(&vpxd, "connection state changed to NO_RESPONSE");
    }
}

#[test]
fn vms_of_the_lost_host_turn_invalid_when_the_truth_says_so() {
    let (site, truth) = vsan_incident(&small_vsan());
    let hostd = host_log(&members(&site, System::Host(0)), Log::Hostd);
    assert_eq!(truth.invalid_vms.len(), 3);
    let forms = [
        "VM_STATE_ON -> VM_STATE_INVALID_CONFIG",
        "Marking VirtualMachine invalid",
        "Failed to load virtual",
    ];
    for ((name, at), form) in truth.invalid_vms.iter().zip(forms) {
        assert_once(&hostd, form);
        let line = hostd.lines().find(|line| line.contains(form)).expect("the line");
        assert!(line.contains(&format!("/{name}.vmx")) && stamp(line) == Some(*at), "{line}");
    }
}

#[test]
fn a_healthy_site_has_near_misses_and_no_incident() {
    let options = ClusterOptions { volume: Volume::SMALL, ..ClusterOptions::default() };
    let site = healthy(&options);
    let near = [
        "HBX: ",
        "Valid sense data",
        "MDCLEAR",
        "CMMDSNetUpdateReplicaStats",
        "Sent all modified pages",
        "vim.fault.InvalidState",
        "CLOMBalance_",
        "HB delayed",
        "unexpected RDT header",
        "VsanSparse",
        "PLOGDefenceProbeInterval",
        "Removing client record",
        "esx.clear.vsan",
        "Registered event type vim.event.HostDisconnectedEvent",
        "answers, its connection state is unchanged",
    ];
    let never = [
        "FeatureRequirementsNotMet:\n",
        " of type CdbObjectNode from",
        "Destroying node",
        "NO_RESPONSE",
        "INVALID_CONFIG",
        "Failed to send to unicast",
    ];
    let mut text = String::new();
    for index in 0..site.hosts.len() {
        let tree = members(&site, System::Host(index));
        Log::HOST.iter().for_each(|&log| text.push_str(&host_log(&tree, log)));
    }
    let vcenter = members(&site, System::Vcenter);
    text.push_str(&log_text(&vcenter, "var/log/vmware/vpxd", "vpxd"));
    for needle in near.iter().chain(&["Initializing min EVC key", "Registered fault type"]) {
        assert!(text.contains(needle), "no {needle}");
    }
    for needle in never {
        assert!(!text.contains(needle), "{needle} in a healthy site");
    }
}

#[test]
fn vmkwarning_repeats_the_kernels_warnings() {
    let (site, _) = vsan_incident(&small_vsan());
    let tree = members(&site, System::Host(1));
    let kernel = host_log(&tree, Log::Vmkernel);
    let warnings: Vec<&str> = kernel.lines().filter(|line| line.contains(")WARNING: ")).collect();
    let repeated = log_text(&tree, "var/run/log", "vmkwarning");
    assert!(warnings.len() > 10);
    assert_eq!(repeated.lines().collect::<Vec<_>>(), warnings);
}

#[test]
fn members_can_be_left_out_and_replaced() {
    let (mut site, _) = evc_incident(&small_evc());
    let host = &mut site.hosts[0];
    host.omit.insert("commands/vmware-vimdump".to_owned());
    host.extra.insert("etc/vmware/config".to_owned(), b"libdir = \"x\"\n".to_vec());
    host.extra.insert("note.txt".to_owned(), b"new".to_vec());
    let tree = members(&site, System::Host(0));
    assert!(!tree.keys().any(|path| path.contains("vimdump")));
    assert_eq!(tree["etc/vmware/config"], b"libdir = \"x\"\n");
    assert_eq!(tree["note.txt"], b"new");
}

#[test]
fn every_cause_and_generation_can_be_built() {
    let causes = [
        EvcCause::StaleMicrocode,
        EvcCause::PatchLevel,
        EvcCause::BiosSetting,
        EvcCause::StaleMask,
        EvcCause::DifferentCpu,
        EvcCause::CpuidOverride,
    ];
    for (cause, generation) in causes.into_iter().zip([Generation::V67, Generation::V80].into_iter().cycle())
    {
        let mut options = small_evc();
        options.cause = cause;
        options.cluster.generation = generation;
        options.rich = vec![1, 2];
        let (site, truth) = evc_incident(&options);
        assert_eq!((truth.have.len(), truth.pinned.len()), (2, 3), "{cause:?}");
        assert!(!members(&site, System::Host(2)).is_empty());
    }
    let (site, truth) = vsan_incident(&VsanOptions { cause: VsanCause::Network, ..small_vsan() });
    assert!(truth.unicast_peers.values().all(|&count| count == 3));
    let kernel = host_log(&members(&site, System::Host(0)), Log::Vmkernel);
    assert!(kernel.contains("Failed to send to unicast host '10.20.3.12;12321'"));
}

#[test]
fn a_register_mask_lies_on_the_poor_hosts_only() {
    let mut options = EvcOptions::about(EvcCause::CpuidOverride, &["cpuid.IBRS", "cpuid.STIBP"]);
    options.cluster.volume = Volume::SMALL;
    let (site, _) = evc_incident(&options);
    for index in 0..4 {
        let host = &site.hosts[index];
        assert_eq!(
            (host.capabilities["cpuid.IBRS"], &host.evc_masks["cpuid.IBRS"]),
            (1, &"Val:1".to_owned())
        );
        assert_eq!(host.masked_capabilities()["cpuid.IBRS"], u64::from(index == 0));
        let config =
            String::from_utf8_lossy(&members(&site, System::Host(index))["etc/vmware/config"]).into_owned();
        let line = "cpuid.7.edx = \"----:00--:----:----:----:----:----:----\"\n";
        assert_eq!(config.contains(line), index != 0);
    }
    options.override_in_masked = false;
    assert_eq!(evc_incident(&options).0.hosts[1].masked_capabilities()["cpuid.IBRS"], 1);
}

#[test]
fn held_vms_require_what_no_host_offers_any_more() {
    for cause in [EvcCause::PerVmEvc, EvcCause::StartedEarlier] {
        let mut options = EvcOptions::about(cause, &["cpuid.AVX2", "cpuid.FMA"]);
        options.cluster.volume = Volume::SMALL;
        let (site, truth) = evc_incident(&options);
        assert_eq!((truth.have.len(), truth.lack.len(), truth.pinned.len()), (0, 4, 3), "{cause:?}");
        for host in &site.hosts {
            assert_eq!((host.capabilities["cpuid.AVX2"], host.masked_capabilities()["cpuid.AVX2"]), (1, 0));
            for vm in &host.vms {
                let held = truth.pinned.iter().any(|(name, _)| *name == vm.name);
                assert_eq!(vm.run.requires.contains_key("cpuid.avx2"), held, "{}", vm.name);
                assert_eq!(!vm.vmx_extra.is_empty(), held && cause == EvcCause::PerVmEvc, "{}", vm.name);
            }
        }
        let stay: usize = truth.evacuation.iter().map(|host| host.stay.len()).sum();
        assert_eq!((stay, truth.refused.len()), (3, 3));
    }
}

#[test]
fn evidence_is_withheld_as_asked() {
    let of = |evidence| evc_incident(&EvcOptions { evidence, ..small_evc() });
    let (site, truth) = of(EvidenceKind::State);
    assert!(site.vcenter.is_none() && truth.refused.is_empty());
    let (site, truth) = of(EvidenceKind::Lines);
    assert_eq!(truth.refused.len(), 3);
    let tree = members(&site, System::Host(0));
    let state = ["etc/vmware/config", "vimdump", "vmware.log", "vmware-1.log"];
    assert!(!tree.keys().any(|path| state.iter().any(|part| path.contains(part))));
    assert!(tree.keys().any(|path| path.ends_with(".vmx")) && tree.contains_key("commands/vmware_-vl.txt"));
}

#[test]
fn without_evc_no_mask_is_written_anywhere() {
    let mut options = EvcOptions::about(EvcCause::DifferentCpu, &["cpuid.ADX", "cpuid.SMAP"]);
    (options.masks, options.cluster.volume) = (Masks::None, Volume::SMALL);
    let (site, truth) = evc_incident(&options);
    for index in 0..4 {
        for (path, bytes) in members(&site, System::Host(index)) {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("featMask.") && !text.contains("completeMasks"), "{path}");
        }
    }
    // Those from before the reboot need the features too.
    assert_eq!((truth.pinned.len(), truth.refused.len()), (5, 3));
}

#[test]
fn every_form_of_a_refusal_is_one_record() {
    let (site, truth) = evc_incident(&EvcOptions { forms: RefusalForm::ALL.to_vec(), ..small_evc() });
    assert_eq!(truth.refused.len(), RefusalForm::ALL.len());
    let host = members(&site, System::Host(0));
    let vcenter = members(&site, System::Vcenter);
    let texts = [
        log_text(&vcenter, "var/log/vmware/vpxd", "vpxd"),
        host_log(&host, Log::Vpxa),
        host_log(&host, Log::Hostd),
        String::from_utf8_lossy(&vcenter["commands/journalctl_-b--0.txt"]).into_owned(),
    ];
    for refused in &truth.refused {
        let second = &refused.at.to_string()[..19];
        let said = |text: &String| {
            let lines = text.lines().filter(|line| line.starts_with(second));
            lines.filter(|line| line.contains("ERROR") || line.contains("Cannot migrate")).count()
        };
        assert_eq!(texts.iter().map(said).sum::<usize>(), 1, "{:?}", refused.form);
    }
}

#[test]
fn both_sides_of_a_failed_migration_have_its_id() {
    for generation in [Generation::V67, Generation::V70, Generation::V80] {
        let mut options = VmotionOptions::of(generation);
        options.cluster.volume = Volume::SMALL;
        let (site, truth) = vmotion_incident(&options);
        assert_eq!(truth.failed.len(), VmotionFault::ALL.len());
        let logs = |index| {
            let tree = members(&site, System::Host(index));
            (host_log(&tree, Log::Vmkernel), host_log(&tree, Log::Hostd))
        };
        let all: Vec<(String, String)> = (0..4).map(logs).collect();
        let vpxd = log_text(&members(&site, System::Vcenter), "var/log/vmware/vpxd", "vpxd");
        for failed in &truth.failed {
            let place = |name: &str| site.hosts.iter().position(|host| host.name == name).expect("a host");
            for (host, side) in [(&failed.from, 'S'), (&failed.to, 'D')] {
                let (kernel, hostd) = &all[place(host)];
                let gives_up = |line: &&str| {
                    line.contains(&format!("{} {side}: ", failed.id))
                        && (line.contains("Failed: ") || line.contains("considered a failure"))
                };
                assert_eq!(kernel.lines().filter(gives_up).count(), 1, "{failed:?}");
                let sub = format!("({})", failed.id);
                assert!(hostd.lines().any(|line| line.contains(&sub) && line.contains("ResolveCb: Failed")));
            }
            assert_once(&vpxd, &format!("[MIGRATE] ({}) vMotion failed: ", failed.id));
        }
    }
}

#[test]
fn a_clock_that_is_ahead_moves_the_planted_lines() {
    let (mut site, truth) = vsan_incident(&small_vsan());
    site.hosts[1].clock.ahead = 97_000_000;
    let kernel = host_log(&members(&site, System::Host(1)), Log::Vmkernel);
    let line = kernel.lines().find(|line| line.contains("Destroying node")).expect("the line");
    assert_eq!(stamp(line), Some(truth.observers[0].at.plus_micros(97_000_000)));
    ascends("vmkernel", &kernel);
}

#[test]
fn nobody_hears_from_the_lost_host_any_more() {
    let (site, truth) = vsan_incident(&small_vsan());
    let vpxd = log_text(&members(&site, System::Vcenter), "var/log/vmware/vpxd", "vpxd");
    let host = format!("Host sync of [vim.HostSystem:host-{},", site.hosts[0].moref);
    let last = vpxd.lines().rfind(|line| line.contains(&host)).and_then(stamp).expect("a sync before");
    assert!(last < truth.lost_at);
    let fdm = host_log(&members(&site, System::Host(0)), Log::Fdm);
    let last = fdm.lines().rfind(|line| line.contains("state=Slave")).and_then(stamp).expect("a status");
    assert!(last < truth.lost_at);
}

#[test]
fn a_view_is_dated_by_its_first_bytes() {
    let time = "2025-05-02T10:18:32Z".parse().expect("a time");
    assert!(membership_uuid(time, "0-0").starts_with("f89b1468-"));
}

#[test]
fn a_site_can_be_scaled_to_a_size() {
    let (mut site, _) = vsan_incident(&small_vsan());
    let wanted = 15_000_000;
    site.scale_to(wanted);
    let systems = (0..site.hosts.len()).map(System::Host).chain([System::Vcenter]);
    let sizes =
        systems.map(|system| members(&site, system).values().map(|bytes| bytes.len() as u64).sum::<u64>());
    let bytes: u64 = sizes.sum();
    assert!(bytes > wanted * 9 / 10 && bytes < wanted * 11 / 10, "{bytes} bytes");
}

#[test]
fn the_damage_is_planted_once_and_where_the_truth_says() {
    let (site, truth) = damaged_evidence(Volume::SMALL, 3);
    assert!(site.host(&truth.absent).is_none() && site.hosts.len() == 4);
    for host in &site.hosts {
        let members = &host.vsan.as_ref().expect("a vSAN host").members;
        assert!(members.contains(&(truth.absent_node.clone(), truth.absent.clone())), "{}", host.name);
    }
    let index = |name: &str| site.hosts.iter().position(|host| host.name == name).expect("a host");
    let tree = members(&site, System::Host(index(&truth.rotation.host)));
    assert!(!tree.contains_key(&truth.rotation.member));
    for there in ["vmkernel.2.gz", "vmkernel.0.gz", "vmkernel.log", "vmkwarning.1.gz"] {
        assert!(tree.contains_key(&format!("var/run/log/{there}")), "{there}");
    }
    let (fragment, number) = &truth.fragment;
    let tree = members(&site, System::Host(index(&fragment.host)));
    let other = |n: u32| fragment.member.replace(&format!("{number:05}"), &format!("{n:05}"));
    assert!(!tree.contains_key(&fragment.member));
    assert!(tree.contains_key(&other(number - 1)) && tree.contains_key(&other(number + 1)));
    let dump = &tree[&truth.encrypted.member];
    assert!(dump[4096..].starts_with(b"DataTransformEnvelope\0") && dump.len() > 8192);
}

#[test]
fn a_bundle_that_is_cut_is_the_beginning_of_the_whole_one() {
    let (mut site, truth) = damaged_evidence(Volume::SMALL, 3);
    let index = site.hosts.iter().position(|host| host.name == truth.cut).expect("a host");
    let folder = tempfile::tempdir().expect("a folder");
    let written = |site: &Site, name: &str| {
        let path = write_bundle(site, System::Host(index), &folder.path().join(name), Container::Tgz);
        fs::read(path.expect("written")).expect("read")
    };
    let cut = written(&site, "cut");
    site.hosts[index].kept_percent = None;
    let whole = written(&site, "whole");
    assert_eq!(cut.len(), whole.len() * 8 / 10);
    assert!(whole.starts_with(&cut));
}

#[test]
fn a_big_bundle_has_about_the_size_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("big.tgz");
    let wanted = 4_000_000;
    big(&path, wanted, 3).expect("written");
    let tree = read_tar(&gunzip(fs::read(&path).expect("read")));
    let logs = tree.into_iter().filter(|(path, _)| path.contains("var/run/log"));
    let bytes: u64 = logs.map(|(_, bytes)| gunzip(bytes).len() as u64).sum();
    assert!(bytes > wanted * 9 / 10 && bytes < wanted * 11 / 10, "{bytes} bytes");
}

const MEMBERSHIP_STORIES: [Story; 18] = [
    Story::Healthy,
    Story::ListNotPushed,
    Story::Partition,
    Story::LinkDown,
    Story::Mtu,
    Story::OneWay,
    Story::AdapterRemoved,
    Story::Crash,
    Story::PowerLoss,
    Story::Restart,
    Story::Maintenance,
    Story::RollingReboots,
    Story::FormatSkew,
    Story::Decommission,
    Story::AgentHang,
    Story::ManagementNetwork,
    Story::Certificate,
    Story::DiskGroup,
];

fn small_membership(story: Story, returned: bool) -> MembershipOptions {
    let mut options = MembershipOptions::of(story, Generation::V67);
    (options.returned, options.cluster.hours) = (returned, 12);
    options.cluster.volume = Volume { lines: 200, rotate_at: 100, gzip: 1 };
    options
}

#[test]
fn every_observer_of_a_membership_story_drops_the_victim_when_the_truth_says_so() {
    for (story, returned) in MEMBERSHIP_STORIES.into_iter().flat_map(|story| [(story, false), (story, true)])
    {
        let (site, truth) = membership_incident(&small_membership(story, returned));
        let is_away = !truth.groups.is_empty() && truth.returned_at.is_none();
        for (index, host) in site.hosts.iter().enumerate() {
            let seen = truth.observers.iter().find(|seen| seen.host == host.name);
            let members = host.vsan.as_ref().map_or(0, |vsan| vsan.members.len());
            match seen {
                Some(_) => assert_eq!(members, if is_away { 3 } else { 4 }, "{story:?}"),
                None => assert_eq!(members, if is_away { 1 } else { 4 }, "{story:?}"),
            }
            let Some(seen) = seen else { continue };
            let kernel = host_log(&self::members(&site, System::Host(index)), Log::Vmkernel);
            let dropped = format!("Destroying node {}", truth.node_uuid);
            assert_once(&kernel, &dropped);
            let line = kernel.lines().find(|line| line.contains(&dropped)).expect("the line");
            assert_eq!(stamp(line), Some(seen.at), "{story:?}");
        }
    }
}

#[test]
fn a_partition_has_a_master_and_a_view_on_each_side() {
    let options = MembershipOptions { victims: vec![1, 3], ..small_membership(Story::Partition, false) };
    let (site, truth) = membership_incident(&options);
    assert_eq!(truth.groups.len(), 2);
    let vsan = |index: usize| site.hosts[index].vsan.as_ref().expect("a vSAN host");
    for pair in [(0, 2), (1, 3)] {
        let (one, other) = (vsan(pair.0), vsan(pair.1));
        assert_eq!((&one.master_uuid, &one.membership_uuid), (&other.master_uuid, &other.membership_uuid));
        let leads = [one, other].iter().filter(|vsan| vsan.state == VsanState::Master).count();
        assert_eq!((leads, one.members.len()), (1, 2));
    }
    assert_ne!(vsan(0).membership_uuid, vsan(1).membership_uuid);
    let far = host_log(&members(&site, System::Host(3)), Log::Vmkernel);
    assert!(far.contains("unicast host '10.20.3.11;") && far.contains("unicast host '10.20.3.13;"));
    assert!(!far.contains("unicast host '10.20.3.12;"), "its own side answers");
}

#[test]
fn a_stopped_host_is_silent_and_one_that_stays_down_has_no_bundle() {
    let (site, truth) = membership_incident(&small_membership(Story::Crash, true));
    let tree = members(&site, System::Host(0));
    let kernel = host_log(&tree, Log::Vmkernel);
    assert_once(&kernel, "@BlueScreen: ");
    assert_once(&host_log(&tree, Log::Vmksummary), "file core dump found");
    let (down, up) = site.hosts[0].downtimes[0];
    assert!(down < truth.at && Some(up) < truth.returned_at);
    let stamps: Vec<Timestamp> = kernel.lines().filter_map(stamp).collect();
    assert!(stamps.iter().all(|at| *at < down || *at >= up) && stamps.iter().any(|at| *at > up));
    let (site, truth) = membership_incident(&small_membership(Story::Crash, false));
    assert_eq!((site.hosts.len(), truth.uncollected.len()), (3, 1));
}
