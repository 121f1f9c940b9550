//! The class of a reply: what it says beyond its first digit, and so what follows. Some 5yz heal by themselves, some 4yz
//! never do, and some of both speak of the account and not of the mail.

/// What a reply amounts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The secret is wrong.
    Secret,
    /// A secret of this kind is not taken: an app password, a code, a key or a token is due.
    SecretKind,
    /// The account, its use of SMTP or this address is not allowed: a person must switch something on.
    ServiceOff,
    /// Too fast, or too much at once: nothing more for so many seconds.
    Throttled(u32),
    /// What is allowed in a time is used up: nothing more for so many seconds at least. Never a reason to give mail up.
    Quota(u32),
    /// The sender is not one whom this login may use.
    Sender,
    /// The message is refused for what it holds.
    Content,
    /// No later try will do, whatever the first digit says.
    NeverHeals,
}

impl Class {
    /// How long a throttled hop is left alone where nothing else is known, seconds.
    pub const THROTTLED_S: u32 = 15 * 60;
    /// How long a quota is waited for at first where nothing else is known, seconds.
    pub const QUOTA_S: u32 = 60 * 60;

    /// Each with what is held where nothing else is known, in the order of the enumeration.
    pub const ALL: [Class; 8] = [
        Class::Secret,
        Class::SecretKind,
        Class::ServiceOff,
        Class::Throttled(Class::THROTTLED_S),
        Class::Quota(Class::QUOTA_S),
        Class::Sender,
        Class::Content,
        Class::NeverHeals,
    ];

    /// The name in JSON and in the table of providers.
    pub fn name(self) -> &'static str {
        match self {
            Class::Secret => "secret",
            Class::SecretKind => "secret-kind",
            Class::ServiceOff => "service-off",
            Class::Throttled(_) => "throttled",
            Class::Quota(_) => "quota",
            Class::Sender => "sender",
            Class::Content => "content",
            Class::NeverHeals => "never-heals",
        }
    }

    /// Whether it speaks of the account or of the pace, and so of all mail of the hop.
    pub fn concerns_all_mail(self) -> bool {
        matches!(
            self,
            Class::Secret | Class::SecretKind | Class::ServiceOff | Class::Throttled(_) | Class::Quota(_)
        )
    }

    /// Whether a later try can help with nobody doing anything.
    pub fn heals(self) -> bool {
        matches!(self, Class::Throttled(_) | Class::Quota(_))
    }
}
