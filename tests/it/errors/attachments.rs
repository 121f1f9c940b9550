//! Errors of files: attachments and texts.

use super::inside::PROFILE;
use super::{Inside, Page};

#[test]
fn files() {
    let mut page = Page::default();
    let inside = Inside::with_profile(PROFILE);
    let work = |name: &str| inside.sandbox.work().join(name).display().to_string();
    let to = "ann@example.com";
    inside.sandbox.file("log", "x\n");
    std::fs::create_dir(inside.sandbox.work().join("folder")).unwrap();

    page.run("an address behind -a", &inside, &["-s", "x", "-a", &work("log"), to, "bob@example.com"]);
    page.run(
        "an address behind -a, another recipient",
        &inside,
        &[to, "-a", &work("log"), "bob@example.com"],
    );
    page.run("a bare word behind -a", &inside, &[to, "-a", "root"]);
    page.run("a missing file", &inside, &["-a", "/no/such/report.pdf", "--", to]);
    page.run("two missing files", &inside, &["-a", "/no/such/a.pdf", "/no/such/b.pdf", "--", to]);
    page.run("only files", &inside, &["-s", "x", "-a", &work("log")]);
    page.run("no file", &inside, &[to, "-a"]);
    page.run("a directory", &inside, &["-a", &work("folder"), "--", to]);
    page.run("a part of the path is a file", &inside, &["-a", &work("log/x"), "--", to]);
    page.run("a home that is not expanded", &inside, &["--attach=~/report.pdf", to]);
    page.run("-i is missing", &inside, &["-i", "/no/such/letter.txt", to]);
    page.run("-i is a directory", &inside, &["-i", &work("folder"), to]);
    page.run("--body-file is missing", &inside, &["--body-file", "/no/such/letter.txt", to]);
    page.run("an empty name", &inside, &["--attach=", to]);
    page.run("a media type that is none", &inside, &["--attach-type", "pdf", "--attach", &work("log"), to]);
    inside.sandbox.file("scan.pdf", vec![b'x'; 20_480]);
    let small = ["--max-size", "10K", "-a", &work("log"), &work("scan.pdf"), "--", to];
    page.run("more than --max-size", &inside, &small);
    page.run("a size that is none", &inside, &["--max-size", "big", to]);
    page.check("attachments");
}
