//! What a CPU feature key means: its name for people, its class, and the flaw that it guards against.
//!
//! The table `features.csv` holds the keys that vSphere 8.0 names, and those that only logs show.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// What sort of thing a feature key is.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeatureClass {
    /// A guard against speculative execution flaws: it comes and goes with microcode and patches.
    Security,
    /// An instruction set or another property of the CPU's generation.
    Isa,
    /// Hardware virtualization, which a BIOS can switch off.
    Virtualization,
    /// Anything else.
    Other,
}

impl FeatureClass {
    /// The name used in JSON and in the report.
    pub const fn name(self) -> &'static str {
        match self {
            FeatureClass::Security => "security",
            FeatureClass::Isa => "isa",
            FeatureClass::Virtualization => "virtualization",
            FeatureClass::Other => "other",
        }
    }
}

/// What is known of one feature key.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct FeatureInfo<'a> {
    /// The key as it was asked for.
    pub key: &'a str,
    /// What vCenter calls it; the key itself where that is not known.
    pub description: &'a str,
    /// What sort of thing it is.
    pub class: FeatureClass,
    /// Whether it tells who the CPU is, such as `cpuid.family`: then it is never a missing feature.
    pub identity: bool,
    /// VMware's advisory, where one asks for this feature.
    pub advisory: Option<&'static str>,
    cves: &'static str,
}

impl FeatureInfo<'_> {
    /// The flaws that it guards against: `CVE-2017-5715`.
    pub fn cves(&self) -> impl Iterator<Item = &'static str> {
        self.cves.split(';').filter(|cve| !cve.is_empty())
    }
}

static FEATURES: LazyLock<HashMap<&'static str, FeatureInfo<'static>>> =
    LazyLock::new(|| include_str!("features.csv").lines().skip(1).filter_map(feature).collect());

/// `cpuid.stibp|security|CVE-2017-5715|VMSA-2018-0004|Single Thread Indirect Branch Predictor`
fn feature(row: &'static str) -> Option<(&'static str, FeatureInfo<'static>)> {
    let mut cells = row.split('|');
    let mut next = || cells.next();
    let (key, class, cves, advisory, description) = (next()?, next()?, next()?, next()?, next()?);
    let (class, identity) = match class {
        "security" => (FeatureClass::Security, false),
        "isa" => (FeatureClass::Isa, false),
        "virtualization" => (FeatureClass::Virtualization, false),
        "identity" => (FeatureClass::Other, true),
        "other" => (FeatureClass::Other, false),
        _ => return None,
    };
    let advisory = Some(advisory).filter(|advisory| !advisory.is_empty());
    Some((key, FeatureInfo { key, description, class, identity, advisory, cves }))
}

/// What is known of `key`; case does not count.
///
/// A key that is not in the table is described by itself, and its class is that of its prefix.
pub fn describe(key: &str) -> FeatureInfo<'_> {
    if let Some(info) = FEATURES.get(key).or_else(|| FEATURES.get(key.to_ascii_lowercase().as_str())) {
        return FeatureInfo { key, ..*info };
    }
    let class = class_by_prefix(&key.to_ascii_lowercase());
    FeatureInfo { key, description: key, class, identity: false, advisory: None, cves: "" }
}

/// Whether `text` is a key of the table, in any case, or what vCenter calls one: it tells nothing of a site.
pub fn is_told(text: &str) -> bool {
    static DESCRIPTIONS: LazyLock<HashSet<&'static str>> =
        LazyLock::new(|| FEATURES.values().map(|info| info.description).collect());
    FEATURES.contains_key(text.to_ascii_lowercase().as_str()) || DESCRIPTIONS.contains(text)
}

fn class_by_prefix(key: &str) -> FeatureClass {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| key.starts_with(prefix));
    if begins(&["hv.", "vt.", "cpuid.svm"]) {
        FeatureClass::Virtualization
    } else if begins(&["cpuid.leaf88_"]) || (begins(&["misc."]) && key.ends_with("_no")) {
        FeatureClass::Security
    } else if begins(&["cpuid.avx", "cpuid.amx", "cpuid.sse", "cpuid.xcr0_", "cpuid.xsave", "cpuid.bmi"]) {
        FeatureClass::Isa
    } else {
        FeatureClass::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table_is_read() {
        let rows = include_str!("features.csv").lines().count() - 1;
        assert_eq!(FEATURES.len(), rows);
        assert!(FEATURES.values().all(|info| !info.description.is_empty()));
        assert!(FEATURES.keys().all(|key| *key == key.to_ascii_lowercase()));
    }

    #[test]
    fn features_have_name_class_and_flaw() {
        let mdclear = describe("cpuid.MDCLEAR");
        assert_eq!((mdclear.class, mdclear.advisory), (FeatureClass::Security, Some("VMSA-2019-0008")));
        assert_eq!(mdclear.description, "Microarchitectural Data clear");
        assert_eq!((mdclear.key, mdclear.cves().count()), ("cpuid.MDCLEAR", 4));
        assert_eq!(describe("cpuid.avx2").class, FeatureClass::Isa);
        assert_eq!(describe("cpuid.vmx").class, FeatureClass::Virtualization);
        assert_eq!(describe("vpmc.version").class, FeatureClass::Other);
    }

    #[test]
    fn identity_is_no_feature_and_unknown_keys_describe_themselves() {
        for key in ["cpuid.family", "cpuid.MODEL", "cpuid.stepping", "cpuid.numlevels", "cpuid.Intel"] {
            assert!(describe(key).identity, "{key}");
        }
        let unknown = describe("cpuid.brand_new");
        assert_eq!((unknown.description, unknown.class), ("cpuid.brand_new", FeatureClass::Other));
        assert_eq!(describe("vt.brand_new").class, FeatureClass::Virtualization);
        assert_eq!(describe("cpuid.avx1024").class, FeatureClass::Isa);
        // The flags by which a CPU says that a flaw is none of its own.
        assert_eq!(describe("misc.TAA_NO").class, FeatureClass::Security);
        assert_eq!(describe("misc.cpuidfaulting").class, FeatureClass::Other);
        assert!(!unknown.identity && unknown.cves().next().is_none());
    }
}
