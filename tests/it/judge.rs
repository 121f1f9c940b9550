//! Many command lines, each with something hard in it, and Python's `email` as the judge of what arrives: no defect,
//! and the fields, addresses, file names, texts and octets are those that were given.

use crate::support::{Judged, Peer, Sandbox, judge};

/// Octets that no transfer encoding may change, and their SHA-256.
const ALL_OCTETS_SHA256: &str = "40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880";

fn all_octets() -> Vec<u8> {
    (0..=255).collect()
}

fn subjects() -> Vec<String> {
    let mut subjects: Vec<String> = [
        "plain",
        "报告：二〇二六年第一季度",
        "👩‍👩‍👧‍👦 family 🏳️‍🌈 and e\u{301}",
        "=?utf-8?Q?not_a_word?=",
        "a  b   c",
        "\"quoted\" (comment) <angle> @ , ; : \\",
        "عنوان من اليمين إلى اليسار",
        "mixed 混合 text テキスト 텍스트 текст",
        "a question mark? an equals=sign an_underscore",
        "Re: [list] Fwd: 回复",
    ]
    .map(str::to_owned)
    .to_vec();
    subjects.extend([
        "很长的主题".repeat(80),
        "x".repeat(1000),
        "😀".repeat(100),
        "word ".repeat(150) + "end",
    ]);
    subjects
}

const NAMES: [&str; 14] = [
    "Ann Example",
    "王小明",
    "O'Neil, Pat (sales)",
    "\"Quoted\" \\ backslash",
    "🐕 whippet",
    "Dr. J. R. Müller-Lüdenscheidt",
    "semi;colon, comma: colon",
    "名前がとても長い人の名前がとても長い人の名前がとても長い人",
    "a@b.example",
    "=?utf-8?q?x?=",
    "Ørsted <ceo>",
    "김철수",
    "dots... and more.",
    "x",
];

const FILES: [&str; 20] = [
    "报告 2026.pdf",
    "a b.txt",
    "naïve.csv",
    "😀.png",
    "quote\"s.txt",
    "back\\slash.txt",
    "semi;colon.bin",
    "100%.txt",
    "'single'.gz",
    "tab\tand\nline.txt",
    ".hidden",
    "no_extension",
    "x=1&y=2.json",
    "(paren).zip",
    "trailing dot.",
    "-dash.txt",
    "名前.tar.gz",
    "a'b*c''d.txt",
    "=?utf-8?q?a?=.txt",
    "很长的文件名很长的文件名很长的文件名很长的文件名很长的文件名很长的文件名很长的文件名.docx",
];

const TEXTS: [&str; 12] = [
    "",
    "hello\n",
    "no line end",
    "你好，世界。\n第二行\n",
    ".\n..\n.x\nQUIT\n.\n",
    "From here\n>From there\n",
    "trailing blanks   \n\ttabs\t\n \n",
    "--boundary\n--=_whippet--\n\n\n",
    "form\u{c}feed \u{b} escape \u{1b}[0m nul \0 end\n",
    "=3D =C3 = equals at the end =\n=\n",
    "e\u{301} combining, zero\u{200b}width, bidi \u{202e}x\u{202c}\n",
    "\n\n\nbegins with empty lines\n",
];

/// Names on the wire lose what would end or steer a parameter.
fn harmless(name: &str) -> String {
    name.chars().map(|each| if each.is_control() || "\"\\".contains(each) { '_' } else { each }).collect()
}

/// `"Name" <address>` with the name quoted, as a person would give it to a shell.
fn mailbox(name: &str, address: &str) -> String {
    format!("\"{}\" <{address}>", name.replace('\\', "\\\\").replace('"', "\\\""))
}

fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").trim_end_matches('\n').to_owned()
}

/// One command line of the corpus.
struct Letter {
    subject: String,
    text: String,
    to: Vec<(String, String)>,
    cc: Vec<(String, String)>,
    files: Vec<&'static str>,
}

impl Letter {
    /// Takes something else of each list for each number.
    fn numbered(number: usize) -> Letter {
        let subjects = subjects();
        let long = TEXTS[number % TEXTS.len()].repeat(1 + number % 3);
        let very_long = format!("{}\n", "长行 long line ".repeat(300));
        let person = |index: usize| {
            let name = NAMES[(number + index * 5) % NAMES.len()].to_owned();
            (name, format!("user{index}@example.test"))
        };
        Letter {
            subject: subjects[number % subjects.len()].clone(),
            text: if number % 11 == 10 { very_long } else { long },
            to: (0..[1, 3, 20][number % 3]).map(person).collect(),
            cc: (30..30 + number % 4).map(person).collect(),
            files: (0..[0, 1, 10][(number / 2) % 3])
                .map(|index| FILES[(number + index) % FILES.len()])
                .collect(),
        }
    }

    fn send(&self, sandbox: &Sandbox) {
        let mut arguments = vec!["-s".to_owned(), self.subject.clone()];
        for (name, address) in &self.cc {
            arguments.extend(["-c".to_owned(), mailbox(name, address)]);
        }
        for file in &self.files {
            sandbox.file(file, all_octets());
            arguments.extend(["--attach".to_owned(), format!("./{file}")]);
        }
        arguments.push("--".to_owned());
        arguments.extend(self.to.iter().map(|(name, address)| mailbox(name, address)));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        sandbox.stdin(&self.text).run(&arguments).exits(0).never_shows("warning");
    }

    fn compare(&self, judged: &Judged) {
        assert_eq!(judged.field("Subject"), Some(self.subject.as_str()));
        assert_eq!(judged.addresses["to"], self.to);
        assert_eq!(judged.addresses.get("cc").cloned().unwrap_or_default(), self.cc);
        assert_eq!(judged.addresses["from"], [(String::new(), "ann@example.test".to_owned())]);
        let names: Vec<String> = self.files.iter().map(|file| harmless(file)).collect();
        assert_eq!(judged.names(), names);
        let text = judged.parts[0].text.as_deref().unwrap();
        assert_eq!(lines(text), lines(&self.text));
        assert_eq!(judged.parts[0].media_type, "text/plain");
        assert_eq!(judged.parts[0].charset.as_deref() == Some("us-ascii"), self.text.is_ascii());
        for part in &judged.parts[1..] {
            assert_eq!(part.sha256, ALL_OCTETS_SHA256, "{:?} {}", part.name, part.media_type);
            assert_eq!(part.disposition.as_deref(), Some("attachment"));
        }
    }
}

#[test]
fn a_corpus_of_letters_says_what_was_typed() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    let letters: Vec<Letter> = (0..84).map(Letter::numbered).collect();
    letters.iter().for_each(|letter| letter.send(&sandbox));
    let messages = peer.finish().octets();
    assert_eq!(messages.len(), letters.len());
    let Some(judged) = judge(&messages) else { return };
    letters.iter().zip(&judged).for_each(|(letter, judged)| letter.compare(judged));
}

#[test]
fn only_attachments_and_standard_input_as_one() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    sandbox.file("image.png", all_octets());
    sandbox.run(&["-s", "1", "-a", "image.png", "--", "bob@example.test"]).exits(0);
    sandbox.stdin(all_octets()).run(&["-s", "2", "--attach-stdin", "数据.bin", "bob@example.test"]).exits(0);
    sandbox.stdin("ü\n").run(&["-s", "3", "-a", "-", "--", "bob@example.test"]).exits(0);
    sandbox.run(&["-s", "4", "bob@example.test"]).exits(0);
    sandbox.stdin("5\n").run(&["-b", "bob@example.test, eve@example.test"]).exits(0);
    let messages = peer.finish().octets();
    assert!(!String::from_utf8_lossy(&messages[4]).contains("@example.test, eve"));
    let Some(judged) = judge(&messages) else { return };
    assert_eq!(judged[0].names(), ["image.png"]);
    assert_eq!(judged[1].names(), ["数据.bin"]);
    for judged in &judged[..2] {
        assert_eq!(judged.parts.last().unwrap().sha256, ALL_OCTETS_SHA256);
    }
    assert_eq!(judged[2].names(), ["stdin.txt"]);
    let part = judged[2].parts.last().unwrap();
    assert_eq!((part.text.as_deref(), part.size), (Some("ü\n"), 3));
    assert_eq!((judged[3].parts.len(), judged[3].parts[0].text.as_deref()), (1, Some("")));
    assert_eq!(judged[4].field("Subject"), None);
    assert_eq!(judged[4].field("To"), Some("undisclosed-recipients:;"));
}

#[test]
fn every_charset_arrives_as_what_it_says() {
    let peer = Peer::healthy();
    let sandbox = Sandbox::facing(peer.port(), "");
    // The text in the charset, octet by octet, written by hand so that no library of ours has a part in it.
    let inputs: [(&str, &[u8], &str); 9] = [
        ("utf-8", "é 中 😀".as_bytes(), "é 中 😀"),
        ("iso-8859-1", b"caf\xe9", "café"),
        ("windows-1252", b"\x80 \x93x\x94", "€ “x”"),
        ("gb18030", b"\xd6\xd0\xce\xc4 \x81\x30\x81\x30", "中文 \u{80}"),
        ("big5", b"\xa4\xa4\xa4\xe5", "中文"),
        ("shift_jis", b"\x93\xfa\x96\x7b", "日本"),
        ("euc-kr", b"\xc7\xd1\xb1\xdb", "한글"),
        ("koi8-r", b"\xd2\xd5\xd3", "рус"),
        ("utf-16le", b"\x2d\x4e\x41\x00", "中A"),
    ];
    for (charset, octets, _) in inputs {
        sandbox.stdin(octets).run(&["-s", "in", "--charset", charset, "bob@example.test"]).exits(0);
    }
    let outputs = [
        ("gb18030", "中文 😀 é", "gb18030"),
        ("gbk", "中文", "gbk"),
        ("big5", "中文", "big5"),
        ("iso-8859-1", "café", "iso-8859-1"),
        ("iso-8859-1", "中文", "utf-8"),
        ("shift_jis", "日本", "shift_jis"),
        ("euc-kr", "한글", "euc-kr"),
        ("koi8-r", "рус", "koi8-r"),
        ("utf-8", "中文", "utf-8"),
        ("gb18030", "ascii", "us-ascii"),
    ];
    for (charset, text, _) in outputs {
        let setting = format!("charset={charset}");
        sandbox.stdin(text).run(&["-s", text, "--set", &setting, "bob@example.test"]).exits(0);
    }
    sandbox
        .stdin(b"\xff\xfe\xfd not a text in any charset\xff\n")
        .run(&["-s", "?", "bob@example.test"])
        .exits(0);
    let Some(judged) = judge(&peer.finish().octets()) else { return };
    for ((charset, _, text), judged) in inputs.iter().zip(&judged) {
        assert_eq!(lines(judged.parts[0].text.as_deref().unwrap()), *text, "{charset}");
        assert_eq!(judged.parts[0].charset.as_deref(), Some("utf-8"));
    }
    let judged = &judged[inputs.len()..];
    for ((setting, text, label), judged) in outputs.iter().zip(judged) {
        assert_eq!(lines(judged.parts[0].text.as_deref().unwrap()), *text, "{setting}");
        let charset = judged.parts[0].charset.as_deref().unwrap();
        // Browsers, and so the encoders, call Latin-1 by the name of what contains it.
        let is_same = charset == *label || (charset, *label) == ("windows-1252", "iso-8859-1");
        assert!(is_same, "{setting}: {charset}");
        assert_eq!(judged.field("Subject"), Some(*text));
    }
    let odd = &judged[outputs.len()].parts[0];
    assert_eq!((odd.charset.as_deref(), odd.encoding.as_str()), (Some("unknown-8bit"), "base64"));
    assert_eq!(odd.size, b"\xff\xfe\xfd not a text in any charset\xff\n".len());
}
