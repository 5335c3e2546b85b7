//! What transport and disks do to a file.

use crate::input::Bytes;

/// Damages `file` once, as `bytes` choose.
pub(super) fn damage(file: &mut Vec<u8>, bytes: &mut Bytes<'_>) {
    let at = (bytes.two() << 8 | usize::from(bytes.byte())) % (file.len() + 1);
    let end = (at + 1 + bytes.two() % 1500).min(file.len());
    match bytes.below(9) {
        0 => file.truncate(at),
        1 | 2 => flip(file, at, bytes.byte()),
        3 => drop(file.drain(at..end)),
        4 => drop(file.splice(at..at, vec![bytes.byte(); end - at])),
        5 => file[at..end].fill(0),
        6 => drop(file.splice(at..at, file[at..end].to_vec())),
        7 => in_header(file, bytes),
        _ => file.extend_from_slice(bytes.take(60)),
    }
}

fn flip(file: &mut [u8], at: usize, bits: u8) {
    if let Some(byte) = file.get_mut(at) {
        *byte ^= bits.max(1);
    }
}

/// Changes a byte of one block of a tar and mends its checksum, so that the change is looked at.
fn in_header(file: &mut [u8], bytes: &mut Bytes<'_>) {
    let blocks = file.len() / 512;
    if blocks == 0 {
        return;
    }
    let at = bytes.two() % blocks * 512;
    let block = &mut file[at..at + 512];
    flip(block, bytes.two() % 512, bytes.byte());
    super::tar::sign(block);
}
