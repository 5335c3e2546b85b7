//! PAX records: `<length> <key>=<value>\n`, what they override in the header that follows, and the sparse files that are
//! told by them.

use memchr::memchr;

use super::header::Piece;

/// What stands between a header and the one that it belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Overrides {
    /// The entry's name.
    pub name: Option<Vec<u8>>,
    /// The size of its content as stored.
    pub size: Option<u64>,
    /// The size of a sparse file.
    pub real_size: Option<u64>,
    /// The pieces of a sparse file, versions 0.0 and 0.1.
    pub pieces: Vec<Piece>,
    /// Whether the pieces stand at the beginning of the content, version 1.0.
    pub map_in_content: bool,
}

/// Pieces of a sparse file beyond these are not read.
const MOST_PIECES: usize = 100_000;

impl Overrides {
    /// Takes what `text` says; whether all of it could be read.
    pub(super) fn take(&mut self, text: &[u8]) -> bool {
        let mut rest = text;
        let mut offset = None;
        while !rest.is_empty() {
            let Some((key, value, after)) = record(rest) else {
                // Padding at the end is harmless.
                return rest.iter().all(|&byte| byte == 0);
            };
            rest = after;
            self.set(key, value, &mut offset);
        }
        true
    }

    fn set(&mut self, key: &[u8], value: &[u8], offset: &mut Option<u64>) {
        match key {
            b"path" | b"GNU.sparse.name" if !value.is_empty() => self.name = Some(value.to_vec()),
            b"size" => self.size = decimal(value),
            b"GNU.sparse.realsize" | b"GNU.sparse.size" => self.real_size = decimal(value),
            b"GNU.sparse.major" => self.map_in_content = value == b"1",
            b"GNU.sparse.offset" => *offset = decimal(value),
            b"GNU.sparse.numbytes" => {
                if let Some((offset, size)) = offset.take().zip(decimal(value)) {
                    self.piece(Piece { offset, size });
                }
            }
            b"GNU.sparse.map" => {
                let numbers: Vec<u64> = value.split(|&byte| byte == b',').map_while(decimal).collect();
                for pair in numbers.chunks_exact(2) {
                    self.piece(Piece { offset: pair[0], size: pair[1] });
                }
            }
            _ => {}
        }
    }

    fn piece(&mut self, piece: Piece) {
        if self.pieces.len() < MOST_PIECES {
            self.pieces.push(piece);
        }
    }
}

/// The first record of `text`: key, value, and what stands behind. `None` where its length lies.
fn record(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = memchr(b' ', &text[..text.len().min(21)])?;
    let len = usize::try_from(decimal(&text[..blank])?).ok()?;
    let body = text.get(blank + 1..len)?.strip_suffix(b"\n")?;
    let equals = memchr(b'=', body)?;
    Some((&body[..equals], &body[equals + 1..], &text[len..]))
}

/// A decimal number.
pub(super) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0u64, |value, &byte| match byte {
        b'0'..=b'9' => value.checked_mul(10)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    })
}

/// Reads the map at the beginning of a sparse file's content, version 1.0: the number of pieces, then offset and size of
/// each, one number a line.
#[derive(Debug, Default)]
pub(super) struct Map {
    digits: Vec<u8>,
    numbers: Vec<u64>,
}

impl Map {
    /// Takes one block of the content; the pieces, once all are there.
    ///
    /// # Errors
    /// Fails where it is no map.
    pub(super) fn block(&mut self, block: &[u8]) -> Result<Option<Vec<Piece>>, ()> {
        for &byte in block {
            if byte != b'\n' {
                if self.digits.len() > 20 {
                    return Err(());
                }
                self.digits.push(byte);
                continue;
            }
            self.numbers.push(decimal(&self.digits).ok_or(())?);
            self.digits.clear();
            let wanted = self.numbers[0];
            if wanted > MOST_PIECES as u64 {
                return Err(());
            }
            if self.numbers.len() as u64 == 1 + 2 * wanted {
                let pieces = self.numbers[1..].chunks_exact(2);
                return Ok(Some(pieces.map(|pair| Piece { offset: pair[0], size: pair[1] }).collect()));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_override_name_and_size() {
        let mut overrides = Overrides::default();
        assert!(overrides.take(b"20 path=esx-a/a=b.c\n12 size=345\n30 mtime=1234567890.123456789\n"));
        assert_eq!((overrides.name.as_deref(), overrides.size), (Some(&b"esx-a/a=b.c"[..]), Some(345)));
    }

    #[test]
    fn a_length_that_lies_ends_the_reading_and_is_told() {
        for text in [
            &b"99 path=a\n"[..],
            b"5 path=a\n",
            b"path=a\n",
            b"18446744073709551616 path=a\n",
            b"10 path:a\n",
        ] {
            let mut overrides = Overrides::default();
            assert!(!overrides.take(text), "{}", String::from_utf8_lossy(text));
            assert_eq!(overrides.name, None);
        }
        assert!(Overrides::default().take(b"\0\0\0"));
    }

    #[test]
    fn the_pieces_of_a_sparse_file_are_read_in_every_version() {
        let expected = vec![Piece { offset: 0, size: 5 }, Piece { offset: 100, size: 7 }];
        let mut old = Overrides::default();
        assert!(old.take(
            b"23 GNU.sparse.offset=0\n25 GNU.sparse.numbytes=5\n25 GNU.sparse.offset=100\n25 GNU.sparse.numbytes=7\n"
        ));
        let mut map = Overrides::default();
        assert!(map.take(b"28 GNU.sparse.map=0,5,100,7\n"));
        assert_eq!((old.pieces, map.pieces), (expected.clone(), expected.clone()));
        let mut reader = Map::default();
        assert_eq!(reader.block(b"2\n0\n5\n10"), Ok(None));
        assert_eq!(reader.block(b"0\n7\n\0\0\0"), Ok(Some(expected)));
        assert_eq!(Map::default().block(b"99999999999\n"), Err(()));
    }
}
