//! Drafts as people and programs write them. What arrives is what was given, octet for octet but for line ends, where
//! nothing else is said.

/// A draft, what of it is not there any more, and what stands there instead.
pub struct Case {
    pub draft: Vec<u8>,
    pub changes: Vec<(&'static str, &'static str)>,
}

fn same(draft: impl AsRef<[u8]>) -> Case {
    Case { draft: draft.as_ref().to_vec(), changes: Vec::new() }
}

fn changed(draft: &str, changes: &[(&'static str, &'static str)]) -> Case {
    Case { changes: changes.to_vec(), ..same(draft) }
}

/// A header that lacks nothing but what its content is.
const HEAD: &str = "Date: Fri, 2 Jan 2026 08:30:00 +0100\nFrom: Ann Example <ann@example.test>\nTo: r@x.test\n\
                    Subject: a draft\nMessage-ID: <kept@example.test>\nMIME-Version: 1.0\n";
const PLAIN: &str = "Content-Type: text/plain; charset=us-ascii\n\nhello\n";

fn with(fields: &str) -> String {
    format!("{HEAD}{fields}{PLAIN}")
}

pub fn cases() -> Vec<Case> {
    [single(), multipart(), headers(), repaired()].into_iter().flatten().collect()
}

fn single() -> Vec<Case> {
    vec![
        same(with("")),
        same(with("").replace('\n', "\r\n")),
        same(with("").replacen('\n', "\r\n", 3)),
        same(with("") + "\n.\n..two dots\n.\n\n\nFrom the beginning of a line\n>From quoted\n"),
        same(format!("{HEAD}Content-Type: text/plain\n\n")),
        same(format!(
            "{HEAD}Content-Type: text/plain; format=flowed; delsp=yes\n\nsoft \nbreak \t\n-- \nme\n"
        )),
        same(format!(
            "{HEAD}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n\
             caf=C3=A9 is a long line that is =\nbroken=20\n=46rom\n"
        )),
        same(format!(
            "{HEAD}Content-Type: text/plain; charset=\"utf-8\"\nContent-Transfer-Encoding: base64\n\n5oql5ZGK\nCg==\n"
        )),
        same(format!(
            "{HEAD}Content-Type: application/pdf;\n name=\"a b.pdf\"\nContent-Transfer-Encoding: base64\n\
             Content-Disposition: attachment;\n\tfilename*=utf-8''%e6%8a%a5.pdf\n\nJVBERi0xLjcK\n"
        )),
        same(format!(
            "{HEAD}Content-Type: text/html; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n\n<p>hi\n"
        )),
        same(format!("{HEAD}Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B$\"\x1b(B\n")),
        same(format!("{HEAD}Content-Type: message/rfc822\n\nSubject: inner\nBcc: kept@x.test\n\ntext\n")),
    ]
}

const ALTERNATIVE: &str = "Content-Type: multipart/alternative; boundary=\"b (1)\"\n\nNobody sees this.\n--b (1)\n\
    Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\ngr=C3=BCn\n\n--b (1)\n\
    Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\nPHA+Z3LDvG4K\n\n--b (1)--\nepilogue\n";
const SIGNED: &str = "Content-Type: multipart/signed; micalg=pgp-sha512;\n protocol=\"application/pgp-signature\";\n \
    boundary=\"=_signed\"\n\n--=_signed\nContent-Type: text/plain; charset=us-ascii\n\ntrailing blanks \t \n- --\n\n\
    --=_signed\nContent-Type: application/pgp-signature; name=\"signature.asc\"\n\n-----BEGIN PGP SIGNATURE-----\n\
    \n=AbCd\n-----END PGP SIGNATURE-----\n\n--=_signed--\n";
const EIGHT_BIT: &str = "Content-Type: multipart/mixed; boundary=8\nContent-Transfer-Encoding: 8bit\n\n--8\n\
    Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n\u{65e5}\u{672c}\u{8a9e}\n--8\n\
    Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\nContent-Disposition: attachment; filename=a.txt\n\n\
    na\u{ef}ve\n--8--\n";

fn multipart() -> Vec<Case> {
    let latin = [
        HEAD.as_bytes(),
        b"Content-Type: multipart/mixed; boundary=l\nContent-Transfer-Encoding: 8bit\n\n--l\n\
          Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n\ncaf\xe9\n--l--\n",
    ];
    vec![
        same(format!("{HEAD}{ALTERNATIVE}")),
        same(format!("{HEAD}{ALTERNATIVE}").replace('\n', "\r\n")),
        same(format!("{HEAD}{SIGNED}")),
        same(format!("{HEAD}{EIGHT_BIT}")),
        same(latin.concat()),
        same(format!(
            "{HEAD}Content-Type: multipart/mixed; boundary=o\n\n--o\n{ALTERNATIVE}\n--o\n{SIGNED}\n--o--\n"
        )),
        changed(
            &format!("{HEAD}{}", EIGHT_BIT.replacen("Encoding: 8bit", "Encoding: 7bit", 1)),
            &[("Content-Transfer-Encoding: 7bit", "Content-Transfer-Encoding: 8bit")],
        ),
    ]
}

fn headers() -> Vec<Case> {
    vec![
        same(with("X-Odd:\n\tfolded\n\t  by tabs\nx-spelled:as  it is \nX-Empty:\nX-Twice: 1\nX-Twice: 2\n")),
        same(with("Received: from a by b; Fri, 2 Jan 2026 08:00:00 +0100\nDKIM-Signature: v=1; b=\n  abc\n")),
        same(with(
            "References: <a@x>\n <b@x>\nIn-Reply-To: <b@x>\nReply-To: =?iso-8859-1?q?J=F6rg?= <j@x.test>\n",
        )),
        same(with("Cc: \"Doe, J.\" <j@x.test>,\n Team: k@x.test, l@x.test;, (nobody) m@x.test\n")),
        same(with("X-Mailer: none\nList-Id: <l.x.test>\nPrecedence: bulk\nAuto-Submitted: auto-generated\n")),
        same(with(
            "Resent-From: b@x.test\nResent-To: r@x.test\nResent-Date: Sat, 3 Jan 2026 08:30:00 +0100\n",
        )),
        same(format!(
            "X-First: 1\n{}{}",
            PLAIN.split_once("\n\n").unwrap().0,
            format_args!("\n{HEAD}\nhello\n")
        )),
        changed(
            &format!("From ann Fri Jan  2 08:30:00 2026\n{}", with("")),
            &[("From ann Fri Jan  2 08:30:00 2026\r\n", "")],
        ),
    ]
}

fn repaired() -> Vec<Case> {
    vec![
        changed(
            &with(
                "Bcc: s@x.test,\n t@x.test\nbcc: u@x.test\nFcc: =sent\nX-Mutt-PGP: S\nReturn-Path: <a@x>\n",
            ),
            &[(
                "Bcc: s@x.test,\r\n t@x.test\r\nbcc: u@x.test\r\nFcc: =sent\r\nX-Mutt-PGP: S\r\nReturn-Path: <a@x>\r\n",
                "",
            )],
        ),
        changed(
            &with("X-Note: na\u{ef}ve\nCc: J\u{f6}rg <j@x.test>\n"),
            &[
                ("X-Note: na\u{ef}ve", "X-Note: =?utf-8?b?bmHDr3Zl?="),
                ("Cc: J\u{f6}rg <j@x.test>", "Cc: =?utf-8?b?SsO2cmc=?= <j@x.test>"),
            ],
        ),
        changed(
            &format!(
                "{HEAD}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\ncaf\u{e9}\n"
            ),
            &[("Encoding: 8bit", "Encoding: quoted-printable"), ("caf\u{e9}", "caf=C3=A9")],
        ),
        changed(&with("X-Blank: a\n \t\n b\nCc:\n"), &[("a\r\n \t\r\n b\r\nCc:\r\n", "a\r\n b\r\n")]),
        changed(
            &format!("{HEAD}\ntyped \u{2014} so\n"),
            &[(
                "\r\n\r\ntyped \u{2014} so",
                "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ntyped =E2=80=94 so",
            )],
        ),
    ]
}
