//! How the program is linked on Linux with glibc. Each saves part of what a program pays before its first line:
//! doc/PERFORMANCE.md has the figures. What this machine may not have is asked for first, and left out.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let is_own =
        env::var("HOST").is_ok_and(|host| is("TARGET", &host)) && env::var_os("RUSTC_LINKER").is_none();
    let is_gnu = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    if !(is("PROFILE", "release") && is_gnu && is_own) {
        return;
    }
    if loader_knows_packed_relocations() {
        // A table of relocations as bits: 0.2 MB less.
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
    if has_archive("libgcc_eh.a") {
        // The unwinder from the compiler's archive: no shared libgcc_s to be found and mapped.
        println!("cargo:rustc-link-lib=gcc_eh");
    }
}

/// glibc does from 2.36 on; a program that an older one is to start must not have them.
fn loader_knows_packed_relocations() -> bool {
    let version = said("getconf", &["GNU_LIBC_VERSION"]).unwrap_or_default();
    let minor = version.trim().strip_prefix("glibc 2.").and_then(|minor| minor.parse::<u32>().ok());
    minor.is_some_and(|minor| minor >= 36)
}

/// Whether the compiler that links has this archive: it gives a path then, and else only the name.
fn has_archive(name: &str) -> bool {
    said("cc", &[&format!("-print-file-name={name}")])
        .is_some_and(|path| Path::new(path.trim()).is_absolute() && Path::new(path.trim()).exists())
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()
}
