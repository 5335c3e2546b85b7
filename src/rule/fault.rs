//! What is wrong with rule files: where it stands, and what to change.

use std::fmt;

/// One thing that is wrong with a rule file, or with a folder of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file, or the folder.
    pub path: String,
    /// The line, from 1, where the rule or its field stands; `None` where it is about all of the file or folder.
    pub line: Option<usize>,
    /// The rule's id, where it has one.
    pub rule: Option<String>,
    /// What is wrong.
    pub text: String,
    /// Lines of the file, with a mark below the place.
    pub shown: Vec<String>,
    /// What to change.
    pub hint: String,
}

impl Fault {
    /// What is wrong with the file or folder `path` as a whole.
    pub(super) fn of_path(path: impl Into<String>, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Fault {
            path: path.into(),
            line: None,
            rule: None,
            text: text.into(),
            shown: Vec::new(),
            hint: hint.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(rule) = &self.rule {
            write!(f, ": rule {rule}")?;
        }
        write!(f, ": {}", self.text)
    }
}

/// Rule files are wrong: all that could be told at once, in the order of the files and their lines; never empty.
#[derive(Debug)]
pub struct RuleError {
    /// What is wrong.
    pub faults: Vec<Fault>,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, fault) in self.faults.iter().enumerate() {
            let before = if at == 0 { "" } else { "\n" };
            write!(f, "{before}{fault}")?;
            if !fault.hint.is_empty() {
                write!(f, " (hint: {})", fault.hint)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for RuleError {}

/// What is wrong with a field of a rule; its line is looked for later, as that is needed for wrong rules alone.
#[derive(Debug)]
pub(super) struct Wrong {
    /// The field, and what of it: `any.2`, `say.en`, `hit.0.log`; empty for the rule itself.
    pub field: String,
    /// As in [`Fault`].
    pub text: String,
    /// As in [`Fault`].
    pub shown: Vec<String>,
    /// As in [`Fault`].
    pub hint: String,
}

impl Wrong {
    pub(super) fn new(field: impl Into<String>, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Wrong { field: field.into(), text: text.into(), shown: Vec::new(), hint: hint.into() }
    }
}
