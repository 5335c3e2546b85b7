//! Where a bundle's tree begins inside a path, what its name tells, and the pieces of a member cut by the collector.

use crate::model::Timestamp;

/// Names that stand at the top of a bundle's tree.
const TOPS: &[&str] = &[
    "altbootbank",
    "bootbank",
    "boot",
    "commands",
    "dev",
    "etc",
    "json",
    "opt",
    "ProgramData",
    "proc",
    "reconstruction",
    "run",
    "scratch",
    "storage",
    "usr",
    "var",
    "vmfs",
];

/// Files that stand at the top of a bundle's tree.
const TOP_FILES: &[&str] = &["README", "action.log", "error.log", "errors-ignored.log", "reconstruct.sh"];

/// How deep inside an archive a tree may begin.
const DEEPEST_ROOT: usize = 4;

/// Splits a path inside an archive into the root of a bundle's tree and the path in that tree.
///
/// `esx-a-2020/var/run/log/hostd.log` is `("esx-a-2020", "var/run/log/hostd.log")`; a path that has no known top
/// is `None`. Leading `/`, `./` and empty segments are dropped.
pub fn split(path: &str) -> Option<(String, String)> {
    let segments = segments(path);
    let last = segments.len().checked_sub(1)?;
    let snapshot = |name: &str| name.starts_with("snapshot-");
    let top =
        segments[..last].iter().take(DEEPEST_ROOT + 1).position(|name| TOPS.contains(name) || snapshot(name));
    let top = top.or_else(|| (TOP_FILES.contains(&segments[last]) && last <= 1).then_some(last))?;
    Some((segments[..top].join("/"), segments[top..].join("/")))
}

/// `path` without empty and `.` segments, with `/` between the others.
pub fn normal(path: &str) -> String {
    segments(path).join("/")
}

fn segments(path: &str) -> Vec<&str> {
    path.split(['/', '\\']).filter(|segment| !segment.is_empty() && *segment != ".").collect()
}

/// When a bundle was collected, as its name tells: `esx-a.example.org-2020-07-01--08.15-2113007.tgz`. It names no time
/// zone and is taken to be UTC. Of nested names the innermost counts.
pub fn taken_at(path: &str) -> Option<Timestamp> {
    path.rsplit(['/', '\\', '!']).find_map(|name| {
        let dates = name.as_bytes().windows("2020-07-01--08.15".len());
        dates.filter_map(date_and_time).next_back()
    })
}

/// `2020-07-01--08.15`
fn date_and_time(text: &[u8]) -> Option<Timestamp> {
    let shape = text.iter().zip(b"0000-00-00--00.00").all(|(byte, form)| match form {
        b'0' => byte.is_ascii_digit(),
        _ => byte == form,
    });
    let number =
        |at: usize, len: usize| text[at..at + len].iter().fold(0, |n, byte| n * 10 + u32::from(byte - b'0'));
    if !shape || number(12, 2) > 23 || number(15, 2) > 59 {
        return None;
    }
    let seconds = i64::from(number(12, 2) * 3_600 + number(15, 2) * 60);
    Timestamp::from_civil(i64::from(number(0, 4)), number(5, 2), number(8, 2), seconds * 1_000_000)
}

/// Splits `hostd.log.FRAG-00002` into its target and its number; `None` where the name is no fragment's.
pub fn fragment(path: &str) -> Option<(&str, u32)> {
    let (target, number) = path.rsplit_once(".FRAG-")?;
    let digits = (4..=6).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || target.is_empty() || target.ends_with('/') {
        return None;
    }
    Some((target, number.parse().ok()?))
}

/// Whether a file inside a bundle's tree is called like a bundle: one that somebody kept in a log folder.
pub fn is_bundle_name(name: &str) -> bool {
    if !is_archive_name(name) {
        return false;
    }
    let file = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    file.starts_with("esx-") || file.starts_with("vc-") || file.contains("support")
}

/// Whether a name is that of an archive.
pub fn is_archive_name(name: &str) -> bool {
    const ENDINGS: &[&str] = &[
        ".tgz", ".tar.gz", ".tar", ".zip", ".tar.zst", ".tzst", ".tar.xz", ".txz", ".tar.bz2", ".tbz",
        ".tbz2",
    ];
    ends(name, ENDINGS)
}

/// Whether a name is that of a gzip.
pub fn is_gzip_name(name: &str) -> bool {
    ends(name, &[".tgz", ".gz"])
}

/// Whether `name` ends with one of `endings`, which are in lower case, in any case of its own.
pub fn ends(name: &str, endings: &[&str]) -> bool {
    let is_end = |end: &&str| {
        let from = name.len().checked_sub(end.len());
        from.is_some_and(|from| name.as_bytes()[from..].eq_ignore_ascii_case(end.as_bytes()))
    };
    endings.iter().any(is_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_collection_stands_in_a_bundles_name() {
        let check = |name: &str, expected: Option<&str>| {
            assert_eq!(taken_at(name).map(|at| at.to_string()).as_deref(), expected, "{name}");
        };
        let at = Some("2020-07-01T08:15:00Z");
        check("/x/esx-a.example.org-2020-07-01--08.15-2113007.tgz", at);
        check("export-2019-01-01--00.00.zip!esx-a-2020-07-01--08.15.tar.gz", at);
        check("esx-a-2020-07-01--08.15-7/", at);
        check("in-2020-07-01--08.15/esx-a.tgz", at);
        for name in [
            "esx-a-2020-07-01.tgz",
            "esx-a-2020-13-01--08.15",
            "esx-a-2020-07-01--24.15",
            "esx-業務-2020-07-0",
            "",
        ] {
            check(name, None);
        }
    }

    #[test]
    fn the_tree_begins_at_a_known_top() {
        let check = |path: &str, expected: Option<(&str, &str)>| {
            let expected = expected.map(|(root, tree)| (root.to_owned(), tree.to_owned()));
            assert_eq!(split(path), expected, "{path}");
        };
        check("esx-a/var/run/log/hostd.log", Some(("esx-a", "var/run/log/hostd.log")));
        check("./var/log/vmware/vpxd/vpxd.log", Some(("", "var/log/vmware/vpxd/vpxd.log")));
        check("case 7/esx-a/etc/vmware/config", Some(("case 7/esx-a", "etc/vmware/config")));
        check("esx-a/README", Some(("esx-a", "README")));
        check("esx-a.tgz", None);
        check("var", None);
        check("esx-a/snapshot-1/commands/x.txt", Some(("esx-a", "snapshot-1/commands/x.txt")));
    }

    #[test]
    fn fragments_are_known_by_their_suffix() {
        assert_eq!(fragment("commands/a.txt.FRAG-00012"), Some(("commands/a.txt", 12)));
        for path in ["a.FRAG-12", "a.FRAG-1234567", "a.FRAG-00a1", ".FRAG-00001/x", "a.txt"] {
            assert_eq!(fragment(path), None, "{path}");
        }
    }
}
