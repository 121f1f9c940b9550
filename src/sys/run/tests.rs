//! Children that end well, badly, late or never.

use super::*;

fn child(argv: &[&str], limit_ms: u64) -> Child {
    Child {
        argv: argv.iter().map(OsString::from).collect(),
        without: Vec::new(),
        with: Vec::new(),
        patience: Duration::from_millis(limit_ms),
        is_group: true,
    }
}

#[test]
fn input_and_both_outputs_pass() {
    let script = "cat; echo oops >&2; exit 3";
    let ended = SystemRun
        .run(&child(&["sh", "-c", script], 5000), Some(&mut |input| input.write_all(b"hello")))
        .unwrap();
    assert_eq!(ended.stdout.expose(), b"hello");
    assert_eq!(ended.stderr, "oops\n");
    assert_eq!(ended.status.code(), Some(3));
}

#[test]
fn a_started_child_runs_by_itself_and_does_not_outlive_us() {
    let folder = tempfile::tempdir().unwrap();
    let done = folder.path().join("done");
    let script = format!("touch {}; echo out", done.display());
    let started = SystemRun.start(&child(&["sh", "-c", &script], 5000)).unwrap();
    while !done.exists() {
        thread::yield_now();
    }
    assert_eq!(started.finish().unwrap().stdout.expose(), b"out\n");
    let begin = Instant::now();
    drop(SystemRun.start(&child(&["sleep", "60"], 50_000)).unwrap());
    assert!(begin.elapsed() < Duration::from_secs(20));
    assert!(SystemRun.start(&child(&["/no/such/program"], 50)).is_err());
}

#[test]
fn a_slow_child_is_killed() {
    let error = SystemRun.run(&child(&["sleep", "60"], 50), None).unwrap_err();
    assert!(matches!(error, RunError::Late { .. }), "{error}");
}

#[test]
fn a_child_that_takes_nothing_is_killed() {
    let big = vec![0; 1 << 20];
    let error = SystemRun
        .run(&child(&["sh", "-c", "sleep 60; :"], 100), Some(&mut |input| input.write_all(&big)))
        .unwrap_err();
    assert!(matches!(error, RunError::Late { .. }), "{error}");
}

#[test]
fn a_child_that_leaves_its_input_is_told_of() {
    let big = vec![0; 1 << 20];
    let ended = SystemRun.run(&child(&["true"], 5000), Some(&mut |input| input.write_all(&big))).unwrap();
    assert!(ended.status.success() && !ended.input_taken);
}

#[test]
fn nobody_behind_a_wrapper_sees_the_end_of_a_stump() {
    let folder = tempfile::tempdir().unwrap();
    let seen = folder.path().join("seen");
    let script = format!("sh -c 'cat > /dev/null; touch {}'; :", seen.display());
    let stump = |input: &mut dyn Write| {
        input.write_all(b"half of it")?;
        Err(io::Error::other("the rest cannot be read"))
    };
    let error = SystemRun.run(&child(&["sh", "-c", &script], 5000), Some(&mut { stump })).unwrap_err();
    assert!(matches!(error, RunError::Input { .. }), "{error}");
    assert!(!seen.exists());
}

#[test]
fn a_missing_program_is_named() {
    let error = SystemRun.run(&child(&["/no/such/program"], 50), None).unwrap_err();
    assert_eq!(error.to_string(), "/no/such/program: cannot be started");
}
