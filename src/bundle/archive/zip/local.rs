//! The header that stands before each entry of a zip, with the sizes of zip64.

/// What a local header begins with.
pub(super) const LOCAL: &[u8] = b"PK\x03\x04";
/// What checksum and sizes behind the content begin with, as a rule.
pub(super) const DESCRIPTOR: &[u8] = b"PK\x07\x08";
/// Bytes of a local header before the name.
const LOCAL_LEN: usize = 30;

/// What a local header says.
pub(super) struct Local {
    pub(super) name: Vec<u8>,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) stored: Option<u64>,
    pub(super) size: Option<u64>,
    pub(super) encrypted: bool,
    pub(super) len: usize,
}

/// The local header that `bytes` begin with: `None` outside where more of it has to come, inside where it is none.
pub(super) fn local(bytes: &[u8]) -> Option<Option<Local>> {
    if !bytes.starts_with(&LOCAL[..bytes.len().min(4)]) {
        return Some(None);
    }
    let head = bytes.first_chunk::<LOCAL_LEN>()?;
    let short = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
    let long = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let (flags, method) = (short(6), short(8));
    let (name_len, extra_len) = (usize::from(short(26)), usize::from(short(28)));
    let known = matches!(method, 0..=20 | 93..=99);
    if head[4] > 100 || !known || name_len == 0 {
        return Some(None);
    }
    let len = LOCAL_LEN + name_len + extra_len;
    let rest = bytes.get(LOCAL_LEN..len)?;
    let (name, extra) = rest.split_at(name_len);
    if name.contains(&0) {
        return Some(None);
    }
    let (mut size, mut stored) = (u64::from(long(22)), u64::from(long(18)));
    if long(18) == u32::MAX || long(22) == u32::MAX {
        zip64(extra, &mut size, &mut stored);
    }
    // Bit 3: sizes and checksum stand behind the content.
    let behind = flags & 8 != 0 && stored == 0;
    Some(Some(Local {
        name: name.to_vec(),
        method,
        crc: long(14),
        stored: (!behind).then_some(stored),
        size: (!behind).then_some(size),
        // Bit 0, and strong encryption, and AES.
        encrypted: flags & 0x41 != 0 || method == 99,
        len,
    }))
}

/// Takes the sizes that do not fit the header from its extra fields.
fn zip64(mut extra: &[u8], size: &mut u64, stored: &mut u64) {
    while let Some((&[a, b, c, d], rest)) = extra.split_first_chunk::<4>() {
        let len = usize::from(u16::from_le_bytes([c, d])).min(rest.len());
        let (field, after) = rest.split_at(len);
        if u16::from_le_bytes([a, b]) == 1 {
            let mut numbers = field
                .chunks_exact(8)
                .filter_map(|part| part.first_chunk::<8>())
                .map(|part| u64::from_le_bytes(*part));
            if *size == u64::from(u32::MAX) {
                *size = numbers.next().unwrap_or(*size);
            }
            if *stored == u64::from(u32::MAX) {
                *stored = numbers.next().unwrap_or(*stored);
            }
        }
        extra = after;
    }
}
