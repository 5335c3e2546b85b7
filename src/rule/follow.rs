//! The rule that is made while the program runs: every record of one operation, whatever it says.
//!
//! What stands in a header is compared part by part; what stands in a text must be a whole id. Kernel ids are hashes:
//! which of them are of the operation is known only beside the line that maps them, so they are told apart later.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::Regex;

use super::Rule;
use crate::format::id::{MigrationId, OpId};
use crate::format::text::shown;
use crate::format::{self, Header};
use crate::model::{EventKind, Severity};

/// Id of the rule whose events are the records of an operation that is followed.
pub const FOLLOW_RULE: &str = "op.record";

/// The field that says by what a record is joined to the operation: one of [`Joined`]'s names.
pub const JOINED_BY: &str = "joined_by";
/// The field that holds what an opID has behind its operation's root, while a report is redacted; no output shows it.
pub const HOP: &str = "hop_of_operation";

/// Digits of a kernel's id that is written with all its zeros.
const KERNEL_DIGITS: usize = 8;

/// What is followed: a record that names any of these is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Follow {
    /// Beginnings of opIDs, whole parts: `kx9w2b1c-88412-auto-1w2x-h5:70012345`.
    pub roots: BTreeSet<String>,
    /// The kernel's ids, hexadecimal without leading zeros.
    pub kernel: BTreeSet<String>,
    /// Migrations.
    pub migrations: BTreeSet<MigrationId>,
    /// Tasks of vCenter or of a host: `task-1234`, `haTask-12-vim.VirtualMachine.powerOn-345`.
    pub tasks: BTreeSet<String>,
    /// The first letters of opIDs that are looked for because a root is not known.
    pub alike: Option<String>,
}

/// By what a record belongs to what is followed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Joined {
    /// The opID of its header.
    OpId,
    /// It says which text id a kernel id stands for.
    Mapping,
    /// Its text names an opID.
    Text,
    /// The kernel's id in its header.
    Kernel,
    /// It names the migration.
    Migration,
    /// It names the task.
    Task,
    /// Its opID begins like the one that is looked for.
    Alike,
}

impl Joined {
    /// The value of [`JOINED_BY`].
    pub const fn name(self) -> &'static str {
        match self {
            Joined::OpId => "opid",
            Joined::Mapping => "mapping",
            Joined::Text => "text",
            Joined::Kernel => "kernel",
            Joined::Migration => "migration",
            Joined::Task => "task",
            Joined::Alike => "alike",
        }
    }
}

impl Follow {
    /// Whether the opID `text` is of one of the operations.
    pub fn is_of(&self, text: &str) -> bool {
        OpId::new(text).is_some_and(|id| self.roots.iter().any(|root| id.begins_with(root)))
    }

    /// The rule that it makes: all logs, and literals one of which every record has.
    pub(super) fn rule(&self) -> Rule {
        Rule {
            id: FOLLOW_RULE.to_owned(),
            kind: Some(EventKind::OP_RECORD),
            severity: Severity::Info,
            logs: format::FORMATS.iter().map(|format| format.name.to_owned()).collect(),
            about: "A record of the operation that is followed.".to_owned(),
            say: None,
            witness: false,
            source: String::new(),
            remedy: None,
            references: Vec::new(),
            no_reference: String::new(),
            any: self.literals(),
            pattern: None,
            unless: None,
            extract: Vec::new(),
            collect: Vec::new(),
            hit: Vec::new(),
            miss: Vec::new(),
        }
    }

    fn literals(&self) -> Vec<String> {
        let mut all: Vec<String> = self.roots.iter().chain(&self.tasks).chain(&self.alike).cloned().collect();
        for id in &self.kernel {
            // The header has it behind `=`, the mapping behind a blank; so many zeros in front as it pleases the build.
            let padded = (id.len()..=KERNEL_DIGITS.max(id.len())).map(|width| format!("{id:0>width$}"));
            all.extend(padded.flat_map(|id| [format!("opID={id}"), format!("opID {id}")]));
        }
        for MigrationId(id) in &self.migrations {
            all.extend([id.to_string(), format!("{id:x}")]);
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The fields of a record of what is followed; `None` where it is none.
    pub(super) fn read(
        &self,
        log: &str,
        header: &Header<'_>,
        record: &[u8],
        message: &[u8],
    ) -> Option<BTreeMap<String, String>> {
        let is_kernel = is_kernel_log(log);
        let mapping = mapping(message);
        let joined = self.joined(is_kernel, header, record, message, mapping)?;
        let mut fields = BTreeMap::new();
        fields.insert(JOINED_BY.to_owned(), joined.name().to_owned());
        // The kernel's warnings stand in a log of their own again.
        fields.insert("log".to_owned(), if is_kernel { "vmkernel" } else { log }.to_owned());
        if let Some((text, kernel)) = mapping {
            fields.insert("vc_opid".to_owned(), text.to_owned());
            fields.insert("kernel_opid".to_owned(), unpadded(kernel).to_owned());
        } else if is_kernel && let Some(id) = header.op_id.map(shown) {
            fields.insert("kernel_opid".to_owned(), unpadded(&id).to_owned());
        }
        let migrations = migrations(record);
        if !migrations.is_empty() {
            let ids: Vec<String> = migrations.iter().map(|MigrationId(id)| id.to_string()).collect();
            fields.insert("mid".to_owned(), ids.join(","));
        }
        Some(fields)
    }

    fn joined(
        &self,
        is_kernel: bool,
        header: &Header<'_>,
        record: &[u8],
        message: &[u8],
        mapping: Option<(&str, &str)>,
    ) -> Option<Joined> {
        let head = header.op_id.and_then(|id| std::str::from_utf8(id).ok());
        if !is_kernel && head.is_some_and(|id| self.is_of(id)) {
            return Some(Joined::OpId);
        }
        if let Some((text, kernel)) = mapping {
            let concerns = self.is_of(text) || self.kernel.contains(unpadded(kernel));
            return concerns.then_some(Joined::Mapping);
        }
        // What a kernel's header has is a hash, which may look like a plain id.
        let text = if is_kernel { message } else { record };
        if self.roots.iter().any(|root| names_op(text, root)) {
            return Some(Joined::Text);
        }
        if is_kernel && head.is_some_and(|id| self.kernel.contains(unpadded(id))) {
            return Some(Joined::Kernel);
        }
        if self.migrations.iter().any(|id| names_migration(record, *id)) {
            return Some(Joined::Migration);
        }
        if self.tasks.iter().any(|task| is_named(record, task)) {
            return Some(Joined::Task);
        }
        let alike = self.alike.as_ref().zip(head.filter(|_| !is_kernel));
        alike.is_some_and(|(begin, id)| id.starts_with(begin.as_str())).then_some(Joined::Alike)
    }
}

/// Whether the log `log` is the kernel's, whose opIDs are hashes.
pub fn is_kernel_log(log: &str) -> bool {
    matches!(log, "vmkernel" | "vmkwarning" | "vmkalert")
}

/// A kernel's id as all are compared: lower case is all that is written, zeros in front may be left out.
pub fn unpadded(id: &str) -> &str {
    id.trim_start_matches('0')
}

/// `World: 12232: VC opID ab12cd34-99-bf20 maps to vmkernel opID 3f2a91c7`: the text id, and the kernel's.
fn mapping(message: &[u8]) -> Option<(&str, &str)> {
    const WORDS: (&[u8], &[u8]) = (b"opID ", b" maps to vmkernel opID ");
    let at = memmem::find(message, WORDS.1)?;
    let begin = memmem::rfind(&message[..at], WORDS.0)? + WORDS.0.len();
    let behind = &message[at + WORDS.1.len()..];
    let digits = behind.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let text = std::str::from_utf8(&message[begin..at]).ok()?;
    let kernel = std::str::from_utf8(&behind[..digits]).ok()?;
    (OpId::new(text).is_some() && !kernel.is_empty()).then_some((text, kernel))
}

/// Whether `text` names an opID that begins with the parts of `root`.
fn names_op(text: &[u8], root: &str) -> bool {
    // Eight digits may be the beginning of a UUID, or a session's.
    let needs_key = root.len() <= 8 && root.bytes().all(|byte| byte.is_ascii_hexdigit());
    memmem::find_iter(text, root.as_bytes()).any(|at| {
        let (before, after) = (&text[..at], &text[at + root.len()..]);
        let keyed = is_keyed(before);
        let begins = keyed || !needs_key && before.last().is_none_or(|&byte| !is_id_byte(byte));
        begins && ends_part(after)
    })
}

/// Whether `opID` stands before a value: `opID=`, `opID: `, `opID '`.
fn is_keyed(before: &[u8]) -> bool {
    let key = before.trim_ascii_end();
    let key = key.strip_suffix(b"=").or_else(|| key.strip_suffix(b":")).unwrap_or(key).trim_ascii_end();
    let is_apart = key.len() < before.len();
    is_apart && key.len() >= 4 && key[key.len() - 4..].eq_ignore_ascii_case(b"opid")
}

/// Whether a part of an opID ends where `after` follows. A sentence's full stop is none of it.
fn ends_part(after: &[u8]) -> bool {
    match after {
        [] | [b'-', ..] => true,
        [b'.' | b':', next, ..] => !is_id_byte(*next),
        [byte, ..] => !is_id_byte(*byte) || after.len() == 1 && matches!(byte, b'.' | b':'),
    }
}

fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"@:._-".contains(&byte)
}

/// Whether `text` names `name` as a whole: what stands on either side goes on with neither letters, digits nor `-`.
fn is_named(text: &[u8], name: &str) -> bool {
    let goes_on = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    memmem::find_iter(text, name.as_bytes()).any(|at| {
        let (before, after) = (text[..at].last(), text.get(at + name.len()));
        !before.is_some_and(goes_on) && !after.is_some_and(goes_on)
    })
}

fn names_migration(text: &[u8], MigrationId(id): MigrationId) -> bool {
    is_named(text, &id.to_string()) || is_named(text, &format!("{id:x}"))
}

/// The migrations that a record names: a number counts only where what stands before it says that it is one.
fn migrations(record: &[u8]) -> BTreeSet<MigrationId> {
    static NAMED: LazyLock<Regex> = LazyLock::new(|| {
        let before = r"\bts ?= ?|\bmid(?: id)?[ =:]{1,2}|(?i:migrat(?:e|ion) ?id)[^\w\n]{1,4}|\bVMotion(?:Src|Dst|Prepare) \(|\[MIGRATE\] \(|\bVMotion\w*: (?:\d{1,6}: )?|\bMigrate\w*: (?:\d{1,6}: )?";
        Regex::new(&format!(r"(?-u)(?:{before})(\d{{13,20}}|[0-9a-f]{{13,16}})\b"))
            .expect("the expression is a constant")
    });
    let id = |digits: &[u8]| {
        let text = std::str::from_utf8(digits).ok()?;
        MigrationId::decimal(text).or_else(|| MigrationId::hex(text))
    };
    NAMED.captures_iter(record).filter_map(|found| id(found.get(1)?.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_in_a_text_is_taken_whole_or_not_at_all() {
        let check = |text: &str, root: &str, expected: bool| {
            assert_eq!(names_op(text.as_bytes(), root), expected, "{root} in {text}");
        };
        let root = "kx9w2b1c-88412-auto-1w2x-h5:70012345";
        check("opID=kx9w2b1c-88412-auto-1w2x-h5:70012345-88-01 seq=3", root, true);
        check("(kx9w2b1c-88412-auto-1w2x-h5:70012345)", root, true);
        check("done for kx9w2b1c-88412-auto-1w2x-h5:70012345.", root, true);
        check("done for kx9w2b1c-88412-auto-1w2x-h5:70012345: x", root, true);
        check("opID:kx9w2b1c-88412-auto-1w2x-h5:70012345-01", root, true);
        check("opID=kx9w2b1c-88412-auto-1w2x-h5:700123456-88", root, false);
        check("opID=akx9w2b1c-88412-auto-1w2x-h5:70012345-88", root, false);
        check("opID=x-kx9w2b1c-88412-auto-1w2x-h5:70012345", root, false);
        check("kx9w2b1c-88412-auto-1w2x-h5:70012345.7", root, false);
        check("session 539bc6dd-246d-58b5-3234-278c6e0c5d0d", "539bc6dd", false);
        check("user=x opID=539bc6dd-c7-c39c", "539bc6dd", true);
        check("user=x opID=539bc6ddc-c7-c39c", "539bc6dd", false);
        check("myopid 539bc6dd", "539bc6dd", true);
    }

    #[test]
    fn the_kernel_says_what_its_ids_stand_for() {
        let line = b"World: 12232: VC opID SWI-5441881e-01-bf20 maps to vmkernel opID 3f2a91c7";
        assert_eq!(mapping(line), Some(("SWI-5441881e-01-bf20", "3f2a91c7")));
        assert_eq!(mapping(b"World: 1: VC opID  maps to vmkernel opID 3f2a91c7"), None);
        assert_eq!(mapping(b"World: 1: VC opID a b maps to vmkernel opID zz"), None);
    }

    #[test]
    fn numbers_are_migrations_only_where_the_text_says_so() {
        let check = |text: &str, expected: &[u64]| {
            let found: Vec<u64> = migrations(text.as_bytes()).into_iter().map(|MigrationId(id)| id).collect();
            assert_eq!(found, expected, "{text}");
        };
        let id = 8_743_996_508_480_001_077;
        check("sub=Vcsvc.VMotionSrc (8743996508480001077) opID=x] y", &[id]);
        check("Migrate: 101: vmotion: Dest vmmLeaderID = 1, ts =8743996508480001077, srcIP", &[id]);
        check("VMotionSend: 3979: 8743996508480001077 S: failed", &[id]);
        check("MigrateVMXdrToSpec: type: 1 mid=7958ea7f2d34d435 remote", &[id]);
        check("Received migrate 'to' request for mid id 8743996508480001077", &[id]);
        check("Migrate_Open: Restoring from <10.0.0.7> with migration id 8743996508480001077", &[id]);
        check("[MIGRATE] (8743996508480001077) vMotion failed: x", &[id]);
        check("createTime=1582017631000000 changeVersion 8743996508480001077", &[]);
    }

    #[test]
    fn a_record_is_taken_by_any_of_what_is_followed_and_says_by_which() {
        let mut follow = Follow::default();
        follow.roots.insert("539bc6dd".to_owned());
        follow.kernel.insert("ab12cd3".to_owned());
        follow.migrations.insert(MigrationId(8_743_996_508_480_001_077));
        follow.tasks.insert("task-12".to_owned());
        let check = |log: &str, line: &str, expected: Option<Joined>| {
            let header = format::parse(line.as_bytes()).expect("a header");
            let fields = follow.read(log, &header, line.as_bytes(), header.message);
            let by = fields.as_ref().map(|fields| fields[JOINED_BY].as_str());
            assert_eq!(by, expected.map(Joined::name), "{line}");
        };
        let at = "2020-02-03T10:00:00.100Z";
        let hostd = |op: &str, text: &str| {
            format!("{at} info hostd[2099] [Originator@6876 sub=Default opID={op}] {text}")
        };
        check("hostd", &hostd("539bc6dd-c7-c39c", "x"), Some(Joined::OpId));
        check("hostd", &hostd("539bc6ddc-c7-c39c", "x"), None);
        check("hostd", &hostd("a-1", "called with opID=539bc6dd-01"), Some(Joined::Text));
        check("hostd", &hostd("a-1", "Task task-12 queued"), Some(Joined::Task));
        check("hostd", &hostd("a-1", "Task task-123 queued"), None);
        check("vmkernel", &format!("{at} cpu1:2 opID=539bc6dd)x"), None);
        check("vmkernel", &format!("{at} cpu1:2 opID=0ab12cd3)x"), Some(Joined::Kernel));
        check("hostd", &hostd("0ab12cd3", "x"), None);
        let maps = "World: 2: VC opID 539bc6dd-c7 maps to vmkernel opID 1";
        check("vmkernel", &format!("{at} cpu1:2 opID=1){maps}"), Some(Joined::Mapping));
        let sent = "VMotionSend: 1: 8743996508480001077 S: x";
        check("vmkernel", &format!("{at} cpu1:2){sent}"), Some(Joined::Migration));
        check("vmkernel", &format!("{at} cpu1:2){}", sent.replace("77 S", "771 S")), None);
    }
}
