//! Rules of one's own: what is wrong with a file is told with file, line and what to change; what is right works as the
//! text about the format says.

#[path = "common/run.rs"]
mod run;

use std::fs;
use std::path::Path;

use esxray::rule::{Fault, RuleSet, Weight};
use proptest::prelude::*;
use run::{esxray, incident};
use tempfile::TempDir;

/// A rule with nothing wrong, of which each broken one changes a line.
const RIGHT: &str = "\
[[rule]]
id = 'mine.fan'
kind = 'host.crash'
severity = 'warning'
logs = ['vmkernel']
about = 'A fan stopped.'
any = ['fan has stopped']
pattern = '^Fan: (?P<fan>\\w+): fan has stopped'
say.en = 'Fan {fan} stopped'
say.ja = 'ファン {fan} が停止しました'
[[rule.hit]]
log = '2026-01-31T08:00:00.100Z cpu4:20977)Fan: left: fan has stopped'
fields = { fan = 'left' }
[[rule.miss]]
log = '2026-01-31T08:00:00.100Z cpu4:20977)Fan: left: no fan has stopped'
";

/// `RIGHT` with its line `at`, from 1, replaced.
fn with(at: usize, line: &str) -> String {
    let mut lines: Vec<&str> = RIGHT.lines().collect();
    lines[at - 1] = line;
    lines.join("\n") + "\n"
}

fn folder_of(files: &[(&str, &[u8])]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("written");
    }
    folder
}

fn faults(folder: &Path) -> Vec<Fault> {
    RuleSet::load(&[folder]).err().map(|error| error.faults).unwrap_or_default()
}

/// What is wrong with a file, and told of it: the line, words of the error, and words of the hint.
struct Broken {
    text: String,
    line: usize,
    says: &'static str,
    hint: &'static str,
}

fn broken(text: String, line: usize, says: &'static str, hint: &'static str) -> Broken {
    Broken { text, line, says, hint }
}

fn all_broken() -> Vec<Broken> {
    vec![
        broken(with(6, "abuot = 'A fan stopped.'"), 6, "no field `abuot`", "did you mean 'about'?"),
        broken(
            with(3, "kind = 'host.crashed'"),
            3,
            "no event kind 'host.crashed'",
            "did you mean 'host.crash'",
        ),
        broken(with(3, "kind = 'storage.slow'"), 3, "no event kind 'storage.slow'", "'storage.apd'"),
        broken(with(4, "severity = 'warn'"), 4, "no severity 'warn'", "did you mean 'warning'?"),
        broken(with(5, "logs = ['vmkernal']"), 5, "no log family 'vmkernal'", "did you mean 'vmkernel'?"),
        broken(with(5, "logs = 'vmkernel'"), 5, "`logs` is a string", "logs = ['…']"),
        broken(with(5, "logs = []"), 5, "`logs` is empty", "vmkernel"),
        broken(with(7, "any = ['fan has stopped', 'fa']"), 7, "at least 3 bytes", "15 bytes and more"),
        broken(
            with(7, "any = ['''fan has stopped\n''']"),
            7,
            "ends with a line's end",
            "leave out the line's end",
        ),
        broken(with(7, "any = ['    ']"), 7, "of blanks alone", "few records"),
        broken(with(7, "any = [\"fan\\bstop\"]"), 7, "control character", "'…'"),
        broken(with(7, "any = []"), 7, "it is empty", "add a text"),
        broken(
            with(8, "pattern = '^Fan: (?P<fan>\\w+: fan'"),
            8,
            "at column 7: unclosed group",
            "close the group",
        ),
        broken(with(8, "pattern = 'fan(?! has)(?P<fan>x)'"), 8, "look-around", "`unless`"),
        broken(with(8, "pattern = '(?P<fan>\\pL+)'"), 8, "at column 9", "no Unicode classes"),
        broken(with(8, "pattern = '(?P<fan>fan)^x'"), 8, "can match nothing", "(?m)"),
        broken(with(8, "pattern = \"^Fan: (?P<fan>\\w+)\""), 8, "no TOML", "'''…'''"),
        broken(
            with(6, "about = 'x'\nunless = '(?:planned)?'"),
            7,
            "`unless` matches every message",
            "leave it out",
        ),
        broken(with(9, "say.en = 'Fan {fon} stopped'"), 9, "no field 'fon'", "the rule's own fields are fan"),
        broken(with(10, ""), 9, "`say.ja` is missing", "English and in Japanese"),
        broken(
            with(10, "say.ja = 'ファン {fan が停止しました'"),
            10,
            "`say.ja` is wrong",
            "a field is {name}",
        ),
        broken(with(3, ""), 1, "`kind` is missing", "add kind = "),
        broken(with(4, ""), 1, "`severity` is missing", "'info', 'warning'"),
        broken(with(2, "id = 17"), 2, "`id` is an integer", "a text"),
        broken(with(2, "id = 'my fan'"), 2, "'my fan' is no id", "mine.some-name"),
        broken(with(2, ""), 1, "`id` is missing", "that no other rule has"),
        broken(with(2, "id = 'mine.fan'\nid = 'other'"), 3, "duplicate key", "stands once"),
        broken(with(2, "id = mine.fan"), 2, "no TOML", "texts stand in quotes"),
        broken(with(6, "about = 'A fan"), 6, "no TOML", "the same quotes"),
        broken(with(7, "any = 'fan has stopped']"), 7, "no TOML", "lists in brackets"),
        broken(with(1, "[rule]"), 1, "`rule` is no list", "[[rule]]"),
        broken(with(1, "[[rules]]"), 1, "no `rules` in a rule file", "did you mean 'rule'?"),
        broken(
            with(13, "field = { fan = 'left' }"),
            13,
            "no field `field` in hit.0",
            "did you mean 'fields'?",
        ),
        broken(with(13, "unless = 'x'"), 13, "no field `unless` in hit.0", "move `unless` up"),
        broken(with(12, ""), 11, "`hit.0.log` is missing", "the whole line"),
        broken(with(2, "id = 'cmmds.node-left'"), 2, "the id is also used in vsan.toml:", "another id"),
    ]
}

#[test]
fn every_broken_file_is_told_with_its_line_and_what_to_change() {
    assert!(faults(folder_of(&[("mine.toml", RIGHT.as_bytes())]).path()).is_empty());
    for Broken { text, line, says, hint } in all_broken() {
        let folder = folder_of(&[("mine.toml", text.as_bytes())]);
        let told = faults(folder.path());
        let path = folder.path().join("mine.toml").display().to_string();
        let found = told.iter().find(|fault| fault.text.contains(says));
        let fault = found.unwrap_or_else(|| panic!("'{says}' is not told of\n{text}\nbut {told:#?}"));
        assert_eq!((fault.path.as_str(), fault.line), (path.as_str(), Some(line)), "{fault}\n{text}");
        assert!(fault.hint.contains(hint), "{fault}\n{}", fault.hint);
        assert_eq!(told.len(), 1, "one thing is wrong:\n{text}\n{told:#?}");
    }
}

#[test]
fn what_is_wrong_with_a_folder_is_told() {
    let check = |folder: &Path, line: Option<usize>, says: &str, hint: &str| {
        let told = faults(folder);
        let [fault] = told.as_slice() else { panic!("{told:#?}") };
        assert!(fault.text.contains(says) && fault.hint.contains(hint), "{fault} {}", fault.hint);
        assert_eq!(fault.line, line);
    };
    let folder = folder_of(&[("mine.tml", RIGHT.as_bytes())]);
    check(folder.path(), None, "holds no rule file, among 1 entries", "end in .toml");
    check(&folder.path().join("no-such"), None, "cannot be read", "check the path");
    check(&folder.path().join("mine.tml"), None, "is a file", "give the folder");
    let latin = [RIGHT.split("say.en").next().expect("text").as_bytes(), b"# caf\xe9\n"].concat();
    check(folder_of(&[("mine.toml", &latin)]).path(), Some(9), "not written in UTF-8", "as UTF-8");
    check(folder_of(&[("mine.toml", b"# nothing\n")]).path(), None, "holds no rule", "[[rule]]");
    let folder = folder_of(&[]);
    fs::create_dir(folder.path().join("own.toml")).expect("made");
    check(folder.path(), None, "the file cannot be read", "it is a folder");
    fs::rename(folder.path().join("own.toml"), folder.path().join("own")).expect("renamed");
    check(folder.path(), None, "holds no rule file", "folders in the folder are not looked into");
}

#[test]
fn all_wrong_rules_of_all_files_are_told_at_once_and_before_a_bundle_is_read() {
    let two = with(4, "severity = 'warn'") + &with(2, "id = 'mine.other'").replace("'^Fan", "'(^Fan");
    let folder = TempDir::new().expect("a temporary folder");
    let rules = folder.path().join("own");
    fs::create_dir(&rules).expect("made");
    fs::write(rules.join("a.toml"), two).expect("written");
    fs::write(rules.join("b.toml"), with(5, "logs = ['vmkernal']")).expect("written");
    let output = esxray(["analyze", "--rules", "own", "no-such-bundle"], folder.path());
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.starts_with("error: rule files are wrong in 3 places\n"), "{stderr}");
    for part in
        ["own/a.toml:4: rule mine.fan: ", "own/a.toml:23: rule mine.other: ", "own/b.toml:5: rule mine.fan: "]
    {
        assert!(stderr.contains(part), "{part}\n{stderr}");
    }
    assert_eq!(stderr.matches("\nhint: ").count(), 3, "{stderr}");
    let marked = "    (^Fan: (?P<fan>\\w+): fan has stopped\n    ^\n";
    assert!(stderr.contains(marked), "{stderr}");
    assert!(!stderr.contains("no-such-bundle"), "{stderr}");
}

#[test]
fn samples_that_are_not_told_apart_say_why() {
    let check = |text: String, line: usize, says: &str, hint: &str| {
        let folder = folder_of(&[("mine.toml", text.as_bytes())]);
        let rules = RuleSet::load(&[folder.path()]).expect("it can be loaded");
        let found = rules.check(false);
        let wrong = found.iter().find(|found| found.fault.text.contains(says));
        let wrong = wrong.unwrap_or_else(|| panic!("'{says}' is not told:\n{text}\n{found:#?}"));
        assert_eq!((wrong.weight, wrong.fault.line), (Weight::Wrong, Some(line)), "{}", wrong.fault);
        assert!(wrong.fault.hint.contains(hint), "{}", wrong.fault.hint);
    };
    check(with(7, "any = ['Fan has stopped']"), 12, "none of `any` stands in it", "other capitals");
    check(with(7, "any = ['no such text']"), 12, "none of `any` stands in it", "as it is");
    check(
        with(8, "pattern = '(?P<fan>fan) died'"),
        12,
        "`pattern` does not match its message",
        "behind the header",
    );
    check(
        with(8, "pattern = '^2026-01-31T.*(?P<fan>fan)'"),
        12,
        "`pattern` does not match",
        "the header is no part",
    );
    check(with(8, "pattern = '^2026-01-31T.*(?P<fan>fan)'"), 8, "where the message begins", "begin behind");
    check(with(6, "about = 'x'\nunless = 'left'"), 13, "`unless` excludes it by \"left\"", "narrower");
    check(with(13, "fields = { fan = 'right' }"), 13, "gives fan = \"left\", not \"right\"", "sign by sign");
    check(with(13, "fields = { fun = 'left' }"), 13, "gives no fun", "(?P<fun>…)");
    check(
        with(8, "pattern = '(?P<fan>fan) has'"),
        15,
        "sees a record in vmkernel that it must not",
        "narrower",
    );
    check(
        RIGHT.split("[[rule.miss]]").next().expect("text").to_owned(),
        1,
        "there is no miss",
        "[[rule.miss]]",
    );
}

#[test]
fn what_could_be_better_is_a_warning_or_a_note() {
    let check = |text: String, weight: Weight, line: usize, says: &str| {
        let folder = folder_of(&[("mine.toml", text.as_bytes())]);
        let rules = RuleSet::load(&[folder.path()]).expect("it can be loaded");
        let found = rules.check(false);
        let told = found.iter().find(|found| found.fault.text.contains(says));
        let told = told.unwrap_or_else(|| panic!("'{says}' is not told:\n{text}\n{found:#?}"));
        assert_eq!((told.weight, told.fault.line), (weight, Some(line)), "{}", told.fault);
        assert!(!told.fault.hint.is_empty());
        assert!(found.iter().all(|found| found.weight != Weight::Wrong), "{found:#?}");
    };
    let folder = folder_of(&[("mine.toml", RIGHT.as_bytes())]);
    assert!(RuleSet::load(&[folder.path()]).expect("right").check(false).is_empty());
    check(with(7, "any = ['fan ha']"), Weight::Warning, 7, "has 6 bytes: too short to step over");
    check(with(7, "any = ['fan ha']"), Weight::Warning, 7, "the search of vmkernel takes");
    check(with(7, "any = ['fan has s']"), Weight::Note, 7, "every fourth byte");
    let both = "any = ['fan has stopped', 'the fan has stopped']";
    check(with(7, both), Weight::Warning, 7, "\"the fan has stopped\" never matters");
    check(
        with(7, "any = ['fan has stopped', 'fan has failed']"),
        Weight::Note,
        7,
        "no hit holds the literal",
    );
    let two = "pattern = '^Fan: (?P<fan>\\w+): fan has (?:stopped|failed)'";
    check(
        with(8, two),
        Weight::Note,
        8,
        "no hit exercises this alternative of `pattern`: fan has failed".split(" fan").next().expect("text"),
    );
    let known = "pattern = '^Fan: (?P<fan>left): fan has (?:stopped|failed)'";
    check(with(8, known), Weight::Warning, 8, "no literal of `any` stands in what this alternative");
    let any_case = "pattern = '(?i)^fan: (?P<fan>\\w+): fan has stopped'";
    check(with(8, any_case), Weight::Note, 7, "`pattern` takes any capitals");
    check(
        with(5, "logs = ['hostd']"),
        Weight::Warning,
        12,
        "is a line of vmkernel, and the rule reads hostd",
    );
    let twice = RIGHT.to_owned() + &RIGHT.replace("mine.fan", "mine.fan2");
    check(twice, Weight::Warning, 12, "the rule mine.fan2 (host.crash) sees this hit too");
}

#[test]
fn what_is_wrong_ends_with_two_and_what_could_be_better_with_nothing() {
    let folder = folder_of(&[("mine.toml", with(7, "any = ['fan ha']").as_bytes())]);
    let output = esxray(["rules", "test", "."], folder.path());
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{stdout}");
    assert!(stdout.starts_with("warning: ./mine.toml:7: rule mine.fan: the literal \"fan ha\""), "{stdout}");
    assert!(stdout.trim_end().ends_with("near misses: all right"), "{stdout}");
    let text = with(13, "fields = { fan = 'right' }").replace("no fan", "fan");
    fs::write(folder.path().join("mine.toml"), text).expect("written");
    let output = esxray(["rules", "test", "."], folder.path());
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("mine.toml:13: ") && stderr.contains("mine.toml:15: "), "{stderr}");
    let output = esxray(["rules", "test", "--all"], folder.path());
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_rule_says_what_it_found_in_bundles_or_why_nothing() {
    let (folder, _) = incident();
    let rules = folder.path().join("own");
    fs::create_dir(&rules).expect("made");
    let rule = |id: &str, logs: &str, any: &str, more: &str| {
        format!(
            "[[rule]]\nid='{id}'\nkind='service.hang'\nseverity='info'\nlogs=['{logs}']\nabout='a'\nany=['{any}']\n{more}\n"
        )
    };
    let mine = [
        rule("mine.fires", "hostd", "logged in as", ""),
        rule("mine.unmatched", "hostd", "logged in as", "pattern='^no such beginning'"),
        rule("mine.excluded", "hostd", "logged in as", "unless='logged'"),
        rule("mine.absent", "hostd", "no such text in any log", ""),
        rule("mine.elsewhere", "osfsd", "logged in as", ""),
    ];
    fs::write(rules.join("mine.toml"), mine.concat()).expect("written");
    let show = |id: &str| {
        let output = esxray(["rules", "show", id, "in", "--rules", "own"], folder.path());
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{id}: {stderr}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let check = |id: &str, parts: &[&str]| {
        let told = show(id);
        parts.iter().for_each(|part| assert!(told.contains(part), "{part} is missing for {id}:\n{told}"));
    };
    check("mine.fires", &["  fired ", "  first ", "var/run/log/hostd", "esx01"]);
    check(
        "mine.unmatched",
        &[
            "did not fire",
            "of which the pattern does not match the message; the first:",
            "its message: ",
            "logged in as",
        ],
    );
    check("mine.excluded", &["did not fire", "and `unless` excludes; the first:"]);
    check(
        "mine.absent",
        &["did not fire", "none of its literals stands in its logs:\n    hostd: ", " records, 20"],
    );
    check("mine.elsewhere", &["none of its logs is in the bundle: it reads osfsd; the bundle has ", "hostd"]);
    check("vpxd.migration-refused-cpu", &["  fired ", "did not fire"]);
    // A log without any time: its records are no events, and that is said.
    let log = folder.path().join("bare/var/run/log/hostd.log");
    fs::create_dir_all(log.parent().expect("a folder")).expect("made");
    fs::write(&log, "User root logged in as agent\n").expect("written");
    let output = esxray(["rules", "show", "mine.fires", "bare", "--rules", "own"], folder.path());
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("did not fire") && told.contains("without any time stamp"), "{told}");
    let output = esxray(["rules", "show", "mine.firs", "--rules", "own"], folder.path());
    assert!(String::from_utf8_lossy(&output.stderr).contains("hint: ids that are alike: mine.fires"));
}

/// The text about the format.
const TEXT: &str = include_str!("../src/rule/README.md");

/// The blocks of `TEXT` in the language `lang`.
fn blocks(lang: &str) -> Vec<&'static str> {
    let open = format!("```{lang}\n");
    TEXT.split(&open).skip(1).map(|rest| rest.split("```").next().expect("closed")).collect()
}

#[test]
fn the_rule_that_the_text_goes_through_works_as_it_says() {
    let [rule] = blocks("toml")[..] else { panic!("one rule is gone through") };
    let line = blocks("text")[0];
    assert!(rule.contains(line.trim_end()), "the line of step 1 is the rule's hit");
    assert!(line.ends_with(blocks("text")[1]), "the message of step 3 is the end of that line");
    let folder = TempDir::new().expect("a temporary folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    write("rules/mine.toml", rule);
    write(
        "esx01/var/run/log/syslog.log",
        &format!("2026-01-31T02:00:07Z acme-backupd[2101421]: job 4711: started\n{line}"),
    );
    write("esx01/var/run/log/vmkernel.log", "");
    let run = |args: &[&str]| {
        let output = esxray(args, folder.path());
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let consoles = blocks("console");
    let tested = run(&["rules", "test", "rules"]);
    assert_eq!(tested.lines().count(), 1, "nothing is left to be told: {tested}");
    let told =
        |output: &str| output.lines().next().and_then(|line| line.split(": ").nth(1)).map(str::to_owned);
    assert_eq!(told(&tested), told(consoles[0].split_once('\n').expect("a command and what it prints").1));
    let printed = consoles[1].lines().nth(1).expect("a row of the timeline");
    let timeline = run(&["timeline", "--rules", "rules", "--kind", "service.hang", "esx01"]);
    assert!(timeline.lines().any(|row| row == printed), "{printed} is not in\n{timeline}");
    let shown = run(&["rules", "show", "mine.backup-timeout", "--rules", "rules", "esx01"]);
    assert!(shown.contains("  fired once") && shown.contains("syslog.log:2 "), "{shown}");
    run(&["analyze", "--rules", "rules", "esx01"]);
    let report = fs::read_to_string(folder.path().join("esxray-report/report.json")).expect("written");
    assert!(report.contains("gave up the snapshot of db-01 after 900 s"));
}

#[test]
fn the_error_that_the_text_shows_is_what_is_told() {
    let folder = TempDir::new().expect("a temporary folder");
    fs::create_dir(folder.path().join("rules")).expect("made");
    let wrong = blocks("toml")[0].replace("logs = [\"syslog\"]", "logs = [\"sylog\"]");
    fs::write(folder.path().join("rules/mine.toml"), wrong).expect("written");
    let output = esxray(["rules", "test", "rules"], folder.path());
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let shown = *blocks("text").last().expect("an error");
    let shown = shown.trim_end().trim_end_matches('…');
    assert!(stderr.starts_with(shown), "{stderr}\n{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_file_holds_it_is_told_with_a_line_of_it(
        cuts in prop::collection::vec((0usize..2_000, 0usize..12, "[\\[\\]{}='\"\\\\a-z(|)^$.\n あ]{0,6}"), 1..4),
    ) {
        let mut text = RIGHT.to_owned() + RIGHT;
        for (at, size, put) in cuts {
            let signs: Vec<char> = text.chars().collect();
            let at = at % signs.len();
            let end = signs.len().min(at + size);
            text = signs[..at].iter().chain(&put.chars().collect::<Vec<_>>()).chain(&signs[end..]).collect();
        }
        let lines = text.lines().count().max(1);
        let told = match RuleSet::parse("mine.toml", &text) {
            Ok(rules) => rules.check(false).into_iter().map(|found| found.fault).collect(),
            Err(error) => error.faults,
        };
        for fault in told {
            prop_assert!(!fault.hint.is_empty(), "{}", fault);
            let in_file = fault.line.is_none_or(|line| (1..=lines).contains(&line));
            prop_assert!(in_file, "{}:\n{}", fault, text);
        }
    }
}
