//! Whether the processor offers what this build asks of it: one that was built for newer machines (`-C target-cpu`) would
//! be killed amid its work, with nothing said.

/// An extension that a build may use: whether this one does, how it is called, and the bit of EBX that CPUID shows for it
/// (leaf 7, subleaf 0).
type Extension = (bool, &'static str, u32);

/// Those that make a difference here, of what `x86-64-v3` and `x86-64-v4` allow.
const EXTENSIONS: &[Extension] = &[
    (cfg!(target_feature = "bmi1"), "BMI1", 3),
    (cfg!(target_feature = "avx2"), "AVX2", 5),
    (cfg!(target_feature = "bmi2"), "BMI2", 8),
    (cfg!(target_feature = "avx512f"), "AVX-512", 16),
];

/// What this build uses and the processor does not offer.
pub(super) fn missing() -> Option<&'static str> {
    lacking(EXTENSIONS, extended_features())
}

fn lacking(extensions: &[Extension], offered: u32) -> Option<&'static str> {
    let lacks = |&&(used, _, bit): &&Extension| used && offered >> bit & 1 == 0;
    extensions.iter().find(lacks).map(|&(_, name, _)| name)
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
        let all = [(true, "one", 3), (false, "two", 5), (true, "three", 8)];
        assert_eq!(lacking(&all, 1 << 3 | 1 << 8), None);
        assert_eq!(lacking(&all, 1 << 3 | 1 << 5), Some("three"));
        assert_eq!(lacking(&all, 0), Some("one"));
        assert_eq!(missing(), None, "these tests run on this machine");
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
