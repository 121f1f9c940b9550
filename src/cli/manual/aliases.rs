//! What the manual page says of aliases.

use clap_mangen::roff::Roff;

use crate::cli::manual::chapter;

/// Its paragraphs.
const ALIASES: [&str; 4] = [
    "A recipient that is one word without @, without quotes and without a name beside it is looked up among the aliases of the \
     profile, also in --cc, --bcc, --reply-to and the lists of my_hdr. Capital and small letters are the same. An alias \
     stands for one address or several, with their names, and may name other aliases. A word that is no alias gets the \
     domain of the sender.",
    "The setting aliases names a file, or several. A line of it has the form of mutt, alias NAME ADDRESS, ..., or that of \
     aliases(5), NAME: ADDRESS, ...; both may stand in one file, and # begins a comment. In mutt's form a backslash at the end \
     joins a line with the next; in the other an indented line goes on with the one before. alias -group GROUP is read as \
     if the group were not there. Commands (|PROGRAM), files (/FILE) and lists in other files (:include:FILE) are never run, \
     written or read: a mail to an alias that leads to one is refused. Or aliases is a table of the profile, [aliases] or \
     [profiles.NAME.aliases], in which each line is NAME = \"ADDRESS, ...\".",
    "Where a name is said twice, the last one holds; the aliases of a profile come behind those outside of it. aliases = [] \
     in a profile, or --set aliases=, forgets them.",
    "A file of aliases is read when there is a word to look up. Then it must be there, belong to the user or to root, and be \
     writable for nobody else (78). A line that cannot be understood is an error too (78). An alias that leads back to itself \
     through others, or names a word that is neither an address nor an alias, is told with the way that led there (65). \
     One that names itself, as root: root, me@example.org in aliases(5), keeps its own mail as a name that is no alias: it goes to \
     local_to or gets qualify_domain, and without these the alias stands for the others.",
];

/// Names for addresses.
pub(super) fn section() -> Roff {
    chapter("ALIASES", &ALIASES)
}
