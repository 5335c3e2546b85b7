//! vSAN as one host sees it: membership, the unicast list, network, disks, objects, and the cluster's directory; and
//! options that freeze the membership.

mod blocks;
pub mod cluster;
pub mod cmmds;
pub mod health;
mod lexer;
pub mod network;
pub mod storage;
pub mod unicast;

use super::text::{Anchor, MAX_ENTRIES, lossy, pair, value};
use super::{FactFile, FactValue, Line, Output, Reader, Sample, is_command};
use crate::model::ProblemKind;

/// The output of `localcli system settings advanced list -d`.
pub static ADVANCED_OPTIONS: FactFile = FactFile {
    name: "advanced-options",
    about: "Advanced options that were changed from their default",
    matches: |path| {
        ["d", "-d", "--delta"]
            .iter()
            .any(|option| is_command(path, &format!("localcli_system-settings-advanced-list-{option}")))
    },
    reader: |_| Box::new(Options::default()),
    samples: OPTION_SAMPLES,
};

/// Blocks of `Key: value`, each begun by its `Path`.
#[derive(Default)]
struct Options {
    path: Option<(String, Anchor)>,
    text: bool,
    number: Option<String>,
    string: Option<String>,
    count: usize,
}

impl Reader for Options {
    /// ```text
    ///    Path: /VSAN/IgnoreClusterMemberListUpdates
    ///    Type: integer
    ///    Int Value: 1
    ///    Default Int Value: 0
    /// ```
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        let text = lossy(&line);
        let Some((key, text)) = pair(&text) else { return };
        match key {
            "Path" => {
                self.flush(out);
                self.path = value(text).map(|path| (path, Anchor::of(&line)));
            }
            "Type" => self.text = text == "string",
            "Int Value" => self.number = value(text),
            "String Value" => self.string = value(text),
            _ => {}
        }
    }

    fn gap(&mut self) {
        *self = Options { count: self.count, ..Options::default() };
    }

    fn end(&mut self, out: &mut Output) {
        self.flush(out);
    }
}

impl Options {
    fn flush(&mut self, out: &mut Output) {
        let (number, string) = (self.number.take(), self.string.take());
        let chosen = if std::mem::take(&mut self.text) { string } else { number.or(string) };
        let (Some((path, anchor)), Some(value)) = (self.path.take(), chosen) else { return };
        self.count += 1;
        if self.count <= MAX_ENTRIES {
            out.facts.push(anchor.fact(FactValue::AdvancedOption { path, value }));
        } else if self.count == MAX_ENTRIES + 1 {
            let text = format!("more than {MAX_ENTRIES} options; the rest was left out");
            out.problems.push(anchor.problem(ProblemKind::Limit, text));
        }
    }
}

const OPTION_SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_system-settings-advanced-list--d.txt",
        text: "   Path: /VSAN/IgnoreClusterMemberListUpdates\n   Type: integer\n   Int Value: 1\n   \
               Default Int Value: 0\n   Min Value: 0\n   Max Value: 1\n   String Value: \n   Default String Value: \n\n\
               warning: x\n   Path: /Misc/HostName\n   Type: string\n   Int Value: 0\n   String Value: esx01\n   \
               Description: a: b\n",
        facts: &[
            r#"{"fact":"advanced-option","path":"/VSAN/IgnoreClusterMemberListUpdates","value":"1"}"#,
            r#"{"fact":"advanced-option","path":"/Misc/HostName","value":"esx01"}"#,
        ],
    },
    Sample {
        path: "commands/esxcli_system_settings_advanced_list_-d.txt",
        text: "   Path: /VSAN/DOMPauseAllCCPs\n   Type: integer\n   Int Val",
        facts: &[],
    },
];

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::tests::{read, without_lines};
    use super::*;

    /// Whether `part` says nothing that `whole` does not: what is missing is null, or left out of a list.
    fn within(part: &Value, whole: &Value) -> bool {
        match (part, whole) {
            (Value::Null, _) => true,
            (Value::Array(part), Value::Array(whole)) => {
                part.iter().all(|part| whole.iter().any(|whole| within(part, whole)))
            }
            (Value::Object(part), Value::Object(whole)) => {
                part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| within(part, whole)))
            }
            _ => part == whole,
        }
    }

    #[test]
    fn a_text_that_is_cut_says_nothing_that_the_whole_one_does_not() {
        let files = [
            &cluster::CLUSTER,
            &unicast::UNICAST_AGENTS,
            &network::NETWORK,
            &storage::STORAGE,
            &storage::VDQ,
            &health::HEALTH,
            &health::OBJECTS,
            &health::RESYNC,
            &cmmds::CMMDS,
        ];
        let values = |file: &FactFile, path: &str, text: &str| -> Vec<Value> {
            let facts = read(file, path, text.as_bytes()).facts;
            // Of a dump that is cut there are at least so many; what an empty text says is held back by the digest.
            let sure = facts.iter().filter(|fact| {
                !matches!(
                    fact.value,
                    FactValue::CmmdsCounts { whole: false, .. } | FactValue::VsanNoInterface
                )
            });
            sure.map(|fact| without_lines(&fact.value)).collect()
        };
        for file in files {
            for sample in file.samples {
                let whole = values(file, sample.path, sample.text);
                // A sample that is cut itself may say less than a shorter part of it.
                if whole.is_empty() {
                    continue;
                }
                for end in (1..sample.text.len()).filter(|&end| sample.text.is_char_boundary(end)) {
                    // A table that is cut right below the dashes of its header looks empty, not cut.
                    let (above, below) = sample.text.split_at(end);
                    let at_line = above.ends_with('\n') || below.starts_with('\n');
                    if at_line && above.trim_end().ends_with("-----") {
                        continue;
                    }
                    for part in values(file, sample.path, above) {
                        let said = whole.iter().any(|whole| within(&part, whole));
                        assert!(said, "{}: cut at {end} of\n{}\n{part:#}", file.name, sample.text);
                    }
                }
            }
        }
    }
}
