//! How the program is linked on Linux with glibc. Each saves part of what a program pays before its first line:
//! doc/PERFORMANCE.md has the figures.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if !(is("PROFILE", "release") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu"))
    {
        return;
    }
    // A table of relocations as bits: 0.2 MB less.
    println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    // The unwinder from the compiler's archive: no shared libgcc_s to be found and mapped.
    println!("cargo:rustc-link-lib=gcc_eh");
}
