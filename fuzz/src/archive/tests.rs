use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use super::*;
use crate::input::Prng;

/// What libraries that others wrote read of `bytes`, by path.
fn read(label: &str, bytes: &[u8], found: &mut BTreeMap<String, Vec<u8>>) {
    if bytes.starts_with(b"\x1f\x8b") {
        let mut inner = Vec::new();
        // Padding behind the last member is an error to the library, after all of it was given.
        let _ = flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut inner);
        return read(label, &inner, found);
    }
    let mut files = Vec::new();
    if bytes.starts_with(b"PK") {
        let mut zip = ::zip::ZipArchive::new(Cursor::new(bytes)).expect("a zip");
        for index in 0..zip.len() {
            let mut file = zip.by_index(index).expect("an entry");
            let mut content = Vec::new();
            file.read_to_end(&mut content).expect("whole");
            files.push((String::from_utf8_lossy(file.name_raw()).into_owned(), content));
        }
    } else {
        let mut archive = ::tar::Archive::new(bytes);
        archive.set_ignore_zeros(true);
        for entry in archive.entries().expect("a tar") {
            // What follows the last archive is no header.
            let Ok(mut entry) = entry else { break };
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("whole");
            files.push((String::from_utf8_lossy(&entry.path_bytes()).into_owned(), content));
        }
    }
    for (name, content) in files {
        let path = path_of(label, &name);
        let file = name.rsplit('/').next().unwrap_or_default();
        let is_nested = [".tgz", ".zip", ".tar", ".tar.gz"].iter().any(|ending| file.ends_with(ending));
        if is_nested && !content.is_empty() && !ODD.contains(&name.as_bytes()) {
            read(&path, &content, found);
        } else {
            found.insert(path, content);
        }
    }
}

fn recipe(seed: u64) -> Vec<u8> {
    let mut prng = Prng::new(seed);
    (0..40 + prng.below(1200)).map(|_| prng.draw() as u8).collect()
}

#[test]
fn an_honest_archive_is_read_by_other_readers_as_it_was_made() {
    let (mut honest, mut leaves) = (0, 0);
    for seed in 0..4000 {
        let archive = build(&mut Bytes::new(&recipe(seed)));
        if !archive.honest {
            continue;
        }
        honest += 1;
        let mut found = BTreeMap::new();
        read(LABEL, &archive.bytes, &mut found);
        for leaf in archive.leaves.iter().filter(|leaf| leaf.sure) {
            leaves += 1;
            let content: Vec<u8> = if leaf.fragments.is_empty() {
                found
                    .get(&leaf.path)
                    .cloned()
                    .unwrap_or_else(|| panic!("seed {seed}: {} is not there", leaf.path))
            } else {
                let mut numbers: Vec<u32> = leaf.fragments.iter().map(|fragment| fragment.0).collect();
                numbers.sort_unstable();
                numbers.iter().flat_map(|n| found[&format!("{}.FRAG-{n:05}", leaf.path)].clone()).collect()
            };
            assert!(content == leaf.content, "seed {seed}: {} is another file", leaf.path);
        }
    }
    assert!(honest > 800 && leaves > 2000, "{honest} honest archives with {leaves} sure files");
}

#[test]
fn the_same_bytes_make_the_same_archive() {
    for seed in 0..300 {
        let bytes = recipe(seed);
        assert_eq!(build(&mut Bytes::new(&bytes)), build(&mut Bytes::new(&bytes)));
    }
    assert!(build(&mut Bytes::new(b"")).honest);
}
