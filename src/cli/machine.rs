//! Whether the processor offers what this build asks of it: one that was built for newer machines (`-C target-cpu`) would
//! be killed amid its work, with nothing said.
//!
//! What stands here must run where the rest does not, so it moves nothing but bytes of a constant.

use std::io::{self, Write};

/// An extension that a build may use: whether this one does, the bit of EBX that CPUID shows for it (leaf 7, subleaf 0),
/// and what is told where it is missing.
type Extension = (bool, u32, &'static str);

macro_rules! told {
    ($name:literal) => {
        concat!(
            "error: this esxray was built for processors with ",
            $name,
            ", which this one does not offer\n",
            "hint: a VM may be offered less than its host has, as under EVC; built without -C target-cpu it runs everywhere\n",
        )
    };
}

/// Those that make a difference here, of what `x86-64-v3` and `x86-64-v4` allow.
static EXTENSIONS: [Extension; 4] = [
    (cfg!(target_feature = "avx2"), 5, told!("AVX2")),
    (cfg!(target_feature = "bmi1"), 3, told!("BMI1")),
    (cfg!(target_feature = "bmi2"), 8, told!("BMI2")),
    (cfg!(target_feature = "avx512f"), 16, told!("AVX-512")),
];

/// Whether all is offered that this build uses; if not, that was said.
#[inline(never)]
pub(super) fn serves() -> bool {
    let Some(told) = lacking(&EXTENSIONS, extended_features()) else { return true };
    let _ = io::stderr().write_all(told.as_bytes());
    false
}

fn lacking(extensions: &[Extension], offered: u32) -> Option<&'static str> {
    for extension in extensions {
        if extension.0 && offered >> extension.1 & 1 == 0 {
            return Some(extension.2);
        }
    }
    None
}

/// EBX of CPUID's leaf 7.
#[cfg(target_arch = "x86_64")]
fn extended_features() -> u32 {
    use std::arch::x86_64::{__cpuid, __cpuid_count};
    if __cpuid(0).eax < 7 { 0 } else { __cpuid_count(7, 0).ebx }
}

#[cfg(not(target_arch = "x86_64"))]
fn extended_features() -> u32 {
    u32::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_used_is_missed() {
        let all = [(true, 3, "one"), (false, 5, "two"), (true, 8, "three")];
        assert_eq!(lacking(&all, 1 << 3 | 1 << 8), None);
        assert_eq!(lacking(&all, 1 << 3 | 1 << 5), Some("three"));
        assert_eq!(lacking(&all, 0), Some("one"));
        assert!(serves(), "these tests run on this machine");
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn the_bits_are_those_that_the_standard_library_knows() {
        let offered = extended_features();
        let is = |bit: u32| offered >> bit & 1 != 0;
        assert_eq!(is(3), std::is_x86_feature_detected!("bmi1"));
        assert_eq!(is(8), std::is_x86_feature_detected!("bmi2"));
        // The system must save what these use as well.
        assert!(is(5) || !std::is_x86_feature_detected!("avx2"));
        assert!(is(16) || !std::is_x86_feature_detected!("avx512f"));
    }
}
