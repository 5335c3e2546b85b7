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
    let lines: String = words.iter().map(|word| format!("\"{}\"\n", word.escape_ascii())).collect();
    fs::write(root.join("words.dict"), lines.replace("\\'", "'"))?;
    println!("words.dict {} words", words.len());
    Ok(())
}
