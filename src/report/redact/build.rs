//! Lists the words of other scripts that our own texts are made of, for redaction: what is not listed is masked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Folders whose texts are invented names or samples; what reads facts tells nothing itself.
const LEFT_OUT: &[&str] = &["demo", "fact", "tests"];
/// What lines of rule files begin with that hold samples or comments.
const SAMPLES: &[&str] = &["log", "fields", "#"];
/// What VMware's own sentences are made of beside what rules look for.
const VMWARE: &[&str] = &[
    "あるいは無効化されているハードウェア機能が必要です",
    "がありませんが",
    "が存在しましたが",
    "でしたが",
    "への移行が完了しました",
    "または無効になっているハードウェア",
    "をパワーオンできません",
    "サポートされていない",
    "ターゲットホストでサポートされていない",
    "ハードウェアは",
    "ホスト名",
    "ホストでサポートされていません",
    "ホスト上でサポートされていない",
    "モードをサポートしていません",
    "モードを有効にしました",
    "仮想マシンには",
    "少なくとも",
    "復元しようとしている仮想マシンでは",
    "機能が必要です",
    "移行の所有権が新しい接続に渡されました",
    "移行中",
    "移行先が再開するのを待っています",
    "不存在功能",
    "与虚拟机在",
    "主机",
    "主机的",
    "但实际情况下应当存在",
    "但目前缺少某些必要的",
    "因为目标主机未接收到",
    "处的要求不兼容",
    "失败",
    "已完成",
    "正在迁移到",
    "此计算机或此版本的",
    "硬件应支持群集当前的",
    "网络中源主机的任何数据",
];

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=src");
    let mut runs: BTreeSet<String> = VMWARE.iter().map(|&run| run.to_owned()).collect();
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
    // A checkout may end its lines as Windows does.
    let text = text.replace('\r', "");
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = product.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Without samples and comments.
fn rules(text: &str) -> String {
    let text = without_logs(text);
    let is_sample = |line: &&str| SAMPLES.iter().any(|key| line.trim_start().starts_with(key));
    text.lines().filter(|line| !is_sample(line)).collect::<Vec<_>>().join("\n")
}

/// Without the values of `log`, which may go over many lines.
fn without_logs(text: &str) -> String {
    let mut parts = text.split("log = '''");
    let mut left = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        left.push_str("log =");
        left.push_str(part.split_once("'''").map_or("", |(_, behind)| behind));
    }
    left
}
