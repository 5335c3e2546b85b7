//! What a VMkernel status means: the codes that the VMkernel, hostd and the vmx write where something failed.
//!
//! The table `vmk_status.csv` holds the status codes of the vmkapi: name, code and text. On ESX 4.x codes near `0xbad0100`
//! stood for other things (KB 307365); such old hosts are not told apart here.

use std::sync::LazyLock;

/// A status of the VMkernel.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VmkStatus {
    /// `0x0bad0021`, written as `0xbad0021`, as `bad0021` or as `195887137`.
    pub code: u32,
    /// `VMK_TIMEOUT`
    pub name: &'static str,
    /// `Timeout`
    pub text: &'static str,
}

impl VmkStatus {
    /// Whether it says that something failed: every status but `VMK_OK`.
    pub const fn is_failure(self) -> bool {
        self.code != 0
    }

    /// Whether it only says that the work was ended, or the connection closed, because something else had failed before:
    /// the other side's status tells what.
    pub const fn is_echo(self) -> bool {
        matches!(
            self.code,
            FAILURE
                | DISCONNECTED
                | CONNECTION_CLOSED
                | BROKEN_PIPE
                | MIGRATE_VMX_FAILURE
                | ABORTED
                | NO_MIGRATION
        )
    }
}

const FAILURE: u32 = 0x0bad_0001;
const DISCONNECTED: u32 = 0x0bad_002e;
const CONNECTION_CLOSED: u32 = 0x0bad_003f;
const BROKEN_PIPE: u32 = 0x0bad_0053;
const MIGRATE_VMX_FAILURE: u32 = 0x0bad_0092;
const ABORTED: u32 = 0x0bad_00e0;
const NO_MIGRATION: u32 = 0x0bad_010c;

/// In the order of the codes.
static STATUSES: LazyLock<Vec<VmkStatus>> = LazyLock::new(|| {
    let mut all: Vec<VmkStatus> = include_str!("vmk_status.csv").lines().skip(1).filter_map(row).collect();
    all.sort_by_key(|status| status.code);
    all
});

/// `VMK_MIG_CONN_CLOSED,0xbad003f,Connection closed by remote host, possibly due to timeout`
fn row(line: &'static str) -> Option<VmkStatus> {
    let mut cells = line.splitn(3, ',');
    let (name, code, text) = (cells.next()?, cells.next()?, cells.next()?);
    let code = u32::from_str_radix(code.strip_prefix("0x")?, 16).ok()?;
    Some(VmkStatus { code, name, text })
}

/// Every status that is known, in the order of the codes.
pub fn all() -> &'static [VmkStatus] {
    &STATUSES
}

/// The status that `text` writes: `0xbad0021`, `bad0021` or `195887137`; `None` where no such code is known.
///
/// Digits alone are decimal: every code but 0 has letters in hexadecimal.
pub fn status(text: &str) -> Option<VmkStatus> {
    let text = text.trim();
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let code = match hex {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok()?,
        None => u32::from_str_radix(text, 16).ok()?,
    };
    by_code(code)
}

/// The status with this code.
pub fn by_code(code: u32) -> Option<VmkStatus> {
    let at = all().binary_search_by_key(&code, |status| status.code).ok()?;
    all().get(at).copied()
}

/// The failure whose text is `text`, where a record gives only that; case and a full stop do not count.
pub fn by_text(text: &str) -> Option<VmkStatus> {
    let text = text.trim().trim_end_matches('.');
    let same = |status: &&VmkStatus| status.text.trim_end_matches('.').eq_ignore_ascii_case(text);
    all().iter().filter(|status| status.is_failure()).find(same).copied()
}

/// The first code of a failure that stands as a word in `text`: `Failed waiting for data. Error bad0021. Timeout`.
pub fn first_in(text: &str) -> Option<VmkStatus> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    // A shorter word is another number.
    words.filter(|word| word.len() >= 7).filter_map(status).find(|status| status.is_failure())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read_and_every_code_is_there_once() {
        let lines = include_str!("vmk_status.csv").lines().count() - 1;
        assert_eq!(all().len(), lines);
        assert!(all().windows(2).all(|pair| pair[0].code < pair[1].code));
        let whole = |status: &VmkStatus| status.name.starts_with("VMK_") && !status.text.trim().is_empty();
        assert!(all().iter().all(whole));
    }

    #[test]
    fn every_code_is_read_in_each_of_its_spellings() {
        for status in all() {
            let code = status.code;
            for text in
                [format!("0x{code:x}"), format!("0x{code:08x}"), code.to_string(), format!(" 0X{code:X} ")]
            {
                assert_eq!(super::status(&text), Some(*status), "{text}");
            }
            // Without its prefix 0 is the same number in both notations.
            assert_eq!(super::status(&format!("{code:x}")), Some(*status), "{code:x}");
            assert_eq!(by_code(code), Some(*status));
        }
    }

    #[test]
    fn other_numbers_and_words_are_no_status() {
        for text in
            ["", "0x", "bad", "21", "0xbad0fff", "195887104", "dead0021", "Timeout", "-1", "0xbad00210000"]
        {
            assert_eq!(status(text), None, "{text}");
        }
    }

    #[test]
    fn texts_name_their_codes() {
        let code = |text: &str| by_text(text).map(|status| status.code);
        assert_eq!(code("Timeout"), Some(0x0bad_0021));
        assert_eq!(code("the esx hosts failed to connect over the vmotion network."), Some(0x0bad_010b));
        assert_eq!(code("Connection closed by remote host, possibly due to timeout"), Some(0x0bad_003f));
        assert_eq!((code("Success"), code("out of luck"), code("")), (None, None, None));
    }

    #[test]
    fn a_code_is_found_inside_a_sentence() {
        let code = |text: &str| first_in(text).map(|status| status.code);
        assert_eq!(code("Failed waiting for data.  Error bad0021. Timeout."), Some(0x0bad_0021));
        assert_eq!(code("データの待機に失敗しました。エラー 195887179。"), Some(0x0bad_004b));
        assert_eq!(code("S: Failed: No route to host (0xbad0051) @0x41802d9a"), Some(0x0bad_0051));
        assert_eq!(code("in 1580724000100200 us, status 0x0 of world 20977"), None);
    }

    #[test]
    fn what_another_side_caused_is_told_from_causes() {
        let is_echo = |text: &str| status(text).is_some_and(VmkStatus::is_echo);
        for text in ["0xbad00e0", "195887150", "bad003f"] {
            assert!(is_echo(text), "{text}");
        }
        for text in ["0xbad0021", "0xbad0107", "0xbad010b", "0xbad00a4", "0xbad0051"] {
            assert!(!is_echo(text), "{text}");
        }
    }
}
