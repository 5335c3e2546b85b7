//! The fields of a rule file as a list: what a wrong file is held against, to say all that is wrong with it.
//!
//! A right file is read by `serde` alone; a test holds both to be the same.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::near::{meant, nearest};
use crate::model::{EventKind, Severity};
use crate::rule::fault::Wrong;

/// What the value of a field is.
enum Shape {
    Text,
    Flag,
    Texts,
    Map,
    Table(&'static [Field]),
    Tables(&'static [Field]),
}

impl Shape {
    /// What it is called, with an example.
    fn told(&self) -> &'static str {
        match self {
            Shape::Text => "a text, such as 'abc'",
            Shape::Flag => "true or false",
            Shape::Texts => "a list of texts, such as ['abc', 'def']",
            Shape::Map => "a table of texts, such as { name = 'abc' }",
            Shape::Table(_) => "a table of fields",
            Shape::Tables(_) => "a list of tables, such as [[rule.hit]]",
        }
    }
}

/// A field of a rule.
pub(super) struct Field {
    name: &'static str,
    shape: Shape,
    /// Where a rule must have it: what to write.
    needed: Option<&'static str>,
}

const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, needed: None }
}

const fn needed(name: &'static str, shape: Shape, hint: &'static str) -> Field {
    Field { name, shape, needed: Some(hint) }
}

const BOTH: &str = "a sentence is written in English and in Japanese: say.en = '…' and say.ja = '…'; who has one language writes it in both";
const LINE: &str = "add log = '…': the whole line of the log, with its time stamp";

static SAY: &[Field] = &[needed("en", Shape::Text, BOTH), needed("ja", Shape::Text, BOTH)];
static HIT: &[Field] = &[needed("log", Shape::Text, LINE), field("fields", Shape::Map)];
static MISS: &[Field] = &[needed("log", Shape::Text, LINE)];
static REFERENCE: &[Field] = &[
    needed("title", Shape::Text, "add title = '…': what the document is called"),
    field("url", Shape::Text),
];

/// The fields of a rule.
pub(super) static RULE: &[Field] = &[
    needed("id", Shape::Text, "add id = 'mine.some-name': a name that no other rule has"),
    field("kind", Shape::Text),
    needed("severity", Shape::Text, "add severity = 'info', 'warning', 'error' or 'critical'"),
    needed("logs", Shape::Texts, "add logs = ['hostd']: the log families that it reads"),
    needed("about", Shape::Text, "add about = '…': one sentence on what the rule sees"),
    field("say", Shape::Table(SAY)),
    field("witness", Shape::Flag),
    field("source", Shape::Text),
    field("remedy", Shape::Table(SAY)),
    field("references", Shape::Tables(REFERENCE)),
    field("no_reference", Shape::Text),
    needed(
        "any",
        Shape::Texts,
        "add any = ['…']: texts, one of which stands in every record that the rule is to see",
    ),
    field("pattern", Shape::Text),
    field("unless", Shape::Text),
    field("extract", Shape::Texts),
    field("collect", Shape::Texts),
    field("hit", Shape::Tables(HIT)),
    field("miss", Shape::Tables(MISS)),
];

/// All fields, with those in tables: `say.en`.
#[cfg(test)]
pub(super) fn names() -> Vec<String> {
    let inner = |field: &Field| match field.shape {
        Shape::Table(fields) | Shape::Tables(fields) => fields,
        _ => &[],
    };
    let all = |field: &'static Field| {
        let own = inner(field).iter().map(|below| format!("{}.{}", field.name, below.name));
        std::iter::once(field.name.to_owned()).chain(own)
    };
    RULE.iter().flat_map(all).collect()
}

/// What is wrong with one rule's table.
pub(super) fn check_rule(rule: &DeValue<'_>) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let Some(table) = rule.as_table() else {
        wrong.push(Wrong::new(
            "",
            "a rule is a table",
            "a rule begins with a line [[rule]], its fields stand below it",
        ));
        return wrong;
    };
    check_table(table, RULE, "", &mut wrong);
    let text = |name: &str| super::places::entry(table, name).and_then(|(_, value)| value.get_ref().as_str());
    if let Some(kind) = text("kind").filter(|kind| kind.parse::<EventKind>().is_err()) {
        wrong.push(unknown_kind(kind));
    }
    if let Some(severity) = text("severity") {
        let known =
            [Severity::Info, Severity::Warning, Severity::Error, Severity::Critical].map(Severity::name);
        if !known.contains(&severity) {
            let near = meant(&nearest(severity, known, 1));
            let hint = format!("{near}the severities are {}", known.join(", "));
            wrong.push(Wrong::new("severity", format!("there is no severity '{severity}'"), hint));
        }
    }
    wrong
}

/// There is no event kind `kind`.
fn unknown_kind(kind: &str) -> Wrong {
    let all = EventKind::ALL.iter().map(|kind| kind.name());
    let mut near = nearest(kind, all.clone(), 3);
    if near.is_empty() {
        let first = kind.split('.').next().unwrap_or("");
        near = all.clone().filter(|one| one.split('.').next() == Some(first)).take(3).collect();
    }
    let hint = format!("{}the kinds are {}", meant(&near), all.collect::<Vec<_>>().join(", "));
    Wrong::new("kind", format!("there is no event kind '{kind}'"), hint)
}

fn check_table(table: &DeTable<'_>, fields: &'static [Field], path: &str, wrong: &mut Vec<Wrong>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    // A field whose name is misspelt is not missing too.
    let mut meant_ones = Vec::new();
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        match fields.iter().find(|field| field.name == name) {
            Some(field) => check_value(value, &field.shape, &below(name), wrong),
            None => {
                meant_ones.extend(nearest(name, fields.iter().map(|field| field.name), 1));
                wrong.push(unknown_field(name, fields, path, below(name)));
            }
        }
    }
    for (field, hint) in fields.iter().filter_map(|field| Some((field, field.needed?))) {
        if super::places::entry(table, field.name).is_none() && !meant_ones.contains(&field.name) {
            wrong.push(Wrong::new(path, format!("`{}` is missing", below(field.name)), hint));
        }
    }
}

/// There is no field `name` in the table `path`.
fn unknown_field(name: &str, fields: &'static [Field], path: &str, place: String) -> Wrong {
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    let near = meant(&nearest(name, names.iter().copied(), 1));
    let of = if path.is_empty() { "a rule" } else { path };
    // What is written behind `[[rule.hit]]` belongs to the sample.
    let stray = !path.is_empty() && RULE.iter().any(|field| field.name == name);
    let hint = if stray {
        format!("the fields of a rule stand before its [[rule.hit]] and [[rule.miss]]: move `{name}` up")
    } else {
        format!("{near}the fields of {of} are {}", names.join(", "))
    };
    Wrong::new(place, format!("there is no field `{name}` in {of}"), hint)
}

fn check_value(value: &Spanned<DeValue<'_>>, shape: &Shape, path: &str, wrong: &mut Vec<Wrong>) {
    let value = value.get_ref();
    let each = |check: &mut dyn FnMut(&Spanned<DeValue<'_>>, String)| {
        let array = value.as_array().map_or(&[][..], |array| &array[..]);
        array.iter().enumerate().for_each(|(at, one)| check(one, format!("{path}.{at}")));
    };
    let is_right = match shape {
        Shape::Text => value.is_str(),
        Shape::Flag => value.is_bool(),
        Shape::Texts | Shape::Tables(_) => value.is_array(),
        Shape::Table(_) | Shape::Map => value.is_table(),
    };
    if !is_right {
        let hint = match shape {
            Shape::Texts if value.is_str() => format!("write it as a list: {path} = ['…']"),
            Shape::Tables(_) if value.is_table() => format!("write it in two brackets: [[rule.{path}]]"),
            _ => format!("`{path}` is {}", shape.told()),
        };
        let is = value.type_str();
        let article = if is.starts_with(['a', 'i']) { "an" } else { "a" };
        wrong.push(Wrong::new(path, format!("`{path}` is {article} {is}"), hint));
        return;
    }
    match shape {
        Shape::Texts => each(&mut |one, path| check_value(one, &Shape::Text, &path, wrong)),
        Shape::Tables(fields) => each(&mut |one, path| match one.get_ref().as_table() {
            Some(table) => check_table(table, fields, &path, wrong),
            None => check_value(one, &Shape::Table(fields), &path, wrong),
        }),
        Shape::Table(fields) => {
            value.as_table().into_iter().for_each(|table| check_table(table, fields, path, wrong));
        }
        Shape::Map => {
            for (key, one) in value.as_table().into_iter().flatten() {
                check_value(one, &Shape::Text, &format!("{path}.{}", key.get_ref()), wrong);
            }
        }
        Shape::Text | Shape::Flag => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::FORMATS;
    use crate::rule::{Rule, say};

    #[test]
    fn the_text_about_the_format_has_all_of_it() {
        let text = include_str!("../README.md");
        let added = say::ADDED.iter().map(|(name, _)| (*name).to_owned());
        let kinds = EventKind::ALL.iter().map(|kind| kind.name().to_owned());
        let families = FORMATS.iter().map(|format| format.name.to_owned());
        let all = names().into_iter().chain(added).chain(kinds).chain(families);
        let missing: Vec<String> = all.filter(|name| !text.contains(&format!("`{name}`"))).collect();
        assert!(missing.is_empty(), "src/rule/README.md does not name {}", missing.join(", "));
    }

    #[test]
    fn the_list_has_the_fields_that_are_read() {
        let refused = toml::from_str::<Rule>("no_such_field = 1").expect_err("refused").to_string();
        let expected = refused.split("expected one of ").nth(1).expect("the fields").trim_end();
        let read: Vec<&str> = expected.split(", ").map(|name| name.trim_matches('`')).collect();
        let listed: Vec<&str> = RULE.iter().map(|field| field.name).collect();
        assert_eq!(read, listed);
    }
}
