//! An expression of a rule, compiled when it is first asked: most of those in force meet no record of a case, and to compile
//! them all takes longer than to read a small bundle.

use std::ops::Deref;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};

/// Bytes that a compiled expression may take.
const SIZE: usize = 4 << 20;

/// An expression on bytes, without Unicode.
pub(crate) struct Expression {
    text: String,
    compiled: OnceLock<Regex>,
}

impl Expression {
    /// An expression that is known to be right: that of a built-in rule, which tests hold.
    pub(super) fn known(text: &str) -> Self {
        Expression { text: text.to_owned(), compiled: OnceLock::new() }
    }

    /// An expression that a user wrote.
    ///
    /// # Errors
    /// Fails where it is wrong or too large.
    pub(super) fn checked(text: &str) -> Result<Self, String> {
        let wrong = |error| format!("the expression {text} is wrong: {error}");
        Ok(Expression { text: text.to_owned(), compiled: OnceLock::from(compile(text).map_err(wrong)?) })
    }
}

impl Deref for Expression {
    type Target = Regex;

    fn deref(&self) -> &Regex {
        self.compiled.get_or_init(|| {
            compile(&self.text).expect("an expression is compiled late only where a test has compiled it")
        })
    }
}

fn compile(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).unicode(false).size_limit(SIZE).build()
}
