//! The software packages on a host; of interest is above all the one that carries microcode.

use super::text::{MAX_ENTRIES, Table};
use super::{FactFile, FactValue, Line, Output, Reader, Sample, is_command};
use crate::model::{Problem, ProblemKind};

/// The output of `localcli software vib list`.
pub static VIBS: FactFile = FactFile {
    name: "vib-list",
    about: "Installed VIBs with their versions",
    matches: |path| is_command(path, "localcli_software-vib-list"),
    reader: |_| Box::new(Vibs::default()),
    samples: SAMPLES,
};

#[derive(Default)]
struct Vibs {
    table: Table,
    count: usize,
}

impl Reader for Vibs {
    /// `cpu-microcode   6.7.0-3.77.15018017   VMware  VMwareCertified   2019-11-20`
    fn line(&mut self, line: Line<'_>, out: &mut Output) {
        if !self.table.is_row(line.bytes) {
            return;
        }
        let cell = |name| self.table.cell(line.bytes, name);
        let (Some(name), Some(version)) = (cell("Name"), cell("Version")) else { return };
        // A line of stderr amid the rows is prose, and has blanks where a row has names.
        if name.contains(' ') || version.contains(' ') || !version.contains(['.', '-']) {
            return;
        }
        self.count += 1;
        if self.count <= MAX_ENTRIES {
            out.facts.push(line.fact(FactValue::Vib { name, version }));
        } else if self.count == MAX_ENTRIES + 1 {
            let text = format!("more than {MAX_ENTRIES} VIBs; the rest was left out");
            out.problems.push(Problem::new(ProblemKind::Limit, line.file.as_str(), text));
        }
    }
}

const SAMPLES: &[Sample] = &[
    Sample {
        path: "commands/localcli_software-vib-list.txt",
        text: "Name           Version              Vendor  Acceptance Level  Install Date\n\
               -------------  -------------------  ------  ----------------  ------------\n\
               cpu-microcode  6.7.0-3.77.15018017  VMware  VMwareCertified   2019-11-20\n\
               warning: the database was busy for a while\n\
               esx-base       6.7.0-3.77.15018017  VMware  VMwareCertified   2019-11-20\n",
        facts: &[
            r#"{"fact":"vib","name":"cpu-microcode","version":"6.7.0-3.77.15018017"}"#,
            r#"{"fact":"vib","name":"esx-base","version":"6.7.0-3.77.15018017"}"#,
        ],
    },
    Sample {
        path: "commands/localcli_software-vib-list.txt",
        text: "noise\nName           Version          Vendor\n-------------  ---------------  ------\ncpu-microc",
        facts: &[],
    },
];
