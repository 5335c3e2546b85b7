//! The house rules that a compiler does not hold: the direction of the layers, catalogues that list everything, and
//! no printing from depth.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use esxray::rule::RuleSet;
use esxray::tables::TABLES;
use esxray::verdict::VERDICTS;
use esxray::{case, digest};

/// The layers, lowest first. A module uses only those before it.
const LAYERS: &[&str] = &[
    "model", "demo", "bundle", "record", "format", "fact", "rule", "digest", "engine", "case", "store",
    "verdict", "report", "tables", "triage", "cli",
];

fn sources() -> Vec<(PathBuf, String)> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("listed") {
            let path = entry.expect("entry").path();
            if path.is_dir() {
                below(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    below(&root, &mut found);
    found.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("read");
        (path.strip_prefix(&root).expect("below").to_owned(), text)
    };
    found.into_iter().map(read).collect()
}

fn layer_of(path: &Path) -> Option<usize> {
    let first = path.components().next()?.as_os_str().to_str()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    LAYERS.iter().position(|layer| *layer == name)
}

/// Names of top modules that a source uses: `crate::x`, also in `crate::{x, y}`.
fn used(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, found) in text.match_indices("crate::") {
        let rest = &text[at + found.len()..];
        let is_doc = text[..at].rsplit('\n').next().unwrap_or("").trim_start().starts_with("//");
        if !is_doc {
            let group = rest.strip_prefix('{').map(|rest| rest.split('}').next().unwrap_or(""));
            let parts: Vec<&str> = group.map_or_else(|| vec![rest], |group| group.split(',').collect());
            let word = |part: &str| {
                part.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("").to_owned()
            };
            names.extend(parts.into_iter().map(word).filter(|name| !name.is_empty()));
        }
    }
    names
}

#[test]
fn every_layer_uses_only_those_below_it() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(own) = layer_of(&path) else { continue };
        for name in used(&text) {
            let Some(other) = LAYERS.iter().position(|layer| *layer == name) else { continue };
            if other > own {
                wrong.push(format!("{} uses {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_is_a_layer() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("read");
    let mut modules: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let mut layers = LAYERS.to_vec();
    modules.sort_unstable();
    layers.sort_unstable();
    assert_eq!(modules, layers);
    for layer in LAYERS {
        assert!(lib.contains(&format!("[`{layer}`]")), "{layer} is missing in the architecture text");
    }
}

#[test]
fn nothing_prints_but_the_command_line() {
    for (path, text) in sources() {
        // A build script is answered through what it prints.
        if path.starts_with("cli")
            || path == Path::new("main.rs")
            || path.ends_with("build.rs") && path.starts_with("report/redact")
        {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        for print in ["println!(", "print!(", "eprintln!(", "eprint!(", "dbg!("] {
            // `writeln!` ends in the same letters.
            let found =
                code.match_indices(print).any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric()));
            assert!(!found, "{} uses {print}", path.display());
        }
    }
}

#[test]
fn only_the_engine_makes_threads_and_the_command_line_takes_its_stop() {
    for (path, text) in sources() {
        let code = text.split("#[cfg(test)]").next().unwrap_or("");
        let threads = code.contains("thread::spawn") || code.contains("thread::scope");
        assert!(!threads || path.starts_with("engine"), "{} makes threads", path.display());
    }
}

/// Every `static X: Kind` of a catalogue's folder stands in the catalogue.
#[track_caller]
fn check_catalogue(folder: &str, kind: &str, catalogue: &str) {
    let all = sources();
    let list =
        all.iter().find(|(path, _)| path == Path::new(folder).join("mod.rs").as_path()).expect("a module");
    let start = list.1.find(&format!("pub static {catalogue}:")).expect("the catalogue");
    let list = &list.1[start..start + list.1[start..].find("];").expect("its end")];
    let mut count = 0;
    for (path, text) in all.iter().filter(|(path, _)| path.starts_with(folder)) {
        for line in
            text.lines().filter(|line| line.contains("static ") && line.contains(&format!(": {kind} = ")))
        {
            let name = line.split("static ").nth(1).and_then(|rest| rest.split(':').next()).expect("a name");
            let module = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
            let module = if module == "mod" {
                path.parent().and_then(|p| p.file_name()).and_then(|n| n.to_str()).expect("a name")
            } else {
                module
            };
            assert!(
                list.contains(&format!("&{module}::{name}")),
                "{}::{name} is not in {catalogue}",
                path.display()
            );
            count += 1;
        }
    }
    assert_eq!(count, list.matches("::").count(), "{catalogue} lists what is not there");
}

#[test]
fn every_catalogue_lists_all_its_entries() {
    check_catalogue("fact", "FactFile", "FACTS");
    check_catalogue("verdict", "Verdict", "VERDICTS");
    check_catalogue("report", "Renderer", "RENDERERS");
}

#[test]
fn every_table_is_listed() {
    let all = sources();
    let of_tables = all.iter().filter(|(path, _)| path.starts_with("tables"));
    let stated = of_tables.filter(|(_, text)| text.contains("static TABLE: Table<"));
    let mut stated: Vec<&str> = stated.filter_map(|(path, _)| path.file_stem()?.to_str()).collect();
    let mut listed: Vec<&str> = TABLES.iter().map(|table| table.name()).collect();
    stated.sort_unstable();
    listed.sort_unstable();
    assert_eq!(stated, listed);
}

/// Texts in double quotes that have the form of a rule's id with a hyphen: `vpxd.host-not-responding`.
fn rule_like(code: &str) -> impl Iterator<Item = &str> {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    code.split('"').filter(move |text| {
        text.split_once('.')
            .is_some_and(|(log, name)| is_word(log) && name.contains('-') && name.split('-').all(is_word))
    })
}

#[test]
fn every_rule_that_code_names_exists() {
    let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
    let made = digest::MADE.iter().chain(case::MADE).map(|made| made.rule);
    let findings = VERDICTS.iter().flat_map(|verdict| verdict.findings).copied();
    let rules: BTreeSet<&str> = rules.iter().map(|(rule, _)| rule.id.as_str()).chain(made).collect();
    let findings: BTreeSet<&str> = findings.collect();
    let mut named = BTreeSet::new();
    for (path, text) in sources() {
        let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
        if is_test || !(path.starts_with("case") || path.starts_with("verdict")) {
            continue;
        }
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("");
        for id in rule_like(code) {
            assert!(
                rules.contains(id) || findings.contains(id),
                "{} names {id}: no such rule",
                path.display()
            );
            named.insert(id.to_owned());
        }
    }
    // The text of the sources is read as it should be.
    for id in [
        "vpxd.host-missed-heartbeats",
        "hostd.migration-arrived",
        "vpxd.maintenance-begun",
        "state.evc-masks",
    ] {
        assert!(named.contains(id), "{id} is not seen in {named:?}");
    }
    assert_eq!(
        rule_like(r#"["a.b-c", "a.b", "a.b.c-d", "a.b-", "A.b-c", "x"]"#).collect::<Vec<_>>(),
        ["a.b-c"]
    );
}
