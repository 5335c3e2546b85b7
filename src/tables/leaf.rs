//! Values that wait for their row group: a leaf is what Parquet writes as one run of values, with the levels that say where
//! lists and NULLs are.

use std::borrow::Cow;

use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::writer::SerializedColumnWriter;

use super::column::{Kind, Of, Read, Stated, int};

/// Bytes that an entry takes up with its levels.
const ENTRY: usize = 12;
/// Bytes that a text takes up beside its own.
const TEXT: usize = size_of::<ByteArray>();

/// What a leaf holds.
enum Values {
    Text(Vec<ByteArray>),
    Int(Vec<i64>),
    Real(Vec<f64>),
    Bool(Vec<bool>),
}

/// One leaf of the schema.
pub(super) struct Leaf {
    values: Values,
    /// How much of the path to each value is there; none where it always is.
    definition: Option<Vec<i16>>,
    /// Whether each value goes on with a list, or begins one; none where there is no list.
    repetition: Option<Vec<i16>>,
}

/// The leaves of a column: a map has two, keys and values.
pub(super) fn leaves(column: &Stated) -> Vec<Leaf> {
    let values = match column.kind {
        Kind::Text | Kind::Texts => vec![Values::Text(Vec::new())],
        Kind::Map => vec![Values::Text(Vec::new()), Values::Text(Vec::new())],
        Kind::Int | Kind::Ints | Kind::Time => vec![Values::Int(Vec::new())],
        Kind::Real => vec![Values::Real(Vec::new())],
        Kind::Bool => vec![Values::Bool(Vec::new())],
    };
    let is_list = matches!(column.kind, Kind::Texts | Kind::Ints | Kind::Map);
    let leaf = |values| Leaf {
        values,
        definition: (is_list || column.is_nullable).then(Vec::new),
        repetition: is_list.then(Vec::new),
    };
    values.into_iter().map(leaf).collect()
}

/// One value of a leaf.
enum Value {
    Text(ByteArray),
    Int(i64),
    Real(f64),
    Bool(bool),
}

/// Adds the value that `read` finds in `of` to the leaves of its column; gives the bytes that wait for it.
pub(super) fn add<T>(read: &Read<T>, of: &Of<'_, T>, leaves: &mut [Leaf]) -> usize {
    let Some((leaf, rest)) = leaves.split_first_mut() else { return 0 };
    match read {
        Read::Text(read) => leaf.one(Some(text(read(of)))),
        Read::MaybeText(read) => leaf.one(read(of).map(text)),
        Read::Texts(read) => leaf.list(0, Some(texts(read(of)))),
        Read::MaybeTexts(read) => leaf.list(1, read(of).map(texts)),
        Read::Map(read) => {
            let (keys, values): (Vec<_>, Vec<_>) =
                read(of).iter().map(|(key, value)| (text(key.into()), text(value.into()))).unzip();
            leaf.list(0, Some(keys)) + rest.first_mut().map_or(0, |leaf| leaf.list(0, Some(values)))
        }
        Read::Int(read) => leaf.one(Some(Value::Int(int(read(of))))),
        Read::MaybeInt(read) => leaf.one(read(of).map(Value::Int)),
        Read::Ints(read) => {
            leaf.list(0, Some(read(of).into_iter().map(|number| Value::Int(int(number))).collect()))
        }
        Read::Real(read) => leaf.one(Some(Value::Real(read(of)))),
        Read::MaybeReal(read) => leaf.one(read(of).map(Value::Real)),
        Read::Bool(read) => leaf.one(Some(Value::Bool(read(of)))),
        Read::Time(read) => leaf.one(Some(Value::Int(read(of).micros()))),
        Read::MaybeTime(read) => leaf.one(read(of).map(|time| Value::Int(time.micros()))),
    }
}

fn text(text: Cow<'_, str>) -> Value {
    Value::Text(text.into_owned().into_bytes().into())
}

fn texts(all: Vec<Cow<'_, str>>) -> Vec<Value> {
    all.into_iter().map(text).collect()
}

impl Leaf {
    fn one(&mut self, value: Option<Value>) -> usize {
        if let Some(levels) = &mut self.definition {
            levels.push(value.is_some().into());
        }
        value.map_or(ENTRY, |value| self.push(value))
    }

    /// A list; `base` is 1 where it may be NULL: the level on which it is there and empty.
    fn list(&mut self, base: i16, values: Option<Vec<Value>>) -> usize {
        let is_there = values.is_some();
        let values = values.unwrap_or_default();
        if values.is_empty() {
            self.level(if is_there { base } else { 0 }, 0);
            return ENTRY;
        }
        let mut bytes = 0;
        for (at, value) in values.into_iter().enumerate() {
            self.level(base + 1, (at > 0).into());
            bytes += self.push(value);
        }
        bytes
    }

    fn level(&mut self, definition: i16, repetition: i16) {
        self.definition.iter_mut().for_each(|levels| levels.push(definition));
        self.repetition.iter_mut().for_each(|levels| levels.push(repetition));
    }

    fn push(&mut self, value: Value) -> usize {
        let text = if let Value::Text(text) = &value { TEXT + text.len() } else { 0 };
        match (&mut self.values, value) {
            (Values::Text(values), Value::Text(value)) => values.push(value),
            (Values::Int(values), Value::Int(value)) => values.push(value),
            (Values::Real(values), Value::Real(value)) => values.push(value),
            (Values::Bool(values), Value::Bool(value)) => values.push(value),
            // Both come from the kind of what is read.
            _ => debug_assert!(false, "a value of another type than its column's"),
        }
        ENTRY + text
    }

    /// Writes what waits, and is empty then.
    pub(super) fn write(&mut self, column: &mut SerializedColumnWriter<'_>) -> parquet::errors::Result<()> {
        let (definition, repetition) = (self.definition.as_deref(), self.repetition.as_deref());
        match &self.values {
            Values::Text(values) => {
                column.typed::<ByteArrayType>().write_batch(values, definition, repetition)?
            }
            Values::Int(values) => column.typed::<Int64Type>().write_batch(values, definition, repetition)?,
            Values::Real(values) => {
                column.typed::<DoubleType>().write_batch(values, definition, repetition)?
            }
            Values::Bool(values) => column.typed::<BoolType>().write_batch(values, definition, repetition)?,
        };
        self.clear();
        Ok(())
    }

    fn clear(&mut self) {
        match &mut self.values {
            Values::Text(values) => values.clear(),
            Values::Int(values) => values.clear(),
            Values::Real(values) => values.clear(),
            Values::Bool(values) => values.clear(),
        }
        self.definition.iter_mut().for_each(Vec::clear);
        self.repetition.iter_mut().for_each(Vec::clear);
    }
}
