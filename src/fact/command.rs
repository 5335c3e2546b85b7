//! Which command or system file a member is, told by its path alone.

/// Whether `path` is the output of the command that bundles call `name`.
///
/// `commands/1.localcli_vsan-cluster-get.txt`, `esxcli_vsan_cluster_get.txt` and `localcli_vsan-cluster-get.txt` are
/// all `localcli_vsan-cluster-get`: `-`, `_` and blanks are equal, case does not count, and `esxcli` is `localcli`.
pub fn is_command(path: &str, name: &str) -> bool {
    file_of(path).is_some_and(|file| Spelt::of(file) == Spelt::of(name))
}

/// Whether `path` is the output of the command `name` in any form: text, `--formatter=json`, or a file below `json/`.
pub(super) fn is_output(path: &str, name: &str) -> bool {
    let file = file_of(path.strip_suffix(".json").unwrap_or(path));
    file.is_some_and(|file| Spelt::of(file).unformatted() == Spelt::of(name))
}

/// The plain name of the command whose output lies at `path`, however it was formatted.
///
/// `localcli_vsan-network-list.txt`, `localcli_--formatterjson-vsan-network-list.txt`, `json/localcli_….json`.
pub(super) fn output_of(path: &str) -> Option<String> {
    let file = file_of(path.strip_suffix(".json").unwrap_or(path))?;
    Some(Spelt::of(file).unformatted().plain())
}

/// Whether the name of the output at `path` says that it is JSON; whether it is one tells its text.
pub(super) fn is_named_json(path: &str) -> bool {
    let folder = path.rsplit('/').nth(1);
    let formatted = || file_of(path).map(Spelt::of).is_some_and(|name| name != name.unformatted());
    folder == Some("json") || path.ends_with(".json") || formatted()
}

/// Whether `path` is the system's file `name`, such as `etc/ntp.conf`.
pub(super) fn is_file(path: &str, name: &str) -> bool {
    path.strip_suffix(name).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
}

/// The plain name of the command whose output lies at `path`: `localcli_vsan_cluster_get`.
pub fn command_of(path: &str) -> Option<String> {
    Some(Spelt::of(file_of(path)?).plain())
}

/// The name of the command whose output lies at `path`, as it is spelt there.
fn file_of(path: &str) -> Option<&str> {
    let (folder, file) = path.rsplit_once('/')?;
    if !is_file(folder, "commands") && !is_file(folder, "json") {
        return None;
    }
    let file = numbered(file).map_or(file, |(_, name)| name);
    Some(file.strip_suffix(".txt").unwrap_or(file))
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

/// The name of a command as somebody spelt it, compared as if it were plain: a member's path is held against dozens of
/// names, so that no text is made for it.
#[derive(Clone, Copy, Debug)]
struct Spelt<'a> {
    /// Whether it begins with `localcli_` or `esxcli_`.
    is_local: bool,
    /// What follows.
    rest: &'a str,
}

impl<'a> Spelt<'a> {
    fn of(name: &'a str) -> Self {
        match behind(name, "localcli_").or_else(|| behind(name, "esxcli_")) {
            Some(rest) => Spelt { is_local: true, rest },
            None => Spelt { is_local: false, rest: name },
        }
    }

    /// Without the option that says how it was formatted.
    fn unformatted(self) -> Self {
        let rest = behind(self.rest, "__formatterjson_").filter(|_| self.is_local);
        Spelt { rest: rest.unwrap_or(self.rest), ..self }
    }

    /// With `_` for `-` and blanks, in lower case, and as `localcli`.
    fn plain(self) -> String {
        let start = if self.is_local { "localcli_" } else { "" };
        start
            .chars()
            .chain(self.rest.chars().map(|c| if c.is_ascii() { plain(c as u8).into() } else { c }))
            .collect()
    }
}

impl PartialEq for Spelt<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.is_local == other.is_local && is_alike(self.rest, other.rest)
    }
}

/// What stands in `name` behind `start`, however it is spelt there.
fn behind<'a>(name: &'a str, start: &str) -> Option<&'a str> {
    let (head, rest) = name.split_at_checked(start.len())?;
    is_alike(head, start).then_some(rest)
}

/// Whether two names are plainly the same.
fn is_alike(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).all(|(a, b)| plain(a) == plain(b))
}

fn plain(byte: u8) -> u8 {
    if matches!(byte, b'-' | b' ') { b'_' } else { byte.to_ascii_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_compared_as_it_is_spelt_is_compared_as_if_it_were_plain() {
        let names = [
            "localcli_vsan-network-list",
            "esxcli_vsan network list",
            "ESXCLI-VSAN_network_list",
            "localcli_--formatterjson-vsan-network-list",
            "esxcli---formatterjson_vsan_network_list",
            "vsan_network_list",
            "__formatterjson_vsan_network_list",
            "esxcli_esxcli_vsan_network_list",
            "localcli_",
            "localclï_x",
            "esxcli",
            "",
        ];
        for a in names {
            let path = format!("commands/2.{a}.txt");
            for b in names {
                let expected = Spelt::of(b).plain();
                assert_eq!(is_command(&path, b), command_of(&path).as_ref() == Some(&expected), "{a} {b}");
                assert_eq!(is_output(&path, b), output_of(&path).as_ref() == Some(&expected), "{a} {b}");
            }
        }
        assert_eq!(Spelt::of("ESXCLI-a-Ü b").plain(), "localcli_a_Ü_b");
    }
}
