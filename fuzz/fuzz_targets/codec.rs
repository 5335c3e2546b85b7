//! `codec` for cargo-fuzz.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| esxray_fuzz::codec::run(data));
