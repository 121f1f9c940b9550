//! What to do about a trouble: one table from problem to hint. A hint names the setting, its value, and the change.

use std::collections::BTreeSet;

use crate::config::{Origin, Settings};
use crate::mail::{CertificateProblem, Fate, Outcome, Problem, Report, Stage, TlsMode};

/// The hints for a report, each once, in the order of the outcomes.
/// `profile_place` is where a profile would stand.
pub(super) fn hints(report: &Report, settings: &Settings, profile_place: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    report
        .outcomes()
        .iter()
        .flat_map(|outcome| advice(outcome, settings, profile_place))
        .filter(|hint| seen.insert(hint.clone()))
        .collect()
}

fn advice(outcome: &Outcome, settings: &Settings, profile_place: &str) -> Vec<String> {
    match &outcome.problem {
        Some(Problem::LoginRefused) if outcome.fate == Fate::Failed => login_hints(settings),
        Some(problem) => hint(problem, outcome, settings, profile_place).into_iter().collect(),
        None => Vec::new(),
    }
}

fn hint(problem: &Problem, outcome: &Outcome, settings: &Settings, profile_place: &str) -> Option<String> {
    if outcome.in_doubt {
        return Some("ask the recipient, or look into the server's log, before you send it again".to_owned());
    }
    let hint = match problem {
        Problem::NoHost => format!("check `host` ({}): is the name spelt right?", origin_of(settings, "host")),
        Problem::LookupFailed => "is the network up? try again later".to_owned(),
        Problem::ConnectionRefused | Problem::Unreachable => port_hint(settings),
        Problem::TimedOut if outcome.stage == Stage::Connect => {
            let (port, host) = (settings.port.value, origin_of(settings, "host"));
            format!("a firewall may block port {port}; is `host` ({host}) right?")
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
        Problem::AuthUnavailable => {
            "use the submission port (465 or 587), or remove `username` if this server wants no login".to_owned()
        }
        Problem::NoMechanism => format!("set `auth` ({}) to what the server offers", origin_of(settings, "auth")),
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
        Problem::TooBig => "send a smaller attachment, or a link to it".to_owned(),
        _ if outcome.fate == Fate::Deferred && outcome.stage != Stage::Local => "try again later".to_owned(),
        _ => return None,
    };
    Some(hint)
}

fn speaks_of_relaying(outcome: &Outcome) -> bool {
    outcome.reply.as_ref().is_some_and(|reply| reply.text.to_ascii_lowercase().contains("relay"))
}

fn port_hint(settings: &Settings) -> String {
    let (port, host) = (settings.port.value, origin_of(settings, "host"));
    match port {
        465 => format!("check `host` ({host}); some servers take mail on port 587 only: set port = 587"),
        587 => format!("check `host` ({host}); some servers take mail on port 465 only: set port = 465"),
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
    let origin = origin_of(settings, "host");
    match problem {
        CertificateProblem::Expired(_) => {
            "the server's owner must renew it; is the clock of this machine right?".to_owned()
        }
        CertificateProblem::NotYetValid(_) => "is the clock of this machine right?".to_owned(),
        CertificateProblem::WrongName { found, .. } if !found.is_empty() => {
            format!(
                "set `host` ({origin}) to a name that the certificate is for, if it is the server you mean"
            )
        }
        CertificateProblem::UnknownIssuer { .. } => {
            "if you know this server, get its authority's certificate and name the PEM file in `tls_ca_file`"
                .to_owned()
        }
        CertificateProblem::SelfSigned => {
            "if you know this server, name the PEM file of its certificate in `tls_ca_file`, or its fingerprint in `tls_pin`"
                .to_owned()
        }
        CertificateProblem::NotPinned { .. } => {
            let origin = origin_of(settings, "tls_pin");
            format!("ask the server's owner whether that is the new one; only then set `tls_pin` ({origin}) to it")
        }
        CertificateProblem::WrongName { .. } | CertificateProblem::Other(_) => {
            "ask the server's owner for a good certificate".to_owned()
        }
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
        "smtp-mail.outlook.com" => Some("Outlook.com takes no passwords any more, only OAuth"),
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

fn origin_of(settings: &Settings, key: &str) -> String {
    settings.row(key).map_or_else(|_| Origin::BuiltIn.to_string(), |row| row.origin)
}
