//! What a column is: its name, how it is read from a report, and with that its type. What is stated cannot differ from what is
//! written, as both come from here.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::Timestamp;
use crate::report::model::Report;

/// A row that is to be: an item of a report, and the case that it is of.
pub struct Of<'a, T> {
    /// Id of the case.
    pub case_id: &'a str,
    /// The report on the case.
    pub report: &'a Report,
    /// What the row is about.
    pub item: &'a T,
}

/// One column of a table whose rows are about a `T`.
pub struct Column<T: 'static> {
    /// Its name, in no need of quotes in SQL.
    pub name: &'static str,
    /// What it holds and in which unit, one sentence.
    pub about: &'static str,
    /// How its value is read.
    pub read: Read<T>,
}

/// How a value is read; which says its type, and whether it may be unknown.
pub enum Read<T: 'static> {
    /// A text.
    Text(for<'a> fn(&Of<'a, T>) -> Cow<'a, str>),
    /// A text that may be unknown.
    MaybeText(for<'a> fn(&Of<'a, T>) -> Option<Cow<'a, str>>),
    /// Texts, in order.
    Texts(for<'a> fn(&Of<'a, T>) -> Vec<Cow<'a, str>>),
    /// Texts that may be unknown as a whole.
    MaybeTexts(for<'a> fn(&Of<'a, T>) -> Option<Vec<Cow<'a, str>>>),
    /// Names and what they stand for, ordered by name.
    Map(for<'a> fn(&Of<'a, T>) -> &'a BTreeMap<String, String>),
    /// A whole number.
    Int(fn(&Of<'_, T>) -> u64),
    /// A whole number that may be unknown or below zero.
    MaybeInt(fn(&Of<'_, T>) -> Option<i64>),
    /// Whole numbers, in order.
    Ints(fn(&Of<'_, T>) -> Vec<u64>),
    /// A number with a fraction.
    Real(fn(&Of<'_, T>) -> f64),
    /// A number with a fraction that may be unknown.
    MaybeReal(fn(&Of<'_, T>) -> Option<f64>),
    /// Yes or no.
    Bool(fn(&Of<'_, T>) -> bool),
    /// A time.
    Time(fn(&Of<'_, T>) -> Timestamp),
    /// A time that may be unknown.
    MaybeTime(fn(&Of<'_, T>) -> Option<Timestamp>),
}

/// The type of a column's values.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// A list of texts.
    Texts,
    /// Texts by name.
    Map,
    /// 64 bits with a sign.
    Int,
    /// A list of whole numbers.
    Ints,
    /// 64 bits with a fraction.
    Real,
    /// Yes or no.
    Bool,
    /// Microseconds since the epoch, UTC.
    Time,
}

impl<T> Read<T> {
    /// The type of what is read.
    pub const fn kind(&self) -> Kind {
        match self {
            Read::Text(_) | Read::MaybeText(_) => Kind::Text,
            Read::Texts(_) | Read::MaybeTexts(_) => Kind::Texts,
            Read::Map(_) => Kind::Map,
            Read::Int(_) | Read::MaybeInt(_) => Kind::Int,
            Read::Ints(_) => Kind::Ints,
            Read::Real(_) | Read::MaybeReal(_) => Kind::Real,
            Read::Bool(_) => Kind::Bool,
            Read::Time(_) | Read::MaybeTime(_) => Kind::Time,
        }
    }

    /// Whether it may be unknown, which is NULL.
    pub const fn is_nullable(&self) -> bool {
        matches!(
            self,
            Read::MaybeText(_)
                | Read::MaybeTexts(_)
                | Read::MaybeInt(_)
                | Read::MaybeReal(_)
                | Read::MaybeTime(_)
        )
    }
}

/// A column as it is stated: what a reader of the file must know.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Whether it may be NULL.
    pub is_nullable: bool,
    /// What it holds.
    pub about: &'static str,
}

impl<T> Column<T> {
    /// A column called `name`.
    pub(super) const fn new(name: &'static str, read: Read<T>, about: &'static str) -> Self {
        Column { name, about, read }
    }

    /// The case, which every table begins with.
    pub(super) const fn case() -> Self {
        let read: Read<T> = Read::Text(|of| of.case_id.into());
        Column::new("case_id", read, "The case.")
    }

    /// The column as it is stated.
    pub const fn stated(&self) -> Stated {
        let (kind, is_nullable) = (self.read.kind(), self.read.is_nullable());
        Stated { name: self.name, kind, is_nullable, about: self.about }
    }
}

/// A text that may be unknown, for a column.
pub(super) fn maybe(text: &Option<String>) -> Option<Cow<'_, str>> {
    text.as_deref().map(Cow::from)
}

/// Texts for a column.
pub(super) fn list(texts: &[String]) -> Vec<Cow<'_, str>> {
    texts.iter().map(|text| text.as_str().into()).collect()
}

/// A number for a column: what is too large for it is as large as can be.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What `value` is called in `report.json`, for an enum that stands there as one word.
pub(super) fn named(value: &impl Serialize) -> Cow<'static, str> {
    let name = serde_json::to_value(value).ok();
    name.as_ref().and_then(|name| name.as_str()).unwrap_or_default().to_owned().into()
}
