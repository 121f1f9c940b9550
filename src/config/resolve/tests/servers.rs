//! Several servers, and the ways to them.

use super::*;

#[test]
fn the_variable_of_all_programs_names_the_proxy() {
    let proxy = |profile: &str, variables: &[(&'static str, &str)]| {
        let machine = Machine::new("", profile);
        let machine = variables.iter().fold(machine, |machine, (name, value)| machine.with(name, *value));
        machine.row(&Wanted::default(), "proxy")
    };
    let all = ("ALL_PROXY", "socks5h://ann:canary@p:1080");
    let said = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    assert_eq!(proxy("host = \"h\"", &[all]), said("socks5://p:1080", "ALL_PROXY"));
    assert_eq!(proxy("host = \"h\"", &[all, ("all_proxy", "q:3128")]), said("http://q:3128", "all_proxy"));
    for host in ["localhost", "127.0.0.2", "::1", "unix:/run/x"] {
        assert_eq!(proxy(&format!("host = {host:?}"), &[all]).0, "-", "{host}");
    }
    assert_eq!(proxy("host = \"h\"\nproxy = \"none\"", &[all]).0, "none");
    assert_eq!(proxy("host = \"h\"\nproxy = \"http://q:1\"", &[all]).0, "http://q:1");
    assert_eq!(proxy("host = \"h\"\ntunnel = \"x\"", &[all]).0, "-");
    assert_eq!(proxy("host = \"h.x\"", &[all, ("NO_PROXY", "y, .x")]).0, "-");
    assert_eq!(proxy("host = \"h.x\"", &[all, ("NO_PROXY", "x"), ("no_proxy", "y")]).0, "socks5://p:1080");
    assert_eq!(proxy("host = \"10.1.2.3\"", &[all, ("no_proxy", "10.0.0.0/8")]).0, "-");
    assert_eq!(proxy("host = \"h\"\nproxy = \"http://q:1\"", &[all, ("NO_PROXY", "*")]).0, "http://q:1");
    let machine = Machine::new("", "hosts = ['localhost', 'h.x', 'far']");
    let machine = machine.with("ALL_PROXY", "p:1").with("NO_PROXY", "x");
    let through: Vec<bool> =
        machine.settings().for_each_server().iter().map(|one| one.proxy.is_some()).collect();
    assert_eq!(through, [false, false, true]);
    let wrong = Machine::new("", "host = \"h\"").with("ALL_PROXY", "socks4://ann:canary@p:1");
    let error = wrong.error(&Wanted::default());
    assert!(error.starts_with("ALL_PROXY: the proxy must be") && !error.contains("canary"), "{error}");
}

#[test]
fn several_hosts_are_one_said_thing() {
    let list = "hosts = ['a.example', 'b.example:587', 'c.example:2525']\n";
    let machine = Machine::new("", list);
    let said = pair("a.example:465, b.example:587, c.example:2525", "~/.config/whippet/config.toml:1");
    assert_eq!(machine.row(&Wanted::default(), "hosts"), said);
    assert_eq!(machine.row(&Wanted::default(), "host").0, "-");
    let each = |machine: &Machine, wanted: &Wanted| -> Vec<String> {
        let each = machine.resolve(wanted).unwrap().for_each_server();
        let text = |one: &Settings| {
            format!("{}:{} {:?}", one.host.as_ref().unwrap().value, one.port.value, one.tls.value)
        };
        each.iter().map(text).collect()
    };
    let none = Wanted::default();
    let own_ports = ["a.example:465 Implicit", "b.example:587 StartTls", "c.example:2525 StartTls"];
    assert_eq!(each(&machine, &none), own_ports);
    let said = Machine::new("", &format!("{list}tls = 'starttls'\nport = 25"));
    assert_eq!(
        each(&said, &none),
        ["a.example:25 StartTls", "b.example:587 StartTls", "c.example:2525 StartTls"]
    );
    // The stronger place names the server, by whichever key.
    assert_eq!(each(&machine, &set(&[("host", "d")])), ["d:465 Implicit"]);
    assert_eq!(each(&machine, &smtp("smtp://d")), ["d:587 StartTls"]);
    assert_eq!(
        each(&Machine::new("", "host = 'd'"), &set(&[("hosts", "a, b:25")])),
        ["a:465 Implicit", "b:25 StartTls"]
    );
    for text in ["host = 'a'\nhosts = ['b']", "hosts = ['b']\nhost = 'a'"] {
        let error = Machine::new("", text).error(&none);
        assert!(error.contains("both name the server; keep one of them"), "{error}");
    }
    let lmtp = Machine::new("", "hosts = ['a.example:24', 'localhost:2003']\nprotocol = 'lmtp'");
    assert_eq!(each(&lmtp, &none), ["a.example:24 StartTls", "localhost:2003 None"]);
    let error = Machine::new("", &format!("{list}protocol = 'lmtp'")).error(&none);
    assert!(error.contains("LMTP has no port of its own"), "{error}");
    let error = Machine::new("", &format!("{list}tunnel = 'x'")).error(&none);
    assert!(error.contains("tunnel leads to one server, and hosts"), "{error}");
}

#[test]
fn a_login_reaches_only_hosts_that_stand_beside_it() {
    let top = "hosts = ['a', 'b']\nusername = 'me'\npassword_env = 'P'\n[profiles.one]\n";
    let user = |profile: &str| Machine::new("", &format!("{top}{profile}")).settings().username.is_some();
    assert!(user("from = 'me@x.example'"));
    for kept in ["host = 'b'", "hosts = ['b', 'a:25']", "hosts = ['A']"] {
        assert!(user(kept), "{kept}");
    }
    for dropped in ["host = 'c'", "hosts = ['a', 'c']", "hosts = ['c', 'a']"] {
        assert!(!user(dropped), "{dropped}");
    }
    let machine = Machine::new("", "host = 'a'\nusername = 'me'\npassword_env = 'P'");
    assert!(machine.resolve(&set(&[("hosts", "a,c")])).unwrap().username.is_none());
    assert!(machine.resolve(&set(&[("hosts", "a")])).unwrap().username.is_some());
}

#[test]
fn a_tunnel_of_mutts_is_stronger_than_the_profile() {
    let machine = Machine::new("", "host = 'h'\ntunnel = 'a'").with("ALL_PROXY", "p:1");
    let typed = |set| Wanted { tunnel: Some("ssh -q h nc localhost 25".to_owned()), ..set };
    let said = pair("ssh -q h nc localhost 25", "-e set tunnel");
    assert_eq!(machine.row(&typed(Wanted::default()), "tunnel"), said);
    assert_eq!(machine.row(&typed(smtp("smtp://other")), "tunnel"), said);
    assert_eq!(machine.row(&typed(set(&[("host", "other")])), "tunnel"), said);
    assert_eq!(machine.row(&typed(set(&[("tunnel", "b")])), "tunnel"), pair("b", "--set tunnel"));
    let machine = Machine::new("", "host = 'h'\nproxy = 'http://p:1'");
    let error = machine.error(&typed(Wanted::default()));
    assert!(error.contains("proxy and tunnel (-e set tunnel) are two ways"), "{error}");
}

#[test]
fn the_passwords_of_proxies_are_kept_from_children() {
    let machine = Machine::new("", "host = \"h\"\nproxy_password_env = \"P\"\npassword_env = \"Q\"");
    assert_eq!(machine.settings().secret_variables, ["P", "Q"]);
    let two = Machine::new("", "host = \"h\"\nproxy_password_env = \"P\"\nproxy_password_file = \"/p\"");
    let error = two.error(&Wanted::default());
    assert!(
        error.contains("proxy_password_file and proxy_password_env") && error.contains("are two sources"),
        "{error}"
    );
}
