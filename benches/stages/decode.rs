//! Only decoding: the outer stream of the bundle, which is serial, and the rotated logs in it.

use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

use esxray::bundle::codec::{Decoder, Gunzip, Out};

use super::figure;
use super::input::{self, Log};

/// Bytes that are read from a file at once.
const BLOCK: usize = 256 << 10;

/// Measures it.
pub fn stages(bundle: &Path, logs: &[Log]) {
    figure::title("decode (MB/s of compressed bytes for the bundle, of decoded ones for its logs)");
    let size = usize::try_from(input::size(bundle)).expect("it fits");
    figure::rate("outer stream", size, &|| outer(bundle));
    for log in logs {
        let size = gunzip(&log.stored).len();
        figure::rate(&format!("{}.gz", log.family), size, &|| gunzip(&log.stored).len() as u64);
    }
}

/// How many bytes the file decodes to.
fn outer(bundle: &Path) -> u64 {
    let mut file = File::open(bundle).expect("the bundle can be opened");
    let (mut decoder, mut block, mut decoded) = (Gunzip::default(), vec![0; BLOCK], 0);
    loop {
        let read = file.read(&mut block).expect("the bundle can be read");
        if read == 0 {
            return decoded;
        }
        let _ = decoder.push(&block[..read], &mut |out| {
            if let Out::Bytes(bytes) = out {
                decoded += bytes.len() as u64;
            }
            ControlFlow::Continue(())
        });
    }
}

/// What a stored log decodes to.
pub fn gunzip(stored: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let _ = Gunzip::default().push(stored, &mut |out| {
        if let Out::Bytes(decoded) = out {
            text.extend_from_slice(decoded);
        }
        ControlFlow::Continue(())
    });
    text
}
