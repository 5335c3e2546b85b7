//! The content of one tar entry, with the holes of a sparse file.

use super::header::Piece;
use crate::bundle::archive::{Item, Take};

/// What is left of an entry's content.
pub(super) struct Content {
    /// Bytes as stored.
    pub(super) left: u64,
    pub(super) pad: u64,
    pub(super) sparse: Option<Sparse>,
}

/// A sparse file on its way.
pub(super) struct Sparse {
    pub(super) pieces: std::vec::IntoIter<Piece>,
    /// Bytes left of the present piece.
    pub(super) piece: u64,
    /// Bytes given.
    pub(super) at: u64,
    pub(super) size: u64,
}

impl Content {
    /// Gives stored bytes, no more than are left.
    pub(super) fn give(&mut self, mut bytes: &[u8], take: &mut Take<'_>) {
        self.left -= bytes.len() as u64;
        let Some(sparse) = &mut self.sparse else {
            if !bytes.is_empty() {
                take(Item::Bytes(bytes));
            }
            return;
        };
        while !bytes.is_empty() {
            if sparse.piece == 0 && !sparse.next_piece(take) {
                return;
            }
            let len = bytes.len().min(usize::try_from(sparse.piece).unwrap_or(usize::MAX));
            take(Item::Bytes(&bytes[..len]));
            sparse.piece -= len as u64;
            sparse.at += len as u64;
            bytes = &bytes[len..];
        }
    }

    /// Gives the hole at the end of a sparse file.
    pub(super) fn rest(self, cut: bool, take: &mut Take<'_>) {
        if let Some(sparse) = self.sparse.filter(|sparse| !cut && sparse.size > sparse.at) {
            take(Item::Hole(sparse.size - sparse.at));
        }
    }
}

impl Sparse {
    /// Begins the next piece, behind the hole before it; whether there is one.
    fn next_piece(&mut self, take: &mut Take<'_>) -> bool {
        let Some(piece) = self.pieces.find(|piece| piece.size > 0) else { return false };
        if piece.offset > self.at {
            take(Item::Hole(piece.offset - self.at));
            self.at = piece.offset;
        }
        self.piece = piece.size;
        true
    }
}
