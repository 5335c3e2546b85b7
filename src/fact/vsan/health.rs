//! What vSAN itself says of its health: checks of the cluster, states of its objects, and what is left to resync.

use serde::{Deserialize, Serialize};

use super::super::read::{AllEntries, Entries, Entry, Rows, blocks};
use super::super::text::{Anchor, MAX_ENTRIES};
use super::super::{FactFile, FactValue, Line, Output, Reader, Sample, is_output, output_of};
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
    reader: |_| Box::new(AllEntries::new(Entries::table(), states)),
    samples: OBJECT_SAMPLES,
};

/// The output of `localcli vsan debug resync summary get`.
pub static RESYNC: FactFile = FactFile {
    name: "vsan-resync",
    about: "How much vSAN has left to resync",
    matches: |path| {
        output_of(path).is_some_and(|name| name.starts_with("localcli_vsan_debug_resync_summary"))
    },
    reader: |path| blocks(path, "sums", "", &[OBJECTS_KEY, BYTES_KEY], resync),
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

impl VsanObjectState {
    /// Whether nothing is missing of objects in this state: they are well, on their way elsewhere, or only not as their
    /// policy asks. A word that is not known is taken for trouble.
    pub fn is_whole(&self) -> bool {
        let state = self.state.to_ascii_lowercase();
        let whole = ["healthy", "remoteaccessible", "data-move", "nonavailability", "non-availability"];
        whole.iter().any(|word| state.starts_with(word))
    }
}

#[derive(Default)]
struct Checks {
    rows: Rows,
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
        if let Some(row) = self.rows.line(&line) {
            self.row(row);
        }
    }

    fn gap(&mut self) {
        self.last();
        self.group = None;
    }

    fn end(&mut self, out: &mut Output) {
        self.last();
        let Some(first) = self.first.take() else { return };
        if self.full {
            let text = format!("more than {MAX_ENTRIES} health checks; the rest was left out");
            out.problems.push(first.problem(ProblemKind::Limit, text));
        }
        let checks = std::mem::take(&mut self.checks);
        out.facts.push(first.fact(FactValue::VsanHealth { checks }));
    }
}

impl Checks {
    fn last(&mut self) {
        if let Some(row) = self.rows.take() {
            self.row(row);
        }
    }

    fn row(&mut self, row: Entry) {
        let told = |names: &[&str]| names.iter().find_map(|name| row.text(name));
        let status = told(&["Status", "Health", "Test Result"]).and_then(|text| VsanStatus::parse(&text));
        let (Some(name), Some(status)) = (told(&["Health Test Name", "Test Name", "Health Test"]), status)
        else {
            return;
        };
        let group = if row.anchor().is_indented() {
            self.group.clone()
        } else {
            self.group = Some(name.clone());
            None
        };
        if self.checks.len() == MAX_ENTRIES {
            self.full = true;
            return;
        }
        self.first.get_or_insert_with(|| row.into_anchor());
        self.checks.push(VsanCheck { group, name, status });
    }
}

/// ```text
/// Health Status                                     Number Of Objects
/// ------------------------------------------------  -----------------
/// healthy                                                        1030
/// ```
fn states(entries: Vec<Entry>, out: &mut Output) {
    let state = |entry: &Entry| {
        let state = entry.text("Health Status").filter(|state| is_state(state))?;
        Some(VsanObjectState { state, objects: entry.number("Number Of Objects")? })
    };
    let states: Vec<VsanObjectState> = entries.iter().filter_map(state).collect();
    let first = entries.into_iter().find(|entry| state(entry).is_some());
    let fact = |first: Entry| first.into_anchor().fact(FactValue::VsanObjectHealth { states });
    out.facts.extend(first.map(fact));
}

/// `reduced-availability-with-no-rebuild-delay-timer`, `remoteAccessible`; not a sentence.
fn is_state(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

const OBJECTS_KEY: &str = "Total Number Of Resyncing Objects";
const BYTES_KEY: &str = "Total Bytes Left To Resync";

/// ```text
///    Total Number Of Resyncing Objects: 12
///    Total Bytes Left To Resync: 4096
///    Total GB Left To Resync: 0.00
/// ```
fn resync(entry: &Entry, _: &str) -> Option<FactValue> {
    let number = |key: &str| entry.text(key)?.split_whitespace().next()?.parse().ok();
    let (objects, bytes): (Option<u64>, Option<u64>) = (number(OBJECTS_KEY), number(BYTES_KEY));
    (objects.is_some() || bytes.is_some()).then_some(FactValue::VsanResync { objects, bytes })
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
    fn objects_are_whole_where_nothing_of_them_is_missing() {
        let is_whole = |state: &str| VsanObjectState { state: state.to_owned(), objects: 1 }.is_whole();
        for state in ["healthy", "remoteAccessible", "data-move", "nonavailability-related-incompliance"] {
            assert!(is_whole(state), "{state}");
        }
        for state in ["inaccessible", "reduced-availability-with-no-rebuild-delay-timer", "unhealthy", "x"] {
            assert!(!is_whole(state), "{state}");
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
