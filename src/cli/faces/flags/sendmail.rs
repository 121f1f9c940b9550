//! The flags of sendmail.

use super::{Flag, flags};

/// Each of them; all others are refused.
pub(in crate::cli) const SENDMAIL: &[Flag] = flags! {
    Honoured "-t", "-t;-t r@x;-ti",
        "Whom the message is for stands in its To, Cc and Bcc fields, all of them; recipients of the command line come on top. \
         Where there is a Resent-To, Resent-Cc or Resent-Bcc, the uppermost Resent- fields count instead.";
    Honoured "-f ADDRESS, -r ADDRESS", "-f a@x r@x;-fa@x r@x;-r a@x r@x;-f <> r@x;r@x -f A\tB\t<a@x>",
        "The reverse-path, where reports of failure go; the last one counts. An empty value, <> and MAILER-DAEMON mean that \
         nobody is told. It is the author too, where the message names none.";
    Honoured "-F NAME", "-F Cron\tDaemon r@x;-FCronDaemon r@x",
        "The name beside the author's address, where the message has no From field.";
    Honoured "-bm", "-bm r@x;-b m r@x", "Send the message on standard input. That is so without it, too.";
    Honoured "-bs", "-bs;-bs -i;-bs -f a@x", "Speak SMTP on standard input and output. See DIALOGUE.";
    Honoured "-bp", "-bp", "Show what waits in the queue, as mailq and whippet queue list do.";
    Honoured "-bv", "-bv root r@x",
        "Show whom the recipients of the command line stand for. Nothing is read and nothing is sent.";
    Honoured "-q, -qIID, -qRTEXT, -qSTEXT", "-q;-qI4F3A;-qRbob;-qSann",
        "Run the queue once, as whippet queue run does: all that is due, the entry of this ID, or those with TEXT in a \
         recipient, or in the reverse-path.";
    Honoured "-N NEVER|LIST", "-N never r@x;-Nsuccess,failure,delay r@x",
        "The reports that are wished for: never, or some of success, failure, delay. A server that knows no such wish gets the \
         mail all the same.";
    Honoured "-R full|hdrs", "-R full r@x;-R hdrs r@x;-Rreturn r@x;-R headers r@x",
        "How much of the message a report of failure brings back. return is full, headers is hdrs.";
    Honoured "-V ID", "-V id7 r@x", "A name for this mail, at most 100 characters, which reports repeat.";
    Honoured "-O REQUIRETLS=yes", "-O REQUIRETLS=yes r@x;-ORequireTLS=yes r@x",
        "TLS on the whole way, or no delivery (RFC 8689).";
    Honoured "-v", "-v r@x", "Show the dialogue with the server on standard error, without passwords.";
    Noted "-bi, -I", "-bi;-I", "There is no table of aliases to make: alias files are read when a mail is sent.";
    Noted "-qTIME, -q TIME", "-q30m;-q 30m;-q1h30m",
        "The queue is run once, as by -q. whippet queue install has it run again and again.";
    Noted "-X FILE", "-X /tmp/log r@x;-X/tmp/log r@x",
        "No log is written to a file that the command line names: what puts the command line together may be a web form.";
    Noted "-C FILE", "-C /tmp/c r@x;-C/tmp/c r@x", "The command line chooses no configuration. --config does, where it stands first.";
    Ignored "-i, -oi", "-i r@x;-oi r@x;r@x -i", "A line with nothing but a dot never ends the message.";
    Ignored "-oLETTER...", "-oem r@x;-odi r@x;-odb r@x;-o7 r@x;-o8 r@x;-om r@x;-oee r@x;-oQ/tmp/x r@x;-oA/tmp/x r@x",
        "Whatever is glued to -o. The exit status stays true with -oee, too.";
    Ignored "-o WORD", "-o word r@x", "";
    Ignored "-O NAME=VALUE", "-O QueueDirectory=/tmp r@x;-O SMTPUTF8=yes r@x",
        "Any other name. SMTPUTF8 is used where an address needs it.";
    Ignored "-e MODE", "-em r@x;-e q r@x", "";
    Ignored "-B 7BIT|8BITMIME", "-B8BITMIME r@x;-B 7bit r@x", "The octets of the message tell.";
    Ignored "-h N, -L TAG, -p PROTOCOL, -A WORD", "-h 9 r@x;-L tag r@x;-p SMTP r@x;-Ac r@x", "";
    Ignored "-U, -G, -m, -n, -x, -c", "-U r@x;-G r@x;-m r@x;-n r@x;-x r@x;-c r@x", "";
    Ignored "-dLEVEL", "-d r@x;-d0.1 r@x", "";
    Refused "-bd, -bl, -bD, -ba", "-bd;-bl;-bD;-ba",
        "No daemon is needed. whippet queue install has the queue run, and a socket of systemd starts -bs.";
    Refused "-bLETTER", "-bt;-bh;-bH;-bq;-be;-bP", "Any other letter.";
    Refused "-XV", "-XV r@x;-XV+= r@x", "There are no envelope senders for each recipient (VERP), and bounces would go astray.";
    Refused "-s, -S, -H, -w, -a, -E, -T, -W, -y, -j", "-s r@x;-S r@x;-H r@x;-w r@x;-a r@x;-E r@x;-T r@x;-W r@x;-y r@x;-j r@x",
        "And any other letter. Those of other programs carry servers and passwords.";
};
