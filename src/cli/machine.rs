//! Whether the processor offers what this build asks of it: one that was built for newer machines (`-C target-cpu`) could
//! be killed amid its work, or reckon wrong, with nothing said.
//!
//! It is built with the same flags as all else and must run where that does not: so nothing is formatted or allocated here,
//! no table lies on the stack, where it would be filled by vectors, and bits are masks and no shifts. That the standard
//! library is asked in its own way (`is_x86_feature_detected!`) is no help, as it takes for granted what a build was made
//! for.

use std::io::{self, Write};

/// Where CPUID shows an extension.
#[derive(Clone, Copy)]
enum Register {
    /// ECX of leaf 1.
    Basic,
    /// EBX of leaf 7.
    Extended,
    /// ECX of leaf 0x8000_0001.
    Amd,
}

/// An extension that a build may use.
struct Extension {
    is_used: bool,
    register: Register,
    mask: u32,
    /// What is said where it is missing.
    told: &'static str,
}

macro_rules! extensions {
    ($($feature:literal $name:literal $register:ident $bit:literal;)+) => {
        [$(Extension {
            is_used: cfg!(target_feature = $feature),
            register: Register::$register,
            mask: 1 << $bit,
            told: concat!(
                "error: this esxray was built for processors with ",
                $name,
                ", which this one does not offer\n",
                "hint: a VM may be offered less than its host has, as under EVC; built without -C target-cpu it runs on all\n",
            ),
        }),+]
    };
}

/// Those of `x86-64-v3`, the best known first.
static EXTENSIONS: [Extension; 15] = extensions![
    "avx2" "AVX2" Extended 5;
    "bmi1" "BMI1" Extended 3;
    "bmi2" "BMI2" Extended 8;
    "avx" "AVX" Basic 28;
    // What AVX needs of the operating system: that it keeps the registers.
    "avx" "OSXSAVE" Basic 27;
    "fma" "FMA" Basic 12;
    "f16c" "F16C" Basic 29;
    "movbe" "MOVBE" Basic 22;
    "lzcnt" "LZCNT" Amd 5;
    "popcnt" "POPCNT" Basic 23;
    "sse4.2" "SSE4.2" Basic 20;
    "sse4.1" "SSE4.1" Basic 19;
    "ssse3" "SSSE3" Basic 9;
    "sse3" "SSE3" Basic 0;
    "cmpxchg16b" "CMPXCHG16B" Basic 13;
];

/// Whether all is offered that this build uses; if not, that was said.
#[inline(never)]
pub(super) fn serves() -> bool {
    let Some(told) = lacking(&EXTENSIONS, offered) else { return true };
    let _ = io::stderr().write_all(told.as_bytes());
    false
}

fn lacking(extensions: &[Extension], offered: impl Fn(Register) -> u32) -> Option<&'static str> {
    for extension in extensions {
        if extension.is_used && offered(extension.register) & extension.mask == 0 {
            return Some(extension.told);
        }
    }
    None
}

#[cfg(target_arch = "x86_64")]
fn offered(register: Register) -> u32 {
    use std::arch::x86_64::{__cpuid, __cpuid_count};
    match register {
        Register::Basic => __cpuid(1).ecx,
        Register::Extended if __cpuid(0).eax < 7 => 0,
        Register::Extended => __cpuid_count(7, 0).ebx,
        Register::Amd if __cpuid(0x8000_0000).eax < 0x8000_0001 => 0,
        Register::Amd => __cpuid(0x8000_0001).ecx,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn offered(_: Register) -> u32 {
    u32::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_used_is_missed() {
        let one = |is_used, register, mask, told| Extension { is_used, register, mask, told };
        let all = [
            one(true, Register::Extended, 8, "one"),
            one(false, Register::Basic, 1, "two"),
            one(true, Register::Amd, 4, "three"),
        ];
        let check = |extended: u32, amd: u32, expected: Option<&str>| {
            let offered = |register| match register {
                Register::Basic => 0,
                Register::Extended => extended,
                Register::Amd => amd,
            };
            assert_eq!(lacking(&all, offered), expected);
        };
        check(8, 4, None);
        check(12, 8, Some("three"));
        check(4, 0, Some("one"));
        assert!(serves(), "these tests run on this machine");
    }

    /// Of a build for newer processors the standard library takes for granted what is asked here.
    #[test]
    #[cfg(target_arch = "x86_64")]
    fn the_bits_are_those_that_the_standard_library_knows() {
        use std::is_x86_feature_detected as has;
        let known = [
            has!("avx2"),
            has!("bmi1"),
            has!("bmi2"),
            has!("avx"),
            has!("avx"),
            has!("fma"),
            has!("f16c"),
            has!("movbe"),
            has!("lzcnt"),
            has!("popcnt"),
            has!("sse4.2"),
            has!("sse4.1"),
            has!("ssse3"),
            has!("sse3"),
            has!("cmpxchg16b"),
        ];
        for (extension, known) in EXTENSIONS.iter().zip(known) {
            let shown = offered(extension.register) & extension.mask != 0;
            // What the system must support as well may be shown and not be there.
            assert!(shown || !known, "{}", extension.told);
        }
    }
}
