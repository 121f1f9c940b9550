//! The options of mutt and neomutt: which of them mean something else here.

use super::{Flag, flags};

/// Each of them. The manual page whippet(1) tells what they do, out of the table of options.
pub(in crate::cli) const MUTT: &[Flag] = flags! {
    Honoured "-s SUBJECT", "-s S r@x;-sS r@x;r@x -s S", "A line end in it is an error (65); mutt makes it a blank.";
    Honoured "-c ADDRESS, -b ADDRESS", "-c c@x r@x;-b b@x r@x", "";
    Changed "-a FILE ... [--]", "-a f -- r@x;-a f g -- r@x;r@x -a f",
        "The list of files ends at the next option, too. Its last word is the recipient where it is no file, but an address, and \
         nobody else is written to; that is told. Any other that is no file is an error (64 for an address, else 66) that says \
         how to write it. Standard input is `-a -`.";
    Honoured "-i FILE", "-i f r@x", "The text begins with the file. `-i -` is standard input.";
    Changed "-H FILE", "-H f;-H - r@x", "The draft keeps its whole MIME structure; Attach fields need `--allow-draft-attach`.";
    Changed "-E", "-E -i f r@x", "The editor gets a copy: the file itself is never changed.";
    Changed "-e COMMAND", "-e set\tfrom=a@x r@x;-e my_hdr\tX-A:\t1 r@x;-e set\tcontent_type=text/html r@x",
        "`set`, `unset`, `my_hdr` and `unmy_hdr` of what concerns sending; anything else is refused, and nothing is sent.";
    Changed "-F FILE", "-F f r@x;-F /dev/null r@x", "A configuration file of whippet; a muttrc is named as such (78).";
    Honoured "-n", "-n r@x", "No system-wide configuration.";
    Honoured "-A ALIAS", "-A bob", "Prints what the alias stands for.";
    Changed "-Q NAME", "-Q host", "Prints a setting of whippet, and where it comes from.";
    Changed "-D", "-D", "Prints all settings of whippet, each with its origin, without passwords.";
    Changed "-d LEVEL", "-d 1 r@x;-d 5 r@x", "The dialogue goes to standard error, without passwords; no file is written.";
    Honoured "-h, -v, -vv", "-h;-v;-vv", "";
    Ignored "-x", "-x r@x", "";
    Refused "-p", "-p", "No postponed mail is kept.";
    Refused "-f, -y, -z, -Z, -R, -m", "-f r@x;-y r@x;-z r@x;-Z r@x;-R r@x;-m r@x", "They concern mailboxes.";
    Refused "-B, -C, -G, -g, -l, -O, -S, -T", "-B r@x;-C r@x;-G r@x;-g r@x;-l r@x;-O r@x;-S r@x;-T r@x", "Those of neomutt alone.";
    Refused "any other letter", "-1 r@x;-k r@x", "Wrong usage (64); mutt shows its usage and exits with 0.";
};
