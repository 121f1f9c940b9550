//! What is made from the program is in the repository as the program makes it: `scripts/generate` writes it.

use std::path::Path;

use whippet::cli::{self, Page, Shell};
use whippet::config;

fn is_fresh(path: &str, made: &str) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let kept = std::fs::read_to_string(&place).unwrap_or_default();
    assert!(kept == made, "{path} is not what the program makes: run scripts/generate");
    assert!(!kept.is_empty(), "{path} is empty");
}

#[test]
fn manual_pages() {
    is_fresh("man/whippet.1", &cli::man_page(Page::Whippet));
    is_fresh("man/whippet-config.5", &config::man_page());
    is_fresh("man/whippet-sendmail.8", &cli::man_page(Page::Sendmail));
    is_fresh("man/whippet-mail.1", &cli::man_page(Page::Mail));
    is_fresh("man/whippet-run.1", &cli::man_page(Page::Run));
}

#[test]
fn tables_of_other_programs() {
    is_fresh("doc/COMPATIBILITY.md", &cli::compatibility());
}

#[test]
fn help() {
    is_fresh("doc/help.txt", &cli::long_help());
}

#[test]
fn example_of_a_profile() {
    is_fresh("config.example.toml", &config::example());
}

#[test]
fn completions() {
    is_fresh("contrib/completions/whippet.bash", &cli::completions(Shell::Bash));
    is_fresh("contrib/completions/_whippet", &cli::completions(Shell::Zsh));
    is_fresh("contrib/completions/whippet.fish", &cli::completions(Shell::Fish));
}

#[test]
fn the_schema_is_json_and_names_the_version() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("doc/report.schema.json");
    let schema: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(place).unwrap()).unwrap();
    assert_eq!(schema["$id"], "whippet-report/1");
}

#[test]
fn what_stands_for_an_option_of_msmtp_exists() {
    let text = cli::compatibility();
    let table = text.split("## msmtp").nth(1).unwrap();
    let ours = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").nth(1));
    let help = cli::long_help();
    let mut count = 0;
    for code in ours.flat_map(|cell| cell.split('`').skip(1).step_by(2)) {
        let word = code.split([' ', '=']).next().unwrap();
        let is_key = |word: &str| config::KEYS.iter().any(|key| key.name == word) || word == "timeouts";
        let is_told = ["whippet", "default:", "[profiles.NAME]", "-C"].contains(&word);
        assert!(is_told || is_key(word) || (word.starts_with("--") && help.contains(word)), "{code}");
        count += 1;
    }
    assert!(count > 25, "{count}");
}
