//! Writes the inputs that begin a search into `corpus/<target>/`, for libFuzzer.

use std::path::Path;
use std::{fs, io};

use esxray_fuzz::{TARGETS, dictionary};

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for target in TARGETS {
        let folder = root.join(target.name);
        fs::create_dir_all(&folder)?;
        let seeds = (target.seeds)();
        for (index, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{index:04}")), seed)?;
        }
        println!("{:8} {} seeds", target.name, seeds.len());
    }
    let words = dictionary::words();
    let lines: String = words.iter().map(|word| format!("\"{}\"\n", quoted(word))).collect();
    fs::write(root.join("words.dict"), lines)?;
    println!("words.dict {} words", words.len());
    Ok(())
}

/// A word as libFuzzer's dictionaries spell it.
fn quoted(word: &[u8]) -> String {
    let spell = |&byte: &u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    };
    word.iter().map(spell).collect()
}
