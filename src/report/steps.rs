//! The steps of a remedy as a reader does them: neighbours that differ in nothing but a name and its command are one.
//!
//! The order is kept, and so is the count: a group knows which steps it stands for, as texts speak of "the next 3 steps".
//! Steps that take a host out of service are never joined: they are done on one host at a time.

use super::features::fold;
use super::labels::Labels;
use super::model::Step;

/// Names that the text of a group holds; its commands name all.
const NAMES: usize = 8;

/// One step, or several that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// Number of its first step, from 1.
    pub first: usize,
    /// Number of its last one.
    pub last: usize,
    /// What to do.
    pub text: String,
    /// The hosts to do it on, each once, in the order of the steps.
    pub hosts: Vec<&'a str>,
    /// What to type.
    pub commands: Vec<Commands<'a>>,
}

/// What is typed in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commands<'a> {
    /// The hosts to type it on, in the order of the steps; none where the step names no host.
    pub hosts: Vec<&'a str>,
    /// The lines.
    pub lines: Vec<&'a str>,
}

impl Group<'_> {
    /// `4`, or `5–67` where it stands for several.
    pub fn number(&self) -> String {
        if self.first == self.last {
            self.first.to_string()
        } else {
            format!("{}–{}", self.first, self.last)
        }
    }
}

impl Commands<'_> {
    /// The lines as one text.
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }
}

/// Groups `steps`, in their order.
pub fn group<'a>(steps: &'a [Step], l: &Labels) -> Vec<Group<'a>> {
    let mut groups = Vec::new();
    let mut start = 0;
    while start < steps.len() {
        let (alike, names) = run(&steps[start..]);
        groups.push(joined(start, &steps[start..start + alike], &names, l));
        start += alike;
    }
    groups
}

/// How many steps from the first on are alike, and the names that their texts differ in; none where the texts are equal.
fn run(steps: &[Step]) -> (usize, Vec<&str>) {
    let first = &steps[0];
    let mut names: Vec<&str> = Vec::new();
    let mut alike = 1;
    for step in &steps[1..] {
        if !may_join(first, step) {
            break;
        }
        match difference(&first.text, &step.text) {
            // A run is of equal texts, or of texts that differ each from the first.
            None if first.text == step.text && names.is_empty() => {}
            Some((one, other)) if alike == 1 || names.first() == Some(&one) => {
                if names.is_empty() {
                    names.push(one);
                }
                names.push(other);
            }
            _ => break,
        }
        alike += 1;
    }
    (alike, names)
}

/// Whether two steps may be done as one. Nothing is joined that has no command: its text is all that it has.
fn may_join(first: &Step, step: &Step) -> bool {
    let is_typed = |step: &Step| step.command.as_deref().is_some_and(|command| !stops_a_host(command));
    first.host.is_some() == step.host.is_some() && is_typed(first) && is_typed(step)
}

/// Whether a command takes a host out of service, so that hosts must follow each other.
fn stops_a_host(command: &str) -> bool {
    let has = |words: &[&str]| words.iter().all(|word| command.contains(word));
    has(&["maintenanceMode", "set"])
        || has(&["system", "shutdown"])
        || command.split_whitespace().any(|word| matches!(word, "reboot" | "poweroff" | "halt"))
}

/// The one name that two texts differ in, wherever it stands; `None` where they are equal or differ in more.
fn difference<'a>(one: &'a str, other: &'a str) -> Option<(&'a str, &'a str)> {
    // What both begin with is whole characters, so that `at` cuts neither text inside of one.
    let same = one.chars().zip(other.chars()).take_while(|(a, b)| a == b);
    let at: usize = same.map(|(c, _)| c.len_utf8()).sum();
    let (a, b) = (name_at(one, at), name_at(other, at));
    let is_named = !a.is_empty() && !b.is_empty() && a != b;
    (is_named && replaced(one, a, b) == other).then_some((a, b))
}

/// The run of characters of a name around `at`, where a character begins; nothing where it is but a part of a word.
fn name_at(text: &str, at: usize) -> &str {
    let of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    let (before, behind) = text.split_at(at);
    let start = before.trim_end_matches(of_name).len();
    let end = text.len() - behind.trim_start_matches(of_name).len();
    let borders = [text[..start].chars().next_back(), text[end..].chars().next()];
    if borders.into_iter().flatten().any(goes_on) {
        return "";
    }
    // A full stop behind a name ends the sentence.
    text[start..end].trim_end_matches(['.', ':'])
}

/// Whether a name beside `c` is part of a longer one: `é`, a combining mark and an emoji belong to it, the signs that
/// Japanese sentences are written in do not.
fn goes_on(c: char) -> bool {
    let is_japanese =
        matches!(c, '\u{3000}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}' | '\u{ff00}'..='\u{ff60}');
    !c.is_ascii() && !is_japanese
}

/// `text` with the name `from` as `to`, where it stands as a whole name.
fn replaced(text: &str, from: &str, to: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in text.match_indices(from) {
        if at >= done && name_at(text, at) == from {
            out.push_str(&text[done..at]);
            out.push_str(to);
            done = at + from.len();
        }
    }
    out.push_str(&text[done..]);
    out
}

fn joined<'a>(start: usize, steps: &'a [Step], names: &[&str], l: &Labels) -> Group<'a> {
    let first = &steps[0].text;
    let text = match names {
        [one, ..] => replaced(first, one, &fold(names, NAMES, l)),
        [] => first.clone(),
    };
    let mut group =
        Group { first: start + 1, last: start + steps.len(), text, hosts: Vec::new(), commands: Vec::new() };
    for step in steps {
        let host = step.host.as_deref();
        if let Some(host) = host.filter(|host| !group.hosts.contains(host)) {
            group.hosts.push(host);
        }
        if let Some(command) = step.command.as_deref() {
            add(&mut group.commands, host, command);
        }
    }
    group
}

/// The same command on another host is typed there too; another command on the same host is its next line. A command of
/// several lines is as many here, so that whoever shows but some of them counts what is left.
fn add<'a>(commands: &mut Vec<Commands<'a>>, host: Option<&'a str>, command: &'a str) {
    let of_host = host.as_slice();
    let lines: Vec<&str> = command.lines().collect();
    if let Some(last) = commands.last_mut() {
        if last.lines == lines {
            last.hosts.extend(host.filter(|host| !last.hosts.contains(host)));
            return;
        }
        if last.hosts == of_host {
            last.lines.extend(lines);
            return;
        }
    }
    commands.push(Commands { hosts: of_host.to_vec(), lines });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Lang;
    use crate::report::labels::labels;

    fn typed(text: &str) -> Step {
        Step { text: text.to_owned(), command: Some(format!("echo {text}")), host: None }
    }

    #[test]
    fn a_command_of_several_lines_is_counted_by_its_lines() {
        let on = |host: &str, command: &str| Step {
            text: "Do it.".to_owned(),
            command: Some(command.to_owned()),
            host: Some(host.to_owned()),
        };
        let steps = [on("a", "one\ntwo"), on("b", "one\ntwo"), on("c", "three"), on("c", "four\nfive")];
        let groups = group(&steps, labels(Lang::En));
        let typed: Vec<(&[&str], &[&str])> =
            groups[0].commands.iter().map(|one| (&one.hosts[..], &one.lines[..])).collect();
        let expected: [(&[&str], &[&str]); 2] =
            [(&["a", "b"], &["one", "two"]), (&["c"], &["three", "four", "five"])];
        assert_eq!(typed, expected);
    }

    /// Every pair of texts of these pieces, so that any two characters of any length stand against each other.
    #[test]
    fn texts_of_any_script_are_compared_whole() {
        let pieces = [
            "",
            "a",
            "esx01",
            "esx02",
            "é",
            "e\u{301}",
            "バ",
            "バージョン",
            "再",
            "を",
            "😀",
            "👩‍💻",
            "。",
            " ",
            ".",
        ];
        let mut texts = Vec::new();
        for one in pieces {
            for two in pieces {
                texts.extend(pieces.map(|three| format!("{one}{two}{three}")));
            }
        }
        for (at, one) in texts.iter().enumerate() {
            for other in texts.iter().skip(at % 7).step_by(7) {
                if let Some((a, b)) = difference(one, other) {
                    assert_eq!(replaced(one, a, b), *other, "{one:?} {other:?}");
                }
                let steps = [typed(one), typed(other)];
                let counted: usize =
                    group(&steps, labels(Lang::Ja)).iter().map(|group| group.last + 1 - group.first).sum();
                assert_eq!(counted, 2, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_name_is_told_apart_in_any_sentence() {
        for (one, other, names) in [
            ("esx01 を再起動します。", "esx02 を再起動します。", Some(("esx01", "esx02"))),
            ("バージョンを確認します。", "パスを確認します。", None),
            ("ホストesx01を", "ホストesx02を", Some(("esx01", "esx02"))),
            ("Add re\u{301}seau1.", "Add re\u{301}seau2.", None),
            ("Add 😀1.", "Add 😃1.", None),
        ] {
            assert_eq!(difference(one, other), names, "{one} {other}");
        }
    }
}
