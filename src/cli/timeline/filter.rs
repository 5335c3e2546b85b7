//! Which part of the timeline is asked for.

use std::collections::BTreeSet;

use clap::ValueEnum;

use super::super::Failure;
use crate::model::{EventKind, Severity};
use crate::report::model::{Report, TimelineEntry};
use crate::report::named::HOSTS;

/// Arguments that choose; each narrows what the others leave.
#[derive(Debug, clap::Args)]
pub struct Filter {
    /// Only what this host's bundle says, or what another says about it; its id or the beginning of its name, repeatable
    #[arg(long, help_heading = "Which events", value_name = "HOST")]
    host: Vec<String>,
    /// Only events of this kind, or of all kinds below it (`vsan`), repeatable
    #[arg(long, help_heading = "Which events", value_name = "KIND", value_parser = kind)]
    kind: Vec<String>,
    /// Only events of this severity or a worse one
    #[arg(long, help_heading = "Which events", value_name = "LEVEL")]
    severity: Option<Level>,
    /// Only events that a finding rests on: its number in the report, or its id
    #[arg(long, help_heading = "Which events", value_name = "FINDING")]
    finding: Option<String>,
}

/// A severity on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Level {
    Critical,
    Error,
    Warning,
    Info,
}

impl Level {
    const fn severity(self) -> Severity {
        match self {
            Level::Critical => Severity::Critical,
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Info => Severity::Info,
        }
    }
}

/// A kind, or the first words of some.
fn kind(text: &str) -> Result<String, String> {
    let mut kinds: Vec<&str> = EventKind::ALL.iter().map(|known| known.name()).collect();
    kinds.sort_unstable();
    let is_known = kinds.iter().any(|known| is_kind(known, text));
    let unknown = || format!("no event kind is called so or begins so; the kinds are {}", kinds.join(", "));
    if is_known { Ok(text.to_owned()) } else { Err(unknown()) }
}

fn is_kind(name: &str, wanted: &str) -> bool {
    name.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

impl Filter {
    /// Leaves in `report` what is asked for. Spans are no events: where a kind, a severity or a finding is asked for, none
    /// is left.
    ///
    /// # Errors
    /// Fails where a host or a finding that is asked for is not there.
    pub fn apply(&self, report: &mut Report) -> Result<(), Failure> {
        for name in &self.host {
            check_host(report, name)?;
        }
        let findings = self.findings(report)?;
        let hosts: BTreeSet<String> = report
            .hosts
            .iter()
            .filter(|host| {
                self.host.iter().any(|name| host.id.starts_with(name) || host.name.starts_with(name))
            })
            .map(|host| host.id.clone())
            .collect();
        let is_of_host = |entry: &TimelineEntry| {
            hosts.contains(&entry.host)
                || named(entry).any(|name| hosts.contains(name) || self.is_asked(name))
        };
        report.timeline.retain(|entry| {
            (self.host.is_empty() || is_of_host(entry))
                && (self.kind.is_empty() || self.kind.iter().any(|kind| is_kind(entry.kind.name(), kind)))
                && self.severity.is_none_or(|level| entry.severity >= level.severity())
                && findings.as_ref().is_none_or(|wanted| entry.findings.iter().any(|at| wanted.contains(at)))
        });
        let wants_events = !self.kind.is_empty() || self.severity.is_some() || findings.is_some();
        report.spans.retain(|span| !wants_events && (self.host.is_empty() || hosts.contains(&span.host)));
        Ok(())
    }

    fn is_asked(&self, name: &str) -> bool {
        self.host.iter().any(|wanted| name.starts_with(wanted.as_str()))
    }

    /// The positions of the findings that are asked for.
    fn findings(&self, report: &Report) -> Result<Option<BTreeSet<usize>>, Failure> {
        let Some(wanted) = &self.finding else { return Ok(None) };
        let number = wanted.trim_start_matches(['F', 'f']).parse::<usize>().ok();
        let all = report.findings.iter().enumerate();
        let fits = |(at, id): (usize, &str)| number == Some(at + 1) || id == wanted;
        let found: BTreeSet<usize> =
            all.filter(|(at, finding)| fits((*at, finding.id.as_str()))).map(|(at, _)| at).collect();
        if found.is_empty() {
            let known = report.findings.iter().enumerate();
            let known: Vec<String> = known.map(|(at, found)| format!("{} {}", at + 1, found.id)).collect();
            let hint = if known.is_empty() { "there is none".to_owned() } else { known.join(", ") };
            return Err(Failure::new(format!("no finding is called '{wanted}'"))
                .hint(format!("the findings are: {hint}")));
        }
        Ok(Some(found))
    }
}

/// Names of other hosts in an entry's fields; an evacuation names several targets in one.
fn named(entry: &TimelineEntry) -> impl Iterator<Item = &str> {
    HOSTS.iter().filter_map(|field| entry.fields.get(*field)).flat_map(|names| names.split(','))
}

/// Fails where neither a bundle nor an event is of a host that begins with `name`.
fn check_host(report: &Report, name: &str) -> Result<(), Failure> {
    let begins = |text: &str| text.starts_with(name);
    let is_known = report.hosts.iter().any(|host| begins(&host.id) || begins(&host.name))
        || report.timeline.iter().any(|entry| named(entry).any(begins));
    if is_known {
        return Ok(());
    }
    let ids: Vec<&str> = report.hosts.iter().map(|host| host.id.as_str()).collect();
    Err(Failure::new(format!("no host begins with '{name}'"))
        .hint(format!("the hosts are {}", ids.join(", "))))
}
