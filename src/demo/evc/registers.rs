//! Register masks: which bit of which CPUID register tells a feature.

use std::collections::BTreeMap;

/// Feature, register and bit (Intel's instruction set reference, CPUID).
const BITS: &[(&str, &str, usize)] = &[
    ("cpuid.PCLMULQDQ", "cpuid.1.ecx", 1),
    ("cpuid.VMX", "cpuid.1.ecx", 5),
    ("cpuid.PCID", "cpuid.1.ecx", 17),
    ("cpuid.AES", "cpuid.1.ecx", 25),
    ("cpuid.AVX2", "cpuid.7.ebx", 5),
    ("cpuid.RDSEED", "cpuid.7.ebx", 18),
    ("cpuid.ADX", "cpuid.7.ebx", 19),
    ("cpuid.SMAP", "cpuid.7.ebx", 20),
    ("cpuid.MDCLEAR", "cpuid.7.edx", 10),
    ("cpuid.IBRS", "cpuid.7.edx", 26),
    ("cpuid.IBPB", "cpuid.7.edx", 26),
    ("cpuid.STIBP", "cpuid.7.edx", 27),
    ("cpuid.FCMD", "cpuid.7.edx", 28),
    ("cpuid.SSBD", "cpuid.7.edx", 31),
];

/// The masks that hide `features`: `cpuid.7.edx` to `----:00--:----:----:----:----:----:----`.
pub(super) fn hiding(features: &[String]) -> BTreeMap<String, String> {
    let mut masks: BTreeMap<String, [u8; 32]> = BTreeMap::new();
    for (_, register, bit) in BITS.iter().filter(|(key, _, _)| features.iter().any(|known| known == key)) {
        masks.entry((*register).to_owned()).or_insert([b'-'; 32])[31 - bit] = b'0';
    }
    let grouped = |places: [u8; 32]| {
        let groups: Vec<String> =
            places.chunks(4).map(|group| String::from_utf8_lossy(group).into_owned()).collect();
        groups.join(":")
    };
    masks.into_iter().map(|(register, places)| (register, grouped(places))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_hides_the_bits_of_its_features() {
        let features = ["cpuid.IBRS", "cpuid.IBPB", "cpuid.STIBP", "cpuid.AES"].map(str::to_owned);
        let masks = hiding(&features);
        assert_eq!(masks["cpuid.7.edx"], "----:00--:----:----:----:----:----:----");
        assert_eq!(masks["cpuid.1.ecx"], "----:--0-:----:----:----:----:----:----");
        assert_eq!(masks.len(), 2);
    }
}
