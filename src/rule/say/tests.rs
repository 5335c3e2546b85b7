use std::collections::BTreeMap;

use super::*;
use crate::rule::{RuleSet, scan};

fn sentence(text: &str) -> Result<Sentence, String> {
    let say = Say { en: text.to_owned(), ja: text.to_owned() };
    Sentence::new(&say, |name| ["a", "b", "features", "status", "took"].contains(&name))
}

fn filled_in(lang: Lang, text: &str, fields: &[(&str, &str)]) -> Option<String> {
    let fields: BTreeMap<&str, &str> = fields.iter().copied().collect();
    let lookup = |name: &str| fields.get(name).map(|value| Cow::Borrowed(*value));
    sentence(text).unwrap_or_else(|wrong| panic!("{text}: {wrong}")).fill(lang, &lookup)
}

#[track_caller]
fn check(text: &str, fields: &[(&str, &str)], expected: &str) {
    assert_eq!(filled_in(Lang::En, text, fields).as_deref(), Some(expected), "{text}");
}

#[test]
fn values_alternatives_and_stretches() {
    check("x {a}", &[("a", "1")], "x 1");
    check("x {a|b}", &[("b", "2")], "x 2");
    check("x {a|b}", &[("a", " "), ("b", "2")], "x 2");
    check("x[ from {a}][ to {b}]", &[("b", "2")], "x to 2");
    check("x[ from {a} to {b}]", &[("a", "1")], "x");
    for (fields, told) in [
        (&[("a", "1"), ("b", "2")][..], "x from 1 to 2"),
        (&[("a", "1")], "x of 1"),
        (&[("b", "2")], "x to 2"),
        (&[], "x"),
    ] {
        check("x[ from {a} to {b}| of {a}| to {b}]", fields, told);
    }
    check(r"x \[\{{a}\}\] \\", &[("a", "1")], r"x [{1}] \");
    check("x: {a}", &[("a", "It did not work.")], "x: It did not work");
    assert_eq!(filled_in(Lang::En, "x {a}", &[]), None, "a field that must be known is not");
}

#[test]
fn what_a_bundle_says_stays_on_one_line_and_short() {
    check("x {a}", &[("a", "1\r\n\t2\u{1b}[31m \u{0}3")], "x 1 2 [31m 3");
    check("x {a}", &[("a", "{b} [c]")], "x {b} [c]");
    let long = filled_in(Lang::En, "x {a}", &[("a", &"あ".repeat(400))]).expect("filled");
    assert_eq!(long, format!("x {}…", "あ".repeat(SHOWN_VALUE)));
}

#[test]
fn forms_write_lists_durations_statuses_and_last_words() {
    let lists = [
        ("p", "p", "p"),
        ("p,q", "p and q", "p、q"),
        ("p, q,,r", "p, q and r", "p、q、r"),
        ("p,q,r,s,t", "p, q, r, s and t", "p、q、r、s、t"),
        ("p,q,r,s,t,u", "p, q, r, s and 2 more", "p、q、r、s、ほか 2 件"),
    ];
    for (value, en, ja) in lists {
        check("x {features:list}", &[("features", value)], &format!("x {en}"));
        let told = filled_in(Lang::Ja, "x {features:list}", &[("features", value)]);
        assert_eq!(told, Some(format!("x {ja}")));
    }
    for (value, told) in
        [("950", "950 µs"), ("48211", "48 ms"), ("1210000", "1.2 s"), ("97000000", "97 s"), ("soon", "soon")]
    {
        check("x {took:us}", &[("took", value)], &format!("x {told}"));
    }
    check("x {took:ms}", &[("took", "1500")], "x 1.5 s");
    let told = filled_in(Lang::Ja, "x {took:ms}", &[("took", "61012")]);
    assert_eq!(told.as_deref(), Some("x 61 秒"));
    check("x {took:ms}", &[("took", "99999999999999999999")], "x 99999999999999999999");
    check("x {status:vmk}", &[("status", "bad0021")], "x Timeout (0xbad0021)");
    check("x {status:code}", &[("status", "195887137")], "x 0xbad0021");
    check("x {status:vmk|a}", &[("status", "0x77")], "x 0x77");
    for (lang, value, told) in [
        (Lang::En, "S", "source"),
        (Lang::En, "Dest", "destination"),
        (Lang::Ja, "Source", "移行元"),
        (Lang::Ja, "D", "移行先"),
    ] {
        assert_eq!(filled_in(lang, "x {a:side}", &[("a", value)]), Some(format!("x {told}")));
    }
    let told = filled_in(Lang::Ja, "x {status:vmk}", &[("status", "0xbad0021")]);
    assert_eq!(told.as_deref(), Some("x Timeout（0xbad0021）"));
    check("x {a:last}", &[("a", "vim.fault.NoCompatibleHost")], "x NoCompatibleHost");
}

#[test]
fn wrong_templates_are_refused_with_what_is_wrong() {
    let check = |text: &str, expected: &str| {
        let wrong = sentence(text).err().unwrap_or_else(|| panic!("accepted: {text}"));
        assert!(wrong.starts_with("`say.en` is wrong") && wrong.contains(expected), "{text}: {wrong}");
    };
    check("x {a", "`{` has no `}`");
    check("x a}", "`}` has no `{`");
    check("x [{a}", "`[` has no `]`");
    check("x {a}]", "`]` has no `[`");
    check("x [y [{a}]]", "inside of");
    check("x {}", "no name");
    check("x {a|}", "no name");
    check("x {c}", "no field 'c'");
    check("x {a:sum}", "no form 'sum'");
    check("x [y]", "has no field");
    check("x [{a}|y]", "has no field");
    check("x \\n", "must stand before");
    check("[{a} x]", "outside of");
    check("{a}", "outside of");
    check("", "outside of");
}

/// The fields of an event as the timeline would name them, at least.
fn least(fields: &BTreeMap<String, String>, name: &str) -> Option<String> {
    let added = match name {
        "here" => Some("esx1".to_owned()),
        "log" => Some("hostd".to_owned()),
        _ => None,
    };
    fields.get(name).cloned().or(added)
}

/// What a template itself says without values, with `all` its stretches or none.
fn own_words(parts: &[Part], all: bool, out: &mut String) {
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            // These are words of the language.
            Part::Value(choices) if [Form::Side, Form::Software].contains(&choices[0].1) => out.push('側'),
            Part::Value(_) => out.push('0'),
            Part::Stretch(choices) if all => own_words(&choices[0], all, out),
            Part::Stretch(_) => {}
        }
    }
}

#[test]
fn every_built_in_rule_tells_its_samples_in_both_languages() {
    let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
    let mut wrong = Vec::new();
    for (rule, _) in rules.iter().filter(|(rule, _)| !rule.witness) {
        let Some(sentence) = rules.sentence(&rule.id) else {
            wrong.push(format!("{} has no sentence", rule.id));
            continue;
        };
        for hit in &rule.hit {
            let events = scan::events_of(&rules, &rule.logs[0], hit.log.as_bytes());
            let event = events.iter().find(|event| event.rule == rule.id).expect("a rule sees its samples");
            for lang in [Lang::En, Lang::Ja] {
                let lookup = |name: &str| least(&event.fields, name).map(Cow::Owned);
                let told = sentence.fill(lang, &lookup);
                wrong.extend(
                    faults(told.as_deref(), &event.text)
                        .map(|what| format!("{}: {what}: {told:?}\n   of {}", rule.id, event.text)),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with a sentence about `message`.
fn faults(told: Option<&str>, message: &str) -> Option<&'static str> {
    let Some(told) = told else { return Some("it needs a field that a sample does not give") };
    let has_braces = told.contains(['{', '}', '|']);
    let message = message.lines().next().unwrap_or(message);
    [
        (has_braces, "a brace is left over"),
        (told.contains('\n') || told.contains("  ") || told.trim() != told, "a blank too many"),
        (told.ends_with(['.', '。', ':', '：', ',', '、']), "it ends in a sign"),
        (message.len() > 20 && told.contains(message), "it repeats the record"),
        (
            told.contains("()") || told.contains("（）") || told.contains("：：") || told.contains(": :"),
            "it has a hole",
        ),
    ]
    .into_iter()
    .find(|fault| fault.0)
    .map(|fault| fault.1)
}

#[test]
fn sentences_keep_to_one_way_of_writing() {
    let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
    let mut wrong = Vec::new();
    for (rule, _) in rules.iter() {
        let Some(sentence) = rules.sentence(&rule.id) else { continue };
        for all in [true, false] {
            let (mut en, mut ja) = (String::new(), String::new());
            own_words(&sentence.en.0, all, &mut en);
            own_words(&sentence.ja.0, all, &mut ja);
            if !en.replace('側', "source").is_ascii() || en.contains("  ") {
                wrong.push(format!("{}: signs or blanks in English: {en}", rule.id));
            }
            wrong.extend(faults_of_japanese(ja.trim()).map(|what| format!("{}: {what}: {ja}", rule.id)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_japanese(sign: char) -> bool {
    matches!(sign, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')
}

/// Punctuation is of full width; letters and digits are of half width, with a blank between them and Japanese words.
fn faults_of_japanese(text: &str) -> Option<&'static str> {
    let signs: Vec<char> = text.chars().collect();
    let joined = signs.windows(2).any(|pair| {
        (is_japanese(pair[0]) && pair[1].is_ascii_alphanumeric())
            || (pair[0].is_ascii_alphanumeric() && is_japanese(pair[1]))
    });
    let is_katakana = |sign: char| matches!(sign, '\u{30a0}'..='\u{30ff}');
    // VMware writes blanks between the parts of a compound in katakana only.
    let apart = signs.windows(3).any(|three| {
        three[1] == ' '
            && is_japanese(three[0])
            && is_japanese(three[2])
            && !(is_katakana(three[0]) && is_katakana(three[2]))
    });
    [
        (text.contains(['(', ')', ':', ',', ';', '"', '\'', '?', '!']), "punctuation of half width"),
        (
            text.chars().any(|sign| matches!(sign, '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ')),
            "letters of full width",
        ),
        (text.contains("  "), "two blanks"),
        (apart, "a blank between Japanese words"),
        (joined, "no blank between a value and a Japanese word"),
        (
            ["（ ", " ）", " （", "） ", "： ", " ：", "、 ", " 、"].iter().any(|pair| text.contains(pair)),
            "a blank beside punctuation of full width",
        ),
        (!text.chars().any(is_japanese), "no Japanese"),
    ]
    .into_iter()
    .find(|fault| fault.0)
    .map(|fault| fault.1)
}

#[test]
fn the_text_about_the_format_has_every_form() {
    let text = include_str!("../README.md");
    for (name, _) in Form::NAMES {
        let is_named = ["`", "}"].iter().any(|end| text.contains(&format!(":{name}{end}")));
        assert!(is_named, "src/rule/README.md does not name the form {name}");
    }
}
