//! vCenter's events as journals and forwarded logs hold them.

/// The columns of `Event [<key>] [<part>-<parts>] [<time>] [<type>] [<severity>] [<user>] [<datacenter>] [<chain>] [<text>`.
///
/// Later parts of a long event have no columns but the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VcEvent<'a> {
    /// Number of the event.
    pub key: &'a [u8],
    /// This part, from 1.
    pub part: u32,
    /// How many parts there are.
    pub parts: u32,
    /// When it happened, RFC 3339; not when the line was written.
    pub time: Option<&'a [u8]>,
    /// `vim.event.VmMigratedEvent`
    pub kind: Option<&'a [u8]>,
    /// `info`, `warning`, `error`.
    pub severity: Option<&'a [u8]>,
    /// Who caused it.
    pub user: Option<&'a [u8]>,
    /// Datacenter.
    pub datacenter: Option<&'a [u8]>,
    /// Events of one cause have one.
    pub chain: Option<&'a [u8]>,
    /// Its text, or this part of it.
    pub text: &'a [u8],
}

/// Reads an event from a record's message; `None` where it is none.
pub fn read(message: &[u8]) -> Option<VcEvent<'_>> {
    let rest = message.trim_ascii_start().strip_prefix(b"Event ")?;
    let (key, rest) = column(rest)?;
    let (parts, rest) = column(rest)?;
    let dash = parts.iter().position(|&byte| byte == b'-')?;
    let (part, parts) = (small(&parts[..dash])?, small(&parts[dash + 1..])?);
    small(key)?;
    let mut event = VcEvent {
        key,
        part,
        parts,
        time: None,
        kind: None,
        severity: None,
        user: None,
        datacenter: None,
        chain: None,
        text: last(rest),
    };
    if part == 1 {
        let mut at = rest;
        let mut next = || {
            let (column, behind) = column(at)?;
            at = behind;
            Some(column)
        };
        let columns = [next()?, next()?, next()?, next()?, next()?, next()?]
            .map(|column| Some(column.trim_ascii()).filter(|column| !column.is_empty()));
        [event.time, event.kind, event.severity, event.user, event.datacenter, event.chain] = columns;
        event.text = last(at);
    }
    Some(event)
}

/// `[a] [b]`: what the first bracket holds, and what follows. A user's name may hold a bracket.
fn column(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.trim_ascii_start().strip_prefix(b"[")?;
    let end = memchr::memmem::find(inside, b"] [")?;
    Some((&inside[..end], &inside[end + 2..]))
}

/// The last bracket: its text may hold brackets, and its own may be missing.
fn last(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    let Some(inside) = text.strip_prefix(b"[") else { return text };
    let opened = |byte: u8| inside.iter().filter(|&&found| found == byte).count();
    let closes = inside.ends_with(b"]") && opened(b']') > opened(b'[');
    if closes { &inside[..inside.len() - 1] } else { inside }
}

fn small(text: &[u8]) -> Option<u32> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_may_be_empty_and_the_text_may_hold_brackets() {
        let line = b"Event [481] [1-1] [2020-07-01T08:15:30.123456Z] [vim.event.VmMigratedEvent] [info] [LAB\\ops] [] [77] [Migrated [db 1] away]";
        let event = read(line).expect("an event");
        assert_eq!((event.key, event.part, event.parts), (&b"481"[..], 1, 1));
        assert_eq!(event.time, Some(&b"2020-07-01T08:15:30.123456Z"[..]));
        assert_eq!(event.kind, Some(&b"vim.event.VmMigratedEvent"[..]));
        assert_eq!((event.severity, event.user), (Some(&b"info"[..]), Some(&b"LAB\\ops"[..])));
        assert_eq!((event.datacenter, event.chain), (None, Some(&b"77"[..])));
        assert_eq!(event.text, b"Migrated [db 1] away");
    }

    #[test]
    fn the_closing_bracket_can_be_missing() {
        let line = b"Event [481] [1-2] [t] [k] [info] [] [] [77] [The text goes on [a]";
        assert_eq!(read(line).expect("an event").text, b"The text goes on [a]");
        let second = read(b"Event [481] [2-2] [and ends]").expect("a part");
        assert_eq!((second.part, second.kind, second.text), (2, None, &b"and ends"[..]));
    }

    #[test]
    fn prose_is_no_event() {
        for line in [
            "Event 7 : text",
            "Event [x] [1-1] [a]",
            "Event [7] [1] [a]",
            "Events [7] [1-1] [a]",
            "Event [7]",
        ] {
            assert_eq!(read(line.as_bytes()), None, "{line}");
        }
    }
}
