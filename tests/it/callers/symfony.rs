//! Symfony's Mailer, which Laravel uses too, by the real library, in each way that it has to a sendmail program.

use super::machine::Machine;
use crate::faces::addresses;
use crate::support::{Peer, Peers, skipped_loudly};

/// Two mails over one transport, by each DSN.
const SCRIPT: &str = r#"<?php
require '/usr/share/php/Symfony/Component/Mailer/autoload.php';
use Symfony\Component\Mailer\{Mailer, Transport};
use Symfony\Component\Mime\Email;
foreach (array_slice($argv, 1) as $dsn) {
    $mailer = new Mailer(Transport::fromDsn($dsn));
    $mail = (new Email())->from('Wé <w@x.example>')->to('r@x.example')->cc('q@x.example')->bcc('b@x.example')
        ->subject('Größe 1')->text("Zeile ä\n.\n..\nlast\n")->html('<p>ä</p>');
    $mailer->send($mail);
    $mailer->send($mail->subject('Größe 2'));
}
"#;

#[test]
fn each_way_to_a_sendmail_program() {
    let Some(peers) = Peers::find() else { return };
    let folder = std::path::Path::new(&peers.text("PACKAGES")).join("php");
    if !folder.join("usr/share/php/Symfony/Component/Mailer").is_dir() {
        return skipped_loudly("Symfony's Mailer: not among the packages of the peers");
    }
    for dsn in [
        "sendmail://default",
        "sendmail://default?command=/usr/sbin/sendmail%20-bs%20-i",
        "sendmail://default?command=/usr/sbin/sendmail%20-t",
        "sendmail://default?command=/usr/sbin/sendmail%20-t%20-i",
        "native://default",
    ] {
        let peer = Peer::healthy();
        let Some(machine) = Machine::facing(peer.port()) else { return };
        let machine = machine.with_package(&peers, "php");
        machine.file("/mail.php", SCRIPT, 0o644);
        let script = format!(
            "set -- /usr/bin/php[0-9]*; exec $1 -n -d sendmail_path='/usr/sbin/sendmail -t -i' -d extension=mbstring \
             -d extension=iconv -d extension=ctype -d extension=tokenizer /mail.php '{dsn}'"
        );
        machine.run(&script, "").exits(0).quiet();
        let book = peer.finish();
        let expected = ["r@x.example", "q@x.example", "b@x.example"].repeat(2);
        assert_eq!(addresses(&book.commands("RCPT TO:")), expected, "{dsn}");
        assert_eq!(addresses(&book.commands("MAIL FROM:")), ["w@x.example"; 2], "{dsn}");
        assert_eq!(book.dots(), 2, "{dsn}");
        for (index, message) in book.messages().iter().enumerate() {
            let parsed = mail_parser::MessageParser::default().parse(message).unwrap();
            assert_eq!(parsed.subject(), Some(format!("Größe {}", index + 1).as_str()), "{dsn}");
            let text = parsed.body_text(0).unwrap().replace("\r\n", "\n");
            // Without -i it doubles the dots itself, and every sendmail program leaves them so.
            let is_doubled = dsn.ends_with("-t");
            let wanted = if is_doubled { "Zeile ä\n..\n...\nlast" } else { "Zeile ä\n.\n..\nlast" };
            assert_eq!(text.trim_end(), wanted, "{dsn}");
            assert_eq!(parsed.body_html(0).unwrap().trim(), "<p>ä</p>", "{dsn}");
            let mut lines = message.lines().filter(|line| !line.starts_with("Message-ID:"));
            assert!(lines.all(|line| !line.contains("b@x.example")), "{dsn}: {message}");
        }
    }
}
