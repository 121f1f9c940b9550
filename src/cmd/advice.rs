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
        .filter_map(|outcome| hint(outcome, settings, profile_place))
        .filter(|hint| seen.insert(hint.clone()))
        .collect()
}

fn hint(outcome: &Outcome, settings: &Settings, profile_place: &str) -> Option<String> {
    let problem = outcome.problem.as_ref()?;
    if outcome.in_doubt {
        return Some("ask the recipient, or look into the server's log, before you send it again".to_owned());
    }
    let hint = match problem {
        Problem::NoHost => format!("check `host` ({}): is the name spelt right?", origin_of(settings, "host")),
        Problem::LookupFailed => "is the network up? try again later".to_owned(),
        Problem::ConnectionRefused | Problem::Unreachable => port_hint(settings),
        Problem::TimedOut if outcome.stage == Stage::Connect => {
            format!("{}; a firewall may be in the way", port_hint(settings))
        }
        Problem::TimedOut if outcome.stage == Stage::Greeting && settings.tls.value != TlsMode::Implicit => {
            "a server that wants TLS from the first octet says nothing: try tls = \"implicit\" (usual on port 465)"
                .to_owned()
        }
        Problem::NotTls => tls_hint(settings),
        Problem::Certificate(problem) => certificate_hint(problem, settings),
        Problem::TrustStore => {
            "install your system's `ca-certificates`, or name a PEM file in `tls_ca_file`".to_owned()
        }
        Problem::StartTlsUnavailable if outcome.fate == Fate::Failed => {
            "use tls = \"implicit\" and port 465 if the server has it; tls = \"none\" sends in the clear".to_owned()
        }
        Problem::StartTlsInjection => {
            "do not send over this network; tls = \"implicit\" and port 465 leave no room for such a change".to_owned()
        }
        Problem::AuthUnavailable => {
            "use the submission port (465 or 587), or remove `username` if this server wants no login".to_owned()
        }
        Problem::NoMechanism => "set `auth` to a mechanism that the server offers".to_owned(),
        Problem::PlaintextAuth => {
            "set tls = \"implicit\" or \"starttls\"; where nobody can listen, allow_plaintext_auth = true permits it"
                .to_owned()
        }
        Problem::LoginRefused if outcome.fate == Fate::Failed => login_hint(settings),
        Problem::SenderRefused => "set `from` (or --from) to an address that this login may use".to_owned(),
        Problem::ProgramExit(_) | Problem::Program if !settings.is_configured() => {
            format!("no profile names a server, so this program got the mail; a profile goes into {profile_place}")
        }
        Problem::TooBig => "send a smaller attachment, or a link to it".to_owned(),
        _ if outcome.fate == Fate::Deferred && outcome.stage != Stage::Local => "try again later".to_owned(),
        _ => return None,
    };
    Some(hint)
}

fn port_hint(settings: &Settings) -> String {
    let origin = origin_of(settings, "port");
    let port = settings.port.value;
    format!(
        "check `port` ({port}, {origin}): mail is submitted on 465 (tls = \"implicit\") or 587 (tls = \"starttls\")"
    )
}

fn tls_hint(settings: &Settings) -> String {
    let origin = origin_of(settings, "tls");
    match settings.tls.value {
        TlsMode::Implicit => format!("check `tls` ({origin}): port 587 usually wants tls = \"starttls\""),
        _ => format!("check `tls` ({origin}): port 465 usually wants tls = \"implicit\""),
    }
}

fn certificate_hint(problem: &CertificateProblem, settings: &Settings) -> String {
    let origin = origin_of(settings, "host");
    match problem {
        CertificateProblem::Expired(_) => {
            "the server's owner must renew it; is the clock of this machine right?".to_owned()
        }
        CertificateProblem::NotYetValid(_) => "is the clock of this machine right?".to_owned(),
        CertificateProblem::WrongName { .. } => {
            format!(
                "set `host` ({origin}) to a name that the certificate is for, if it is the server you mean"
            )
        }
        CertificateProblem::UnknownIssuer { .. } | CertificateProblem::SelfSigned => {
            "if you know this server, get its authority's certificate and name the PEM file in `tls_ca_file`"
                .to_owned()
        }
        CertificateProblem::Other(_) => "ask the server's owner for a good certificate".to_owned(),
    }
}

fn login_hint(settings: &Settings) -> String {
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
    match (known, &settings.secret) {
        (Some(known), _) => known.to_owned(),
        (None, Some(secret)) => format!(
            "check `username` ({}) and the secret ({}, {}); many providers want an app password here",
            origin_of(settings, "username"),
            secret.value.place.key(),
            secret.origin
        ),
        (None, None) => format!("check `username` ({})", origin_of(settings, "username")),
    }
}

fn origin_of(settings: &Settings, key: &str) -> String {
    settings.row(key).map_or_else(|_| Origin::BuiltIn.to_string(), |row| row.origin)
}
