use super::*;

const DAY: i64 = 86_400_000_000;

fn card(kind: HostKind, name: &str, day: i64) -> Card {
    let at = Some(Timestamp::from_micros(day * DAY));
    Card { kind, name: name.to_owned(), names: BTreeSet::from([name.to_owned()]), at, ..Card::default() }
}

fn host(name: &str, day: i64) -> Card {
    card(HostKind::Esxi, name, day)
}

fn vsan(name: &str, cluster: &str, day: i64) -> Card {
    Card { vsan: Some(cluster.to_owned()), ..host(name, day) }
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The groups of cards, each in its folder, as names.
#[track_caller]
fn check(cards: &[(&str, Card)], expected: &[&[&str]]) {
    for turn in 0..cards.len() {
        let mut given = cards.to_vec();
        given.rotate_left(turn);
        let items: Vec<Item<'_>> =
            given.iter().enumerate().map(|(file, (folder, card))| Item { card, file, folder }).collect();
        let found: Vec<BTreeSet<String>> = groups(&items, 7 * DAY)
            .iter()
            .map(|group| group.iter().map(|&at| items[at].card.name.clone()).collect())
            .collect();
        let expected: Vec<BTreeSet<String>> = expected.iter().map(|names| set(names)).collect();
        assert_eq!(found, expected, "turn {turn}");
    }
}

#[test]
fn a_vsan_cluster_is_one_case_wherever_its_bundles_lie() {
    let cut = host("c.lab.one", 1);
    let knows = Card { nodes: set(&["n1"]), ..host("d.lab.one", 1) };
    check(
        &[
            ("x", Card { nodes: set(&["n1"]), ..vsan("a.lab.one", "u1", 1) }),
            ("y", vsan("b.lab.one", "u1", 2)),
            ("z", cut),
            ("z", knows),
            ("y", vsan("e.lab.two", "u2", 1)),
        ],
        &[&["a.lab.one", "b.lab.one", "c.lab.one", "d.lab.one"], &["e.lab.two"]],
    );
}

#[test]
fn names_count_only_where_they_are_full() {
    let ha = |name: &str, mates: &[&str]| Card { mates: set(mates), ..host(name, 1) };
    check(
        &[
            ("1", ha("esx1.a.org", &["esx1.a.org", "esx2.a.org"])),
            ("1", ha("esx2.a.org", &["esx1.a.org", "esx2.a.org"])),
            ("2", ha("esx1", &["esx1", "esx2"])),
            ("3", ha("esx2", &["esx1", "esx2"])),
        ],
        &[&["esx1"], &["esx1.a.org", "esx2.a.org"], &["esx2"]],
    );
}

#[test]
fn what_says_nothing_of_a_cluster_is_put_where_it_lies() {
    check(
        &[
            ("t1", host("a.one.org", 1)),
            ("t1", host("b.one.org", 1)),
            ("t1", host("c.two.org", 1)),
            ("t2", host("d.one.org", 1)),
        ],
        &[&["a.one.org", "b.one.org"], &["c.two.org"], &["d.one.org"]],
    );
}

#[test]
fn the_same_cluster_at_another_time_is_another_case() {
    let unknown = Card { at: None, ..vsan("b.org", "u", 0) };
    check(
        &[
            ("x", vsan("a.org", "u", 1)),
            ("x", vsan("c.org", "u", 5)),
            ("x", vsan("d.org", "u", 40)),
            ("x", unknown),
        ],
        &[&["a.org", "c.org"], &["b.org", "d.org"]],
    );
}

#[test]
fn a_vcenter_is_in_the_case_of_each_cluster_that_it_manages_then() {
    let vcenter = Card { managed: set(&["a.org", "b.org"]), ..card(HostKind::Vcenter, "vc.org", 1) };
    let late = Card { managed: set(&["a.org"]), ..card(HostKind::Vcenter, "vc.org", 90) };
    check(
        &[
            ("x", vsan("a.org", "u1", 1)),
            ("y", vsan("b.org", "u2", 1)),
            ("y", vsan("c.org", "u3", 1)),
            ("v", vcenter),
            ("w", late),
        ],
        &[&["a.org", "vc.org"], &["b.org", "vc.org"], &["c.org"], &["vc.org"]],
    );
}

#[test]
fn hosts_of_one_vcenter_without_any_cluster_are_together_and_those_of_its_clusters_apart() {
    let vcenter = Card {
        managed: set(&["a.org", "b.org", "c.org", "d.org", "e.org"]),
        clusters: vec![set(&["a.org", "b.org"]), set(&["c.org", "x.org"])],
        ..card(HostKind::Vcenter, "vc.org", 1)
    };
    check(
        &[
            ("1", host("a.org", 1)),
            ("2", host("b.org", 1)),
            ("3", host("c.org", 1)),
            ("4", host("d.org", 1)),
            ("5", host("e.org", 1)),
            ("6", vcenter),
        ],
        &[&["a.org", "b.org", "vc.org"], &["c.org", "vc.org"], &["d.org", "e.org", "vc.org"]],
    );
}

#[test]
fn what_says_nothing_joins_no_two_clusters() {
    let vcenter =
        Card { managed: set(&["c.one.org", "d.one.org"]), ..card(HostKind::Vcenter, "vc.one.org", 1) };
    check(
        &[
            ("x", vsan("a.one.org", "u1", 1)),
            ("x", host("c.one.org", 1)),
            ("y", vsan("b.one.org", "u2", 1)),
            ("y", host("d.one.org", 1)),
            ("z", vcenter),
        ],
        &[&["a.one.org"], &["b.one.org"], &["c.one.org", "d.one.org", "vc.one.org"]],
    );
    // One of another domain that lies beside a cluster is none of it; one that tells no domain is.
    check(
        &[
            ("x", vsan("a.one.org", "u1", 1)),
            ("x", host("b.two.org", 1)),
            ("x", Card { anonymous: true, ..host("cut", 1) }),
        ],
        &[&["a.one.org", "cut"], &["b.two.org"]],
    );
}

#[test]
fn sites_that_use_the_same_names_stay_apart() {
    let site = |name: &str, uuid: &str| Card {
        mates: set(&["a.corp.local", "b.corp.local"]),
        system_uuid: Some(uuid.to_owned()),
        ..host(name, 1)
    };
    let cards = [
        ("s1", site("a.corp.local", "1a")),
        ("s1", site("b.corp.local", "1b")),
        ("s2", site("a.corp.local", "2a")),
        ("s2", site("b.corp.local", "2b")),
    ];
    let both: &[&str] = &["a.corp.local", "b.corp.local"];
    check(&cards, &[both, both]);
    let shares = |cluster: &str, name: &str| Card { nodes: set(&["n"]), ..vsan(name, cluster, 1) };
    check(&[("x", shares("u1", "a.org")), ("x", shares("u2", "b.org"))], &[&["a.org"], &["b.org"]]);
    let lone = |folder: &'static str| (folder, card(HostKind::Vcenter, "localhost", 1));
    check(&[lone("x"), lone("y")], &[&["localhost"], &["localhost"]]);
}

#[test]
fn a_claim_that_others_contradict_joins_nothing() {
    let ha = |name: &str, mates: &[&str]| Card { mates: set(mates), ..host(name, 1) };
    let one = ["a1.org", "a2.org"];
    check(
        &[
            ("1", ha("a1.org", &one)),
            ("1", ha("a2.org", &one)),
            ("2", ha("b1.org", &["b1.org", "b2.org"])),
            ("3", ha("evil.org", &["evil.org", "a1.org", "b1.org"])),
        ],
        &[&["a1.org", "a2.org"], &["b1.org"], &["evil.org"]],
    );
}

#[test]
fn hosts_that_are_called_alike_are_of_no_one_cluster() {
    let alike = |uuid: &str| Card { system_uuid: Some(uuid.to_owned()), ..host("esx01", 1) };
    check(
        &[("in", alike("1")), ("in", alike("2")), ("in", alike("3"))],
        &[&["esx01"], &["esx01"], &["esx01"]],
    );
    // In one folder or one file lie several sites.
    check(
        &[("in", vsan("a.one.org", "u", 1)), ("in", host("b.two.org", 1)), ("in", host("c.two.org", 1))],
        &[&["a.one.org"], &["b.two.org", "c.two.org"]],
    );
}

#[test]
fn a_clone_is_no_other_capture_of_its_twin() {
    let uuid = |name: &str, uuid: &str| Card { system_uuid: Some(uuid.to_owned()), ..host(name, 1) };
    check(
        &[
            ("1", uuid("a.org", "u")),
            ("2", uuid("a.org", "u")),
            ("3", uuid("b.net", "u")),
            ("4", uuid("a.org", "v")),
        ],
        &[&["a.org"], &["a.org"], &["b.net"]],
    );
}
