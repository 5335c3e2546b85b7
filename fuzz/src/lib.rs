//! Harnesses that feed hostile bytes to every reader of `esxray`.
//!
//! Each is a plain function of the input that panics where a property does not hold, so that libFuzzer and the
//! mutation loop of this crate drive the same code.

pub mod archive;
pub mod codec;
pub mod decoded;
pub mod dictionary;
pub mod facts;
pub mod formats;
pub mod gunzip;
pub mod input;
pub mod records;
pub mod rules;
pub mod walk;

/// One harness.
pub struct Target {
    /// Its name: that of its module and of its libFuzzer binary.
    pub name: &'static str,
    /// Runs one input; panics where a property does not hold.
    pub run: fn(&[u8]),
    /// Inputs that begin a search.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every harness.
pub static TARGETS: &[Target] = &[
    Target { name: "gunzip", run: gunzip::run, seeds: gunzip::seeds },
    Target { name: "codec", run: codec::run, seeds: codec::seeds },
    Target { name: "walk", run: walk::run, seeds: walk::seeds },
    Target { name: "records", run: records::run, seeds: records::seeds },
    Target { name: "formats", run: formats::run, seeds: formats::seeds },
    Target { name: "facts", run: facts::run, seeds: facts::seeds },
    Target { name: "rules", run: rules::run, seeds: rules::seeds },
];

#[cfg(test)]
mod tests {
    use esxray::report::redact::{AliasMap, Redactor};

    use super::*;

    #[test]
    fn every_target_holds_for_its_seeds() {
        for target in TARGETS {
            let seeds = (target.seeds)();
            assert!(!seeds.is_empty(), "{} has no seed", target.name);
            for seed in seeds {
                (target.run)(&seed);
            }
            (target.run)(b"");
        }
    }

    /// Here the library is built as users build it: what tests of the package bring in, such as the tables of Unicode
    /// for expressions, is not there.
    #[test]
    fn redaction_works_as_users_build_it() {
        let mut redactor = Redactor::new(AliasMap::default());
        for (text, hidden) in [
            ("Serial Number: VX7731Q02 of the disk", "VX7731Q02"),
            ("メール yamada.taro@corp.example.jp に送信", "yamada"),
            ("connect to 10.20.77.99:443 failed", "10.20.77.99"),
        ] {
            let told = redactor.line(text);
            assert!(!told.contains(hidden) && !told.is_empty(), "{told}");
        }
    }
}
