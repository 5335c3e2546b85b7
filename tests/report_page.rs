//! What the page and the other outputs say first, and how they group what is alike.

#[path = "common/fixture.rs"]
mod fixture;

use esxray::model::{HostKind, Lang};
use esxray::report::labels::labels;
use esxray::report::model::{ClusterInfo, ClusterKind, Coverage, Evidence, HostInfo, Link, Report, Step};
use esxray::report::steps::group;
use esxray::report::{gist, renderer, unknown};

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
    let told = gist::verdict(report);
    assert!(told.len() <= 3, "{told:#?}");
    let stop = if report.case.lang == Lang::Ja { "。" } else { "." };
    assert!(told.iter().all(|text| text.ends_with(stop) && !text.ends_with(&stop.repeat(2))), "{told:#?}");
    told
}

#[test]
fn the_verdict_says_what_why_and_what_to_do_first() {
    for (lang, incomplete) in
        [(Lang::En, "the evidence is incomplete"), (Lang::Ja, "ログなどの情報が一部不足しています")]
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

fn html(report: &Report) -> String {
    let mut out = Vec::new();
    (renderer("html").expect("a renderer").render)(report, &mut out).expect("writes to memory");
    String::from_utf8(out).expect("UTF-8")
}

/// The part of `text` from `from` on up to the next `to`.
#[track_caller]
fn part<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let at = text.find(from).unwrap_or_else(|| panic!("{from} is missing"));
    text[at..].split(to).next().expect("a part")
}

/// A case of `count` hosts that are all set up alike, with a log list, a place in the matrix and a remedy step for each.
fn large(count: usize) -> Report {
    let mut report = fixture::report(Lang::En, 300);
    let model = report.hosts.iter().find(|host| host.setup.is_some()).expect("one is set up").clone();
    let logs: Vec<_> = report.coverage.iter().filter(|log| log.host == model.id).cloned().collect();
    let hosts: Vec<String> = (1..=count).map(|n| format!("node{n:02}")).collect();
    report.hosts = hosts.iter().map(|id| HostInfo { id: id.clone(), ..model.clone() }).collect();
    report.coverage = hosts
        .iter()
        .flat_map(|id| logs.iter().map(|log| Coverage { host: id.clone(), ..log.clone() }))
        .collect();
    let case = fixture::witnesses::Case {
        hosts: &hosts,
        lost: Some(0),
        witness: None,
        vcenter: Some("vcsa"),
        file: "node.tgz!var/run/log/vmkernel.1.gz",
        lang: Lang::En,
    };
    report.membership = vec![fixture::witnesses::matrix(&case, "52e1f1a0-7f3c")];
    report.findings[0].remedy = hosts
        .iter()
        .map(|host| step(&format!("Add {host} to the list."), &format!("list add -a {host}"), "node01"))
        .collect();
    report
}

#[test]
fn a_page_of_64_hosts_is_small_and_says_once_what_they_share() {
    let report = large(64);
    let page = html(&report);
    let timeline = part(&page, "<section id=\"timeline\">", "</section>");
    assert!(page.len() - timeline.len() < 1_400_000, "{} bytes", page.len() - timeline.len());
    let setup = part(&page, "<section id=\"setup\">", "</section>");
    let (shared, own) = setup.split_once("</details>").expect("a shared part");
    let option =
        &report.hosts[0].setup.as_ref().and_then(|setup| setup.options.as_ref()).expect("options")[0];
    assert!(shared.contains(&option.path) && shared.contains("all 64"), "{shared}");
    assert!(!own.contains(&option.path), "{own}");
    // The remedy is one step of many commands, which are folded.
    let steps = part(&page, "<ol class=\"steps\">", "</ol>");
    assert_eq!(steps.matches("type=\"checkbox\"").count(), 1, "{steps}");
    assert!(steps.contains("<b class=\"no\">1–64.</b>") && steps.contains("<summary>64 commands</summary>"));
    assert_eq!(steps.matches("list add -a ").count(), 64);
}

#[test]
fn what_one_host_has_of_its_own_stays_with_it() {
    let mut report = large(4);
    let odd = report.hosts[2].setup.as_mut().and_then(|setup| setup.options.as_mut()).expect("options");
    odd[0].value = "4711".into();
    let page = html(&report);
    let setup = part(&page, "<section id=\"setup\">", "</section>");
    let (shared, own) = setup.split_once("</details>").expect("a shared part");
    assert!(shared.contains("3 of 4, not node03") && !shared.contains("4711"), "{shared}");
    let host = part(own, "<b>node03</b>", "</details>");
    assert!(host.contains("4711"), "{host}");
    assert_eq!(setup.matches("4711").count(), 1);
}

#[test]
fn the_overview_says_the_verdict_once_and_few_steps() {
    let report = fixture::report(Lang::En, 20);
    let page = html(&report);
    let overview = part(&page, "<section id=\"overview\"", "</section>");
    for sentence in gist::verdict(&report) {
        // A heading has no stop at its end.
        let sentence = sentence.trim_end_matches('.');
        let start: String = sentence.split(['&', '<', '>', '"', '\'']).next().expect("a start").into();
        assert_eq!(overview.matches(start.as_str()).count(), 1, "{start}\n{overview}");
    }
    assert!(overview.matches("<li><b class=\"no\">").count() <= 5);
    let headings: Vec<usize> = page
        .match_indices("<h")
        .filter_map(|(at, _)| page[at + 2..].chars().next()?.to_digit(10))
        .map(|level| level as usize)
        .collect();
    assert_eq!(headings.iter().filter(|level| **level == 1).count(), 1);
    assert!(headings.windows(2).all(|pair| pair[1] <= pair[0] + 1), "a level is left out: {headings:?}");
}

#[test]
fn evidence_that_the_chain_shows_is_not_printed_twice() {
    let mut report = fixture::report(Lang::En, 20);
    let finding = &mut report.findings[0];
    let line = Evidence { text: "a line of the chain".into(), ..finding.evidence[0].clone() };
    finding.evidence.push(line.clone());
    finding.chain = vec![Link {
        time: line.time,
        host: None,
        text: "It began.".into(),
        evidence: vec![line],
        places: vec![],
    }];
    let page = html(&report);
    let article = part(&page, "id=\"finding-1\"", "</article>");
    assert_eq!(article.matches("a line of the chain").count(), 1, "{article}");
    assert!(article.contains("1 more line stands in the chain above."), "{article}");
}

#[test]
fn what_could_not_be_known_is_told_in_sentences() {
    for (lang, missing, gap) in [
        (Lang::En, "No bundle of 5d3a77b2-0c1e-4f55-9a51-0cc47a3f1e22 was given", "is not complete for"),
        (Lang::Ja, "5d3a77b2-0c1e-4f55-9a51-0cc47a3f1e22 のバンドルがありません", "の記録が不完全です"),
    ] {
        let report = fixture::report(lang, 20);
        let told = unknown::sentences(&report, labels(lang));
        assert!(told[0].starts_with(missing), "{told:#?}");
        assert!(told.iter().any(|text| text.contains(gap)), "{told:#?}");
        let stop = if lang == Lang::Ja { "。" } else { "." };
        assert!(told.iter().all(|text| text.ends_with(stop)), "{told:#?}");
    }
    let nothing = fixture::empty();
    assert_eq!(unknown::sentences(&nothing, labels(Lang::En)).len(), 1);
}

#[test]
fn what_is_done_on_host_after_host_is_folded_by_host() {
    let mut report = fixture::report(Lang::En, 20);
    let hosts: Vec<String> = (1..=6).map(|n| format!("node{n:02}")).collect();
    let round = |host: &String| {
        [
            step(&format!("Empty {host}."), "esxcli system maintenanceMode set -e true", host),
            step(&format!("Bring {host} back."), "esxcli system maintenanceMode set -e false", host),
        ]
    };
    report.findings[0].remedy = hosts.iter().flat_map(round).collect();
    let page = html(&report);
    let steps = part(&page, "<ol class=\"steps\">", "<h4>");
    assert_eq!(steps.matches("type=\"checkbox\"").count(), 12, "every step is its own");
    assert_eq!(steps.matches("<li class=\"round\">").count(), 5, "the first host's steps are in view");
    assert!(steps.contains("<summary>node02: steps 3 to 4</summary>"), "{steps}");
    assert!(steps.find("Empty node03.") < steps.find("Empty node04."));
    report.findings[0].remedy.truncate(6);
    assert!(!html(&report).contains("class=\"round\""), "few hosts are in view");
}

fn md(report: &Report) -> String {
    let mut out = Vec::new();
    (renderer("md").expect("Markdown").render)(report, &mut out).expect("in memory");
    String::from_utf8(out).expect("UTF-8")
}

/// Who goes from one form to the other finds everything in the same place.
#[test]
fn the_page_and_the_text_have_one_order() {
    let report = fixture::report(Lang::En, 20);
    let page = html(&report);
    let markdown = md(&report);
    let l = labels(Lang::En);
    let sections = [
        l.overview,
        l.findings,
        l.hosts,
        l.setup,
        l.cpu_features,
        "Who lost whom (vSAN)",
        l.timeline,
        l.coverage,
        l.about,
    ];
    let place = |text: &str, heading: &str| text.find(heading).unwrap_or_else(|| panic!("no {heading}"));
    let in_markdown: Vec<usize> =
        sections.iter().map(|title| place(&markdown, &format!("\n## {title}\n"))).collect();
    // The overview of the page has the verdict for its heading.
    let in_page: Vec<usize> =
        sections[1..].iter().map(|title| place(&page, &format!("<h2>{title}</h2>"))).collect();
    assert!(in_markdown.is_sorted() && in_page.is_sorted(), "{in_markdown:?} {in_page:?}");
}
