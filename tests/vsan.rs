//! What happens to vSAN clusters, from raw bundles to the report: who is out, since when, who says so, and why.
//!
//! Every story is told whole, then with less and less evidence. Then a cause may turn unknown; a host or a cause that
//! is wrong is never told.

#[path = "common/run.rs"]
mod run;

use std::collections::BTreeSet;

use esxray::demo::{
    Container, Generation, MembershipOptions, MembershipTruth, Site, Story, VcenterRelease, Volume,
    VsanOptions, Wording, membership_incident, vsan_incident, write_site,
};
use esxray::model::Timestamp;
use run::{all_ids, analyze, events, finding, findings};
use serde_json::Value;

/// Few records, as there are many runs.
const VOLUME: Volume = Volume { lines: 400, rotate_at: 200, gzip: 1 };

/// Each story once: the victim differs, so that it is now the master, the backup, an agent.
const STORIES: &[(Story, &[usize], bool)] = &[
    (Story::ListNotPushed, &[0], false),
    (Story::Partition, &[2, 3], false),
    (Story::Partition, &[0, 1], true),
    (Story::Partition, &[3], false),
    (Story::LinkDown, &[1], false),
    (Story::LinkDown, &[0], true),
    (Story::Mtu, &[2], false),
    (Story::OneWay, &[3], false),
    (Story::AdapterRemoved, &[1], false),
    (Story::Crash, &[0], true),
    (Story::Crash, &[1], false),
    (Story::PowerLoss, &[2], true),
    (Story::Restart, &[1], true),
    (Story::Restart, &[3], false),
    (Story::Maintenance, &[0], false),
    (Story::Maintenance, &[1], true),
    (Story::RollingReboots, &[0], false),
    (Story::FormatSkew, &[2], false),
    (Story::Decommission, &[3], false),
    (Story::AgentHang, &[0], false),
    (Story::ManagementNetwork, &[1], true),
    (Story::Certificate, &[2], false),
    (Story::DiskGroup, &[3], false),
    (Story::Healthy, &[0], false),
];

/// What of the evidence there is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Evidence {
    /// All that can be.
    Whole,
    /// No bundle of the first victim.
    NoVictim,
    /// No bundle of one of the others.
    NoSurvivor,
    /// No bundle of vCenter.
    NoVcenter,
    /// Logs that do not tell of it.
    StateOnly,
    /// No view of the membership.
    LinesOnly,
}

/// One run: what happened, and what is known of it.
struct Case {
    name: String,
    evidence: Evidence,
    truth: MembershipTruth,
    /// The host whose bundle was left out.
    left_out: Option<String>,
    report: Value,
}

fn analyzed(site: &mut Site) -> Value {
    site.set_volume(VOLUME);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let paths = write_site(site, &folder.path().join("in"), Container::Tree).expect("written");
    let run = analyze(&paths, folder.path(), &["--format", "json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.report
}

impl Case {
    fn new(mut options: MembershipOptions, evidence: Evidence) -> Self {
        options.cluster.hours = 12;
        options.lines = evidence != Evidence::StateOnly;
        let (mut site, truth) = membership_incident(&options);
        let is_victim = |name: &String| truth.victims.contains(name);
        let left_out = match evidence {
            Evidence::NoVictim => Some(truth.victims[0].clone()),
            Evidence::NoSurvivor => {
                site.hosts.iter().map(|host| host.name.clone()).rfind(|name| !is_victim(name))
            }
            _ => None,
        };
        site.hosts.retain(|host| Some(&host.name) != left_out.as_ref());
        if evidence == Evidence::NoVcenter {
            site.vcenter = None;
        }
        if evidence == Evidence::StateOnly {
            // Logs that reach back before a boot would tell of the stop: here they are rotated away.
            for host in &mut site.hosts {
                host.log_from = host.log_from.max(host.booted_at.plus_seconds(300));
            }
        }
        if evidence == Evidence::LinesOnly {
            for host in &mut site.hosts {
                host.omit.insert("commands/localcli_vsan-cluster".to_owned());
            }
        }
        let name = format!(
            "{:?} of {:?}, returned {}, {:?}, {evidence:?}",
            options.story, options.victims, options.returned, options.cluster.generation
        );
        let report = analyzed(&mut site);
        Case { name, evidence, truth, left_out, report }
    }

    /// Whether what tells the cause may be gone. Maintenance is known to vCenter and to the others, too.
    fn is_cut(&self, cause: &str) -> bool {
        let is_uncollected = !self.truth.uncollected.is_empty() && cause != "maintenance";
        self.evidence != Evidence::Whole || is_uncollected
    }

    /// Whether the evidence for the finding `id` is gone altogether.
    fn may_be_silent(&self, id: &str) -> bool {
        let (evidence, returned) = (self.evidence, self.truth.returned_at.is_some());
        match id {
            // Only vCenter knows it.
            "host.disconnected" => matches!(evidence, Evidence::NoVcenter | Evidence::StateOnly),
            // Its own bundle tells it.
            "host.crashed" | "vsan.disk-failed" => {
                evidence == Evidence::NoVictim || (evidence == Evidence::StateOnly && returned)
            }
            // What is over is in lines only.
            _ => evidence == Evidence::StateOnly && returned,
        }
    }

    #[track_caller]
    fn check(&self) {
        let told: BTreeSet<&str> = self.report["findings"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|finding| finding["id"].as_str().expect("an id"))
            .filter(|id| id.starts_with("vsan.") || *id == "host.crashed" || *id == "host.disconnected")
            .collect();
        for &(id, cause) in &self.truth.findings {
            if told.contains(id) || !self.may_be_silent(id) {
                let found = self.finding(id);
                self.check_finding(found, id, cause);
            }
        }
        let known: BTreeSet<&str> = self.truth.findings.iter().map(|(id, _)| *id).collect();
        for id in told.difference(&known) {
            // vCenter loses a host that is down, too, and must not blame the way to it.
            let found = self.finding(id);
            let is_effect = *id == "host.disconnected"
                && ["host-crash", "unknown"].contains(&found["cause"]["id"].as_str().expect("a cause"));
            assert!(is_effect, "{}: {:?}", self.name, all_ids(&self.report));
        }
        self.check_missing();
        if self.evidence == Evidence::Whole {
            self.check_matrix();
        }
    }

    #[track_caller]
    fn finding(&self, id: &str) -> &Value {
        let found = findings(&self.report, id);
        assert_eq!(found.len(), 1, "{}: {id} in {:?}", self.name, all_ids(&self.report));
        found[0]
    }

    #[track_caller]
    fn check_finding(&self, found: &Value, id: &str, cause: &str) {
        let told = found["cause"]["id"].as_str().expect("a cause");
        let is_honest = told == cause || (self.is_cut(cause) && told == "unknown");
        assert!(is_honest, "{}: {:?}", self.name, all_ids(&self.report));
        match id {
            "vsan.host-lost" => self.check_lost(found),
            "vsan.partition" => self.check_groups(found),
            _ => self.check_hosts(found),
        }
        let newer = findings(&self.report, "version.hosts-newer-than-vcenter");
        assert!(newer.is_empty(), "{}: {:?}", self.name, all_ids(&self.report));
    }

    /// The victim's id is in the finding where its bundle is here, and no other ESXi host's.
    #[track_caller]
    fn check_hosts(&self, found: &Value) {
        let told: BTreeSet<String> =
            found["hosts"].as_array().expect("a list").iter().map(|host| self.label(host)).collect();
        let is_here = self.left_out.as_ref() != Some(&self.truth.victims[0]);
        assert!(!is_here || told.contains(&self.truth.victims[0]), "{}: {told:?}", self.name);
        let other = told.iter().find(|name| !self.is_victim(name) && !name.starts_with("vcsa."));
        assert_eq!(other, None, "{}", self.name);
    }

    /// The full name of a host by its id, or what is told in its place.
    fn label(&self, id: &Value) -> String {
        let told = id.as_str().expect("a string");
        let hosts = self.report["hosts"].as_array().expect("a list");
        let host = hosts.iter().find(|host| host["id"] == *told);
        host.map_or(told, |host| host["name"].as_str().expect("a name")).to_owned()
    }

    fn is_victim(&self, label: &str) -> bool {
        label == self.truth.victims[0] || label == self.truth.node_uuid
    }

    #[track_caller]
    fn check_lost(&self, found: &Value) {
        let details = &found["details"];
        let label = self.label(&details["host"]);
        assert!(self.is_victim(&label), "{}: {label} for {}", self.name, self.truth.victims[0]);
        self.check_time(&details["lost_at"], &details["lost_at_uncertainty_ms"]);
        if self.evidence == Evidence::Whole {
            let vms: BTreeSet<&str> =
                found["vms"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
            let expected: BTreeSet<&str> = self.truth.vms.iter().map(String::as_str).collect();
            assert!(vms.is_superset(&expected), "{}: {vms:?} for {expected:?}", self.name);
        }
        if self.evidence == Evidence::StateOnly {
            return;
        }
        let told: BTreeSet<String> = details["observers"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|observer| self.label(&observer["host"]))
            .filter(|name| !self.is_victim(name))
            .collect();
        let there = self.truth.observers.iter().filter(|seen| Some(&seen.host) != self.left_out.as_ref());
        let expected: BTreeSet<String> = there.clone().map(|seen| seen.host.clone()).collect();
        assert_eq!(told, expected, "{}", self.name);
        for observer in details["observers"].as_array().expect("a list") {
            let own = self.label(&observer["host"]);
            if let Some(seen) = there.clone().find(|seen| seen.host == own) {
                let at = time(&observer["at"]);
                assert!(at.since(seen.at).abs() <= 2_000_000, "{}: {own} saw it at {at}", self.name);
            }
        }
        self.check_return(details);
    }

    #[track_caller]
    fn check_return(&self, details: &Value) {
        let returned = details["returned_at"].as_str().map(|_| time(&details["returned_at"]));
        match self.truth.returned_at {
            None => assert_eq!(returned, None, "{}", self.name),
            Some(back) => {
                let told = returned.unwrap_or_else(|| panic!("{}: it returned", self.name));
                assert!(told.since(back).abs() <= 2_000_000, "{}: {told} for {back}", self.name);
            }
        }
    }

    #[track_caller]
    fn check_time(&self, at: &Value, uncertainty_ms: &Value) {
        let at = time(at);
        let uncertainty = match self.evidence {
            Evidence::StateOnly => uncertainty_ms.as_i64().expect("stated") * 1_000,
            _ => 1_000_000,
        };
        let off = at.since(self.truth.at).abs();
        assert!(off <= uncertainty, "{}: {at} for {} ± {uncertainty} µs", self.name, self.truth.at);
    }

    #[track_caller]
    fn check_groups(&self, found: &Value) {
        let missing: BTreeSet<&String> = self.truth.uncollected.iter().chain(&self.left_out).collect();
        let there = |name: &&String| !missing.contains(name);
        let expected: BTreeSet<BTreeSet<String>> =
            self.truth.groups.iter().map(|group| group.iter().filter(there).cloned().collect()).collect();
        let all: BTreeSet<String> = expected.iter().flatten().cloned().collect();
        let groups = found["details"]["groups"].as_array().expect("a list").iter();
        let told: BTreeSet<BTreeSet<String>> = groups
            .map(|group| {
                let labels = group.as_array().expect("a list").iter().map(|host| self.label(host));
                labels.filter(|label| all.contains(label)).collect()
            })
            .collect();
        assert_eq!(told, expected, "{}", self.name);
        let at = time(&found["details"]["at"]);
        let allowed = if self.evidence == Evidence::StateOnly { 60_000_000 } else { 1_000_000 };
        assert!(at.since(self.truth.at).abs() <= allowed, "{}: {at} for {}", self.name, self.truth.at);
        if self.evidence != Evidence::StateOnly {
            self.check_return(&found["details"]);
        }
    }

    /// The witness matrix: every view counts its own side and nobody else, and each host that saw a victim go says so.
    #[track_caller]
    fn check_matrix(&self) {
        let matrix = &self.report["membership"].as_array().expect("a list")[0];
        let side = |label: &Value| {
            let name = self.label(label);
            self.truth.groups.iter().position(|group| group.contains(&name))
        };
        let is_over = self.truth.returned_at.is_some() || self.truth.groups.is_empty();
        let mut views = BTreeSet::new();
        for said in matrix["says"].as_array().expect("a list") {
            let (by, of) = (side(&said["by"]), side(&said["of"]));
            if let (Some(counted), true) =
                (said["counted"].as_bool(), is_over || (by.is_some() && of.is_some()))
            {
                assert_eq!(counted, is_over || by == of, "{}: {said}", self.name);
                views.insert(self.label(&said["by"]));
            }
            let victim = self.truth.victims.contains(&self.label(&said["of"]));
            let saw = self.truth.observers.iter().find(|seen| seen.host == self.label(&said["by"]));
            if let (true, Some(seen)) = (victim && self.truth.victims.len() == 1, saw) {
                let left =
                    said["told"].as_array().expect("a list").iter().find(|told| told["what"] == "left");
                let left = left.unwrap_or_else(|| panic!("{}: {said}", self.name));
                assert!(time(&left["last"]).since(seen.at).abs() <= 2_000_000, "{}: {left}", self.name);
            }
        }
        let hosts = self.report["hosts"].as_array().expect("a list").iter();
        assert_eq!(views.len(), hosts.filter(|host| host["kind"] == "esxi").count(), "{}", self.name);
    }

    /// Each host without a bundle that the evidence names is listed as one.
    #[track_caller]
    fn check_missing(&self) {
        let missing: Vec<&String> = self.truth.uncollected.iter().chain(&self.left_out).collect();
        let told = self.report["missing_hosts"].as_array().expect("a list");
        for name in missing {
            let uuid = if *name == self.truth.victims[0] { self.truth.node_uuid.as_str() } else { "" };
            let is_named = told.iter().any(|host| {
                let label = host["name_or_uuid"].as_str().expect("a string");
                label == name || label == uuid || name.starts_with(&format!("{label}."))
            });
            assert!(is_named, "{}: {name} in {told:?}", self.name);
        }
    }
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap_or_else(|| panic!("{value} is no time")).parse().expect("a time")
}

/// Plays every story in `generation`, told in `wording`, with what `evidence` leaves.
fn play(generation: Generation, wording: Option<Wording>, evidence: Evidence) {
    let mut wrong = Vec::new();
    for &(story, victims, returned) in STORIES {
        let mut options = MembershipOptions::of(story, generation);
        (options.victims, options.returned, options.wording) = (victims.to_vec(), returned, wording);
        // All wrong ones are wanted at once: each says by itself what is wrong.
        let result = std::panic::catch_unwind(|| Case::new(options, evidence).check());
        wrong.extend(result.err().map(|why| {
            let text = why.downcast_ref::<String>().cloned();
            text.or_else(|| why.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
        }));
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), STORIES.len(), wrong.join("\n"));
}

#[test]
fn every_story_gives_its_finding_and_no_other_of_the_kind() {
    play(Generation::V67, None, Evidence::Whole);
}

#[test]
fn the_wording_of_7_0_makes_no_difference() {
    play(Generation::V70, Some(Wording::Leader), Evidence::Whole);
}

#[test]
fn the_wording_of_8_0_makes_no_difference() {
    play(Generation::V80, None, Evidence::Whole);
}

#[test]
fn a_victim_without_a_bundle_is_told_by_the_others() {
    play(Generation::V80, Some(Wording::Master), Evidence::NoVictim);
}

#[test]
fn a_survivor_without_a_bundle_is_named_and_not_blamed() {
    play(Generation::V67, Some(Wording::Leader), Evidence::NoSurvivor);
}

#[test]
fn vcenters_bundle_is_not_needed_for_what_the_hosts_know() {
    play(Generation::V70, None, Evidence::NoVcenter);
}

#[test]
fn state_without_lines_gives_no_wrong_answer() {
    play(Generation::V67, None, Evidence::StateOnly);
}

#[test]
fn lines_without_state_give_no_wrong_answer() {
    play(Generation::V80, None, Evidence::LinesOnly);
}

#[test]
fn a_stretched_cluster_is_split_between_its_sites() {
    for (story, victims) in [(Story::Healthy, vec![0]), (Story::Partition, vec![4, 5, 6, 7])] {
        let mut options = MembershipOptions::of(story, Generation::V80);
        (options.cluster.hosts, options.victims, options.witness) = (8, victims, true);
        (options.cluster.vms_per_host, options.cluster.prefix) = (1, "site-esx".to_owned());
        Case::new(options, Evidence::Whole).check();
    }
}

#[test]
fn one_of_32_hosts_is_lost_and_all_others_saw_it() {
    let mut options = MembershipOptions::of(Story::Partition, Generation::V70);
    (options.cluster.hosts, options.cluster.vms_per_host, options.victims) = (32, 1, vec![17]);
    let case = Case::new(options, Evidence::Whole);
    case.check();
    assert_eq!(case.truth.observers.len(), 31);
}

/// What is odd in a cluster besides, in the order of the report.
fn oddities(story: Story, victim: usize) -> Vec<String> {
    let mut options = MembershipOptions::of(story, Generation::V80);
    options.victims = vec![victim];
    let case = Case::new(options, Evidence::Whole);
    let told = case.report["membership"][0]["oddities"].as_array().expect("a list").iter();
    told.map(|odd| odd["text"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn what_nobody_is_lost_for_is_told_beside_the_matrix() {
    assert!(oddities(Story::Healthy, 0).is_empty());
    let told = oddities(Story::Decommission, 3);
    assert!(told.len() == 1 && told[0].starts_with("esx04: vSAN still holds the host"), "{told:?}");
    let told = oddities(Story::Mtu, 2);
    assert!(told.iter().any(|text| text.contains("1500: esx03; 9000: esx01, esx02 and esx04")), "{told:?}");
    let told = oddities(Story::FormatSkew, 2);
    assert!(told.iter().any(|text| text.starts_with("The hosts run different builds")), "{told:?}");
}

#[test]
fn any_number_of_hosts_and_any_victim_will_do() {
    for (hosts, victim, story) in [
        (3, 0, Story::LinkDown),
        (3, 1, Story::ListNotPushed),
        (5, 4, Story::Crash),
        (6, 2, Story::FormatSkew),
    ] {
        let mut options = MembershipOptions::of(story, Generation::V67);
        (options.cluster.hosts, options.victims, options.returned) =
            (hosts, vec![victim], story == Story::Crash);
        options.cluster.seed = 40 + hosts as u64;
        Case::new(options, Evidence::Whole).check();
    }
}

#[test]
fn reboots_of_an_upgrade_are_seen_and_are_no_incident() {
    let mut options = VsanOptions { upgrades_are_seen: true, lost: 2, ..VsanOptions::default() };
    options.cluster.hours = 12;
    let (mut site, truth) = vsan_incident(&options);
    let report = analyzed(&mut site);
    assert!(events(&report, "vsan.node-joined").len() >= 12, "each upgraded host joins again");
    let lost = finding(&report, "vsan.host-lost");
    assert_eq!(lost["cause"]["id"], "version-skew");
    assert_eq!(lost["details"]["node_uuid"], truth.node_uuid);
    assert!(time(&lost["details"]["lost_at"]).since(truth.lost_at).abs() <= 1_000_000);
    assert!(findings(&report, "vsan.partition").is_empty() && findings(&report, "host.crashed").is_empty());
    finding(&report, "version.hosts-newer-than-vcenter");
}

#[test]
fn a_later_patch_letter_is_no_newer_update() {
    let vcenter = |version, appliance_version, update, build| VcenterRelease {
        version,
        appliance_version,
        update,
        build,
        vpxd_build: build,
    };
    // Hosts of 8.0 U2e under vCenter 8.0 U2; hosts of 7.0 U3o under vCenter 7.0 U2.
    let cases = [
        (Generation::V80, ("8.0.2", 2, 24_789_317), vcenter("8.0.2", "8.0.2.00000", 2, 22_385_739), 0),
        (Generation::V70, ("7.0.3", 3, 22_348_816), vcenter("7.0.2", "7.0.2.00000", 2, 17_694_817), 1),
    ];
    for (generation, (version, update, build), release, expected) in cases {
        let mut options = MembershipOptions::of(Story::Healthy, generation);
        options.cluster.hours = 12;
        let (mut site, _) = membership_incident(&options);
        for host in &mut site.hosts {
            (host.release.version, host.release.update, host.release.build) =
                (version.to_owned(), update, build);
        }
        site.vcenter.as_mut().expect("a vCenter Server").set_release(release);
        let report = analyzed(&mut site);
        let newer = findings(&report, "version.hosts-newer-than-vcenter");
        assert_eq!(newer.len(), expected, "{version}: {:?}", all_ids(&report));
    }
}
