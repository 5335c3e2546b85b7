//! The sentence of each event, in the report's language: the template of its rule with what the event and the case know.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::case::{self, Case, End, Migration, Moment};
use crate::digest;
use crate::model::Lang;
use crate::rule::RuleSet;
use crate::rule::say::{Made, Sentence};

/// The sentences of events that the program itself finds.
const MADE: [&[Made]; 2] = [digest::MADE, case::MADE];

/// Tells the events of a case.
pub(super) struct Teller<'c> {
    case: &'c Case,
    lang: Lang,
    /// By rule id.
    sentences: BTreeMap<&'c str, Cow<'c, Sentence>>,
    /// The migration of each moment of the timeline: an index into the case's migrations.
    migrations: Vec<Option<usize>>,
}

impl<'c> Teller<'c> {
    /// Tells the events of `case` in `lang`, as `rules` and the program itself say.
    pub fn new(case: &'c Case, rules: &'c RuleSet, lang: Lang) -> Teller<'c> {
        let made = MADE.into_iter().flatten().filter_map(|made| Some((made.rule, made.sentence().ok()?)));
        let mut sentences: BTreeMap<&str, Cow<Sentence>> =
            made.map(|(rule, sentence)| (rule, Cow::Owned(sentence))).collect();
        sentences.extend(rules.sentences().map(|(rule, sentence)| (rule, Cow::Borrowed(sentence))));
        let mut migrations = vec![None; case.timeline.len()];
        for (index, migration) in case.migrations.iter().enumerate() {
            for &at in &migration.moments {
                if let Some(of) = migrations.get_mut(at) {
                    *of = Some(index);
                }
            }
        }
        Teller { case, lang, sentences, migrations }
    }

    /// The sentence of the moment at `at` of the timeline; the first line of its message where its rule says none, or one
    /// that needs what is not known.
    pub fn tell(&self, at: usize, moment: &Moment) -> String {
        let migration = self.migrations.get(at).copied().flatten().map(|index| &self.case.migrations[index]);
        let field = |name: &str| self.field(name, moment, migration);
        let sentence = self.sentences.get(moment.event.rule.as_str());
        let told = sentence.and_then(|sentence| sentence.fill(self.lang, &field));
        told.unwrap_or_else(|| {
            let first = moment.event.text.lines().map(str::trim).find(|line| !line.is_empty());
            first.unwrap_or_default().to_owned()
        })
    }

    /// What the event knows of itself, else what other records tell of the migration that it is of.
    fn field<'a>(
        &'a self,
        name: &str,
        moment: &'a Moment,
        migration: Option<&'a Migration>,
    ) -> Option<Cow<'a, str>> {
        let host = |index: usize| self.case.hosts.get(index).map(|host| host.id.as_str());
        let end = |index: Option<usize>, end: &'a End| index.and_then(host).or(end.name.as_deref());
        let own = moment.field(name).filter(|value| !value.trim().is_empty());
        let known = own.or_else(|| match name {
            "here" => host(moment.host),
            "log" => case::log_of(moment.event.source.file.as_str()),
            "vm" => migration?.vm.as_deref(),
            "origin" => migration.and_then(|known| end(known.source, &known.from)),
            "target" => migration.and_then(|known| end(known.destination, &known.to)),
            _ => None,
        });
        known.map(Cow::Borrowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Event, EventKind, MemberPath, Severity, Source, TimeQuality, Timestamp};

    fn moment(rule: &str, fields: &[(&str, &str)], text: &str) -> Moment {
        let event = Event {
            stamp: None,
            kind: EventKind::VMOTION_FAIL,
            severity: Severity::Error,
            rule: rule.to_owned(),
            text: text.to_owned(),
            raw: text.to_owned(),
            fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            source: Source { file: MemberPath::new("a"), line: 1, offset: 0 },
        };
        Moment { time: Timestamp::from_seconds(0), quality: TimeQuality::Exact, host: 0, event }
    }

    fn case(timeline: Vec<Moment>, migrations: Vec<Migration>) -> Case {
        let host = |id: &str| {
            let mut host = case::Host::default();
            host.id = id.to_owned();
            host
        };
        Case { hosts: vec![host("esx1"), host("esx2")], timeline, migrations, ..Case::default() }
    }

    #[track_caller]
    fn check(case: &Case, lang: Lang, expected: &[&str]) {
        let rules = RuleSet::load::<&str>(&[]).expect("the built-in rules");
        let teller = Teller::new(case, &rules, lang);
        let told: Vec<String> =
            case.timeline.iter().enumerate().map(|(at, moment)| teller.tell(at, moment)).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_record_with_an_id_alone_is_told_with_the_names_of_its_migration() {
        let fields = [("mid", "7"), ("side", "S"), ("reason", "Timeout"), ("status", "0xbad0021")];
        let timeline = vec![
            moment("vmkernel.migration-failed", &fields, "raw"),
            moment("vmkernel.migration-failed", &fields, "raw"),
        ];
        let migration = Migration {
            vm: Some("web01".to_owned()),
            source: Some(0),
            to: End { name: Some("esx9".to_owned()), address: None },
            moments: vec![0],
            ..Migration::default()
        };
        let case = case(timeline, vec![migration]);
        let en = [
            "vMotion of web01 from esx1 to esx9 had an error on the source: Timeout (0xbad0021)",
            "vMotion had an error on the source: Timeout (0xbad0021)",
        ];
        check(&case, Lang::En, &en);
        let ja = [
            "web01 の esx1 から esx9 への vMotion で移行元にエラーが発生しました：Timeout（0xbad0021）",
            "vMotion で移行元にエラーが発生しました：Timeout（0xbad0021）",
        ];
        check(&case, Lang::Ja, &ja);
    }

    #[test]
    fn what_has_no_sentence_is_told_by_the_first_line_of_its_message() {
        let timeline = vec![
            moment("mine.rule", &[("node", "x")], "\n  what the record says\nand more"),
            moment("cmmds.node-left", &[], "a field is missing"),
        ];
        check(&case(timeline, Vec::new()), Lang::Ja, &["what the record says", "a field is missing"]);
    }

    #[test]
    fn events_that_the_program_finds_have_sentences() {
        let rules: Vec<&str> = MADE.into_iter().flatten().map(|made| made.rule).collect();
        assert_eq!(rules, [digest::STEP_RULE, digest::BOOT_RULE, "state.evc-masks", "state.vm-powered-on"]);
        for made in MADE.into_iter().flatten() {
            let sentence = made.sentence().unwrap_or_else(|wrong| panic!("{}: {wrong}", made.rule));
            for lang in [Lang::En, Lang::Ja] {
                let told = sentence.fill(lang, &|name| Some(Cow::Owned(format!("<{name}>"))));
                assert!(told.expect("all is known").contains("<here>"), "{}", made.rule);
            }
        }
    }
}
