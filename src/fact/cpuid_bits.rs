//! Which bit of CPUID a feature key is, and what a legacy register mask forces of it.
//!
//! Bits are those of the processor manuals of Intel (volume 2, CPUID) and AMD (volume 3, appendix E). A key that does
//! not stand for one bit, or whose bit is not sure, is left out.

use super::CpuidLeaf;

/// A register of CPUID.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Register {
    /// EAX
    Eax,
    /// EBX
    Ebx,
    /// ECX
    Ecx,
    /// EDX
    Edx,
}

use Register::{Eax, Ebx, Ecx, Edx};

impl Register {
    /// Its place among EAX, EBX, ECX, EDX.
    pub const fn index(self) -> usize {
        self as usize
    }

    fn named(name: &str) -> Option<Register> {
        let names = [("eax", Eax), ("ebx", Ebx), ("ecx", Ecx), ("edx", Edx)];
        names.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, register)| register)
    }
}

/// One bit of CPUID.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Bit {
    /// 1, 7, 0x80000001, …
    pub leaf: u32,
    /// 0, 1, …
    pub subleaf: u32,
    /// The register.
    pub register: Register,
    /// 0 to 31, least significant first.
    pub bit: u8,
}

/// A register and the keys of its bits, without `cpuid.`.
type Row = (u32, u32, Register, &'static [(u8, &'static str)]);

#[rustfmt::skip]
const BITS: &[Row] = &[
    (1, 0, Ecx, &[
        (0, "sse3"), (1, "pclmulqdq"), (3, "mwait"), (5, "vmx"), (9, "ssse3"), (12, "fma"), (13, "cmpxchg16b"),
        (17, "pcid"), (19, "sse41"), (20, "sse42"), (22, "movbe"), (23, "popcnt"), (25, "aes"), (26, "xsave"),
        (28, "avx"), (29, "f16c"), (30, "rdrand"),
    ]),
    (1, 0, Edx, &[(18, "psn"), (21, "ds"), (27, "ss")]),
    (7, 0, Ebx, &[
        (0, "fsgsbase"), (3, "bmi1"), (4, "hle"), (5, "avx2"), (7, "smep"), (8, "bmi2"), (9, "enfstrg"),
        (10, "invpcid"), (11, "rtm"), (13, "fp_segment_zero"), (14, "mpx"), (15, "pqe"), (16, "avx512f"),
        (17, "avx512dq"), (18, "rdseed"), (19, "adx"), (20, "smap"), (21, "avx512ifma"), (23, "clflushopt"),
        (24, "clwb"), (26, "avx512pf"), (27, "avx512er"), (28, "avx512cd"), (29, "sha"), (30, "avx512bw"),
        (31, "avx512vl"),
    ]),
    (7, 0, Ecx, &[
        (0, "prefetchwt1"), (1, "avx512vbmi"), (2, "umip"), (3, "pku"), (6, "avx512vbmi2"), (7, "cet_ss"),
        (8, "gfni"), (9, "vaes"), (10, "vpclmulqdq"), (11, "avx512vnni"), (12, "avx512bitalg"),
        (14, "avx512vpopcntdq"), (22, "rdpid"), (25, "cldemote"), (27, "movdiri"), (28, "movdir64b"), (31, "pks"),
    ]),
    (7, 0, Edx, &[
        (4, "fast_short_repmov"), (8, "avx512vp2intersect"), (10, "mdclear"), (14, "serialize"), (22, "amx_bf16"),
        (23, "avx512fp16"), (24, "amx_tile"), (25, "amx_int8"), (26, "ibrs"), (26, "ibpb"), (27, "stibp"),
        (28, "fcmd"), (31, "ssbd"),
    ]),
    (7, 1, Eax, &[
        (4, "avx_vnni"), (5, "avx512bf16"), (10, "fast_zero_movsb"), (11, "fast_short_stosb"),
        (12, "fast_short_cmpsb_scasb"),
    ]),
    (0xd, 0, Eax, &[
        (1, "xcr0_master_sse"), (2, "xcr0_master_ymm_h"), (3, "xcr0_master_bndregs"), (4, "xcr0_master_bndcsr"),
        (5, "xcr0_master_opmask"), (6, "xcr0_master_zmm_h"), (7, "xcr0_master_hi16_zmm"), (9, "xcr0_master_pkru"),
        (17, "xcr0_master_xtilecfg"), (18, "xcr0_master_xtiledata"),
    ]),
    (0xd, 1, Eax, &[(0, "xsaveopt"), (1, "xsavec"), (2, "xgetbv_ecx1"), (3, "xsaves"), (4, "xfd")]),
    (0xd, 1, Ecx, &[(11, "xss_master_cet_u"), (12, "xss_master_cet_s")]),
    (0x10, 0, Ebx, &[(1, "pqe_l3")]),
    (0x8000_0001, 0, Ecx, &[
        (0, "lahf64"), (2, "svm"), (3, "extapicspc"), (4, "cr8avail"), (5, "abm"), (6, "sse4a"),
        (7, "misaligned_sse"), (8, "3dnprefetch"), (11, "xop"), (16, "fma4"), (21, "tbm"),
    ]),
    (0x8000_0001, 0, Edx, &[
        (20, "nx"), (22, "mmxext"), (25, "ffxsr"), (26, "pdpe1gb"), (27, "rdtscp"), (29, "lm"), (30, "3dnowplus"),
        (31, "3dnow"),
    ]),
    (0x8000_0008, 0, Ebx, &[
        (0, "clzero"), (9, "wbnoinvd"), (18, "leaf88_prefer_ibrs"), (19, "leaf88_ibrs_same_mode"),
        (24, "leaf88_ssbd_spec_ctrl"), (28, "leaf88_psfd"),
    ]),
    (0x8000_000a, 0, Edx, &[
        (0, "svm_npt"), (3, "svm_nrip"), (5, "svm_vmcb_clean"), (6, "svm_flush_by_asid"), (7, "svm_decode_assists"),
        (17, "svm_gmet"), (19, "svm_sss"),
    ]),
    (0x8000_0021, 0, Eax, &[
        (2, "always_serializing_lfence"), (7, "upper_address_ignore"), (8, "automatic_ibrs"),
        (10, "amd_fast_short_stosb"), (11, "amd_fast_short_cmpsb"),
    ]),
];

/// The bit that `key` stands for, such as `cpuid.mdclear`; case does not count.
pub fn bit_of(key: &str) -> Option<Bit> {
    bits_of(key).next()
}

/// The bits that `key` stands for: of a few features AMD has another than Intel.
fn bits_of(key: &str) -> impl Iterator<Item = Bit> {
    // What Intel tells in leaf 7, AMD tells in leaf 0x80000008.
    const AMD: &[(u8, &str)] = &[(12, "ibpb"), (14, "ibrs"), (15, "stibp"), (24, "ssbd")];
    const ROW: Row = (0x8000_0008, 0, Ebx, AMD);
    let key = key.to_ascii_lowercase();
    let name = key.strip_prefix("cpuid.").unwrap_or_default().to_owned();
    BITS.iter().chain([&ROW]).filter_map(move |(leaf, subleaf, register, keys)| {
        let (bit, _) = keys.iter().find(|(_, known)| *known == name)?;
        Some(Bit { leaf: *leaf, subleaf: *subleaf, register: *register, bit: *bit })
    })
}

/// What a legacy register mask forces, whatever the CPU has.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Forced {
    /// The leaf that the mask is for; its subleaf is 0.
    pub leaf: u32,
    /// The register.
    pub register: Register,
    /// The bits that are always reported as 0.
    pub zeros: u32,
    /// The bits that are always reported as 1.
    pub ones: u32,
}

/// What `cpuid.7.edx = "----:00--:----:----:----:----:----:----"` forces.
///
/// The mask has 32 characters, most significant bit first. `0` and `1` are what the guest is told (vSphere API
/// reference, `HostCpuIdInfo`); `-`, `x`, `T`, `F`, `H` and `R` keep the host's bit, require it, or come from a
/// guest's needs. `None` for what is no such mask. The vendor that a key may end in, as in `cpuid.80000001.ecx.amd`,
/// is not judged: on another vendor's CPU the mask has no effect.
pub fn forced(register_key: &str, mask: &str) -> Option<Forced> {
    let mut parts = register_key.trim().split('.');
    let named = parts.next()?.eq_ignore_ascii_case("cpuid");
    let leaf = u32::from_str_radix(parts.next()?, 16).ok()?;
    let register = Register::named(parts.next()?)?;
    if !named || parts.count() > 1 {
        return None;
    }
    let (mut zeros, mut ones, mut bits) = (0_u32, 0_u32, 0);
    for letter in mask.trim().chars().filter(|letter| *letter != ':') {
        bits += 1;
        if bits > 32 || !matches!(letter, '0' | '1' | '-' | 'x' | 'X' | 'T' | 'F' | 'H' | 'R') {
            return None;
        }
        (zeros, ones) = (zeros << 1 | u32::from(letter == '0'), ones << 1 | u32::from(letter == '1'));
    }
    (bits == 32).then_some(Forced { leaf, register, zeros, ones })
}

/// Whether a register mask hides a feature from guests; `None` where the feature's bit is not known.
pub fn hides(register_key: &str, mask: &str, feature_key: &str) -> Option<bool> {
    let mut bits = bits_of(feature_key).peekable();
    bits.peek()?;
    let Some(forced) = forced(register_key, mask) else { return Some(false) };
    let hidden = |bit: Bit| {
        (bit.leaf, bit.subleaf, bit.register) == (forced.leaf, 0, forced.register)
            && forced.zeros & (1 << bit.bit) != 0
    };
    Some(bits.any(hidden))
}

/// Whether the bit of a feature is set in raw CPUID leaves; `None` where its bit or its leaf is not known.
pub fn raw(leaves: &[CpuidLeaf], feature_key: &str) -> Option<bool> {
    let values = bits_of(feature_key).filter_map(|bit| {
        let leaf = leaves.iter().find(|leaf| (leaf.leaf, leaf.subleaf) == (bit.leaf, bit.subleaf))?;
        Some(leaf.registers[bit.register.index()] & (1 << bit.bit) != 0)
    });
    values.reduce(|a, b| a || b)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::features::describe;
    use super::*;

    #[test]
    fn every_key_of_the_table_is_a_known_feature_once() {
        let keys: Vec<&str> =
            BITS.iter().flat_map(|(_, _, _, keys)| keys.iter().map(|(_, key)| *key)).collect();
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        for key in keys {
            let key = format!("cpuid.{key}");
            assert!(describe(&key).description != key && !describe(&key).identity, "{key}");
        }
        for (leaf, _, register, keys) in BITS {
            let ordered = keys.windows(2).all(|pair| pair[0].0 <= pair[1].0);
            assert!(ordered && keys.iter().all(|(bit, _)| *bit < 32), "{leaf:#x} {register:?}");
        }
    }

    /// CPUID of a Haswell-EP, as its vmware.log prints it, and what it has and lacks.
    #[test]
    fn the_bits_of_a_known_cpu_are_its_features() {
        let registers = |leaf: u32| match leaf {
            1 => [0x0003_06f2, 0x0020_0800, 0x7ffe_fbff, 0xbfeb_fbff],
            7 => [0, 0x0000_37ab, 0, 0x9c00_0000_u32],
            0x8000_0001 => [0, 0, 0x21, 0x2c10_0800],
            _ => [0; 4],
        };
        let has = |key: &str| {
            let bit = bit_of(key).expect(key);
            assert_eq!(bit.subleaf, 0);
            registers(bit.leaf)[bit.register.index()] >> bit.bit & 1 == 1
        };
        for key in [
            "sse3", "aes", "avx", "avx2", "bmi1", "bmi2", "fma", "f16c", "rdrand", "movbe", "pcid",
            "invpcid", "smep", "fsgsbase", "enfstrg", "ibrs", "stibp", "ssbd", "fcmd", "nx", "lm", "rdtscp",
            "pdpe1gb", "lahf64", "abm", "vmx", "ss",
        ] {
            assert!(has(&format!("cpuid.{key}")), "{key}");
        }
        for key in [
            "mdclear",
            "adx",
            "rdseed",
            "smap",
            "avx512f",
            "3dnow",
            "svm",
            "3dnprefetch",
            "hle",
            "rtm",
            "psn",
        ] {
            assert!(!has(&format!("cpuid.{key}")), "{key}");
        }
    }

    #[test]
    fn a_left_over_mask_hides_what_it_forces_to_zero() {
        let mask = "----:00--:----:----:----:----:----:----";
        let check = |key: &str, mask: &str, feature: &str, expected: Option<bool>| {
            assert_eq!(hides(key, mask, feature), expected, "{key} = {mask}: {feature}");
        };
        for hidden in ["cpuid.ibrs", "cpuid.IBPB", "cpuid.stibp"] {
            check("cpuid.7.edx", mask, hidden, Some(true));
            check("CPUID.00000007.EDX", mask, hidden, Some(true));
        }
        for kept in ["cpuid.ssbd", "cpuid.mdclear", "cpuid.fcmd", "cpuid.aes"] {
            check("cpuid.7.edx", mask, kept, Some(false));
        }
        // Another register, another leaf, a bit that is forced to 1.
        check("cpuid.7.ecx", mask, "cpuid.ibrs", Some(false));
        check("cpuid.1.edx", mask, "cpuid.ibrs", Some(false));
        check("cpuid.7.edx", &mask.replace('0', "1"), "cpuid.ibrs", Some(false));
        // AMD's bits of the same features, and a key that names the vendor.
        check("cpuid.80000008.ebx.amd", "----:----:----:----:-0-0:----:----:----", "cpuid.ibrs", Some(true));
        check(
            "cpuid.80000008.ebx.amd",
            "----:----:----:----:-0-0:----:----:----",
            "cpuid.stibp",
            Some(false),
        );
        for unknown in ["cpuid.brand_new", "misc.rdcl_no", "hv.capable", "cpuid.family", "ibrs", ""] {
            check("cpuid.7.edx", mask, unknown, None);
        }
    }

    #[test]
    fn what_is_no_mask_forces_nothing() {
        let keep = "----:----:----:----:----:----:----:----";
        let told = forced("cpuid.1.ecx", &format!("{}01", &keep[..keep.len() - 2]));
        assert_eq!(told, Some(Forced { leaf: 1, register: Ecx, zeros: 2, ones: 1 }));
        assert_eq!(forced("cpuid.80000001.ecx.amd", keep).map(|told| told.leaf), Some(0x8000_0001));
        let letters = "xTFH:R---:----:----:----:----:----:----";
        assert_eq!(forced("cpuid.1.ecx", letters).map(|told| (told.zeros, told.ones)), Some((0, 0)));
        // Without colons; too short, too long, and with characters that mean nothing.
        assert_eq!(forced("cpuid.1.ecx", &"0".repeat(32)).map(|told| told.zeros), Some(u32::MAX));
        for mask in
            ["", "----", "----:00--:", &"0".repeat(33), "----:00--:----:----:----:----:----:---2", "業務"]
        {
            assert_eq!(forced("cpuid.7.edx", mask), None, "{mask}");
            assert_eq!(hides("cpuid.7.edx", mask, "cpuid.ibrs"), Some(false), "{mask}");
        }
        for key in [
            "",
            "cpuid",
            "cpuid.7",
            "cpuid.7.esi",
            "cpuid.g.edx",
            "x.7.edx",
            "cpuid.7.edx.amd.x",
            "cpuid.fffffffff.edx",
        ] {
            assert_eq!(forced(key, keep), None, "{key}");
        }
    }
}
