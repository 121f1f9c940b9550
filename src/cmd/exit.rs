//! Exit codes: sysexits.h, and the one function from a report to its code. No other path leads to 0 after a send.

use crate::mail::{Class, Fate, Outcome, Problem, Report, Stage};

/// An exit code of sysexits.h, or that of a command that was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Exit {
    Ok,
    Usage,
    DataErr,
    NoInput,
    NoUser,
    NoHost,
    Unavailable,
    Software,
    OsErr,
    CantCreat,
    IoErr,
    TempFail,
    Protocol,
    NoPerm,
    Config,
    Command(u8),
}

impl Exit {
    /// The worst first: the code of a report is the first of these that an outcome has. What only a person can mend
    /// comes before what another try can help, and that before what nothing can.
    const ORDER: [Exit; 14] = [
        Exit::Software,
        Exit::OsErr,
        Exit::IoErr,
        Exit::CantCreat,
        Exit::Config,
        Exit::NoPerm,
        Exit::Protocol,
        Exit::TempFail,
        Exit::Unavailable,
        Exit::NoHost,
        Exit::NoUser,
        Exit::NoInput,
        Exit::DataErr,
        Exit::Usage,
    ];

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Ok => 0,
            Exit::Usage => 64,
            Exit::DataErr => 65,
            Exit::NoInput => 66,
            Exit::NoUser => 67,
            Exit::NoHost => 68,
            Exit::Unavailable => 69,
            Exit::Software => 70,
            Exit::OsErr => 71,
            Exit::CantCreat => 73,
            Exit::IoErr => 74,
            Exit::TempFail => 75,
            Exit::Protocol => 76,
            Exit::NoPerm => 77,
            Exit::Config => 78,
            Exit::Command(code) => code,
        }
    }

    /// The worst of several; 0 when there is none.
    pub fn worst(codes: &[Exit]) -> Exit {
        Exit::ORDER.into_iter().find(|exit| codes.contains(exit)).unwrap_or(Exit::Ok)
    }

    /// The exit code of a report: 0 when every recipient was accepted or queued, else the worst outcome's.
    pub fn of_report(report: &Report) -> Exit {
        let codes: Vec<Exit> = report.outcomes().iter().map(Exit::of_outcome).collect();
        Exit::worst(&codes)
    }

    fn of_outcome(outcome: &Outcome) -> Exit {
        let Some(problem) = &outcome.problem else { return Exit::Ok };
        if outcome.in_doubt {
            return Exit::TempFail;
        }
        if let Some(class) = outcome.class {
            return Exit::of_class(class, outcome);
        }
        match (problem, outcome.fate) {
            // These codes say what happened here, whatever a later try may do.
            (Problem::Unreadable, _) => Exit::IoErr,
            (Problem::Unwritable, _) => Exit::CantCreat,
            (Problem::Program, _) => Exit::OsErr,
            (Problem::Protocol | Problem::StartTlsInjection | Problem::ServerUnproven, _) => Exit::Protocol,
            (Problem::ProgramExit(code), _) => Exit::of_program(*code),
            (_, Fate::Deferred) => Exit::TempFail,
            (Problem::NoHost | Problem::NoSuchDomain, _) => Exit::NoHost,
            (Problem::NoSuchRecipient, _) => Exit::NoUser,
            (Problem::Malformed, _) => Exit::DataErr,
            (Problem::LoginRefused | Problem::TokenRefused | Problem::SenderRefused, _) => Exit::NoPerm,
            (
                Problem::Source
                | Problem::Proxy
                | Problem::Tunnel
                | Problem::Handshake
                | Problem::NotTls
                | Problem::Certificate(_)
                | Problem::TrustStore
                | Problem::ClientCertificate
                | Problem::StartTlsUnavailable
                | Problem::NoSecret
                | Problem::AuthUnavailable
                | Problem::NoMechanism
                | Problem::PlaintextAuth,
                _,
            ) => Exit::Config,
            (Problem::SessionRefused | Problem::TooBig | Problem::Unsupported | Problem::Refused, _) => {
                Exit::Unavailable
            }
            // Each of these is deferred where it arises.
            (
                Problem::LookupFailed
                | Problem::ConnectionRefused
                | Problem::Unreachable
                | Problem::TimedOut
                | Problem::ConnectionLost
                | Problem::Interrupted(_),
                _,
            ) => Exit::TempFail,
        }
    }

    fn of_class(class: Class, outcome: &Outcome) -> Exit {
        let code = outcome.reply.as_ref().map(|reply| reply.code);
        match class {
            Class::Secret | Class::SecretKind | Class::ServiceOff | Class::Sender => Exit::NoPerm,
            Class::Throttled(_) | Class::Quota(_) => Exit::TempFail,
            // What never heals before there is a mail is the way to the server, such as a lack of TLS.
            Class::NeverHeals if outcome.stage < Stage::Auth || code == Some(530) => Exit::Config,
            Class::Content | Class::NeverHeals => Exit::Unavailable,
        }
    }

    /// The code of another program, if it is one of sysexits.h.
    fn of_program(code: i32) -> Exit {
        Exit::ORDER.into_iter().find(|exit| i32::from(exit.code()) == code).unwrap_or(Exit::Unavailable)
    }
}
