//! The certificates: good ones of several kinds, and one for each way to be bad.

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType,
    ExtendedKeyUsagePurpose as For, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
    date_time_ymd,
};
use rustls::pki_types::CertificateDer;

use crate::support::Certificate;

/// The name that is asked for.
pub const NAME: &str = "mail.x.test";

/// A certificate, and what should become of it.
pub struct Kind {
    pub title: &'static str,
    pub certificate: Certificate,
    /// A profile that trusts the authority accepts it.
    pub is_good: bool,
    /// A profile that pins it accepts it: it can be read, and the server has its key.
    pub proves_its_key: bool,
}

/// The fingerprint of a certificate that nobody shows.
pub fn another_pin() -> String {
    Certificate::good().pin()
}

type Issuer = CertifiedIssuer<'static, KeyPair>;
type Change = fn(&mut CertificateParams);

fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

/// What a certificate for these names says.
fn names(names: &[&str]) -> CertificateParams {
    let mut params =
        CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    params.extended_key_usages = vec![For::ServerAuth];
    params
}

/// What an authority's says.
fn authority(name: &str, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    change(&mut params);
    params
}

const TRUSTED: &str = "the trusted authority";

/// An authority of its own for each certificate, and what it makes.
struct Shop {
    root: Issuer,
}

impl Shop {
    fn new(change: impl FnOnce(&mut CertificateParams)) -> Shop {
        Shop { root: CertifiedIssuer::self_signed(authority(TRUSTED, change), key()).unwrap() }
    }

    /// Shows this chain; the root is what is trusted.
    fn shows(&self, chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Certificate {
        Certificate::shown(&self.root.pem(), chain, key)
    }

    /// An authority between the root and the server.
    fn between(&self, change: impl FnOnce(&mut CertificateParams)) -> Issuer {
        CertifiedIssuer::signed_by(authority("the authority between", change), key(), &self.root).unwrap()
    }
}

/// For these names, signed by the root.
fn leaf(wanted: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Certificate {
    let (shop, key) = (Shop::new(|_| ()), key());
    let mut params = names(wanted);
    change(&mut params);
    shop.shows(vec![params.signed_by(&key, &shop.root).unwrap().der().clone()], &key)
}

/// With other kinds of names than those of hosts.
fn with_name(name: SanType) -> Certificate {
    leaf(&[], |params| params.subject_alt_names = vec![name])
}

fn text(text: &str) -> Ia5String {
    Ia5String::try_from(text).unwrap()
}

/// Signed by a root with this change.
fn below_root(change: Change) -> Certificate {
    let (shop, key) = (Shop::new(change), key());
    shop.shows(vec![names(&[NAME]).signed_by(&key, &shop.root).unwrap().der().clone()], &key)
}

/// Signed by an authority with this change, which the root has signed.
fn below_between(change: Change) -> Certificate {
    let (shop, key) = (Shop::new(|_| ()), key());
    let between = shop.between(change);
    let leaf = names(&[NAME]).signed_by(&key, &between).unwrap();
    shop.shows(vec![leaf.der().clone(), between.der().clone()], &key)
}

/// Signed by another root of this name.
fn below_stranger(name: &str) -> Certificate {
    let (shop, key) = (Shop::new(|_| ()), key());
    let stranger = CertifiedIssuer::self_signed(authority(name, |_| ()), self::key()).unwrap();
    let leaf = names(&[NAME]).signed_by(&key, &stranger).unwrap();
    shop.shows(vec![leaf.der().clone(), stranger.der().clone()], &key)
}

fn self_signed(change: impl FnOnce(&mut CertificateParams)) -> Certificate {
    let (shop, key) = (Shop::new(|_| ()), key());
    let mut params = names(&[NAME]);
    change(&mut params);
    shop.shows(vec![params.self_signed(&key).unwrap().der().clone()], &key)
}

/// Good until its octets are changed.
fn broken(change: impl FnOnce(&mut Vec<u8>)) -> Certificate {
    let (shop, key) = (Shop::new(|_| ()), key());
    let mut octets = names(&["mail.y.test"]).signed_by(&key, &shop.root).unwrap().der().to_vec();
    change(&mut octets);
    shop.shows(vec![CertificateDer::from(octets)], &key)
}

fn rename(octets: &mut [u8]) {
    let at = octets.windows(11).position(|window| window == b"mail.y.test").unwrap();
    octets[at + 5] = b'x';
}

/// The authority between is missing in what the server shows, or is another one.
fn wrong_chain(shows_other: bool) -> Certificate {
    let (shop, key) = (Shop::new(|_| ()), key());
    let (between, other) = (shop.between(|_| ()), shop.between(|_| ()));
    let leaf = names(&[NAME]).signed_by(&key, &between).unwrap().der().clone();
    shop.shows(if shows_other { vec![leaf, other.der().clone()] } else { vec![leaf] }, &key)
}

/// Two authorities between; the first says that there may be one.
fn too_long_a_path() -> Certificate {
    let (shop, key) = (Shop::new(|_| ()), key());
    let first = shop.between(|params| params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0)));
    let second = CertifiedIssuer::signed_by(authority("the second", |_| ()), self::key(), &first).unwrap();
    let leaf = names(&[NAME]).signed_by(&key, &second).unwrap();
    shop.shows(vec![leaf.der().clone(), second.der().clone(), first.der().clone()], &key)
}

/// A key that is not the certificate's.
fn stolen() -> Certificate {
    let (shop, key) = (Shop::new(|_| ()), key());
    let leaf = names(&[NAME]).signed_by(&key, &shop.root).unwrap();
    shop.shows(vec![leaf.der().clone()], &self::key())
}

/// The trusted authority as a server.
fn root_itself() -> Certificate {
    let root_key = key();
    let params = authority(TRUSTED, |params| params.subject_alt_names = names(&[NAME]).subject_alt_names);
    let root = params.self_signed(&root_key).unwrap();
    Certificate::shown(&root.pem(), vec![root.der().clone()], &root_key)
}

fn constraints(permitted: &[&str], excluded: &[&str]) -> Option<NameConstraints> {
    let trees =
        |names: &[&str]| names.iter().map(|name| GeneralSubtree::DnsName((*name).to_owned())).collect();
    Some(NameConstraints { permitted_subtrees: trees(permitted), excluded_subtrees: trees(excluded) })
}

fn critical() -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![5, 0]);
    extension.set_criticality(true);
    extension
}

fn with_key(algorithm: &'static rcgen::SignatureAlgorithm) -> Certificate {
    let (shop, key) = (Shop::new(|_| ()), KeyPair::generate_for(algorithm).unwrap());
    shop.shows(vec![names(&[NAME]).signed_by(&key, &shop.root).unwrap().der().clone()], &key)
}

fn past(params: &mut CertificateParams) {
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2020, 2, 1));
}

fn future(params: &mut CertificateParams) {
    (params.not_before, params.not_after) = (date_time_ymd(4000, 1, 1), date_time_ymd(4001, 1, 1));
}

/// All of them.
pub fn kinds() -> Vec<Kind> {
    let kind =
        |title, certificate, is_good, proves_its_key| Kind { title, certificate, is_good, proves_its_key };
    let good = |(title, certificate)| kind(title, certificate, true, true);
    let bad = |(title, certificate)| kind(title, certificate, false, true);
    let broken = |(title, certificate)| kind(title, certificate, false, false);
    let mut all: Vec<Kind> = good_ones().into_iter().map(good).collect();
    all.extend(
        wrong_times_and_issuers()
            .into_iter()
            .chain(wrong_names())
            .chain(wrong_uses())
            .chain(changed_ones())
            .map(bad),
    );
    all.extend(broken_ones().into_iter().map(broken));
    all
}

type Titled = (&'static str, Certificate);

fn good_ones() -> Vec<Titled> {
    vec![
        ("good", leaf(&[NAME], |_| ())),
        ("good, one of several names", leaf(&["a.test", NAME, "b.test"], |_| ())),
        ("good, a wildcard", leaf(&["*.x.test"], |_| ())),
        ("good, in capital letters", leaf(&["MAIL.X.TEST"], |_| ())),
        ("good, through an authority between", below_between(|_| ())),
        ("good, no use named", leaf(&[NAME], |params| params.extended_key_usages = Vec::new())),
        ("good, Ed25519", with_key(&rcgen::PKCS_ED25519)),
        ("good, P-384", with_key(&rcgen::PKCS_ECDSA_P384_SHA384)),
        (
            "good, within the names of its authority",
            below_between(|params| {
                params.name_constraints = constraints(&["x.test"], &[]);
            }),
        ),
    ]
}

fn wrong_times_and_issuers() -> Vec<Titled> {
    vec![
        ("expired", leaf(&[NAME], past)),
        ("not valid yet", leaf(&[NAME], future)),
        ("below an expired authority", below_between(past)),
        ("below an authority that is not valid yet", below_between(future)),
        ("signed by itself", self_signed(|_| ())),
        (
            "signed by itself, as an authority",
            self_signed(|params| {
                params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            }),
        ),
        (
            "signed by itself, in the name of the authority",
            self_signed(|params| {
                params.distinguished_name.push(DnType::CommonName, TRUSTED);
            }),
        ),
        ("signed by a stranger", below_stranger("a stranger")),
        ("signed by a stranger with a trusted name", below_stranger(TRUSTED)),
        ("the authority between is missing", wrong_chain(false)),
        ("the authority between is another", wrong_chain(true)),
        ("the trusted authority as a server", root_itself()),
    ]
}

fn wrong_names() -> Vec<Titled> {
    vec![
        ("for another name", leaf(&["mail.y.test"], |_| ())),
        ("for the domain above", leaf(&["x.test"], |_| ())),
        ("for a name below", leaf(&["a.mail.x.test"], |_| ())),
        ("for a name that begins so", leaf(&["mail.x.test.evil.test"], |_| ())),
        ("for a name that ends so", leaf(&["evilmail.x.test"], |_| ())),
        ("a wildcard for the names below", leaf(&["*.mail.x.test"], |_| ())),
        ("a wildcard for two labels", leaf(&["*.test"], |_| ())),
        ("a wildcard for a part of a label", leaf(&["m*.x.test"], |_| ())),
        ("a wildcard for all", leaf(&["*"], |_| ())),
        ("for no name", leaf(&[], |_| ())),
        (
            "the name in the subject only",
            leaf(&[], |params| {
                params.distinguished_name.push(DnType::CommonName, NAME);
            }),
        ),
        ("for a mail address", with_name(SanType::Rfc822Name(text("ann@mail.x.test")))),
        ("for a URI", with_name(SanType::URI(text("https://mail.x.test/")))),
        ("for the IP address that it has", leaf(&["127.0.0.1"], |_| ())),
        ("for a name with NUL", with_name(SanType::DnsName(text("mail.x.test\0.evil.test")))),
        (
            "outside of the names of the root",
            below_root(|params| {
                params.name_constraints = constraints(&["y.test"], &[]);
            }),
        ),
        (
            "outside of the names of its authority",
            below_between(|params| {
                params.name_constraints = constraints(&["y.test"], &[]);
            }),
        ),
        (
            "among the names forbidden to its authority",
            below_between(|params| {
                params.name_constraints = constraints(&[], &["x.test"]);
            }),
        ),
    ]
}

fn wrong_uses() -> Vec<Titled> {
    vec![
        ("for clients", leaf(&[NAME], |params| params.extended_key_usages = vec![For::ClientAuth])),
        (
            "for the signing of code",
            leaf(&[NAME], |params| params.extended_key_usages = vec![For::CodeSigning]),
        ),
        (
            "below an authority for clients",
            below_between(|params| {
                params.extended_key_usages = vec![For::ClientAuth];
            }),
        ),
        (
            "below a server's certificate",
            below_between(|params| {
                params.is_ca = IsCa::ExplicitNoCa;
                params.key_usages = Vec::new();
            }),
        ),
        (
            "below a certificate that says nothing of authority",
            below_between(|params| {
                params.is_ca = IsCa::NoCa;
                params.key_usages = Vec::new();
            }),
        ),
        ("below more authorities than one of them allows", too_long_a_path()),
    ]
}

fn broken_ones() -> Vec<Titled> {
    vec![
        ("the server lacks the key", stolen()),
        (
            "a critical extension that nobody knows",
            leaf(&[NAME], |params| params.custom_extensions.push(critical())),
        ),
        ("no certificate at all", broken(|octets| *octets = b"garbage".to_vec())),
        ("cut off", broken(|octets| octets.truncate(octets.len() / 2))),
        ("one octet too many", broken(|octets| octets.push(0))),
        (
            "version 9",
            broken(|octets| {
                let at = octets.windows(5).position(|window| window == [0xa0, 3, 2, 1, 2]).unwrap();
                octets[at + 4] = 8;
            }),
        ),
    ]
}

/// Changed behind the authority's back: whoever pins exactly that may have it.
fn changed_ones() -> Vec<Titled> {
    vec![
        ("the name was changed after the signing", broken(|octets| rename(octets))),
        (
            "the signature was changed",
            broken(|octets| {
                rename(octets);
                *octets.last_mut().unwrap() ^= 1;
            }),
        ),
    ]
}
