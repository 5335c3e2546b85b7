//! An incident in words: the catalogue's sentences, filled with hosts, objects and times.

use serde_json::json;

use super::incident::device_in;
use super::{Across, Incident, Known, words};
use crate::case::Case;
use crate::model::{HostKind, Severity, Text};
use crate::rule::repeat;
use crate::verdict::{Evidence, Finding, Step, distinct, ids, list_en, list_ja, readable, shell_word, span};

/// Objects that a title names; more are counted.
const NAMED: usize = 3;
/// Hosts whose lines are shown.
const HOSTS: usize = 4;
/// Lines of the end that are shown.
const ENDS: usize = 2;

pub(super) fn finding(case: &Case, known: &Known, incident: &Incident<'_>) -> Finding {
    let (first_seen, last_seen, _) = span(incident.lines.iter().copied());
    let mut vms: Vec<String> =
        incident.lines.iter().filter_map(|line| line.field("vm")).map(str::to_owned).collect();
    vms.sort();
    vms.dedup();
    let mut evidence = Evidence::of_each_host(&incident.lines, HOSTS);
    evidence.extend(incident.back.iter().take(ENDS).map(|line| Evidence::event(line)));
    let is_worse = incident.lines.iter().any(|line| line.event.severity >= Severity::Error);
    let severity = if is_worse { known.severity.max(Severity::Error) } else { known.severity };
    Finding {
        id: known.id,
        severity,
        confidence: known.confidence,
        title: title(case, known, incident),
        summary: summary(case, known, incident),
        cause: shared(known, incident).map_or((known.cause, both(known.why)), |(id, text)| (id, both(text))),
        hosts: incident.hosts.clone(),
        vms,
        first_seen,
        last_seen,
        count: records(incident),
        remedy: steps(case, known, incident),
        brief: crate::verdict::Brief::default(),
        references: known.references.to_vec(),
        evidence: distinct(evidence),
        details: json!({
            "objects": incident.objects,
            "over_at": incident.back.last().filter(|_| incident.is_over).map(|line| line.time),
            "known": known.id,
        }),
    }
}

/// The cause where several hosts tell of the same and that says where it lies.
fn shared(known: &Known, incident: &Incident<'_>) -> Option<(&'static str, super::Both)> {
    match known.across {
        Across::Shared(id, text) if incident.hosts.len() > 1 => Some((id, text)),
        _ => None,
    }
}

/// How many records tell of it: some stand for repeats.
fn records(incident: &Incident<'_>) -> u64 {
    incident.lines.iter().map(|line| repeat::times(&line.event.fields)).fold(0, u64::saturating_add)
}

fn both((en, ja): super::Both) -> Text {
    Text::new(en, ja)
}

/// One line: what happened where.
pub(in crate::verdict) fn title(case: &Case, known: &Known, incident: &Incident<'_>) -> Text {
    filled(case, known, incident, known.title)
}

/// That it was over, for the chain.
pub(in crate::verdict) fn back_text(case: &Case, known: &Known, incident: &Incident<'_>) -> Text {
    let text = match known.object.first() {
        Some(&"vm") => ("{object} was powered on", "{object} がパワーオンされました"),
        _ => ("{object} was back on {host}", "{host} で {object} が復旧しました"),
    };
    filled(case, known, incident, text)
}

fn filled(case: &Case, known: &Known, incident: &Incident<'_>, (en, ja): super::Both) -> Text {
    let hosts = ids(case, &incident.hosts);
    let object = object(known, incident);
    // Without a name and a noun there is nothing to put there, nor a sign before it.
    let gap = |text: &str| match object.en.is_empty() {
        true => [": {object}", "：{object}", " ({object})", "（{object}）"]
            .iter()
            .fold(text.to_owned(), |text, gap| text.replace(gap, "")),
        false => text.to_owned(),
    };
    let (en, ja) = (gap(en), gap(ja));
    let begins_with_noun = en.starts_with("{object}");
    let mut en = en.replace("{host}", &list_en(&hosts)).replace("{object}", &object.en);
    if begins_with_noun && let Some(first) = en.get(..1).map(str::to_ascii_uppercase) {
        en.replace_range(..1, &first);
    }
    Text::new(en, put(&put(&ja, "{host}", &list_ja(&hosts)), "{object}", &object.ja))
}

/// `text` with `value` at `place`: beside a Japanese letter of the value there is no blank.
fn put(text: &str, place: &str, value: &str) -> String {
    let Some((before, after)) = text.split_once(place) else { return text.to_owned() };
    let is_wide = |letter: Option<char>| letter.is_some_and(|letter| !letter.is_ascii());
    let before = if is_wide(value.chars().next()) { before.trim_end_matches(' ') } else { before };
    let after = if is_wide(value.chars().next_back()) { after.trim_start_matches(' ') } else { after };
    format!("{before}{value}{after}")
}

/// `device naa.…`, `3 devices (…)`; the noun alone where no event names it.
fn object(known: &Known, incident: &Incident<'_>) -> Text {
    let (en, ja) = known.noun;
    let names = &incident.objects;
    match names.len() {
        _ if en.is_empty() => words::list(names),
        0 => Text::new(indefinite(en), ja),
        1 => Text::new(format!("{en} {}", names[0]), format!("{ja} {}", names[0])),
        count if count <= NAMED => {
            Text::new(format!("{en}s {}", list_en(names)), format!("{ja} {}", list_ja(names)))
        }
        count => Text::new(format!("{count} {en}s"), format!("{ja} {count} 件")),
    }
}

fn indefinite(noun: &str) -> String {
    let is_vowel = noun.starts_with(['a', 'e', 'i', 'o', 'A', 'I']);
    format!("{} {noun}", if is_vowel { "an" } else { "a" })
}

fn summary(case: &Case, known: &Known, incident: &Incident<'_>) -> Text {
    let title = title(case, known, incident);
    let (mut en, mut ja) = (format!("{}.", title.en), format!("{}。", title.ja));
    let count = records(incident);
    if let (Some(first), Some(last)) = (incident.lines.first(), incident.lines.last()) {
        if count == 1 {
            en.push_str(&format!(" One record tells of it, at {}.", readable(first.time)));
            ja.push_str(&format!("記録は {} の 1 件です。", readable(first.time)));
        } else {
            let (from, to) = (readable(first.time), readable(last.time));
            en.push_str(&format!(" {count} records tell of it, between {from} and {to}."));
            ja.push_str(&format!("{from} から {to} までに {count} 件の記録があります。"));
        }
    }
    if incident.objects.len() > NAMED {
        en.push_str(&format!(" It is about {}.", list_en(&incident.objects)));
        ja.push_str(&format!("対象は {} です。", list_ja(&incident.objects)));
    }
    if let Some(last) = incident.back.last().filter(|_| incident.is_over) {
        en.push_str(&format!(" The last record of its end is of {}.", readable(last.time)));
        ja.push_str(&format!("終了を示す最後の記録は {} です。", readable(last.time)));
    }
    if shared(known, incident).is_some() {
        let hosts = incident.hosts.len();
        en.push_str(&format!(" {hosts} hosts tell of the same, so what they share is at fault."));
        ja.push_str(&format!("{hosts} 台のホストが同じ対象を報告しており、共有部分の障害と考えられます。"));
    }
    en.push_str(&format!(" {}", known.meaning.0));
    ja.push_str(known.meaning.1);
    Text::new(en, ja)
}

/// Beginnings of commands that only an ESXi host has.
const OF_ESXI: &[&str] =
    &["esxcli ", "vim-cmd ", "vmkping ", "/etc/init.d/", "openssl x509 -in /etc/vmware/ssl/"];

fn steps(case: &Case, known: &Known, incident: &Incident<'_>) -> Vec<Step> {
    let host = incident.hosts.first().copied();
    let is_vcenter = host.is_some_and(|host| case.hosts[host].kind == HostKind::Vcenter);
    let step = |step: &super::Do| {
        let is_of_esxi = |command: &str| OF_ESXI.iter().any(|begin| command.starts_with(begin));
        // vCenter tells of hosts whose names it does not say.
        let host = host.filter(|_| !(is_vcenter && step.2.is_some_and(is_of_esxi)));
        Step::new(Text::new(step.0, step.1), step.2.map(|command| command_for(incident, command)), host)
    };
    known.steps.iter().map(step).collect()
}

/// Services that `/etc/init.d` starts and stops, and their scripts there.
const SCRIPTS: &[(&str, &str)] = &[
    ("hostd", "hostd"),
    ("vpxa", "vpxa"),
    ("fdm", "vmware-fdm"),
    ("sfcbd", "sfcbd-watchdog"),
    ("vsanmgmtd", "vsanmgmtd"),
    ("rhttpproxy", "rhttpproxy"),
    ("ntpd", "ntpd"),
];

/// `command` with its places filled from the fields that they are called by; `<nic>` where no event names one.
fn command_for(incident: &Incident<'_>, command: &str) -> String {
    let mut command = command.to_owned();
    for field in ["device", "nic", "disk", "service"] {
        let place = format!("{{{field}}}");
        if !command.contains(&place) {
            continue;
        }
        let named = incident.lines.iter().find_map(|line| match field {
            "device" => line.field(field).or_else(|| device_in(&line.event.text)),
            _ => line.field(field),
        });
        let named = named.filter(|name| !name.is_empty());
        let named = match field {
            "service" => {
                SCRIPTS.iter().find(|(service, _)| named == Some(service)).map(|(_, script)| *script)
            }
            _ => named,
        };
        command = command.replace(&place, &named.map_or_else(|| format!("<{field}>"), shell_word));
    }
    command
}
