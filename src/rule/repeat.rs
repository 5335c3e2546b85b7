//! What says the same as the record before: repeats of one thing, which a reader wants to see once, with their number.

use std::collections::BTreeMap;

use crate::model::{EventKind, Severity};

/// A repeat that comes later than this after the one before begins a row of its own, in microseconds.
pub const PAUSE: i64 = 300_000_000;
/// Bytes of a message that are compared: what differs behind them is a detail.
const COMPARED: usize = 400;
/// What differs from record to record though both say the same: the operation, the repeats, the stamp as it stood.
pub const PASSING: &[&str] = &["raw_time", REPEATED, FOR, "opid", "op", "op_root", "event_time"];
/// Whether a field is named by a number here and there: two values are two things.
fn is_name(field: &str) -> bool {
    matches!(
        field,
        "vm" | "vm_ref"
            | "vmx"
            | "world"
            | "mid"
            | "id"
            | "host"
            | "host_name"
            | "host_ref"
            | "target"
            | "target_ref"
            | "origin"
            | "origin_ref"
            | "node"
            | "node_host"
            | "ip"
            | "src"
            | "dst"
            | "nic"
            | "device"
            | "disk"
            | "datastore"
            | "partition"
            | "path"
            | "hba"
            | "cpu"
            | "group"
            | "iface"
            | "vmknic"
            | "pid"
            | "register"
            | "service"
            | "entity"
            | "task"
            | "status"
            | "errno"
    )
}

/// What changes the state of a host: each is a step of the story.
const SINGLE: &[EventKind] = &[
    EventKind::HOST_BOOT,
    EventKind::HOST_SHUTDOWN,
    EventKind::HOST_REBOOT,
    EventKind::HOST_CRASH,
    EventKind::HOST_UPGRADE,
    EventKind::HOST_MAINTENANCE_ENTER,
    EventKind::HOST_MAINTENANCE_EXIT,
    EventKind::HA_HOST_DEAD,
    EventKind::HA_FAILOVER,
    EventKind::TIME_STEP,
];

/// The field that says how often a record came again: by the log itself, or between the two events of a run.
pub const REPEATED: &str = "repeated";
/// The field that says for how long an event has been repeated without a pause, in microseconds. A time would be wrong as
/// soon as the stamps of its log get their years or their zone.
pub const FOR: &str = "repeated_for_us";

/// Whether an event of this kind must be seen one by one, whatever it repeats.
pub fn is_single(kind: EventKind, severity: Severity) -> bool {
    severity == Severity::Critical || SINGLE.contains(&kind)
}

/// How often an event with these fields happened: once, and as often as it was repeated.
pub fn times(fields: &BTreeMap<String, String>) -> u64 {
    let told = fields.get(REPEATED).and_then(|times| times.parse::<u64>().ok());
    told.unwrap_or(0).saturating_add(1)
}

/// Writes over `says` what events that are repeats of each other have in common: a text that is used again for the next
/// event, as most are only compared.
pub fn says(says: &mut String, message: &str, fields: &BTreeMap<String, String>) {
    says.clear();
    mask_into(says, head(message));
    for (name, value) in fields.iter().filter(|(name, _)| !PASSING.contains(&name.as_str())) {
        says.push('\n');
        says.push_str(name);
        says.push('=');
        if is_name(name) {
            says.push_str(value);
        } else {
            mask_into(says, head(value));
        }
    }
}

/// The beginning of `text` that is compared.
fn head(text: &str) -> &str {
    let mut end = text.len().min(COMPARED);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Adds `text` with `#` for what is counted or measured: numbers, times, pointers, the CPU and world of a VMkernel line.
/// Names that hold digits stay: `vmk2`, `naa.6000…`, addresses, UUIDs.
fn mask_into(out: &mut String, text: &str) {
    let (mut copied, mut at) = (0, 0);
    while at < text.len() {
        let start = at;
        let mut has_digit = false;
        while let Some(width) = of_word(text, at) {
            has_digit |= text.as_bytes()[at].is_ascii_digit();
            at += width;
        }
        // What counts or measures has a digit.
        if has_digit && is_measure(&text[start..at]) {
            out.push_str(&text[copied..start]);
            out.push('#');
            copied = at;
        }
        // The sign that ends a word; behind the last one there is none.
        at += text[at..].chars().next().map_or(0, char::len_utf8);
    }
    out.push_str(&text[copied..]);
}

/// The bytes of the sign at `at`, where it is part of a word.
fn of_word(text: &str, at: usize) -> Option<usize> {
    let byte = *text.as_bytes().get(at)?;
    if byte.is_ascii() {
        return (byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')).then_some(1);
    }
    text[at..].chars().next().filter(|sign| sign.is_alphanumeric()).map(char::len_utf8)
}

/// Whether a word counts or measures something: `1430`, `12.5`, `5000ms`, `0x43a0`, `cpu24`, `2020-02-03T10`.
fn is_measure(word: &str) -> bool {
    let word = word.trim_end_matches(['.', '-']).trim_start_matches('-');
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_pointer = |hex: &str| !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    if word.strip_prefix("0x").is_some_and(is_pointer) || word.strip_prefix("cpu").is_some_and(is_number) {
        return true;
    }
    let unit = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let value = &word[..word.len() - unit.len()];
    // An address has three points, a decimal number at most one.
    let is_decimal = value.starts_with(|c: char| c.is_ascii_digit()) && value.matches('.').count() < 2;
    let is_unit = unit.len() <= 3 && unit.bytes().all(|byte| byte.is_ascii_alphabetic());
    (is_decimal && is_unit) || is_date(word)
}

/// `2020-02-03`, with or without a time behind it.
fn is_date(word: &str) -> bool {
    let shape =
        |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
    word.len() >= 10
        && word.bytes().take(10).enumerate().all(shape)
        && matches!(word.as_bytes().get(10), None | Some(b'T'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_masked_and_names_stay() {
        for (text, expected) in [
            (
                "cpu24:2099401)Net: Send:1430: 9: to 10.9.0.3;12321 on vmk2",
                "#:#)Net: Send:#: #: to 10.9.0.3;# on vmk2",
            ),
            ("took 5000ms, 12.5 s at 0x43a0ff.", "took #, # s at #"),
            (
                "node 5e0a1b2c-3d4e-5f60-7182-001b21a0b0c0 left",
                "node 5e0a1b2c-3d4e-5f60-7182-001b21a0b0c0 left",
            ),
            ("since 2020-02-03T10:00:01Z", "since #:#:#"),
            ("esx01.example.org naa.600508b1001c vmhba1", "esx01.example.org naa.600508b1001c vmhba1"),
            ("日本 12 件", "日本 # 件"),
        ] {
            let mut masked = String::new();
            mask_into(&mut masked, text);
            assert_eq!(masked, expected);
        }
    }
}
