//! Bundles and members that end early, are damaged or lack a fragment: which, and what time is lost with them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Draft, NAMED, again, finding, named_en, named_ja, transferred};
use crate::case::{Case, Gap, GapCause, Host, inside};
use crate::digest::MemberCoverage;
use crate::model::{Severity, Text};
use crate::verdict::{Evidence, Finding, Step, ids, list_en, list_ja, readable};

/// Bundles that have a step of their own.
const STEPS: usize = 6;

/// One member with something wrong.
struct Cut<'a> {
    host: &'a Host,
    path: &'a str,
    text: String,
    /// The log and the time that is lost in it, where the member is one and that is known.
    gap: Option<(&'a str, &'a Gap)>,
    /// What was read of it, where it is a log.
    member: Option<&'a MemberCoverage>,
}

impl Cut<'_> {
    fn details(&self) -> Value {
        let gap = self.gap.map(|(_, gap)| gap);
        json!({
            "host": self.host.id,
            "member": self.path,
            "text": self.text,
            "bytes_read": self.member.map(|member| member.bytes),
            "from": gap.map(|gap| gap.from),
            "to": gap.map(|gap| gap.to),
            "partial": gap.is_some_and(|gap| gap.partial),
        })
    }
}

/// The members of a host that were cut or damaged, each once with all that is said of it.
fn cuts(host: &Host) -> Vec<Cut<'_>> {
    let mut texts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for problem in host.problems.iter().filter(|problem| problem.kind.is_loss()) {
        let told = texts.entry(problem.path.as_str()).or_default();
        if !told.contains(&problem.text.as_str()) {
            told.push(&problem.text);
        }
    }
    let members: BTreeMap<&str, &MemberCoverage> =
        host.logs.iter().flat_map(|log| &log.members).map(|member| (member.path.as_str(), member)).collect();
    let lost = host.gaps_by_log().filter(|(_, gap)| gap.why != GapCause::BundleDamaged);
    let gaps: BTreeMap<&str, (&str, &Gap)> =
        lost.flat_map(|lost| lost.1.files.iter().map(move |file| (file.as_str(), lost))).collect();
    texts
        .into_iter()
        .map(|(path, told)| Cut {
            host,
            path,
            text: told.join("; "),
            gap: gaps.get(path).copied(),
            member: members.get(path).copied(),
        })
        .collect()
}

/// All that is cut or damaged in a case.
struct Damage<'a> {
    case: &'a Case,
    /// Hosts with something of it, ascending.
    hosts: Vec<usize>,
    cuts: Vec<Cut<'a>>,
}

pub(super) fn cut_short(case: &Case, severity: Severity) -> Option<Finding> {
    let mut damage = Damage { case, hosts: Vec::new(), cuts: Vec::new() };
    let mut evidence = Vec::new();
    for (index, host) in case.hosts.iter().enumerate() {
        let cut = cuts(host);
        if !cut.is_empty() {
            damage.hosts.push(index);
            evidence.extend(where_it_ends(index, host, cut.iter().map(|cut| cut.path).collect()));
            damage.cuts.extend(cut);
        }
    }
    if damage.hosts.is_empty() {
        return None;
    }
    Some(finding(Draft {
        cause: "truncated",
        cause_text: Text::new(
            "A bundle, or a file in it, ends early or is damaged.",
            "バンドルまたはその中のファイルが途中で切れているか、破損しています。",
        ),
        title: damage.title(),
        summary: damage.summary(),
        remedy: damage.remedy(),
        evidence,
        severity,
        details: damage.details(),
        hosts: damage.hosts,
    }))
}

impl Damage<'_> {
    /// The files, each once: what is wrong with a container may concern several hosts.
    fn files(&self) -> Vec<&str> {
        let files: BTreeSet<&str> = self.cuts.iter().map(|cut| cut.path).collect();
        files.into_iter().collect()
    }

    fn title(&self) -> Text {
        let (hosts, count) = (ids(self.case, &self.hosts), self.files().len());
        let (files, verb) =
            if count == 1 { ("file", "ends early or is") } else { ("files", "end early or are") };
        Text::new(
            format!("The evidence of {} is incomplete: {count} {files} {verb} damaged", list_en(&hosts)),
            format!(
                "{} の情報が一部不足しています：{count} 個のファイルが途中で切れているか破損しています",
                list_ja(&hosts)
            ),
        )
    }

    fn summary(&self) -> Text {
        let hosts = ids(self.case, &self.hosts);
        let files: Vec<String> = self.files().into_iter().map(inside).collect();
        let (count, file) = (files.len(), if files.len() == 1 { "file" } else { "files" });
        let parts = [self.stretches(), self.perhaps(), self.absent()];
        let en: String = parts.iter().map(|part| part.en.as_str()).collect();
        let ja: String = parts.iter().map(|part| part.ja.as_str()).collect();
        Text::new(
            format!(
                "{count} {file} of {} could only be read in part: {}. Everything before and behind the damage was used; what the rest said is not known.{en}",
                list_en(&hosts),
                named_en(&files),
            ),
            format!(
                "{} の {count} 個のファイルは一部しか読み取れませんでした：{}。読み取れた部分はすべて使用しましたが、残りの内容は不明です。{ja}",
                list_ja(&hosts),
                named_ja(&files),
            ),
        )
    }

    /// The first stretches of time that are lost.
    fn stretches(&self) -> Text {
        let lost = || self.cuts.iter().filter_map(|cut| cut.gap.map(|(log, gap)| (cut.host, log, gap)));
        let lost: Vec<_> = lost().filter(|(_, _, gap)| !gap.partial).take(NAMED).collect();
        let en = lost.iter().map(|(host, log, gap)| {
            format!(" Not covered by {log} of {}: {} to {}.", host.id, readable(gap.from), readable(gap.to))
        });
        let ja = lost.iter().map(|(host, log, gap)| {
            format!(
                "{} の {log} は {} から {} までを含みません。",
                host.id,
                readable(gap.from),
                readable(gap.to)
            )
        });
        Text::new(en.collect::<String>(), ja.collect::<String>())
    }

    /// What may be lost with damaged containers: log and time, by host.
    fn may_be_lost(&self) -> Vec<(&Host, &str, &Gap)> {
        let hosts = self.hosts.iter().map(|&index| &self.case.hosts[index]);
        let of = |host| {
            let gaps = Host::gaps_by_log(host);
            gaps.filter(|(_, gap)| gap.why == GapCause::BundleDamaged).map(move |(log, gap)| (host, log, gap))
        };
        hosts.flat_map(of).collect()
    }

    fn perhaps(&self) -> Text {
        let lost = self.may_be_lost();
        let en = lost.iter().take(NAMED).map(|(host, log, gap)| {
            format!(
                " Records of {log} of {} may be lost: {} to {}.",
                host.id,
                readable(gap.from),
                readable(gap.to)
            )
        });
        let ja = lost.iter().take(NAMED).map(|(host, log, gap)| {
            format!(
                "{} の {log} は {} から {} までの記録が失われている可能性があります。",
                host.id,
                readable(gap.from),
                readable(gap.to)
            )
        });
        Text::new(en.collect::<String>(), ja.collect::<String>())
    }

    /// Hosts with the logs that are missing altogether.
    fn without(&self) -> impl Iterator<Item = &Host> {
        let hosts = self.hosts.iter().map(|&index| &self.case.hosts[index]);
        hosts.filter(|host| !host.absent_logs.is_empty())
    }

    fn absent(&self) -> Text {
        let en = self
            .without()
            .take(NAMED)
            .map(|host| format!(" Lost with it on {}: {}.", host.id, host.absent_logs.join(", ")));
        let ja = self.without().take(NAMED).map(|host| {
            format!("{} では次のログがすべて失われています：{}。", host.id, host.absent_logs.join("、"))
        });
        Text::new(en.collect::<String>(), ja.collect::<String>())
    }

    /// One step a file that was transferred, as far as there are few of them.
    fn remedy(&self) -> Vec<Step> {
        let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for cut in &self.cuts {
            let hosts = files.entry(transferred(cut.host, cut.path)).or_default();
            if !hosts.contains(&cut.host.id) {
                hosts.push(cut.host.id.clone());
            }
        }
        let mut steps: Vec<Step> = files.iter().take(STEPS).map(|(file, hosts)| again(file, hosts)).collect();
        let rest: Vec<&String> = files.keys().skip(STEPS).collect();
        if !rest.is_empty() {
            steps.push(Step::new(
                Text::new(
                    format!("Do the same with {} more bundles: {}.", rest.len(), list_en(&rest)),
                    format!(
                        "残り {} 個のバンドルにも同じ手順を実施してください：{}。",
                        rest.len(),
                        list_ja(&rest)
                    ),
                ),
                None,
                None,
            ));
        }
        steps
    }

    fn details(&self) -> Value {
        let lost = |(host, log, gap): &(&Host, &str, &Gap)| json!({ "host": host.id, "log": log, "from": gap.from, "to": gap.to });
        let absent = |host: &Host| json!({ "host": host.id, "logs": host.absent_logs });
        json!({
            "members": self.cuts.iter().map(Cut::details).collect::<Vec<_>>(),
            "may_be_lost": self.may_be_lost().iter().map(lost).collect::<Vec<_>>(),
            "absent_logs": self.without().map(absent).collect::<Vec<_>>(),
        })
    }
}

/// The last records that could be read of the damaged logs; where none is a log, the last record of the bundle, and
/// where no log is left, what else was read of it.
fn where_it_ends(index: usize, host: &Host, cut: BTreeSet<&str>) -> Vec<Evidence> {
    let members = || host.logs.iter().flat_map(|log| &log.members);
    let line = |member: &MemberCoverage| {
        let (source, text) = member.last_record.clone()?;
        Some(Evidence { host: index, source, time: member.to, text })
    };
    let damaged: Vec<Evidence> =
        members().filter(|member| cut.contains(member.path.as_str())).filter_map(line).take(5).collect();
    if !damaged.is_empty() {
        return damaged;
    }
    let last = members().max_by_key(|member| member.to).and_then(line);
    let fact = host.first_fact.as_ref().map(|fact| Evidence {
        host: index,
        source: fact.source.clone(),
        time: None,
        text: fact.text.clone(),
    });
    last.or(fact).into_iter().collect()
}
