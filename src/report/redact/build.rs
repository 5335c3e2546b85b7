//! Lists the words of other scripts that our own texts are made of, for redaction: what is not listed is masked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Folders whose texts are invented names or samples.
const LEFT_OUT: &[&str] = &["demo", "tests"];
/// Keys of rule files whose values are sample lines.
const SAMPLES: &[&str] = &["line", "lines", "fields", "#"];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=src");
    let mut runs = BTreeSet::new();
    gather(Path::new("src"), &mut runs)?;
    let out = env::var_os("OUT_DIR").map(PathBuf::from).ok_or(io::ErrorKind::NotFound)?;
    let runs: Vec<String> = runs.into_iter().collect();
    fs::write(out.join("japanese.txt"), runs.join("\n"))
}

fn gather(path: &Path, runs: &mut BTreeSet<String>) -> io::Result<()> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if LEFT_OUT.contains(&name.as_str()) {
        return Ok(());
    }
    if path.is_dir() {
        return fs::read_dir(path)?.try_for_each(|entry| gather(&entry?.path(), runs));
    }
    let kind = path.extension().unwrap_or_default().to_string_lossy().into_owned();
    let text = match kind.as_str() {
        "rs" => code(&fs::read_to_string(path)?),
        "toml" => rules(&fs::read_to_string(path)?),
        "csv" | "html" => fs::read_to_string(path)?,
        _ => return Ok(()),
    };
    let is_ours = |c: char| !c.is_ascii() && c.is_alphanumeric();
    runs.extend(text.split(|c| !is_ours(c)).filter(|run| !run.is_empty()).map(str::to_owned));
    Ok(())
}

/// Without tests and comments, which name whatever they like.
fn code(text: &str) -> String {
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = product.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

fn rules(text: &str) -> String {
    let is_sample = |line: &&str| SAMPLES.iter().any(|key| line.trim_start().starts_with(key));
    text.lines().filter(|line| !is_sample(line)).collect::<Vec<_>>().join("\n")
}
