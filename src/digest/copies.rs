//! What a bundle holds several times: the same log in several folders, a member listed twice, a command collected again,
//! fragments beside the file that was made of them. Each is counted once, and that is said.

use std::collections::BTreeMap;

use super::MemberDigest;
use crate::fact;
use crate::format;
use crate::model::{MemberPath, Problem, ProblemKind};

/// Members that were left out for one reason: how many, and the first with the one that was kept instead.
#[derive(Default)]
struct LeftOut {
    count: u64,
    first: Option<(MemberPath, MemberPath)>,
}

impl LeftOut {
    fn add(&mut self, member: &MemberPath, kept: &MemberPath) {
        self.count += 1;
        self.first.get_or_insert_with(|| (member.clone(), kept.clone()));
    }

    fn told(self, what: &str) -> Option<Problem> {
        let (first, kept) = self.first?;
        let text = format!("{} {what}; this one is {kept}", self.count);
        Some(Problem::new(ProblemKind::Duplicate, first.as_str(), text))
    }
}

/// Leaves out of `members`, which are ordered by their place in the tree, what others say too.
pub(super) fn without(members: Vec<MemberDigest>) -> (Vec<MemberDigest>, Vec<Problem>) {
    let mut problems = Vec::new();
    let members = listed_once(members, &mut problems);
    let members = collected_once(members, &mut problems);
    (content_once(members, &mut problems), problems)
}

/// Of members of one path the last counts, as for who unpacks the archive, unless it is the poorer one.
fn listed_once(members: Vec<MemberDigest>, problems: &mut Vec<Problem>) -> Vec<MemberDigest> {
    let mut kept: Vec<MemberDigest> = Vec::with_capacity(members.len());
    let mut out = LeftOut::default();
    for member in members {
        match kept.last_mut().filter(|last| last.path == member.path && last.fragmented == member.fragmented)
        {
            Some(last) => {
                out.add(&member.path, &last.path);
                let poorer = (!member.whole && last.whole) || (member.bytes == 0 && last.bytes > 0);
                if !poorer {
                    *last = member;
                }
            }
            None => kept.push(member),
        }
    }
    problems.extend(out.told("members are listed again and were counted once, the last of each"));
    kept
}

/// Of one command's outputs the last counts that is whole; a performance snapshot's only where there is no other.
fn collected_once(members: Vec<MemberDigest>, problems: &mut Vec<Problem>) -> Vec<MemberDigest> {
    let rank = |member: &MemberDigest| {
        let in_snapshot = member.tree.starts_with("snapshot-");
        (member.whole && member.bytes > 0, !in_snapshot, fact::collection(&member.tree))
    };
    let mut best: BTreeMap<(String, bool), usize> = BTreeMap::new();
    for (index, member) in members.iter().enumerate() {
        // Fragments beside the whole file are looked at by their content.
        let Some(command) = fact::command_of(&member.tree) else { continue };
        let known = best.entry((command, member.fragmented)).or_insert(index);
        if rank(member) > rank(&members[*known]) {
            *known = index;
        }
    }
    let mut out = LeftOut::default();
    let paths: Vec<MemberPath> = members.iter().map(|member| member.path.clone()).collect();
    let is_best = |(index, member): &(usize, MemberDigest)| {
        let command = fact::command_of(&member.tree).map(|command| (command, member.fragmented));
        let best = command.and_then(|command| best.get(&command).copied()).unwrap_or(*index);
        if best != *index {
            out.add(&member.path, &paths[best]);
        }
        best == *index
    };
    let kept = members.into_iter().enumerate().filter(is_best).map(|(_, member)| member).collect();
    problems
        .extend(out.told("outputs are of commands that were collected several times; each was counted once"));
    kept
}

/// Whether a member is the file of its log that is written to.
fn is_current(member: &MemberDigest) -> bool {
    let name = member.tree.rsplit('/').next().unwrap_or_default();
    let place = member.log.and_then(format::by_name).and_then(|format| format.place(name));
    place == Some(format::Place::Current)
}

/// Of logs with one content, and of fragments beside the file that was made of them, the first counts.
fn content_once(members: Vec<MemberDigest>, problems: &mut Vec<Problem>) -> Vec<MemberDigest> {
    let mut seen: BTreeMap<(String, u64, u32), usize> = BTreeMap::new();
    let mut joined: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<MemberDigest> = Vec::with_capacity(members.len());
    let mut out = LeftOut::default();
    for member in members {
        let what = member.log.map_or_else(|| member.tree.clone(), str::to_owned);
        // VMs have logs of the same name, and two empty ones are not copies of each other.
        let key = (what, member.bytes, member.crc);
        // Of one that was not read to its end it is not known.
        let twin = if member.bytes > 0 && member.whole { seen.get(&key) } else { None };
        if let Some(&twin) = twin {
            // A log that was rotated while it was collected is still the one that is written to.
            if is_current(&member) && !is_current(&kept[twin]) {
                out.add(&kept[twin].path, &member.path);
                kept[twin] = member;
            } else {
                out.add(&member.path, &kept[twin].path);
            }
            continue;
        }
        // Fragments come behind the file that was made of them: the longer of both counts.
        let target = joined.get(&member.tree).filter(|_| member.fragmented).copied();
        seen.insert(key, target.unwrap_or(kept.len()));
        match target {
            Some(target) if member.bytes <= kept[target].bytes => out.add(&member.path, &kept[target].path),
            Some(target) => {
                out.add(&kept[target].path, &member.path);
                kept[target] = member;
            }
            None => {
                joined.insert(member.tree.clone(), kept.len());
                kept.push(member);
            }
        }
    }
    problems.extend(out.told("members repeat others and were counted once"));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::Scan;

    fn member(tree: &str, bytes: u64, crc: u32, log: Option<&'static str>) -> MemberDigest {
        MemberDigest {
            number: 0,
            path: MemberPath::new(format!("a.tgz!esx-a/{tree}")),
            tree: tree.to_owned(),
            fragmented: false,
            log,
            bytes,
            whole: true,
            suspect: false,
            crc,
            scan: Scan::default(),
            facts: Vec::new(),
            problems: Vec::new(),
        }
    }

    #[track_caller]
    fn check(members: Vec<MemberDigest>, expected: &[(&str, u32)], told: &[&str]) {
        let mut members = members;
        members.sort_by(|a, b| (&a.tree, a.fragmented, &a.path).cmp(&(&b.tree, b.fragmented, &b.path)));
        let (kept, problems) = without(members);
        let kept: Vec<(&str, u32)> = kept.iter().map(|member| (member.tree.as_str(), member.crc)).collect();
        assert_eq!(kept, expected);
        assert_eq!(problems.len(), told.len(), "{problems:#?}");
        for (problem, told) in problems.iter().zip(told) {
            assert!(problem.text.contains(told), "{problem:?}");
        }
    }

    #[test]
    fn a_log_that_was_rotated_while_it_was_collected_is_the_one_that_is_written_to() {
        let twice =
            ["var/run/log/hostd.0.gz", "var/run/log/hostd.log"].map(|tree| member(tree, 9, 7, Some("hostd")));
        check(
            twice.into(),
            &[("var/run/log/hostd.log", 7)],
            &["this one is a.tgz!esx-a/var/run/log/hostd.log"],
        );
    }

    #[test]
    fn a_log_in_several_folders_counts_once_and_two_empty_ones_are_two() {
        let logs = ["scratch/log/hostd.0.gz", "var/log/hostd.0.gz", "var/run/log/hostd.0.gz"];
        let copies = logs.map(|tree| member(tree, 9, 7, Some("hostd"))).into();
        check(copies, &[(logs[0], 7)], &["2 members repeat others"]);
        check(
            vec![member("a/vmware.log", 0, 0, Some("vmware")), member("b/vmware.log", 0, 0, Some("vmware"))],
            &[("a/vmware.log", 0), ("b/vmware.log", 0)],
            &[],
        );
    }

    #[test]
    fn of_a_file_and_its_fragments_the_longer_counts() {
        let log = |fragmented, bytes, crc| MemberDigest {
            fragmented,
            ..member("var/run/log/hostd.log", bytes, crc, Some("hostd"))
        };
        for (whole, pieces, expected) in [(9, 5, 1), (5, 9, 2)] {
            check(
                vec![log(false, whole, 1), log(true, pieces, 2)],
                &[("var/run/log/hostd.log", expected)],
                &["1 members repeat"],
            );
        }
    }

    #[test]
    fn of_a_member_listed_twice_the_last_counts_unless_it_is_the_poorer() {
        let log = |bytes, crc| member("var/run/log/hostd.log", bytes, crc, Some("hostd"));
        check(vec![log(5, 1), log(9, 2)], &[("var/run/log/hostd.log", 2)], &["listed again"]);
        check(vec![log(5, 1), log(0, 0)], &[("var/run/log/hostd.log", 1)], &["listed again"]);
        let mut cut = log(9, 3);
        cut.whole = false;
        check(vec![log(5, 1), cut], &[("var/run/log/hostd.log", 1)], &["listed again"]);
    }

    #[test]
    fn of_a_command_collected_again_the_last_whole_output_outside_of_snapshots_counts() {
        let outputs = || {
            vec![
                member("commands/localcli_vsan-cluster-get.txt", 5, 1, None),
                member("commands/1.localcli_vsan-cluster-get.txt", 5, 2, None),
                member("commands/2.localcli_vsan_cluster_get.txt", 5, 3, None),
                member("snapshot-1/commands/localcli_vsan-cluster-get.txt", 5, 4, None),
                member("commands/uname_-a.txt", 5, 5, None),
            ]
        };
        let uname = ("commands/uname_-a.txt", 5);
        check(
            outputs(),
            &[("commands/2.localcli_vsan_cluster_get.txt", 3), uname],
            &["3 outputs are of commands"],
        );
        let mut cut = outputs();
        cut[2].whole = false;
        check(cut, &[("commands/1.localcli_vsan-cluster-get.txt", 2), uname], &["3 outputs"]);
        let snapshot = outputs().split_off(3);
        check(snapshot, &[uname, ("snapshot-1/commands/localcli_vsan-cluster-get.txt", 4)], &[]);
    }
}
