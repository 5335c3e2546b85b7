//! Where the fields of a wrong rule stand. Right files are never read this way.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The document of one rule file.
pub(in crate::rule) struct Places<'t> {
    text: &'t str,
    pub(super) document: Option<Spanned<DeTable<'t>>>,
}

impl<'t> Places<'t> {
    pub(in crate::rule) fn new(text: &'t str) -> Self {
        Places { text, document: DeTable::parse(text).ok() }
    }

    /// The line, from 1, at the byte `at`.
    pub(super) fn line_at(&self, at: usize) -> usize {
        // What is missed at the end of the file is missed in its last line.
        let text = self.text.trim_end_matches(['\n', '\r']);
        1 + text.as_bytes()[..at.min(text.len())].iter().filter(|&&byte| byte == b'\n').count()
    }

    /// The rules as they are written.
    pub(super) fn rules(&self) -> &[Spanned<DeValue<'t>>] {
        let table = self.document.as_ref().map(Spanned::get_ref);
        let rules =
            table.and_then(|table| entry(table, "rule")).and_then(|(_, value)| value.get_ref().as_array());
        rules.map_or(&[], |array| &array[..])
    }

    /// The line of `field` of the rule `index`; of what stands around it where it is not there.
    pub(in crate::rule) fn line_of(&self, index: usize, field: &str) -> Option<usize> {
        let rule = self.rules().get(index)?;
        let (mut at, mut value) = (rule.span().start, rule.get_ref());
        for step in field.split('.').filter(|step| !step.is_empty()) {
            let inner = match value {
                DeValue::Table(table) => entry(table, step),
                DeValue::Array(array) => {
                    step.parse::<usize>().ok().and_then(|at| array.get(at)).map(|one| (one.span().start, one))
                }
                _ => None,
            };
            let Some((begin, next)) = inner else { break };
            (at, value) = (begin, next.get_ref());
        }
        Some(self.line_at(at))
    }
}

/// Where the key `name` stands in `table`, and its value.
pub(super) fn entry<'a, 't>(table: &'a DeTable<'t>, name: &str) -> Option<(usize, &'a Spanned<DeValue<'t>>)> {
    let found = table.iter().find(|(key, _)| key.get_ref() == name)?;
    Some((found.0.span().start, found.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_where_it_stands() {
        let text = "# mine\n[[rule]]\nid = 'a'\n\n[[rule]]\nid = 'b'\nsay.en = 'x'\nany = [\n  'abc',\n  'def',\n]\n[[rule.hit]]\nlog = '''\nx'''\n";
        let places = Places::new(text);
        let check = |index, field, expected| assert_eq!(places.line_of(index, field), expected, "{field}");
        check(0, "", Some(2));
        check(1, "", Some(5));
        check(1, "id", Some(6));
        check(1, "say.en", Some(7));
        check(1, "any", Some(8));
        check(1, "any.1", Some(10));
        check(1, "hit.0.log", Some(13));
        check(1, "severity", Some(5));
        check(1, "hit.0.fields.x", Some(12));
        check(2, "", None);
    }
}
