//! What to do about a trouble: one table from problem to hint. A hint names the setting, its value, and the change.

use std::collections::BTreeSet;

use crate::config::{Origin, Settings};
use crate::mail::{CertificateProblem, Fate, Outcome, Problem, Protocol, Report, Stage, TlsMode};
use crate::net::{IpFamily, place};
use crate::smtp::Mechanism;

/// The hints for a report, each once, in the order of the outcomes.
/// `profile_place` is where a profile would stand.
pub(super) fn hints(report: &Report, settings: &Settings, profile_place: &str) -> Vec<String> {
    // What is advised is about the server that the report speaks of.
    let each = settings.for_each_server();
    let is_it = |settings: &&Settings| {
        settings
            .host
            .as_ref()
            .is_some_and(|host| place(&host.value, settings.port.value) == report.session.host)
    };
    let settings = each.iter().find(is_it).unwrap_or(settings);
    let mut seen = BTreeSet::new();
    report
        .outcomes()
        .iter()
        .flat_map(|outcome| advice(outcome, report, settings, profile_place))
        .filter(|hint| seen.insert(hint.clone()))
        .collect()
}

fn advice(outcome: &Outcome, report: &Report, settings: &Settings, profile_place: &str) -> Vec<String> {
    if let Some(known) = &outcome.advice {
        return vec![known.clone().into_owned()];
    }
    match &outcome.problem {
        Some(Problem::LoginRefused) if outcome.fate == Fate::Failed => {
            let mechanism = report.session.mechanism.as_deref().and_then(Mechanism::parse);
            let by_hash = mechanism.filter(|one| one.keeps_password() && outcome.stage == Stage::Auth);
            login_hints(settings).into_iter().chain(by_hash.map(hash_hint)).collect()
        }
        Some(Problem::TokenRefused) if outcome.fate == Fate::Failed => token_hints(settings),
        Some(problem) => {
            let lmtp = Some(problem).filter(|_| settings.protocol.value == Protocol::Lmtp);
            let hint = lmtp.and_then(lmtp_hint).map(str::to_owned);
            hint.or_else(|| self::hint(problem, outcome, settings, profile_place)).into_iter().collect()
        }
        None => Vec::new(),
    }
}

fn hint(problem: &Problem, outcome: &Outcome, settings: &Settings, profile_place: &str) -> Option<String> {
    if outcome.in_doubt {
        return Some("ask the recipient, or look into the server's log, before you send it again".to_owned());
    }
    let hint = match problem {
        Problem::NoHost if settings.source_address.is_some() || settings.ip_family.value != IpFamily::Any => {
            let (family, source) = (origin_of(settings, "ip_family"), origin_of(settings, "source_address"));
            format!("check `{}`, `ip_family` ({family}) and `source_address` ({source})", settings.host_key())
        }
        Problem::NoHost => format!("check {}: is the name spelt right?", host_of(settings)),
        Problem::Proxy => {
            let login = if settings.proxy_secret.is_some() { " and its password" } else { "" };
            format!("check `proxy` ({}){login}", origin_of(settings, "proxy"))
        }
        Problem::Program if settings.sendmail_path.origin != Origin::BuiltIn => {
            format!("check `sendmail_path` ({})", origin_of(settings, "sendmail_path"))
        }
        Problem::Tunnel => format!("check `tunnel` ({})", origin_of(settings, "tunnel")),
        Problem::ConnectionRefused | Problem::Unreachable if settings.unix_socket().is_some() => {
            format!("check {}: does the server run?", host_of(settings))
        }
        Problem::Source => format!("check `source_address` ({})", origin_of(settings, "source_address")),
        Problem::LookupFailed => "is the network up? try again later".to_owned(),
        Problem::ConnectionRefused | Problem::Unreachable => port_hint(settings),
        Problem::TimedOut if outcome.stage == Stage::Connect => {
            let (port, host) = (settings.port.value, host_of(settings));
            format!("a firewall may block port {port}; is {host} right?")
        }
        Problem::TimedOut if outcome.stage == Stage::Greeting && settings.tls.value != TlsMode::Implicit => {
            "a server that wants TLS from the first octet says nothing: try tls = \"implicit\" (usual on port 465)"
                .to_owned()
        }
        Problem::Protocol if outcome.stage == Stage::Greeting => port_hint(settings),
        Problem::Protocol => "--verbose shows what was said; the server's owner should know of it".to_owned(),
        Problem::NotTls => tls_hint(settings),
        Problem::Certificate(problem) => certificate_hint(problem, settings),
        Problem::TrustStore if settings.tls_ca_file.is_some() => {
            format!("check `tls_ca_file` ({})", origin_of(settings, "tls_ca_file"))
        }
        Problem::TrustStore => {
            "install your system's `ca-certificates`, or name a PEM file in `tls_ca_file`".to_owned()
        }
        Problem::ClientCertificate => format!("check `tls_client_cert` ({})", origin_of(settings, "tls_client_cert")),
        Problem::StartTlsUnavailable if outcome.fate == Fate::Failed => {
            "use tls = \"implicit\" and port 465 if the server has it; tls = \"none\" sends in the clear".to_owned()
        }
        Problem::StartTlsInjection => {
            "do not send over this network; tls = \"implicit\" and port 465 leave no room for such a change".to_owned()
        }
        Problem::SessionRefused if is_unknown_hello(outcome) => protocol_hint(settings),
        Problem::AuthUnavailable => {
            "use the submission port (465 or 587), or remove `username` if this server wants no login".to_owned()
        }
        Problem::NoMechanism => mechanism_hint(outcome, settings),
        Problem::ServerUnproven => {
            "do not log in there until the server's owner has explained it: another may be in its place".to_owned()
        }
        Problem::PlaintextAuth if settings.allow_plaintext_auth.value => {
            "set tls = \"implicit\" or \"starttls\"".to_owned()
        }
        Problem::PlaintextAuth => {
            "set tls = \"implicit\" or \"starttls\"; where nobody can listen, allow_plaintext_auth = true permits it"
                .to_owned()
        }
        Problem::SenderRefused => "set `from` (or --from) to an address that this login may use".to_owned(),
        Problem::Refused if settings.username.is_none() && speaks_of_relaying(outcome) => {
            "the server does this only for those who log in: set `username` and the password".to_owned()
        }
        Problem::ProgramExit(_) | Problem::Program if !settings.is_configured() => {
            format!("no profile names a server, so this program got the mail; one goes into {profile_place}")
        }
        Problem::Unsupported if is_about_a_wish(outcome) => {
            "leave the option out to send without that condition, or use a server that knows it".to_owned()
        }
        Problem::TooBig => "send a smaller attachment, or a link to it".to_owned(),
        _ if outcome.fate == Fate::Deferred && outcome.stage != Stage::Local => "try again later".to_owned(),
        _ => return None,
    };
    Some(hint)
}

fn mechanism_hint(outcome: &Outcome, settings: &Settings) -> String {
    let origin = origin_of(settings, "auth");
    let takes_tokens = ["XOAUTH2", "OAUTHBEARER"].iter().any(|name| outcome.sentence.contains(name));
    if takes_tokens && settings.auth.value.is_empty() {
        return "this server wants an access token: set auth = \"xoauth2\", and a `password_command` that prints one"
            .to_owned();
    }
    format!("set `auth` ({origin}) to what the server offers")
}

/// A server that keeps another hash of the password offers the mechanism all the same, to all users.
fn hash_hint(mechanism: Mechanism) -> String {
    let name = mechanism.name();
    format!("some servers offer {name} and cannot check every password with it: try auth = \"plain\"")
}

fn token_hints(settings: &Settings) -> Vec<String> {
    let source = settings.secret.as_ref();
    let check = source.map(|source| {
        let (key, place) = (source.value.place.key(), &source.origin);
        format!("check `username` ({}) and `{key}` ({place})", origin_of(settings, "username"))
    });
    let renew = "get a new access token: it has expired, is another user's, or lacks the scope for SMTP";
    [renew.to_owned()].into_iter().chain(check).collect()
}

fn speaks_of_relaying(outcome: &Outcome) -> bool {
    outcome.reply.as_ref().is_some_and(|reply| reply.text.to_ascii_lowercase().contains("relay"))
}

/// 5.3.3 and 5.7.30 are given for a condition of the sender's that the next hop does not know.
fn is_about_a_wish(outcome: &Outcome) -> bool {
    outcome.reply.is_none() && matches!((outcome.status.subject, outcome.status.detail), (3, 3) | (7, 30))
}

/// Where the advice for a submission server would lead astray.
fn lmtp_hint(problem: &Problem) -> Option<&'static str> {
    match problem {
        Problem::StartTlsUnavailable => {
            Some("tls = \"none\" sends in the clear: only where nobody can listen")
        }
        Problem::AuthUnavailable => {
            Some("remove `username` if this server wants no login, as most that speak LMTP")
        }
        _ => None,
    }
}

/// The server does not know the first command: it speaks another protocol.
fn is_unknown_hello(outcome: &Outcome) -> bool {
    let code = outcome.reply.as_ref().map(|reply| reply.code);
    outcome.stage == Stage::Ehlo && code.is_some_and(|code| (500..=503).contains(&code))
}

fn protocol_hint(settings: &Settings) -> String {
    match settings.protocol.value {
        Protocol::Smtp => {
            "a server that knows neither EHLO nor HELO may speak LMTP: then set protocol = \"lmtp\""
                .to_owned()
        }
        Protocol::Lmtp => {
            let origin = origin_of(settings, "protocol");
            format!("a server that does not know LHLO speaks SMTP, not LMTP: check `protocol` ({origin})")
        }
    }
}

fn port_hint(settings: &Settings) -> String {
    let (port, host) = (settings.port.value, host_of(settings));
    if settings.protocol.value == Protocol::Lmtp {
        let origin = origin_of(settings, "port");
        return format!("check {host} and `port` ({port}, {origin}): 24 is usual for LMTP");
    }
    match port {
        465 => format!("check {host}; some servers take mail on port 587 only: set port = 587"),
        587 => format!("check {host}; some servers take mail on port 465 only: set port = 465"),
        _ => {
            let origin = origin_of(settings, "port");
            format!("check `port` ({port}, {origin}): mail is usually submitted on 465 or 587")
        }
    }
}

fn tls_hint(settings: &Settings) -> String {
    let origin = origin_of(settings, "tls");
    match (settings.tls.value, settings.port.value) {
        (TlsMode::Implicit, 25 | 587) => format!("set tls = \"starttls\", usual on this port ({origin})"),
        (TlsMode::Implicit, _) => port_hint(settings),
        _ => "the server's owner should know of it; port 465 with tls = \"implicit\" may do".to_owned(),
    }
}

fn certificate_hint(problem: &CertificateProblem, settings: &Settings) -> String {
    let host = host_of(settings);
    match problem {
        CertificateProblem::Expired(_) => {
            "the server's owner must renew it; is the clock of this machine right?".to_owned()
        }
        CertificateProblem::NotYetValid(_) => "is the clock of this machine right?".to_owned(),
        CertificateProblem::WrongName { found, .. } if !found.is_empty() => {
            format!("set {host} to a name that the certificate is for, if it is the server you mean")
        }
        CertificateProblem::UnknownIssuer { .. } | CertificateProblem::WrongSignature { .. } => {
            "if you know this server, get its authority's certificate and name the PEM file in `tls_ca_file`"
                .to_owned()
        }
        CertificateProblem::SelfSigned { found } | CertificateProblem::Authority { found } => {
            format!("if the server's owner says that its fingerprint is {found}, set `tls_pin` to that")
        }
        CertificateProblem::NotPinned { .. } => {
            let origin = origin_of(settings, "tls_pin");
            format!(
                "ask the server's owner whether that is the new one; only then set `tls_pin` ({origin}) to it"
            )
        }
        CertificateProblem::WrongName { .. }
        | CertificateProblem::Unfit(_)
        | CertificateProblem::Other(_) => "ask the server's owner for a good certificate".to_owned(),
    }
}

fn login_hints(settings: &Settings) -> Vec<String> {
    let host = settings.host.as_ref().map_or("", |host| host.value.as_str());
    let known = match host {
        "smtp.gmail.com" => Some(
            "Gmail takes an app password here, not the account password: https://myaccount.google.com/apppasswords",
        ),
        "smtp.163.com" | "smtp.126.com" | "smtp.yeah.net" | "smtp.qq.com" => Some(
            "this provider takes an authorization code (授权码) here: make one in the web mail's settings",
        ),
        "smtp.mail.me.com" => {
            Some("iCloud takes an app-specific password here: make one in the Apple Account's settings")
        }
        "smtp.mail.yahoo.com" | "smtp.fastmail.com" => {
            Some("this provider takes an app password here: make one in the account's security settings")
        }
        "smtp-mail.outlook.com" => Some(
            "Outlook.com takes no passwords any more: set auth = \"xoauth2\", and a `password_command` that prints an access token",
        ),
        _ => None,
    };
    if let Some(known) = known {
        return vec![known.to_owned()];
    }
    let origin = origin_of(settings, "username");
    match (&settings.username, &settings.secret) {
        (None, _) => vec!["this server wants a login: set `username` and the password".to_owned()],
        (Some(_), None) => vec![format!("check `username` ({origin})")],
        (Some(_), Some(secret)) => {
            let (key, place) = (secret.value.place.key(), &secret.origin);
            vec![
                format!("check `username` ({origin}) and `{key}` ({place})"),
                "many providers want an app password here, not that of the account".to_owned(),
            ]
        }
    }
}

/// The key that names the server, with its origin.
fn host_of(settings: &Settings) -> String {
    let key = settings.host_key();
    format!("`{key}` ({})", origin_of(settings, key))
}

fn origin_of(settings: &Settings, key: &str) -> String {
    settings.row(key).map_or_else(|_| Origin::BuiltIn.to_string(), |row| row.origin)
}
