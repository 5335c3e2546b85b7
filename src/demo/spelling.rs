//! The ways in which releases and tools write the same thing: keys, values and the object dump.

/// How a host's masks and its object dump are written.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Spelling {
    /// Keys of features.
    pub keys: KeySpelling,
    /// Values of masks and requirements.
    pub values: ValueSpelling,
    /// The object dump.
    pub dump: DumpSyntax,
}

/// How keys are written: releases differ, and one file can hold both.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum KeySpelling {
    /// `featMask.evc.cpuid.MDCLEAR`
    #[default]
    Documented,
    /// `featmask.evc.cpuid.mdclear`
    Lower,
    /// One so and the next otherwise.
    Mixed,
}

/// How values are written.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum ValueSpelling {
    /// `Val:1`, `Bool:Min:1`
    #[default]
    Plain,
    /// All forms in turn: `Val:0x1`, `Min:1`, `Max:0`, `Num:Min:0x1`.
    Varied,
}

/// Who printed the object dump.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum DumpSyntax {
    /// `key = 'cpuid.MDCLEAR'`
    #[default]
    PyVmomi,
    /// `key = "cpuid.MDCLEAR"`
    VimCmd,
}

impl DumpSyntax {
    /// The mark around strings.
    pub(crate) const fn quote(self) -> char {
        match self {
            DumpSyntax::PyVmomi => '\'',
            DumpSyntax::VimCmd => '"',
        }
    }
}

impl Spelling {
    /// The key that comes as number `turn` of its list.
    pub(crate) fn key(self, turn: usize, key: &str) -> String {
        match self.keys {
            KeySpelling::Lower => key.to_lowercase(),
            KeySpelling::Mixed if turn % 2 == 1 => key.to_lowercase(),
            KeySpelling::Documented | KeySpelling::Mixed => key.to_owned(),
        }
    }

    /// A mask in one of the forms that say the same of a host with this capability.
    pub(crate) fn mask(self, turn: usize, mask: &str, capability: u64) -> String {
        let number = mask.strip_prefix("Val:").and_then(number);
        let Some(number) = number.filter(|_| self.values == ValueSpelling::Varied) else {
            return mask.to_owned();
        };
        let forms = [
            format!("Val:{number:#x}"),
            format!("Min:{number}"),
            format!("Max:{number}"),
            format!("Val:{number}"),
        ];
        // `Min` leaves a greater value as it is, and `Max` a smaller one.
        let fits = [true, capability <= number && capability > 0, capability >= number, true];
        let first = turn % forms.len();
        let chosen = (first..first + forms.len()).map(|at| at % forms.len()).find(|&at| fits[at]);
        chosen.map_or_else(|| mask.to_owned(), |at| forms[at].clone())
    }

    /// A requirement in one of the forms that say the same.
    pub(crate) fn requirement(self, turn: usize, value: &str) -> String {
        match (self.values, value) {
            (ValueSpelling::Varied, "Bool:Min:1") => {
                ["Bool:Min:1", "Bool:Min:0x1", "Num:Min:0x1", "Min:1"][turn % 4].to_owned()
            }
            _ => value.to_owned(),
        }
    }
}

/// `6`, `0x3c`
fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varied_values_say_the_same_of_the_host() {
        let spelling = Spelling { values: ValueSpelling::Varied, ..Spelling::default() };
        let forms = |mask: &str, capability: u64| -> Vec<String> {
            (0..4).map(|turn| spelling.mask(turn, mask, capability)).collect()
        };
        assert_eq!(forms("Val:1", 1), ["Val:0x1", "Min:1", "Max:1", "Val:1"]);
        assert_eq!(forms("Val:0", 1), ["Val:0x0", "Max:0", "Max:0", "Val:0"]);
        // `Min` would raise what the host lacks.
        assert_eq!(forms("Val:1", 0), ["Val:0x1", "Val:1", "Val:1", "Val:1"]);
    }
}
