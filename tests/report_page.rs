//! What the page and the other outputs say first, and how they group what is alike.

#[path = "common/fixture.rs"]
mod fixture;

use esxray::model::{HostKind, Lang};
use esxray::report::gist;
use esxray::report::labels::labels;
use esxray::report::model::{ClusterInfo, ClusterKind, Report, Step};
use esxray::report::steps::group;

fn step(text: &str, command: &str, host: &str) -> Step {
    let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Step { text: text.to_owned(), command: known(command), host: known(host) }
}

/// Each group as `number | hosts | text | commands`.
#[track_caller]
fn check_groups(steps: &[Step], expected: &[&str]) {
    let told: Vec<String> = group(steps, labels(Lang::En))
        .iter()
        .map(|group| {
            let commands = group.commands.iter();
            let commands: Vec<String> =
                commands.map(|one| format!("{}# {}", one.hosts.join("+"), one.lines.join("; "))).collect();
            format!(
                "{} | {} | {} | {}",
                group.number(),
                group.hosts.join("+"),
                group.text,
                commands.join(" / ")
            )
        })
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn the_same_command_for_several_hosts_is_one_step() {
    check_groups(
        &[
            step("Restart the agent.", "/etc/init.d/vpxa restart", "n1"),
            step("Restart the agent.", "/etc/init.d/vpxa restart", "n2"),
            step("Restart the agent.", "/etc/init.d/vpxa restart", "n3"),
            step("Look at it.", "", ""),
        ],
        &[
            "1–3 | n1+n2+n3 | Restart the agent. | n1+n2+n3# /etc/init.d/vpxa restart",
            "4 |  | Look at it. | ",
        ],
    );
}

#[test]
fn steps_that_differ_in_a_name_are_one_with_every_command() {
    let add = |name: &str, at: u32| {
        step(
            &format!("Add {name} to the list. Never add {name} twice."),
            &format!("add -a 10.0.0.{at}"),
            "n1",
        )
    };
    check_groups(
        &[add("n2", 2), add("n3", 3), add("n10", 10)],
        &[
            "1–3 | n1 | Add n2, n3, n10 to the list. Never add n2, n3, n10 twice. | n1# add -a 10.0.0.2; add -a 10.0.0.3; add -a 10.0.0.10",
        ],
    );
    let on = |name: &str| step(&format!("{name} のリストを確認します。"), &format!("ping {name}"), name);
    check_groups(
        &[on("n1"), on("n2")],
        &["1–2 | n1+n2 | n1, n2 のリストを確認します。 | n1# ping n1 / n2# ping n2"],
    );
}

#[test]
fn what_takes_hosts_out_of_service_stays_one_by_one() {
    let enter =
        |host: &str| step(&format!("Put {host} into it."), "esxcli system maintenanceMode set -e true", host);
    let check = |host: &str| step(&format!("Check {host}."), "vim-cmd hostsvc/hostconfig", host);
    check_groups(
        &[enter("n1"), enter("n2"), check("n1"), enter("n3"), check("n3")],
        &[
            "1 | n1 | Put n1 into it. | n1# esxcli system maintenanceMode set -e true",
            "2 | n2 | Put n2 into it. | n2# esxcli system maintenanceMode set -e true",
            "3 | n1 | Check n1. | n1# vim-cmd hostsvc/hostconfig",
            "4 | n3 | Put n3 into it. | n3# esxcli system maintenanceMode set -e true",
            "5 | n3 | Check n3. | n3# vim-cmd hostsvc/hostconfig",
        ],
    );
}

#[test]
fn steps_that_differ_in_more_than_a_name_stay_apart() {
    check_groups(
        &[
            step("Add n2 to n1.", "a", "n1"),
            step("Add n3 to n4.", "b", "n4"),
            step("Add n3 and n5 to n4.", "c", "n4"),
            step("All hosts: check.", "d", ""),
            step("All hosts: check.", "d", "n4"),
        ],
        &[
            "1 | n1 | Add n2 to n1. | n1# a",
            "2 | n4 | Add n3 to n4. | n4# b",
            "3 | n4 | Add n3 and n5 to n4. | n4# c",
            "4 |  | All hosts: check. | # d",
            "5 | n4 | All hosts: check. | n4# d",
        ],
    );
}

fn three(report: &Report) -> Vec<String> {
    let told = gist::sentences(report);
    assert!(told.len() <= 3, "{told:#?}");
    let stop = if report.case.lang == Lang::Ja { "。" } else { "." };
    assert!(told.iter().all(|text| text.ends_with(stop) && !text.ends_with(&stop.repeat(2))), "{told:#?}");
    told
}

#[test]
fn the_verdict_says_what_why_and_what_to_do_first() {
    for (lang, incomplete) in [(Lang::En, "the evidence is incomplete"), (Lang::Ja, "証跡は不完全です")]
    {
        let report = fixture::report(lang, 20);
        let told = three(&report);
        let worst = &report.findings[0];
        assert!(told[0].contains(worst.title.trim_end_matches(['.', '。'])), "{}", told[0]);
        assert!(told[0].contains("2026-11-") || told[0].contains("2026年11月"), "{}", told[0]);
        assert!(!told[0].contains("PROD-A"), "one cluster needs no name: {}", told[0]);
        let cause: String = worst.cause.text.chars().take(20).collect();
        assert!(told[1].contains(&cause), "{}", told[1]);
        let first: String = worst.remedy[0].text.chars().take(20).collect();
        assert!(told[2].contains(&first), "{}", told[2]);
        assert!(told[2].contains(incomplete), "{}", told[2]);
    }
}

#[test]
fn of_several_clusters_the_verdict_names_that_of_the_finding() {
    let mut report = fixture::report(Lang::En, 20);
    report.case.clusters.push(ClusterInfo {
        id: "domain-c9".into(),
        name: Some("TEST-B".into()),
        kind: ClusterKind::Vcenter,
        hosts: vec!["far01".into()],
    });
    let told = three(&report);
    assert!(told[0].contains("vSAN cluster PROD-A") && !told[0].contains("TEST-B"), "{}", told[0]);
}

#[test]
fn a_healthy_case_says_what_was_looked_at() {
    for (lang, looked, day) in
        [(Lang::En, "Examined: 5 hosts", "2026-11-20"), (Lang::Ja, "ホスト 5 台", "2026年11月20日")]
    {
        let told = three(&fixture::healthy(lang));
        assert!(told[1].contains(looked) && told[1].contains(day), "{told:#?}");
        assert_eq!(told.len(), 2, "nothing is missing: {told:#?}");
    }
    let mut lone = fixture::healthy(Lang::En);
    lone.hosts.retain(|host| host.kind == HostKind::Vcenter);
    assert!(three(&lone)[1].contains("Examined: 1 host,"));
    assert_eq!(three(&fixture::empty()).len(), 1);
}
