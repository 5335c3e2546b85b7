//! How an event is told: templates of one sentence in two languages, filled with the fields of the event.
//!
//! `{field}` stands for a field's value, `{node_host|node}` for the first that is known. A stretch in `[…]` is left out
//! where a field in it is not known; of `[ from {origin}| to {target}]` the first is taken whose fields are known. `\`
//! before `{`, `}`, `[`, `]`, `|` or itself makes it plain text. There is nothing else: no conditions and no code. A form
//! behind a colon says how a value is written, see [`Form`].
//!
//! A value comes from a bundle: it is put on one line and cut. It is not escaped here, that is done where it is written.

use std::borrow::Cow;
use std::fmt::Write;

use super::Say;
use crate::fact::vmk_status;
use crate::model::Lang;

/// Fields that an event may have whatever its rule reads, with what each is.
pub const ADDED: &[(&str, &str)] = &[
    ("here", "the host in whose bundle the record stands"),
    ("log", "the log that it stands in: `hostd`"),
    ("vm", "the name of the VM that a record is about"),
    ("vm_ref", "its moref"),
    ("vmx", "its path, where the record's header names it"),
    ("host_name", "the host that a record is about"),
    ("origin", "the host that a VM leaves"),
    ("target", "the host that a VM is to go to, or hosts"),
    ("node", "a vSAN node's UUID"),
    ("node_host", "the host that is this node"),
    ("src", "the address that a VM leaves"),
    ("dst", "the address that it goes to"),
    ("mid", "a migration's id, in decimal"),
    ("side", "`S` or `D`: the side of a migration that tells"),
    ("opid", "an operation's id"),
    ("op_root", "the id that it begins with"),
    ("user", "who asked for it, as an event's column says"),
    ("event_type", "the type of an event of vCenter"),
    ("event_time", "when vCenter says that it was"),
    ("relayed_host", "the machine whose record a relay kept"),
    ("repeated", "how often the record was repeated"),
];

/// Characters of a value that a sentence shows.
const SHOWN_VALUE: usize = 120;
/// Members of a list that a sentence names.
const NAMED: usize = 4;

/// How a value is written.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Form {
    /// `{field}`: as it is.
    Plain,
    /// `{field:list}`: values joined by commas, as `a, b and c`.
    List,
    /// `{field:last}`: behind its last dot, `NoCompatibleHost` of `vim.fault.NoCompatibleHost`.
    Last,
    /// `{field:us}`: microseconds, as `48 ms` or `1.2 s`.
    Micros,
    /// `{field:ms}`: milliseconds, as `210 ms` or `1.2 s`.
    Millis,
    /// `{field:vmk}`: a status of the VMkernel with its meaning, `Timeout (0xbad0021)`.
    Status,
    /// `{field:side}`: `S` and `Source` as `source`, `D` and `Dest` as `destination`.
    Side,
    /// `{field:product}`: the product as VMware calls it, `ESXi` of `VMware ESX`.
    Product,
    /// `{field:software}`: a clause of what was done to a host's software, `An image profile was updated` of
    /// `profile.update`.
    Software,
    /// `{field:colour}`: the colour of a health test, `green` as `緑`.
    Colour,
    /// `{field:code}`: a status of the VMkernel as its code alone, `0xbad0021`.
    Code,
}

impl Form {
    const NAMES: [(&'static str, Form); 10] = [
        ("list", Form::List),
        ("last", Form::Last),
        ("us", Form::Micros),
        ("ms", Form::Millis),
        ("side", Form::Side),
        ("vmk", Form::Status),
        ("code", Form::Code),
        ("colour", Form::Colour),
        ("product", Form::Product),
        ("software", Form::Software),
    ];

    fn named(name: &str) -> Option<Form> {
        Form::NAMES.iter().find(|known| known.0 == name).map(|known| known.1)
    }

    fn write(self, value: &str, lang: Lang, out: &mut String) {
        match self {
            Form::Plain => plain(value, out),
            Form::List => list(value, lang, out),
            Form::Last => plain(value.rsplit('.').next().unwrap_or(value), out),
            Form::Micros => duration(value, 1, lang, out),
            Form::Millis => duration(value, 1_000, lang, out),
            Form::Status => match vmk_status::status(value) {
                Some(status) if lang == Lang::Ja => {
                    put(out, format_args!("{}（{:#x}）", status.text, status.code));
                }
                Some(status) => put(out, format_args!("{} ({:#x})", status.text, status.code)),
                None => plain(value, out),
            },
            Form::Side => side(value, lang, out),
            Form::Colour => plain(colour(value, lang), out),
            Form::Product => plain(product(value), out),
            Form::Software => software(value, lang, out),
            Form::Code => match vmk_status::status(value) {
                Some(status) => put(out, format_args!("{:#x}", status.code)),
                None => plain(value, out),
            },
        }
    }
}

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Text as it stands there.
    Text(String),
    /// The first field that is known, each with its form.
    Value(Vec<(String, Form)>),
    /// The first whose values are all known; left out where there is none.
    Stretch(Vec<Vec<Part>>),
}

/// A sentence in one language, ready to be filled.
#[derive(Clone, Debug)]
struct Template(Vec<Part>);

/// A sentence in both languages, ready to be filled.
#[derive(Clone, Debug)]
pub struct Sentence {
    en: Template,
    ja: Template,
}

/// The sentence of events that no rule file tells: the program itself finds them.
#[derive(Copy, Clone, Debug)]
pub struct Made {
    /// What stands as the rule in such an event.
    pub rule: &'static str,
    /// Its fields.
    pub fields: &'static [&'static str],
    /// English.
    pub en: &'static str,
    /// Japanese.
    pub ja: &'static str,
}

impl Made {
    /// The sentence, ready to be filled; what is wrong with it otherwise.
    ///
    /// # Errors
    /// Fails on a template that [`Sentence::new`] refuses.
    pub fn sentence(&self) -> Result<Sentence, String> {
        let say = Say { en: self.en.to_owned(), ja: self.ja.to_owned() };
        Sentence::new(&say, |name| self.fields.contains(&name))
    }
}

impl Sentence {
    /// The sentence that `say` states; `gives` tells whether the rule reads a field.
    ///
    /// # Errors
    /// Fails on a template that is not well formed, names a field that no such event can have, or says nothing where no
    /// field is known.
    pub fn new(say: &Say, gives: impl Fn(&str) -> bool) -> Result<Sentence, String> {
        let template = |lang: &str, text: &str| {
            Template::parse(text, &gives).map_err(|wrong| format!("`say.{lang}` is wrong: {wrong}"))
        };
        Ok(Sentence { en: template("en", &say.en)?, ja: template("ja", &say.ja)? })
    }

    /// The sentence in `lang` with the values that `field` knows; `None` where one outside of `[…]` is not known.
    pub fn fill<'a>(&self, lang: Lang, field: &dyn Fn(&str) -> Option<Cow<'a, str>>) -> Option<String> {
        let template = match lang {
            Lang::En => &self.en,
            Lang::Ja => &self.ja,
        };
        let mut out = String::with_capacity(96);
        write_all(&template.0, lang, field, &mut out)?;
        // A reason may bring the full stop that a row does not have.
        out.truncate(out.trim_end_matches(['.', '。', ' ']).len());
        let begin = out.len() - out.trim_start().len();
        out.drain(..begin);
        Some(out)
    }
}

fn write_all<'a>(
    parts: &[Part],
    lang: Lang,
    field: &dyn Fn(&str) -> Option<Cow<'a, str>>,
    out: &mut String,
) -> Option<()> {
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Value(choices) => {
                let known = |(name, form): &(String, Form)| {
                    field(name).filter(|value| !value.trim().is_empty()).map(|value| (value, *form))
                };
                let (value, form) = choices.iter().find_map(known)?;
                form.write(&value, lang, out);
            }
            Part::Stretch(choices) => {
                let before = out.len();
                let taken = choices.iter().any(|inner| {
                    out.truncate(before);
                    write_all(inner, lang, field, out).is_some()
                });
                if !taken {
                    out.truncate(before);
                }
            }
        }
    }
    Some(())
}

impl Template {
    fn parse(text: &str, gives: &dyn Fn(&str) -> bool) -> Result<Template, String> {
        let mut reader = Reader { rest: text, gives };
        let (parts, _) = reader.parts(false)?;
        let says = parts.iter().any(|part| match part {
            Part::Text(text) => !text.trim().is_empty(),
            _ => false,
        });
        if says {
            Ok(Template(parts))
        } else {
            Err("no text stands outside of `[…]`; it would say nothing where no field is known".to_owned())
        }
    }
}

/// What is left of a template.
struct Reader<'t> {
    rest: &'t str,
    gives: &'t dyn Fn(&str) -> bool,
}

impl Reader<'_> {
    /// The parts up to the end, or up to the `]` or `|` of a stretch, and that sign.
    fn parts(&mut self, in_stretch: bool) -> Result<(Vec<Part>, Option<char>), String> {
        let (mut parts, mut text) = (Vec::new(), String::new());
        let flush = |text: &mut String, parts: &mut Vec<Part>| {
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(text)));
            }
        };
        while let Some(sign) = self.next() {
            let part = match sign {
                '\\' => {
                    let plain = self.next().filter(|next| r"\{}[]|".contains(*next));
                    text.push(plain.ok_or(r"a `\` must stand before `{`, `}`, `[`, `]`, `|` or `\`")?);
                    continue;
                }
                '{' => self.value()?,
                '[' if in_stretch => return Err("a `[` stands inside of `[…]`".to_owned()),
                '[' => self.stretch()?,
                ']' | '|' if in_stretch => {
                    flush(&mut text, &mut parts);
                    return Ok((parts, Some(sign)));
                }
                ']' => return Err("a `]` has no `[`".to_owned()),
                '}' => return Err("a `}` has no `{`".to_owned()),
                other => {
                    text.push(other);
                    continue;
                }
            };
            flush(&mut text, &mut parts);
            parts.push(part);
        }
        if in_stretch {
            return Err("a `[` has no `]`".to_owned());
        }
        flush(&mut text, &mut parts);
        Ok((parts, None))
    }

    fn next(&mut self) -> Option<char> {
        let sign = self.rest.chars().next()?;
        self.rest = &self.rest[sign.len_utf8()..];
        Some(sign)
    }

    fn stretch(&mut self) -> Result<Part, String> {
        let mut choices = Vec::new();
        loop {
            let (inner, end) = self.parts(true)?;
            if !inner.iter().any(|part| matches!(part, Part::Value(_))) {
                return Err(
                    "a stretch in `[…]` has no field; what always stands there needs no brackets".to_owned()
                );
            }
            choices.push(inner);
            if end != Some('|') {
                return Ok(Part::Stretch(choices));
            }
        }
    }

    /// What follows a `{`, up to its `}`.
    fn value(&mut self) -> Result<Part, String> {
        let (inside, rest) = self.rest.split_once('}').ok_or("a `{` has no `}`")?;
        self.rest = rest;
        inside.split('|').map(|choice| self.choice(choice)).collect::<Result<_, _>>().map(Part::Value)
    }

    /// `field` or `field:form`
    fn choice(&self, text: &str) -> Result<(String, Form), String> {
        let (name, form) = text.split_once(':').map_or((text, None), |(name, form)| (name, Some(form)));
        if name.is_empty() {
            return Err("a field has no name".to_owned());
        }
        if !(self.gives)(name) && !ADDED.iter().any(|added| added.0 == name) {
            let added: Vec<&str> = ADDED.iter().map(|added| added.0).collect();
            return Err(format!(
                "the rule reads no field '{name}'; beside its own an event may have {}",
                added.join(", ")
            ));
        }
        let form = form.map_or(Ok(Form::Plain), |form| {
            let names = || Form::NAMES.map(|known| known.0).join(", ");
            Form::named(form).ok_or_else(|| format!("there is no form '{form}'; the forms are {}", names()))
        })?;
        Ok((name.to_owned(), form))
    }
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes everything");
}

/// A value on one line, without control characters, cut where it is long.
fn plain(value: &str, out: &mut String) {
    let (mut count, mut gap) = (0, false);
    for sign in value.trim().chars() {
        if sign.is_whitespace() || sign.is_control() {
            gap = true;
            continue;
        }
        if count >= SHOWN_VALUE {
            out.push('…');
            return;
        }
        if std::mem::take(&mut gap) {
            out.push(' ');
            count += 1;
        }
        out.push(sign);
        count += 1;
    }
}

/// `a, b and c`, or `a、b、c`; of a long list its beginning and how many more there are.
fn list(value: &str, lang: Lang, out: &mut String) {
    let all: Vec<&str> = value.split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
    let shown = if all.len() > NAMED + 1 { NAMED } else { all.len() };
    let more = all.len() - shown;
    for (at, one) in all[..shown].iter().enumerate() {
        let is_last = at + 1 == shown && more == 0;
        out.push_str(match (lang, at) {
            (_, 0) => "",
            (Lang::En, _) if is_last => " and ",
            (Lang::En, _) => ", ",
            (Lang::Ja, _) => "、",
        });
        plain(one, out);
    }
    match lang {
        _ if more == 0 => {}
        Lang::En => put(out, format_args!(" and {more} more")),
        Lang::Ja => put(out, format_args!("、ほか {more} 件")),
    }
}

/// The end of a migration that `value` names.
fn side(value: &str, lang: Lang, out: &mut String) {
    match (value.bytes().next().map(|first| first.to_ascii_lowercase()), lang) {
        (Some(b's'), Lang::En) => out.push_str("source"),
        (Some(b's'), Lang::Ja) => out.push_str("移行元"),
        (Some(b'd'), Lang::En) => out.push_str("destination"),
        (Some(b'd'), Lang::Ja) => out.push_str("移行先"),
        _ => plain(value, out),
    }
}

/// A colour of a vSAN health test.
fn colour(value: &str, lang: Lang) -> &str {
    let known =
        [("green", "緑"), ("yellow", "黄"), ("red", "赤"), ("unknown", "不明"), ("skipped", "スキップ")];
    let found = known.iter().find(|(name, _)| lang == Lang::Ja && value.trim().eq_ignore_ascii_case(name));
    found.map_or(value, |(_, name)| name)
}

/// The name that people know a product by.
fn product(value: &str) -> &str {
    match value.trim() {
        "VMware ESX" | "VMware ESXi" => "ESXi",
        "VMware VirtualCenter" | "VMware vCenter Server" => "vCenter",
        other => other,
    }
}

/// What was done to a host's software, by the id of the event: `profile.update`, `vib.remove.successful`, `install`.
fn software(value: &str, lang: Lang, out: &mut String) {
    let parts = [
        ("profile", "An image profile was", "イメージ プロファイルが"),
        ("vib", "VIBs were", "VIB が"),
        ("", "Software was", "ソフトウェアが"),
    ];
    let verbs = [
        ("install", "installed", "インストールされました"),
        ("update", "updated", "更新されました"),
        ("remove", "removed", "削除されました"),
        ("apply", "applied", "適用されました"),
        ("", "changed", "変更されました"),
    ];
    let part = parts.iter().find(|part| value.starts_with(part.0));
    let verb = verbs.iter().find(|verb| value.split('.').any(|word| word.starts_with(verb.0)));
    if let Some(((_, part_en, part_ja), (_, verb_en, verb_ja))) = part.zip(verb) {
        match lang {
            Lang::En => put(out, format_args!("{part_en} {verb_en}")),
            Lang::Ja => put(out, format_args!("{part_ja}{verb_ja}")),
        }
    }
}

/// A number of `unit` microseconds, as `950 µs`, `48 ms`, `1.2 s` or `97 s`.
fn duration(value: &str, unit: u64, lang: Lang, out: &mut String) {
    let seconds = if lang == Lang::Ja { "秒" } else { "s" };
    let micros = value.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    match micros {
        None => plain(value, out),
        Some(micros) if micros < 1_000 => put(out, format_args!("{micros} µs")),
        Some(micros) if micros < 1_000_000 => put(out, format_args!("{} ms", micros / 1_000)),
        Some(micros) if micros < 10_000_000 && micros % 1_000_000 >= 100_000 => {
            put(out, format_args!("{}.{} {seconds}", micros / 1_000_000, micros / 100_000 % 10));
        }
        Some(micros) => put(out, format_args!("{} {seconds}", micros / 1_000_000)),
    }
}

#[cfg(test)]
mod tests;
