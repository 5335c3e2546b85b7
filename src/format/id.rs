//! Identifiers that tie records of several logs and hosts together: operations, migrations, objects.

/// An operation's id, `<root>-01-99-bf20`: every hop appends a part.
///
/// vCenter makes the root; a sub-operation, vpxa and hostd each append one or two hexadecimal digits, hostd at the
/// end four. So two ids are of one operation where the parts that both have cover the root.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct OpId<'a>(&'a str);

/// What is made again and again, and says nothing of what belongs together.
const NOISE: &[&str] =
    &["HB-", "QS-", "PollQuickStatsLoop-", "WFU-", "CheckforMissingHeartbeats-", "vsan-wfu-"];

impl<'a> OpId<'a> {
    /// The id written `text`, or `None` where it is none: ids hold letters, digits and `@:._-`.
    pub fn new(text: &'a str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@:._-".contains(&byte);
        (!text.is_empty() && text.len() <= 256 && text.bytes().all(plain)).then_some(OpId(text))
    }

    /// Its parts.
    pub fn parts(self) -> impl Iterator<Item = &'a str> {
        self.0.split('-')
    }

    /// The root, as far as the id itself tells: without what hops append at its end.
    pub fn root(self) -> &'a str {
        let mut root = self.0;
        // What is appended has up to four digits.
        while let Some(at) = root.bytes().rev().take(5).position(|byte| byte == b'-') {
            let (before, last) = (&root[..root.len() - at - 1], &root[root.len() - at..]);
            let appended = matches!(at, 1 | 2 | 4) && last.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !appended || !is_unique(before) {
                break;
            }
            root = before;
        }
        root
    }

    /// Whether its first parts are those of `root`: a digit more makes another part.
    pub fn begins_with(self, root: &str) -> bool {
        self.0.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }

    /// Whether its root holds something made by chance or count, so that it is of one operation only.
    pub fn is_of_one_operation(self) -> bool {
        !self.is_noise() && is_unique(self.root())
    }

    /// Whether it is one of an endless loop: heartbeats, statistics, waits.
    pub fn is_noise(self) -> bool {
        NOISE.iter().any(|noise| self.0.starts_with(noise))
    }

    /// Whether a program made it for work of its own: `EventManager-8`, `SWI-5441881e`, `task-internal-12-ab34cd56`. What
    /// somebody asked for begins with something made by chance, or with the name of a client.
    pub fn is_internal(self) -> bool {
        let first = self.parts().next().unwrap_or("");
        let is_word = first.bytes().all(|byte| byte.is_ascii_alphabetic());
        (is_word && first.bytes().any(|byte| byte.is_ascii_uppercase()))
            || ["task", "lro", "sps", "vsan"].contains(&first)
            || first.contains(".cpp:")
    }

    /// Whether two ids are of one operation.
    pub fn is_related(self, other: OpId<'_>) -> bool {
        let common: usize =
            self.parts().zip(other.parts()).take_while(|(a, b)| a == b).map(|(part, _)| part.len() + 1).sum();
        let root = self.root().len().max(other.root().len());
        common > root && !self.is_noise()
    }
}

/// Whether `text` holds something made by chance or count: `TaskLoop-host` does not, and what follows is part of it.
fn is_unique(text: &str) -> bool {
    // What a host's own clients make is short.
    let local = ["esxui-", "esxcli-", "vim-cmd-"].iter().find_map(|client| text.strip_prefix(client));
    if let Some(rest) = local {
        return !rest.is_empty();
    }
    // The second number counts the operations of the first.
    if let Some(rest) = text.strip_prefix("sps-Main-") {
        return rest.contains('-');
    }
    // Asked of every operation in a log: nothing is searched for with more than a look at each byte.
    let has_digit = |part: &[u8]| part.iter().any(u8::is_ascii_digit);
    text.as_bytes().split(|&byte| byte == b'-').any(|part| part.len() >= 5 && has_digit(part))
        || text.bytes().filter(u8::is_ascii_hexdigit).count() >= 7 && has_digit(text.as_bytes())
}

/// The id of a migration: decimal as most logs print it, hexadecimal behind `mid=` of a `vmware.log`.
///
/// Up to 2018 it is the time in microseconds on vCenter's clock, later 63 random bits.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MigrationId(pub u64);

impl MigrationId {
    /// Reads 13 to 20 digits.
    pub fn decimal(text: &str) -> Option<Self> {
        let digits = (13..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().map(MigrationId)
    }

    /// Reads 13 to 16 hexadecimal digits.
    pub fn hex(text: &str) -> Option<Self> {
        let digits = (13..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then(|| u64::from_str_radix(text, 16).ok()).flatten().map(MigrationId)
    }

    /// When it was made on vCenter's clock, in microseconds since the epoch; `None` where it is random.
    pub fn made_at(self) -> Option<i64> {
        // 16 digits, from 2005 to 2033.
        let micros = i64::try_from(self.0).ok()?;
        (1_100_000_000_000_000..2_000_000_000_000_000).contains(&micros).then_some(micros)
    }
}

/// What the names of managed objects begin with, before their number.
pub const OBJECTS: &[&str] = &[
    "host",
    "vm",
    "domain",
    "datastore",
    "resgroup",
    "group",
    "network",
    "dvs",
    "dvportgroup",
    "task",
    "session",
    "datacenter",
];

/// A managed object, `host-12` or `domain-c8`; `None` where `text` is no name of one.
pub fn moref(text: &str) -> Option<(&str, u64)> {
    let (kind, number) = text.split_once('-')?;
    let digits = number.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let prefix = number.len() - digits.len();
    (OBJECTS.contains(&kind) && prefix <= 1)
        .then(|| digits.parse().ok())
        .flatten()
        .map(|number| (kind, number))
}

/// A task of one host, `haTask-12-vim.VirtualMachine.powerOn-345`: object, method, number.
pub fn host_task(text: &str) -> Option<(&str, &str, u64)> {
    let rest = text.strip_prefix("haTask-")?;
    let at = rest.find("-vim.")?;
    let (method, number) = rest[at + 1..].rsplit_once('-')?;
    number.parse().ok().map(|number| (&rest[..at], method, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_what_no_hop_appended() {
        for (id, root) in [
            ("kx9w2b1c-88412-auto-1w2x-h5:70012345-88-01-39-6b81", "kx9w2b1c-88412-auto-1w2x-h5:70012345"),
            ("lq3wrhr4-cbf-h5:70001034-60", "lq3wrhr4-cbf-h5:70001034"),
            ("QS-host-363-29822c54-b1", "QS-host-363-29822c54"),
            ("HB-host-363@2022-389ab9b1", "HB-host-363@2022-389ab9b1"),
            ("SWI-5441881e", "SWI-5441881e"),
            ("TaskLoop-host-17", "TaskLoop-host-17"),
            ("vsan-d810", "vsan-d810"),
            ("esxui-3fa1-8b2c", "esxui-3fa1"),
            ("esxcli-1f-8b2c", "esxcli-1f"),
            ("vim-cmd-9a8b7c6d-8b2c", "vim-cmd-9a8b7c6d"),
            ("task-internal-12-ab34cd56-01", "task-internal-12-ab34cd56"),
            ("539bc6dd-c7-c39c", "539bc6dd"),
            ("F6FC49D5-000007E6-d", "F6FC49D5-000007E6"),
            ("827cfaf", "827cfaf"),
            ("sps-Main-135968-4068-9a", "sps-Main-135968-4068"),
        ] {
            assert_eq!(OpId::new(id).expect(id).root(), root, "{id}");
        }
        assert!(OpId::new("").is_none() && OpId::new("MainThread VsanMgmt").is_none());
    }

    #[test]
    fn ids_of_one_operation_are_told_from_those_that_only_begin_alike() {
        let related = |a: &str, b: &str| OpId::new(a).expect(a).is_related(OpId::new(b).expect(b));
        assert!(related(
            "kx9w2b1c-88412-auto-1w2x-h5:70012345-88",
            "kx9w2b1c-88412-auto-1w2x-h5:70012345-88-01-39-6b81"
        ));
        assert!(related(
            "kx9w2b1c-88412-auto-1w2x-h5:70012345-88",
            "kx9w2b1c-88412-auto-1w2x-h5:70012345-12"
        ));
        assert!(!related("kx9w2b1c-88412-auto-1w2x-h5:70012345", "kx9w2b1c-88412-auto-1w2x-h5:70012346"));
        assert!(
            !related("kx9w2b1c-88412-auto-1w2x-h5:7001234", "kx9w2b1c-88412-auto-1w2x-h5:70012345"),
            "a digit more"
        );
        assert!(!related("SWI-5441881e", "SWI-5441881f"));
        assert!(!related("HB-host-3@20-389ab9b1", "HB-host-3@20-389ab9b1-9f"), "noise");
    }

    #[test]
    fn what_a_program_makes_for_itself_is_told_from_what_is_asked_for() {
        let internal = |id: &str| OpId::new(id).expect(id).is_internal();
        for id in [
            "EventManager-8",
            "SWI-5441881e",
            "task-internal-12-ab34cd56",
            "vsan-d810",
            "lro.cpp:88-5441881e",
        ] {
            assert!(internal(id), "{id}");
        }
        for id in
            ["kxqwabcd-88412-auto-1w2x-h5:70012345", "F6FC49D5-000007E6", "esxui-3fa1-8b2c", "539bc6dd-c7"]
        {
            assert!(!internal(id), "{id}");
        }
    }

    #[test]
    fn an_id_begins_with_whole_parts() {
        let begins = |id: &str, root: &str| OpId::new(id).expect(id).begins_with(root);
        assert!(begins("SWI-5441881e", "SWI-5441881e") && begins("SWI-5441881e-01-bf20", "SWI-5441881e"));
        assert!(!begins("SWI-5441881e1", "SWI-5441881e") && !begins("SWI-5441881", "SWI-5441881e"));
        let one = |id: &str| OpId::new(id).expect(id).is_of_one_operation();
        assert!(one("SWI-5441881e-01") && !one("TaskLoop-host-17") && !one("HB-host-3@20-389ab9b1"));
    }

    #[test]
    fn a_migration_has_one_id_in_both_notations() {
        assert_eq!(MigrationId::hex("7958ea7f2d34d435"), MigrationId::decimal("8743996508480001077"));
        assert_eq!(
            MigrationId::decimal("1396622152123456").and_then(MigrationId::made_at),
            Some(1_396_622_152_123_456)
        );
        assert_eq!(MigrationId::decimal("8743996508480001077").and_then(MigrationId::made_at), None);
        assert_eq!((MigrationId::decimal("12"), MigrationId::hex("xyz")), (None, None));
        assert_eq!(MigrationId::decimal("99999999999999999999"), None, "more than 64 bits");
    }

    #[test]
    fn objects_and_tasks_are_told_from_words() {
        assert_eq!(
            (moref("host-12"), moref("domain-c8"), moref("vm-x"), moref("vm-")),
            (Some(("host", 12)), Some(("domain", 8)), None, None)
        );
        assert_eq!(
            host_task("haTask-12-vim.VirtualMachine.powerOn-345"),
            Some(("12", "vim.VirtualMachine.powerOn", 345))
        );
        assert_eq!(
            host_task("haTask--vim.host.VMotionManager.initiateDestination-9"),
            Some(("", "vim.host.VMotionManager.initiateDestination", 9))
        );
        assert_eq!(host_task("haTask-x"), None);
    }
}
