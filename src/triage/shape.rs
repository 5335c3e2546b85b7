//! What an incident is, whichever cluster it befell: by it two cases are known for the same.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::report::model::Finding;

/// The parts of a finding's details that say what it is about and not whom it befell.
const TELLING: &[&str] = &["features", "module", "signature"];
/// More values in one part would only make each case a shape of its own.
const MOST: usize = 12;

/// The shape of an incident: what was found, why, and what it is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shape {
    /// The finding's id: `evc.feature-mismatch`.
    pub finding: String,
    /// The cause's id: `stale-microcode`.
    pub cause: String,
    /// What it is about, ordered: CPU features, the module that crashed.
    pub about: Vec<String>,
}

impl Shape {
    /// That of a finding.
    pub fn of(finding: &Finding) -> Shape {
        let mut about: Vec<String> = TELLING
            .iter()
            .filter_map(|name| finding.details.get(*name))
            .flat_map(texts)
            .map(|text| text.strip_prefix("cpuid.").unwrap_or(&text).to_ascii_uppercase())
            .collect();
        about.sort_unstable();
        about.dedup();
        about.truncate(MOST);
        Shape { finding: finding.id.clone(), cause: finding.cause.id.clone(), about }
    }

    /// The shape as one word: `evc.feature-mismatch/stale-microcode/MDCLEAR`.
    pub fn id(&self) -> String {
        let mut id = format!("{}/{}", self.finding, self.cause);
        if !self.about.is_empty() {
            id.push('/');
            id.push_str(&self.about.join("+"));
        }
        id
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Number(number) => vec![number.to_string()],
        Value::Array(values) => values.iter().take(MOST).flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
