//! `whippet::fuzzing::server` fed by libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| whippet::fuzzing::server(data));
