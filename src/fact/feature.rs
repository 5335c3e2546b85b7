//! The value grammar of CPU feature masks, requirements and capabilities.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::text::unquoted;

/// How a mask or requirement compares.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Exactly this value.
    Val,
    /// At least.
    Min,
    /// At most.
    Max,
    /// Must be equal.
    Match,
}

/// `Val:1`, `Min:0x2d`, `Bool:Min:1`, `Num:Min:25`: a mask or a requirement.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct FeatureValue {
    /// How it compares.
    pub op: Op,
    /// The number, decimal or hexadecimal in the text.
    pub number: u64,
}

impl FeatureValue {
    /// What a mask makes of a host's capability. A mask never adds what the hardware lacks, except that
    /// `Min` raises.
    pub fn mask(self, capability: u64) -> u64 {
        match self.op {
            Op::Val | Op::Match => self.number,
            Op::Min => capability.max(self.number),
            Op::Max => capability.min(self.number),
        }
    }

    /// The least value that this mask leaves, whatever the capability.
    pub fn floor(self) -> u64 {
        if self.op == Op::Min { self.number } else { 0 }
    }

    /// Whether a host that offers `value` meets this requirement.
    pub fn is_met_by(self, value: u64) -> bool {
        match self.op {
            Op::Val | Op::Match => value == self.number,
            Op::Min => value >= self.number,
            Op::Max => value <= self.number,
        }
    }
}

impl FromStr for FeatureValue {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no feature value like Val:1 or Bool:Min:1");
        let mut parts = unquoted(text.trim()).split(':').map(str::trim);
        let mut word = parts.next().ok_or_else(wrong)?;
        if word.eq_ignore_ascii_case("bool") || word.eq_ignore_ascii_case("num") {
            word = parts.next().ok_or_else(wrong)?;
        }
        let op = match word.to_ascii_lowercase().as_str() {
            "val" => Op::Val,
            "min" => Op::Min,
            "max" => Op::Max,
            "match" => Op::Match,
            _ => return Err(wrong()),
        };
        let number = parts.next().and_then(number).ok_or_else(wrong)?;
        if parts.next().is_some() {
            return Err(wrong());
        }
        Ok(FeatureValue { op, number })
    }
}

impl fmt::Display for FeatureValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let op = match self.op {
            Op::Val => "Val",
            Op::Min => "Min",
            Op::Max => "Max",
            Op::Match => "Match",
        };
        write!(f, "{op}:{}", self.number)
    }
}

impl Serialize for FeatureValue {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FeatureValue {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(serde::de::Error::custom)
    }
}

/// `25`, `0x19`, `0X19`, with or without quotes.
pub fn number(text: &str) -> Option<u64> {
    let text = unquoted(text.trim()).trim();
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None => (text, 10),
    };
    // A sign is no digit.
    let plain = digits.starts_with(|c: char| c.is_ascii_hexdigit());
    u64::from_str_radix(digits, radix).ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_form_is_read() {
        let check = |text: &str, op: Op, number: u64| {
            assert_eq!(text.parse::<FeatureValue>(), Ok(FeatureValue { op, number }), "{text}");
        };
        check("Val:1", Op::Val, 1);
        check("Val:0x2d", Op::Val, 45);
        check("Bool:Min:1", Op::Min, 1);
        check("Num:Min:0x19", Op::Min, 25);
        check("max:3", Op::Max, 3);
        check("Match:7", Op::Match, 7);
        check("Num:Min:25", Op::Min, 25);
        check("NUM:MATCH:0X1F", Op::Match, 31);
        check("Bool:Val:1", Op::Val, 1);
        check("num:max:0xFFFFFFFFFFFFFFFF", Op::Max, u64::MAX);
        check("  Bool:Min:1 ", Op::Min, 1);
        check("Bool : Min : 1", Op::Min, 1);
        check("\"Val:1\"", Op::Val, 1);
        check("'Num:Min:0x2'", Op::Min, 2);
        for text in [
            "",
            "1",
            "0x1",
            "Val",
            "Val:",
            "Val:x",
            "Val:0x",
            "Val:-1",
            "Val:+1",
            "Val:1.0",
            "Bool:1",
            "Bool:",
            "Bool:Min",
            "Bool:Min:",
            "Bool:Bool:Min:1",
            "Min:Bool:1",
            "Val:1:2",
            "Bool:Min:1:1",
            ":1",
            "Val=1",
            "Values:1",
            "Val:18446744073709551616",
            "\"Val:1",
            "業務:1",
        ] {
            assert!(text.parse::<FeatureValue>().is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_are_decimal_or_hexadecimal_and_may_be_quoted() {
        for (text, expected) in
            [("25", 25), ("0x19", 25), ("0X1f", 31), ("\"1\"", 1), ("'0'", 0), (" \" 45 \" ", 45), ("007", 7)]
        {
            assert_eq!(number(text), Some(expected), "{text}");
        }
        for text in ["", "x", "1f", "0x", "0x0x1", "-1", "+1", "0x+1", "1 2", "\"1", "<unset>", "true"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn a_feature_can_be_required_to_be_absent() {
        for text in ["Bool:Max:0", "Bool:Match:0", "Bool:Val:0", "Max:0", "Match:0x0"] {
            let required: FeatureValue = text.parse().expect(text);
            assert!(required.is_met_by(0) && !required.is_met_by(1), "{text}");
        }
        // At least 0 forbids nothing.
        let any: FeatureValue = "Bool:Min:0".parse().expect("valid");
        assert!(any.is_met_by(0) && any.is_met_by(1));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["Val:1", "Min:45", "Max:0", "Match:7"] {
            let value: FeatureValue = text.parse().expect(text);
            assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn masks_and_requirements_compare() {
        let value = |text: &str| text.parse::<FeatureValue>().expect("valid");
        assert_eq!((value("Val:0").mask(1), value("Min:1").mask(0), value("Max:2").mask(5)), (0, 1, 2));
        assert!(value("Bool:Min:1").is_met_by(1) && !value("Bool:Min:1").is_met_by(0));
        assert!(value("Match:2").is_met_by(2) && !value("Match:2").is_met_by(3));
    }
}
