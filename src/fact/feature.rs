//! The value grammar of CPU feature masks, requirements and capabilities.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

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
        let mut parts = text.trim().split(':');
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

/// `25`, `0x19`, `0X19`
pub fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
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
        for text in ["", "1", "Val", "Val:", "Val:x", "Bool:1", "Val:1:2", "Bool:Min:1:1"] {
            assert!(text.parse::<FeatureValue>().is_err(), "{text}");
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
