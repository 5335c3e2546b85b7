//! `etc/vmware/config`: the EVC masks of the host, and register masks left there by hand.

use std::collections::BTreeMap;

use super::text::{Anchor, MAX_ENTRIES, assignment, flag, lossy};
use super::{Fact, FactFile, FactValue, Line, Output, Reader, Sample, is_file};
use crate::model::{Problem, ProblemKind};

/// `etc/vmware/config` of a host.
pub static CONFIG: FactFile = FactFile {
    name: "host-config",
    about: "EVC masks and register overrides that the host applies",
    matches: |path| is_file(path, "etc/vmware/config"),
    reader: |_| Box::new(Config::default()),
    samples: SAMPLES,
};

/// Keys may stand twice, and the last one holds: so facts are given at the end only.
#[derive(Default)]
struct Config {
    keys: BTreeMap<String, (u64, Option<Fact>)>,
    last: Option<Anchor>,
    cut: bool,
    /// Whether the last line looks like a part of a setting.
    part: bool,
    /// Whether any line does.
    damaged: bool,
    full: bool,
}

impl Reader for Config {
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        let text = lossy(&line);
        if text.trim().is_empty() {
            return;
        }
        (self.cut, self.part) = (false, false);
        let Some(read) = assignment(&text) else {
            // A line that is none may be the beginning of a key, or what damage left of it.
            let is_comment = text.trim_start().starts_with('#');
            self.part = !is_comment
                && (text.contains('\u{0}')
                    || text.trim_start().to_ascii_lowercase().starts_with("feat")
                    || text.contains('\u{fffd}'));
            self.damaged |= self.part;
            self.last.get_or_insert_with(|| Anchor::of(&line));
            return;
        };
        self.last = Some(Anchor::of(&line));
        self.cut = !read.closed;
        let key = read.key.to_ascii_lowercase();
        let said = if read.closed { meaning(&key, &read.value) } else { unclosed(&key) };
        let Some(said) = said else { return };
        if self.keys.len() >= MAX_ENTRIES && !self.keys.contains_key(&key) {
            self.limit(&line, out);
            return;
        }
        let fact = match said {
            Ok(value) => Some(line.fact(value)),
            Err(wrong) => {
                let text = format!("line {}: {wrong}", line.number);
                out.problems.push(Problem::new(ProblemKind::Unparsed, line.file.as_str(), text));
                None
            }
        };
        self.keys.insert(key, (line.number, fact));
    }

    fn end(&mut self, out: &mut Output) {
        let mut kept: Vec<(u64, Fact)> =
            std::mem::take(&mut self.keys).into_values().filter_map(|(at, fact)| Some((at, fact?))).collect();
        kept.sort_by_key(|(at, _)| *at);
        out.facts.extend(kept.into_iter().map(|(_, fact)| fact));
        let Some(last) = self.last.take() else { return };
        if self.cut || self.part {
            out.problems.push(last.problem(ProblemKind::Truncated, "ends inside a quoted value or a key"));
        } else if self.damaged {
            let text = "holds lines that are no setting: what it does not hold may be lost";
            out.problems.push(last.problem(ProblemKind::Damaged, text));
        } else if !self.full {
            out.facts.push(last.fact(FactValue::ConfigRead));
        }
    }
}

impl Config {
    fn limit(&mut self, line: &Line<'_>, out: &mut Output) {
        if !self.full {
            self.full = true;
            let text = format!("more than {MAX_ENTRIES} keys; the rest was left out");
            out.problems.push(Problem::new(ProblemKind::Limit, line.file.as_str(), text));
        }
    }
}

/// What a key of interest says, or why it cannot be read; `None` for every other key.
fn meaning(key: &str, value: &str) -> Option<Result<FactValue, String>> {
    if let Some(feature) = key.strip_prefix("featmask.evc.") {
        let is_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if !feature.bytes().all(is_key) {
            return Some(Err(format!("{key} is no feature's key")));
        }
        let mask = value.parse().map(|value| FactValue::EvcMask { key: feature.to_owned(), value });
        return Some(mask);
    }
    if key == "featurecompat.evc.completemasks" {
        let complete = flag(value).map(|complete| FactValue::EvcCompleteMasks { complete });
        return Some(complete.ok_or_else(|| format!("'{value}' of {key} is neither TRUE nor FALSE")));
    }
    is_register_mask(key).then(|| match value.trim() {
        "" => Err(format!("the value of {key} is empty")),
        value => Ok(FactValue::CpuidOverride { key: key.to_owned(), value: value.to_owned() }),
    })
}

fn unclosed(key: &str) -> Option<Result<FactValue, String>> {
    meaning(key, "").map(|_| Err(format!("the value of {key} has no closing quote")))
}

/// `cpuid.7.edx`, `cpuid.80000001.ecx.amd`
pub(super) fn is_register_mask(key: &str) -> bool {
    let mut parts = key.split('.');
    parts.next() == Some("cpuid")
        && parts.next().is_some_and(|leaf| !leaf.is_empty() && leaf.bytes().all(|b| b.is_ascii_hexdigit()))
        && parts.any(|part| matches!(part, "eax" | "ebx" | "ecx" | "edx"))
}

const SAMPLES: &[Sample] = &[
    Sample {
        path: "etc/vmware/config",
        text: "libdir = \"/usr/lib/vmware\"\n\
               featMask.evc.cpuid.Intel = \"Val:1\"\n\
               featMask.evc.cpuid.FAMILY = \"Val:0x6\"\n\
               FeatMask.evc.cpuid.MDCLEAR = Val:0   # set by hand\n\
               featMask.evc.cpuid.SSBD = \"Val:0\"\n\
               featMask.evc.cpuid.ssbd = \"Val:1\"\n\
               featureCompat.evc.completeMasks = \"TRUE\"\n\
               cpuid.7.edx = \"----:00--:----:----:----:----:----:----\"\n",
        facts: &[
            r#"{"fact":"evc-mask","key":"cpuid.intel","value":"Val:1"}"#,
            r#"{"fact":"evc-mask","key":"cpuid.family","value":"Val:6"}"#,
            r#"{"fact":"evc-mask","key":"cpuid.mdclear","value":"Val:0"}"#,
            r#"{"fact":"evc-mask","key":"cpuid.ssbd","value":"Val:1"}"#,
            r#"{"fact":"evc-complete-masks","complete":true}"#,
            r#"{"fact":"cpuid-override","key":"cpuid.7.edx","value":"----:00--:----:----:----:----:----:----"}"#,
            r#"{"fact":"config-read"}"#,
        ],
    },
    Sample {
        path: "etc/vmware/config",
        text: "cp: cannot stat 'x': No such file or directory\nlibdir = \"/usr/lib/vmware\"\n\
               featureCompat.evc.completeMasks = false\n# featMask.evc.cpuid.AES = \"Val:1\"\n\n\
               cpuid.edx = \"-\"\nfeatMask.vm.cpuid.AES = \"Val:1\"\n",
        facts: &[r#"{"fact":"evc-complete-masks","complete":false}"#, r#"{"fact":"config-read"}"#],
    },
    Sample {
        path: "etc/vmware/config",
        text: "featMask.evc.cpuid.AES = \"Val:1\"\nfeatMask.evc.cpuid.PCID = \"Val:one\"\n\
               featMask.evc.cpuid.MDCLEAR = \"Val:",
        facts: &[r#"{"fact":"evc-mask","key":"cpuid.aes","value":"Val:1"}"#],
    },
    // Written by hand: other capitals, no quotes or single ones, comments, masks that only cap or raise.
    Sample {
        path: "etc/vmware/config",
        text: "FEATMASK.EVC.CPUID.AVX512F = Val:0#off\nfeatmask.evc.cpuid.pcid='Min:1'   # \"raised\"\n\
               \tFeatMask.Evc.Cpuid.STEPPING\t=\t\"Max:0x7\" # capped\n\
               FEATURECOMPAT.EVC.COMPLETEMASKS = FALSE # keep the rest\n\
               CPUID.80000008.EBX.amd = ----:---0:----:----:-0-0:----:----:----   # AMD\nfeatMask.evc = \"Val:1\"\n",
        facts: &[
            r#"{"fact":"evc-mask","key":"cpuid.avx512f","value":"Val:0"}"#,
            r#"{"fact":"evc-mask","key":"cpuid.pcid","value":"Min:1"}"#,
            r#"{"fact":"evc-mask","key":"cpuid.stepping","value":"Max:7"}"#,
            r#"{"fact":"evc-complete-masks","complete":false}"#,
            r#"{"fact":"cpuid-override","key":"cpuid.80000008.ebx.amd","value":"----:---0:----:----:-0-0:----:----:----"}"#,
            r#"{"fact":"config-read"}"#,
        ],
    },
    Sample { path: "etc/vmware/config", text: "", facts: &[] },
];

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    #[test]
    fn a_mask_that_cannot_be_read_is_a_problem_with_its_line() {
        let out = read(&CONFIG, "etc/vmware/config", SAMPLES[2].text.as_bytes());
        let told: Vec<(ProblemKind, &str)> =
            out.problems.iter().map(|problem| (problem.kind, problem.text.as_str())).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].1.starts_with("line 2: 'Val:one'") && told[0].0 == ProblemKind::Unparsed);
        assert!(told[1].1.contains("cpuid.mdclear") && told[2].0 == ProblemKind::Truncated);
    }

    #[test]
    fn a_key_that_ends_unreadable_has_no_earlier_value() {
        let text = b"featMask.evc.cpuid.AES = \"Val:1\"\nfeatMask.evc.cpuid.AES = \"x\"\n";
        let out = read(&CONFIG, "etc/vmware/config", text);
        assert_eq!(out.facts.len(), 1);
        assert_eq!(out.facts[0].value, FactValue::ConfigRead);
    }

    #[test]
    fn an_empty_register_mask_is_none() {
        let out = read(&CONFIG, "etc/vmware/config", b"cpuid.7.edx = \"\"\nx = 1\n");
        assert_eq!((out.facts.len(), out.problems.len()), (1, 1));
        assert!(out.problems[0].text.contains("cpuid.7.edx is empty"));
    }

    #[test]
    fn keys_are_limited() {
        let text: String = (0..5000).map(|n| format!("featMask.evc.k{n} = \"Val:1\"\n")).collect();
        let out = read(&CONFIG, "etc/vmware/config", text.as_bytes());
        assert_eq!((out.facts.len(), out.problems.len()), (MAX_ENTRIES, 1));
    }
}
