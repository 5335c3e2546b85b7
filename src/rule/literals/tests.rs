use proptest::prelude::*;

use super::*;

/// All occurrences in `text` by looking at every place for every literal: where it begins, and which it is.
fn naive(literals: &[Vec<u8>], text: &[u8]) -> Vec<(usize, u32)> {
    let at = |start: usize| {
        let here = literals.iter().enumerate().filter(move |(_, literal)| text[start..].starts_with(literal));
        here.map(move |(id, _)| (start, id as u32))
    };
    (0..text.len()).flat_map(at).collect()
}

#[track_caller]
fn check(literals: &[Vec<u8>], text: &[u8]) {
    check_with(&Literals::new(literals), literals, text);
}

#[track_caller]
fn check_with(finder: &Literals, literals: &[Vec<u8>], text: &[u8]) {
    let hits: Vec<Hit> = finder.find_iter(text).collect();
    assert!(hits.windows(2).all(|two| two[0] < two[1]), "in order, and each once");
    for hit in &hits {
        assert!(hit.start <= hit.at && hit.at < hit.start + finder.len_of(hit.id), "within: {hit:?}");
    }
    let mut found: Vec<(usize, u32)> = hits.iter().map(|hit| (hit.start, hit.id)).collect();
    found.sort_unstable();
    assert_eq!(found, naive(literals, text), "{}", finder.describe());
}

#[test]
fn literals_of_every_length_are_found_at_every_alignment_and_at_the_ends() {
    let word = |len: usize| (0..len).map(|at| b'a' + ((at * 7 + len) % 26) as u8).collect();
    // Whichever way a set goes, with its lengths alone and together with others.
    for lengths in [3..7, 7..9, 9..11, 11..15, 15..25, 3..25] {
        let literals: Vec<Vec<u8>> = lengths.map(word).collect();
        let finder = Literals::new(&literals);
        for literal in &literals {
            for before in (0..25).chain([63, 64, 65, 127]) {
                let mut text = vec![b'-'; before];
                text.extend_from_slice(literal);
                check_with(&finder, &literals, &text);
                text.extend_from_slice(&[b'.'; 70]);
                check_with(&finder, &literals, &text);
            }
        }
    }
}

#[test]
fn literals_that_cross_the_blocks_of_a_search_are_found() {
    let literals = ["lost", " lost c", "CMMDS: LeaderLost", "移行に", "Lost connection to CMMDS: 移行に失敗"];
    let finder = Literals::new(&literals);
    for (id, literal) in literals.iter().enumerate() {
        for before in BLOCK - literal.len() - 9..BLOCK + 9 {
            let text = [&vec![b'x'; before][..], literal.as_bytes(), b" y"].concat();
            let found = finder.find_iter(&text).any(|hit| (hit.start, hit.id as usize) == (before, id));
            assert!(found, "{literal} at {before}");
        }
    }
}

#[test]
fn nothing_is_found_where_nothing_is_looked_for() {
    assert_eq!(Literals::new::<&str>(&[]).find_iter(b"some text").count(), 0);
    assert_eq!(Literals::new(&["abc"]).find_iter(b"").count(), 0);
    assert_eq!(Literals::new(&["abc"]).find_iter(b"ab").count(), 0);
}

#[test]
fn many_literals_go_over_steps_and_few_to_the_packed_search() {
    let many: Vec<String> = (0..400).map(|n| format!("literal number {n:03}.")).collect();
    assert!(Literals::new(&many).describe().starts_with("8/8: 3200 q-grams"));
    assert!(Literals::new(&["abc", " lost"]).describe().starts_with("packed: 2"));
    let foreign: Vec<String> = many.iter().cloned().chain(["移行".to_owned()]).collect();
    assert!(Literals::new(&foreign).describe().ends_with("| packed: 1"));
}

#[test]
fn a_packed_searcher_has_no_more_literals_than_it_takes_with_simd() {
    let names = |len: usize, count: usize| (0..count).map(move |n| format!("{n:0len$}"));
    let describe = |names: &mut dyn Iterator<Item = String>| {
        let names: Vec<String> = names.collect();
        Literals::new(&names).describe()
    };
    assert_eq!(describe(&mut names(4, 60)), "packed: 60 | ");
    assert_eq!(describe(&mut names(3, 60)), "packed: 30 + packed: 30 | ");
    assert_eq!(describe(&mut names(6, 100)), "packed: 50 + packed: 50 | ");
}

/// What overlaps, begins with another, or is the end of another: words over few letters, some of them not ASCII.
fn words(letters: &'static [u8]) -> impl Strategy<Value = Vec<Vec<u8>>> {
    let letter = prop::sample::select(letters);
    let word = prop_oneof![
        prop::collection::vec(letter.clone(), 3..8),
        prop::collection::vec(letter.clone(), 7..20),
        prop::collection::vec(letter, 15..50),
    ];
    prop::collection::vec(word, 1..60).prop_map(|mut words| {
        let parts: Vec<Vec<u8>> =
            words.iter().filter(|word| word.len() > 6).map(|word| word[2..].to_vec()).collect();
        words.extend(parts);
        words.sort();
        words.dedup();
        words
    })
}

fn pieces(words: &[Vec<u8>], picks: &[(usize, usize, u8)]) -> Vec<u8> {
    let mut text = Vec::new();
    for &(word, len, filler) in picks {
        let word = &words[word % words.len()];
        text.extend_from_slice(&word[..word.len() - len.min(word.len())]);
        text.extend(std::iter::repeat_n(filler, len % 11));
    }
    text
}

proptest! {
    #[test]
    fn all_occurrences_are_those_of_a_naive_search(
        words in prop_oneof![words(b"ab"), words(b"abcdefgh .:"), words(b"a\xe3\x81\xff\n")],
        picks in prop::collection::vec((0..100_usize, 0..20_usize, any::<u8>()), 0..60),
    ) {
        check(&words, &pieces(&words, &picks));
    }
}
