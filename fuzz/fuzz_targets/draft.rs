//! `whippet::fuzzing::draft` fed by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| whippet::fuzzing::draft(data));
