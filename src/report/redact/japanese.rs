//! Words of another script that are our own: everything else that is not ASCII could be a name.
//!
//! The list is made from the sources when the program is built, so that a new sentence is known at once.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Only asked for membership: its order tells nothing.
static RUNS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!(concat!(env!("OUT_DIR"), "/japanese.txt")).lines().collect());

/// Words that may follow each other without a space, as where a sentence holds a label.
const MOST_PARTS: usize = 4;

/// Whether `run`, letters without a sign or a space between, is made of what our sentences and labels are made of.
pub(super) fn is_ours(run: &str) -> bool {
    RUNS.contains(run) || is_made(run, MOST_PARTS)
}

/// Bytes of the longest run that is listed: no part is longer.
static LONGEST: LazyLock<usize> = LazyLock::new(|| RUNS.iter().map(|run| run.len()).max().unwrap_or(0));

fn is_made(run: &str, parts: usize) -> bool {
    if run.is_empty() {
        return true;
    }
    // From single characters anything can be spelled; a particle is hiragana.
    let is_part = |part: &str| {
        RUNS.contains(part)
            && (part.chars().nth(1).is_some() || matches!(part.chars().next(), Some('ぁ'..='ん')))
    };
    let longest = &run[..run.floor_char_boundary(*LONGEST)];
    let ends = longest.char_indices().map(|(at, c)| at + c.len_utf8());
    parts > 0 && ends.rev().any(|end| is_part(&run[..end]) && is_made(&run[end..], parts - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_japanese_is_known_and_a_name_is_not() {
        for ours in ["仮想マシン", "移行元ホスト", "が失敗しました", "仮想マシンが失敗しました"]
        {
            assert!(is_ours(ours), "{ours}");
        }
        for vmware in ["移行中", "への移行が完了しました", "仮想マシンには"] {
            assert!(is_ours(vmware), "{vmware}");
        }
        let of_samples = ["会計", "本番", "業務", "旧", "会計の仮想マシン"];
        let made_up = ["日本橋支店データストア", "京都", "経理サーバ", "三越", "ＤＢサーバ", "Ä"];
        for name in of_samples.into_iter().chain(made_up) {
            assert!(!is_ours(name), "{name}");
        }
    }
}
