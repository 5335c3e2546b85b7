//! Which command or system file a member is, told by its path alone.

/// Whether `path` is the output of the command that bundles call `name`.
///
/// `commands/1.localcli_vsan-cluster-get.txt`, `esxcli_vsan_cluster_get.txt` and `localcli_vsan-cluster-get.txt` are
/// all `localcli_vsan-cluster-get`: `-`, `_` and blanks are equal, case does not count, and `esxcli` is `localcli`.
pub fn is_command(path: &str, name: &str) -> bool {
    command_of(path).is_some_and(|found| found == plain(name))
}

/// Whether `path` is the output of the command `name` in any form: text, `--formatter=json`, or a file below `json/`.
pub(super) fn is_output(path: &str, name: &str) -> bool {
    output_of(path).is_some_and(|found| found == plain(name))
}

/// The plain name of the command whose output lies at `path`, however it was formatted.
///
/// `localcli_vsan-network-list.txt`, `localcli_--formatterjson-vsan-network-list.txt`, `json/localcli_….json`.
pub(super) fn output_of(path: &str) -> Option<String> {
    let name = command_of(path.strip_suffix(".json").unwrap_or(path))?;
    Some(name.replacen("localcli___formatterjson_", "localcli_", 1))
}

/// Whether the name of the output at `path` says that it is JSON; whether it is one tells its text.
pub(super) fn is_named_json(path: &str) -> bool {
    let folder = path.rsplit('/').nth(1);
    let formatted = || command_of(path).is_some_and(|name| name.starts_with("localcli___formatterjson_"));
    folder == Some("json") || path.ends_with(".json") || formatted()
}

/// Whether `path` is the system's file `name`, such as `etc/ntp.conf`.
pub(super) fn is_file(path: &str, name: &str) -> bool {
    path.strip_suffix(name).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
}

/// The plain name of the command whose output lies at `path`: `localcli_vsan_cluster_get`.
pub fn command_of(path: &str) -> Option<String> {
    let (folder, file) = path.rsplit_once('/')?;
    if !matches!(folder.rsplit('/').next(), Some("commands" | "json")) {
        return None;
    }
    let file = numbered(file).map_or(file, |(_, name)| name);
    Some(plain(file.strip_suffix(".txt").unwrap_or(file)))
}

/// The how manieth collection the output at `path` is of: 2 of `commands/2.ps_-c.txt`, 0 where it has no number.
pub fn collection(path: &str) -> u32 {
    numbered(path.rsplit('/').next().unwrap_or(path)).map_or(0, |(number, _)| number)
}

/// Splits `2.ps_-c.txt` into its number and its name.
fn numbered(file: &str) -> Option<(u32, &str)> {
    let (number, name) = file.split_once('.')?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| (number.parse().unwrap_or(u32::MAX), name))
}

fn plain(text: &str) -> String {
    let text = text.to_ascii_lowercase().replace(['-', ' '], "_");
    text.strip_prefix("esxcli_").map(|rest| format!("localcli_{rest}")).unwrap_or(text)
}
