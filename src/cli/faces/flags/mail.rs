//! The options of mail and mailx: those of bsd-mailx, s-nail and mailutils.

use super::{Flag, flags};

/// Each of them; all others are refused.
pub(in crate::cli) const MAIL: &[Flag] = flags! {
    Honoured "-s SUBJECT, --subject SUBJECT", "-s S r@x;-sS r@x;--subject=S r@x;--subject S r@x;r@x -s S",
        "The subject. One with a line end in it is an error (65); elsewhere the line end becomes a blank.";
    Honoured "-c ADDRESS, -b ADDRESS", "-c c@x r@x;-b b@x r@x;-b b@x,d@x",
        "Recipients of a copy, and of a blind copy. May be repeated, and hold several addresses with commas between.";
    Honoured "-r ADDRESS, --return-address ADDRESS", "-r a@x r@x;--return-address=a@x r@x", "The author and the reverse-path.";
    Honoured "-a WORD", "-a X-Host:\tweb1 r@x;-a /etc/hostname r@x",
        "A field for bsd-mailx and mailutils, a file for s-nail. See FILES AND FIELDS.";
    Honoured "-A WORD", "-A web r@x",
        "A file for mailutils, an account for s-nail. See FILES AND FIELDS.";
    Honoured "-C FIELD, --append FIELD", "-C X-A:\t1 r@x;--append=X-A:\t1 r@x", "A field, as 'X-Host: web1'.";
    Honoured "-T FIELD", "-T to:\ta@x;-T bcc:\tb@x r@x", "A recipient, as 'to: you@example.org', 'cc: ...' or 'bcc: ...'.";
    Honoured "-q FILE", "-q f r@x", "The text begins with this file; standard input follows.";
    Honoured "-m FILE", "-m f r@x", "The text is this file.";
    Honoured "-E", "-E r@x;-Es S r@x",
        "A mail without a text is not sent, and the exit status is 0. The command that mailutils takes here (set or unset, and \
         what follows in the same word) is passed over.";
    Honoured "-t, --to", "-t;--to", "The fields, with the recipients, stand above the text. bsd-mailx has no such option.";
    Honoured "-M TYPE/SUBTYPE", "-M text/html r@x", "The type of the text. Without a type behind it, -M is passed over.";
    Honoured "-S NAME[=VALUE]", "-S from=a@x r@x;-Sfrom=a@x r@x", "A variable of s-nail. See VARIABLES.";
    Honoured "-X COMMAND, -Y COMMAND", "-X set\tfrom=a@x r@x;-Y set\tfrom=a@x r@x", "The command set, as -S. Any other is refused.";
    Honoured "-d", "-d r@x", "Check everything, print the mail, send nothing.";
    Honoured "-v", "-v r@x", "Show the dialogue with the server on standard error, without passwords.";
    Honoured "--attach FILE", "--attach=f r@x", "Attach this file.";
    Honoured "--content-type TYPE", "--content-type=text/csv --attach=f r@x", "The type of the next file of --attach.";
    Honoured "--content-filename NAME", "--content-filename=n --attach=f r@x", "The name of the next file of --attach.";
    Honoured "-h, --help, -V, --version", "-h;--help;-V;--version", "Print that, and end.";
    Ignored "-i, -n, -N, -I, -B, -D, -., -#", "-i r@x;-n r@x;-N r@x;-I r@x;-B r@x;-D r@x;-. r@x;-# r@x", "";
    Ignored "-: FILES", "-: / r@x;-:/ r@x", "";
    Refused "-e, -f, -H, -L, -p, -R, -u", "-e r@x;-f r@x;-H r@x;-L r@x;-p r@x;-R r@x;-u r@x",
        "They concern mailboxes, and whippet does not read mail.";
    Refused "-~", "-~ r@x", "A line of the text is never a command, whatever it begins with.";
    Refused "-F", "-F r@x", "No copy is named after a recipient. fcc in the profile keeps one.";
    Refused "--alternative", "--alternative r@x", "whippet --html FILE sends a text in two forms.";
};

/// The variables of `-S`. All others are passed over, and that is told.
pub(in crate::cli) const VARIABLES: &[Flag] = flags! {
    Honoured "from=ADDRESS", "-S from=a@x r@x", "The author.";
    Honoured "sender=ADDRESS", "-S sender=a@x r@x", "Who hands the mail in, if that is somebody else.";
    Honoured "reply-to=ADDRESS, replyto=ADDRESS", "-S reply-to=a@x r@x;-S replyto=a@x r@x", "Where answers go.";
    Honoured "ttycharset=NAME", "-S ttycharset=utf-8 r@x", "The charset of the text.";
    Honoured "skipemptybody", "-S skipemptybody r@x", "As -E.";
    Honoured "smtp=HOST[:PORT], mta=URL", "-S smtp=h:2525 r@x;-S mta=smtps://h r@x;-S mta=submission://u@h r@x",
        "The server: smtp://, smtps://, submission:// or submissions://. smtp://localhost without a login needs no TLS. A path or \
         file:// is a sendmail program.";
    Honoured "smtp-use-starttls", "-S smtp-use-starttls r@x", "TLS by STARTTLS, which the server must offer.";
    Honoured "smtp-auth-user=NAME", "-S smtp-auth-user=u r@x", "Who logs in. The password stands in the profile.";
    Honoured "smtp-auth=none", "-S smtp-auth=none -S mta=smtp://u@h r@x", "No login. Other values have no effect.";
    Honoured "hostname=NAME", "-S hostname=h.x r@x", "The name of this machine, as the domain of an author without one.";
    Ignored "encoding, escape, expandaddr, mime-force-sendout, nss-config-dir, quiet, sendcharsets, sendwait, v15-compat",
        "-S encoding=8bit r@x;-S escape=~ r@x;-S expandaddr r@x;-S mime-force-sendout r@x;-S nss-config-dir=/x r@x;\
         -S quiet r@x;-S sendcharsets=utf-8 r@x;-S sendwait r@x;-S v15-compat r@x", "";
    Ignored "ssl-verify=strict, tls-verify=strict", "-S ssl-verify=strict r@x;-S tls-verify=strict r@x", "That is so.";
    Noted "record=FILE and any other", "-S record=~/sent r@x;-S folder=x r@x", "";
    Refused "ssl-verify=ignore, tls-verify=warn", "-S ssl-verify=ignore r@x;-S tls-verify=warn r@x",
        "A certificate is always verified. tls_pin in the profile trusts one by its fingerprint.";
    Refused "smtp-auth-password, password, a URL with a password",
        "-S smtp-auth-password=p r@x;-S password=p r@x;-S mta=smtp://u:p@h r@x",
        "A password on the command line is visible to every user. It belongs in the profile.";
};
