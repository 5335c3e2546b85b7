//! The expressions of rules: a wrong one is refused when its rule is read, a right one is compiled when a record first needs
//! it.
//!
//! Most expressions of a large set meet no record of a bundle, and compiling one costs more than all else about its rule.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Bytes that a compiled expression may take.
const SIZE: usize = 4 << 20;
/// Bytes that a part of an expression may take at most: a byte, a range, a look or a group, counted as often as it is
/// repeated. It is some dozens in truth.
const OF_PART: usize = 256;
/// Parts up to which an expression is known to stay below [`SIZE`] without being compiled.
const SURE: usize = SIZE / OF_PART;
/// Parts of a range of Unicode's, whose characters are sequences of bytes.
const OF_RANGE: usize = 64;

/// An expression of a rule.
pub(crate) struct Expression {
    text: String,
    /// The letters that every match begins with, in whatever case.
    first_word: Option<String>,
    /// Its named groups, in the order in which they open, each with its number.
    groups: Vec<(String, usize)>,
    compiled: OnceLock<Regex>,
}

impl Expression {
    /// The expression `text`.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        let parsed = ParserBuilder::new().unicode(false).utf8(false).build().parse(text);
        let compiled = OnceLock::new();
        let first_word = parsed.as_ref().ok().and_then(first_word);
        let groups = match parsed {
            Ok(hir) if parts(&hir).is_some_and(|parts| parts <= SURE) => {
                let mut groups = Vec::new();
                named(&hir, &mut groups);
                groups
            }
            // Whether it is too large is not told without trying, nor what is said of a wrong one.
            _ => {
                let regex =
                    compile(text).map_err(|error| format!("the expression {text} is wrong: {error}"))?;
                let names = regex.capture_names().enumerate();
                let groups = names.filter_map(|(number, name)| Some((name?.to_owned(), number))).collect();
                compiled.get_or_init(|| regex);
                groups
            }
        };
        Ok(Expression { text: text.to_owned(), first_word, groups, compiled })
    }

    /// Its named groups, each with its number.
    pub fn groups(&self) -> &[(String, usize)] {
        &self.groups
    }

    /// The letters, in lower case, that every match begins with in whatever case; `None` where that is not certain.
    pub fn first_word(&self) -> Option<&str> {
        self.first_word.as_deref()
    }

    /// The expression, ready to match.
    pub fn regex(&self) -> &Regex {
        self.compiled
            .get_or_init(|| compile(&self.text).expect("an expression this small that was parsed compiles"))
    }
}

fn compile(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).unicode(false).size_limit(SIZE).build()
}

/// The letters that every match of `hir` begins with, where each may be of either case.
fn first_word(hir: &Hir) -> Option<String> {
    let HirKind::Concat(subs) = hir.kind() else { return None };
    let word: String = subs.iter().map_while(either_case).collect();
    (!word.is_empty()).then_some(word)
}

/// The letter, in lower case, that `hir` takes in both cases and nothing else.
fn either_case(hir: &Hir) -> Option<char> {
    let HirKind::Class(Class::Bytes(class)) = hir.kind() else { return None };
    let [upper, lower] = class.ranges() else { return None };
    let (one, other) = (upper.start(), lower.start());
    let is_pair = upper.len() == 1 && lower.len() == 1 && one.is_ascii_uppercase();
    (is_pair && one.to_ascii_lowercase() == other).then_some(char::from(other))
}

/// The parts of an expression; `None` where there are too many to count.
fn parts(hir: &Hir) -> Option<usize> {
    let all = |subs: &[Hir]| subs.iter().try_fold(1_usize, |sum, sub| sum.checked_add(parts(sub)?));
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(1),
        HirKind::Literal(literal) => Some(literal.0.len()),
        HirKind::Class(Class::Bytes(class)) => Some(1 + class.ranges().len()),
        HirKind::Class(Class::Unicode(class)) => Some(1 + OF_RANGE * class.ranges().len()),
        HirKind::Repetition(repeated) => {
            let times = repeated.max.unwrap_or(repeated.min).max(1) as usize;
            parts(&repeated.sub)?.checked_mul(times)?.checked_add(times)
        }
        HirKind::Capture(capture) => parts(&capture.sub)?.checked_add(2),
        HirKind::Concat(subs) | HirKind::Alternation(subs) => all(subs),
    }
}

/// Adds the named groups of `hir`.
fn named(hir: &Hir, groups: &mut Vec<(String, usize)>) {
    match hir.kind() {
        HirKind::Repetition(repeated) => named(&repeated.sub, groups),
        HirKind::Capture(capture) => {
            groups.extend(capture.name.as_ref().map(|name| (name.to_string(), capture.index as usize)));
            named(&capture.sub, groups);
        }
        HirKind::Concat(subs) | HirKind::Alternation(subs) => subs.iter().for_each(|sub| named(sub, groups)),
        HirKind::Empty | HirKind::Look(_) | HirKind::Literal(_) | HirKind::Class(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::RuleSet;

    fn names_of(expression: &Expression) -> Vec<&str> {
        expression.groups().iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn what_is_refused_is_what_the_compiler_refuses_in_its_words() {
        for text in
            ["(", "a{2", r"\pL", "(?P<n>a)(?P<n>b)", "(?:x{900}){900}", "(?u)\\w{3000}", "[z-a]", r"\b{x}"]
        {
            let told = Expression::new(text).err();
            let expected =
                compile(text).err().map(|error| format!("the expression {text} is wrong: {error}"));
            assert_eq!(told, expected, "{text}");
        }
        assert!(Expression::new("(?:x{900}){900}").is_err() && Expression::new("(").is_err());
    }

    #[test]
    fn an_expression_is_compiled_when_it_is_needed_and_has_the_groups_of_the_compiler() {
        for text in [r"a(b)(?P<x>c)|(?<y2>d(?P<z>e))", "(?P<n>x{0})y", "(?:(?P<n>a)){0}b", "plain"] {
            let expression = Expression::new(text).expect("right");
            assert!(expression.compiled.get().is_none());
            let names = compile(text).expect("right");
            let names: Vec<&str> = names.capture_names().flatten().collect();
            assert_eq!(names_of(&expression), names, "{text}");
            assert_eq!(expression.regex().capture_names().flatten().count(), names.len());
        }
    }

    #[test]
    fn the_word_that_every_match_begins_with_is_known_where_it_is_certain() {
        let check = |text: &str, expected: Option<&str>| {
            let expression = Expression::new(text).expect("right");
            assert_eq!(expression.first_word(), expected, "{text}");
        };
        check("(?i)CMMDS[^\n]*?x", Some("cmmds"));
        check("(?i)ab(?:c|d)", Some("ab"));
        check("CMMDS[^\n]*?x", None);
        check("(?i)ab|cd+", None);
        check("(?i)(?:ab)?c+", None);
        check("(?i)^ab+", None);
        check("[Aa][bB][cD]d*", Some("ab"));
        check("[Aa][Bb]?c*", Some("a"));
    }

    #[track_caller]
    fn stays_small(text: &str) {
        let hir = ParserBuilder::new().unicode(false).utf8(false).build().parse(text).expect("right");
        let limit = OF_PART * parts(&hir).expect("few enough").max(16);
        let built = RegexBuilder::new(text).unicode(false).size_limit(limit).build();
        assert!(built.is_ok(), "{text} takes more than {limit} bytes");
    }

    #[test]
    fn an_expression_takes_no_more_than_is_reckoned_for_its_parts() {
        let of_all =
            ["(?u)[^a]{40}", "(?i)[a-z0-9]{3,90}x*", "(a|bc|[^x]){7}(?:(?:a?){9}b){5,}", "(?u)[ぁ-ん一-龠]+"];
        of_all.into_iter().for_each(stays_small);
    }

    #[test]
    fn the_built_in_expressions_wait_and_all_compile() {
        let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
        for compiled in &rules.rules {
            let own = compiled.pattern.iter().chain(&compiled.unless).chain(&compiled.extract);
            for expression in own.chain(&compiled.collect) {
                assert!(expression.compiled.get().is_none(), "{}", expression.text);
                let names: Vec<&str> = expression.regex().capture_names().flatten().collect();
                assert_eq!(names_of(expression), names);
                stays_small(&expression.text);
            }
        }
    }
}
