//! What vSAN itself says of its health: checks of the cluster, states of its objects, and what is left to resync.

use serde::{Deserialize, Serialize};

use super::super::text::{Anchor, MAX_ENTRIES, Table, lossy, pair};
use super::super::{FactFile, FactValue, Line, Output, Reader, Sample, is_output, output_of};
use super::blocks::plain_key;
use crate::model::ProblemKind;

/// The output of `localcli vsan health cluster list`, with any options.
pub static HEALTH: FactFile = FactFile {
    name: "vsan-health-cluster-list",
    about: "The health checks of the vSAN cluster and their status",
    matches: |path| output_of(path).is_some_and(|name| name.starts_with("localcli_vsan_health_cluster_list")),
    reader: |_| Box::new(Checks::default()),
    samples: HEALTH_SAMPLES,
};

/// The output of `localcli vsan debug object health summary get`.
pub static OBJECTS: FactFile = FactFile {
    name: "vsan-object-health",
    about: "How many vSAN objects are in which state",
    matches: |path| is_output(path, "localcli_vsan-debug-object-health-summary-get"),
    reader: |_| Box::new(Objects::default()),
    samples: OBJECT_SAMPLES,
};

/// The output of `localcli vsan debug resync summary get`.
pub static RESYNC: FactFile = FactFile {
    name: "vsan-resync",
    about: "How much vSAN has left to resync",
    matches: |path| {
        output_of(path).is_some_and(|name| name.starts_with("localcli_vsan_debug_resync_summary"))
    },
    reader: |_| Box::new(Resync::default()),
    samples: RESYNC_SAMPLES,
};

/// One check of `localcli vsan health cluster list`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VsanCheck {
    /// The group that it stands below: `Network`. Absent for a group itself, and where the list shows no groups.
    pub group: Option<String>,
    /// `vSAN cluster partition`
    pub name: String,
    /// Its status.
    pub status: VsanStatus,
}

/// The status of a health check.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VsanStatus {
    /// Passed.
    Green,
    /// A warning.
    Yellow,
    /// Failed.
    Red,
    /// It tells and does not judge.
    Info,
    /// It was not run, or it was silenced.
    Skipped,
    /// It could not be run.
    Unknown,
}

impl VsanStatus {
    /// `green`, `red (Network misconfiguration)`; the beginning of a word is none.
    fn parse(text: &str) -> Option<Self> {
        let word = text.split(|c: char| !c.is_ascii_alphabetic()).next()?;
        Some(match word.to_ascii_lowercase().as_str() {
            "green" => VsanStatus::Green,
            "yellow" => VsanStatus::Yellow,
            "red" => VsanStatus::Red,
            "info" => VsanStatus::Info,
            "skipped" => VsanStatus::Skipped,
            "unknown" => VsanStatus::Unknown,
            _ => return None,
        })
    }
}

/// One line of `localcli vsan debug object health summary get`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VsanObjectState {
    /// `healthy`, `inaccessible`, `reduced-availability-with-no-rebuild`, `data-move`, …
    pub state: String,
    /// How many objects are in it.
    pub objects: u64,
}

#[derive(Default)]
struct Checks {
    table: Table,
    group: Option<String>,
    first: Option<Anchor>,
    checks: Vec<VsanCheck>,
    full: bool,
}

impl Reader for Checks {
    /// ```text
    /// Health Test Name                      Status
    /// ------------------------------------  ----------
    /// Overall health                        red (Network misconfiguration)
    /// Network                               red
    ///   vSAN cluster partition              red
    /// ```
    fn line(&mut self, line: Line<'_>, _: &mut Output) {
        if !self.table.is_row(line.bytes) {
            return;
        }
        let name = ["Health Test Name", "Test Name", "Health Test"]
            .iter()
            .find_map(|column| self.table.cell(line.bytes, column));
        let status =
            ["Status", "Health", "Test Result"].iter().find_map(|column| self.table.cell(line.bytes, column));
        let (Some(name), Some(status)) = (name, status.and_then(|text| VsanStatus::parse(&text))) else {
            return;
        };
        let indented = line.bytes.first().is_some_and(u8::is_ascii_whitespace);
        let group = if indented { self.group.clone() } else { None };
        if !indented {
            self.group = Some(name.clone());
        }
        if self.checks.len() == MAX_ENTRIES {
            self.full = true;
            return;
        }
        self.first.get_or_insert_with(|| Anchor::of(&line));
        self.checks.push(VsanCheck { group, name, status });
    }

    fn gap(&mut self) {
        self.group = None;
    }

    fn end(&mut self, out: &mut Output) {
        let Some(first) = self.first.take() else { return };
        if self.full {
            let text = format!("more than {MAX_ENTRIES} health checks; the rest was left out");
            out.problems.push(first.problem(ProblemKind::Limit, text));
        }
        let checks = std::mem::take(&mut self.checks);
        out.facts.push(first.fact(FactValue::VsanHealth { checks }));
    }
}

#[derive(Default)]
struct Objects {
    table: Table,
    first: Option<Anchor>,
    /// The row that was read last, whether it reaches as far as the header: it may be cut inside its number.
    last: Option<(VsanObjectState, bool)>,
    states: Vec<VsanObjectState>,
}

impl Reader for Objects {
    /// ```text
    /// Health Status                                     Number Of Objects
    /// ------------------------------------------------  -----------------
    /// healthy                                                        1030
    /// ```
    fn line(&mut self, line: Line<'_>, _: &mut Output) {
        self.settle();
        if !self.table.is_row(line.bytes) || self.states.len() >= MAX_ENTRIES {
            return;
        }
        let cell = |name: &str| self.table.cell(line.bytes, name);
        let Some(state) = cell("Health Status").filter(|state| is_state(state)) else { return };
        let Some(objects) = cell("Number Of Objects").and_then(|number| number.parse().ok()) else { return };
        let whole = line.bytes.trim_ascii_end().len() >= self.table.header().trim_end().len();
        self.first.get_or_insert_with(|| Anchor::of(&line));
        self.last = Some((VsanObjectState { state, objects }, whole));
    }

    fn gap(&mut self) {
        self.settle();
    }

    fn end(&mut self, out: &mut Output) {
        if let Some((state, true)) = self.last.take() {
            self.states.push(state);
        }
        let states = std::mem::take(&mut self.states);
        if let Some(first) = self.first.take().filter(|_| !states.is_empty()) {
            out.facts.push(first.fact(FactValue::VsanObjectHealth { states }));
        }
    }
}

impl Objects {
    /// Another line follows: what was read is whole.
    fn settle(&mut self) {
        self.states.extend(self.last.take().map(|(state, _)| state));
    }
}

/// `reduced-availability-with-no-rebuild-delay-timer`, `remoteAccessible`; not a sentence.
fn is_state(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[derive(Default)]
struct Resync {
    first: Option<Anchor>,
    /// The field that was read last: it may be cut inside its number.
    held: Option<(String, u64)>,
    objects: Option<u64>,
    bytes: Option<u64>,
}

impl Reader for Resync {
    /// ```text
    ///    Total Number Of Resyncing Objects: 12
    ///    Total Bytes Left To Resync: 4096
    ///    Total GB Left To Resync: 0.00
    /// ```
    fn line(&mut self, line: Line<'_>, _: &mut Output) {
        self.settle();
        let text = lossy(&line);
        let Some((key, text)) = pair(&text) else { return };
        let number = text.split_whitespace().next().and_then(|number| number.parse().ok());
        let key = plain_key(key);
        if let Some(number) = number.filter(|_| key == OBJECTS_KEY || key == BYTES_KEY) {
            self.first.get_or_insert_with(|| Anchor::of(&line));
            self.held = Some((key, number));
        }
    }

    fn gap(&mut self) {
        self.settle();
    }

    fn end(&mut self, out: &mut Output) {
        let (objects, bytes) = (self.objects.take(), self.bytes.take());
        if let Some(first) = self.first.take().filter(|_| objects.is_some() || bytes.is_some()) {
            out.facts.push(first.fact(FactValue::VsanResync { objects, bytes }));
        }
    }
}

const OBJECTS_KEY: &str = "totalnumberofresyncingobjects";
const BYTES_KEY: &str = "totalbyteslefttoresync";

impl Resync {
    fn settle(&mut self) {
        match self.held.take() {
            Some((key, number)) if key == OBJECTS_KEY => self.objects = Some(number),
            Some((_, number)) => self.bytes = Some(number),
            None => {}
        }
    }
}

const HEALTH_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_vsan-health-cluster-list.txt",
        text: "Health Test Name                                    Status\n\
               --------------------------------------------------  ----------\n\
               Overall health                                      red (Network misconfiguration)\n\
               Network                                             red\n  \
               Hosts with connectivity issues                    green\n  \
               vSAN cluster partition                            red\n\
               Data                                                yellow\n  \
               vSAN object health                                yellow\n  \
               vSAN VM health                                    skipped\n",
        facts: &[
            r#"{"fact":"vsan-health","checks":[{"group":null,"name":"Overall health","status":"red"},{"group":null,"name":"Network","status":"red"},{"group":"Network","name":"Hosts with connectivity issues","status":"green"},{"group":"Network","name":"vSAN cluster partition","status":"red"},{"group":null,"name":"Data","status":"yellow"},{"group":"Data","name":"vSAN object health","status":"yellow"},{"group":"Data","name":"vSAN VM health","status":"skipped"}]}"#,
        ],
    },
    // Wide, with short names; noise before, inside and behind.
    Sample {
        path: "commands/localcli_vsan-health-cluster-list--w.txt",
        text: "warning: x\n\
               Health Test Name          Short Name        Status\n\
               ------------------------  ----------------  ------\n\
               Network                                     green\n\
               Error: vsanmgmtd did not answer\n  \
               vSAN cluster partition  clusterpartition  green\n\
               Traceback (most recent call last):\n",
        facts: &[
            r#"{"fact":"vsan-health","checks":[{"group":null,"name":"Network","status":"green"},{"group":"Network","name":"vSAN cluster partition","status":"green"}]}"#,
        ],
    },
    // Cut inside a status.
    Sample {
        path: "commands/localcli_vsan-health-cluster-list.txt",
        text: "Health Test Name          Status\n------------------------  ------\n\
               Network                   green\n  vSAN cluster partition  yell",
        facts: &[r#"{"fact":"vsan-health","checks":[{"group":null,"name":"Network","status":"green"}]}"#],
    },
    Sample {
        path: "commands/localcli_vsan-health-cluster-list.txt",
        text: "Failed to get cluster health: timeout\n",
        facts: &[],
    },
];

const OBJECT_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_vsan-debug-object-health-summary-get.txt",
        text: "Health Status                                     Number Of Objects\n\
               ------------------------------------------------  -----------------\n\
               reduced-availability-with-no-rebuild-delay-timer                 17\n\
               healthy                                                        1030\n\
               inaccessible                                                      4\n\
               reduced-availability-with-no-rebuild                              0\n",
        facts: &[
            r#"{"fact":"vsan-object-health","states":[{"state":"reduced-availability-with-no-rebuild-delay-timer","objects":17},{"state":"healthy","objects":1030},{"state":"inaccessible","objects":4},{"state":"reduced-availability-with-no-rebuild","objects":0}]}"#,
        ],
    },
    // 7.0 and later name more states; noise before, inside and behind.
    Sample {
        path: "commands/esxcli_vsan_debug_object_health_summary_get.txt",
        text: "warning: x\nHealth Status                                              Number Of Objects\n\
               ---------------------------------------------------------  -----------------\n\
               remoteAccessible                                                           0\n\
               Error: one object could not be asked\n\
               reduced-availability-with-policy-pending                                   3\n\
               healthy                                                                   12\n\
               Traceback (most recent call last):\n",
        facts: &[
            r#"{"fact":"vsan-object-health","states":[{"state":"remoteAccessible","objects":0},{"state":"reduced-availability-with-policy-pending","objects":3},{"state":"healthy","objects":12}]}"#,
        ],
    },
    // Cut inside a number.
    Sample {
        path: "commands/localcli_vsan-debug-object-health-summary-get.txt",
        text: "Health Status  Number Of Objects\n-------------  -----------------\n\
               inaccessible                   4\nhealthy                     10",
        facts: &[r#"{"fact":"vsan-object-health","states":[{"state":"inaccessible","objects":4}]}"#],
    },
    Sample {
        path: "commands/localcli_vsan-debug-object-health-summary-get.txt",
        text: "Virtual SAN Clustering is not enabled on this host\n",
        facts: &[],
    },
];

const RESYNC_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_vsan-debug-resync-summary-get.txt",
        text: "   Total Number Of Resyncing Objects: 12\n   Total Bytes Left To Resync: 53687091200\n   \
               Total GB Left To Resync: 50.00\n",
        facts: &[r#"{"fact":"vsan-resync","objects":12,"bytes":53687091200}"#],
    },
    Sample {
        path: "commands/esxcli_vsan_debug_resync_summary_get.txt",
        text: "warning: x\n   Total Number Of Resyncing Objects: 0\nError: amid\n   Total Bytes Left To Resync: 0 bytes\n\
               Traceback (most recent call last):\n",
        facts: &[r#"{"fact":"vsan-resync","objects":0,"bytes":0}"#],
    },
    // Cut inside the bytes.
    Sample {
        path: "commands/localcli_vsan-debug-resync-summary-get.txt",
        text: "   Total Number Of Resyncing Objects: 12\n   Total Bytes Left To Resync: 5368",
        facts: &[r#"{"fact":"vsan-resync","objects":12,"bytes":null}"#],
    },
    Sample {
        path: "commands/localcli_vsan-debug-resync-summary-get.txt",
        text: "Unable to get resync summary\n",
        facts: &[],
    },
];

#[cfg(test)]
mod tests {
    use super::super::super::tests::read;
    use super::*;

    #[test]
    fn the_beginning_of_a_status_is_none() {
        assert_eq!(VsanStatus::parse("red (Network)"), Some(VsanStatus::Red));
        assert_eq!(VsanStatus::parse("Green"), Some(VsanStatus::Green));
        for text in ["", "gree", "yell", "redo", "(red)", "12"] {
            assert_eq!(VsanStatus::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_sum_that_is_cut_is_none() {
        let out = read(&RESYNC, RESYNC_SAMPLES[0].path, b"   Total Number Of Resyncing Objects: 1");
        assert!(out.facts.is_empty());
        let out = read(&RESYNC, RESYNC_SAMPLES[0].path, b"   Objects: 1\n   Total GB Left To Resync: 2\n");
        assert!(out.facts.is_empty());
    }
}
