//! What the manual says of drafts.

use clap_mangen::roff::Roff;

use crate::cli::manual::chapter;

/// Its paragraphs.
const DRAFTS: [&str; 8] = [
    "The file of -H is a message: fields, an empty line, and what they describe. It is taken as it is. Date, Message-ID, fields \
     that are not known, their order, spelling and folding stay, and so do the octets of the content; only line ends become CRLF. \
     Date, Message-ID, From and MIME-Version are added where they are missing. A content that no field describes is a text like \
     any that is typed, in any charset.",
    "Its recipients are those of all its To, Cc and Bcc fields, and those that are typed. Where it has a Resent-To, Resent-Cc or \
     Resent-Bcc, the uppermost Resent- fields count instead. Typed recipients stand behind those of the field of their kind. Of the profile it gets default_headers that it lacks, and default_cc and \
     default_bcc, but no signature and no Reply-To. \
     Its Sender, else its From, is the reverse-path, if nothing else is said. -s, --from, --reply-to and --header replace the \
     field of the same name, in its place.",
    "Not sent are Bcc, Resent-Bcc, Return-Path, Content-Length, empty To, Cc, From and Reply-To fields, an mbox's From line, and \
     mutt's Attach, Fcc, Pgp, Smime and X-Mutt- fields. A field Attach: FILE attaches a file with --allow-draft-attach, and is an \
     error without: a draft may come from elsewhere, and chooses no files of this machine. A blank ends the name, unless a \
     backslash is before it. For the same reason Fcc keeps no copy, which is told; and so is it that Pgp and Smime neither sign \
     nor encrypt. Fields outside ASCII are encoded, and so are names of files; those with a line of more than 998 octets \
     are folded, a bare name gets its domain. What is not UTF-8 is read in the charset of --charset or of the Content-Type, else of \
     the locale, or is sent as unknown-8bit.",
    "A single part that not every server passes (octets above 127, lines of more than 998 octets, NUL) is encoded anew, and its \
     fields say so; a label of a charset that is not true is corrected. In a multipart only what has a line of more than \
     998 octets is changed, unless it is signed or encrypted: with octets above 127 it needs a server with 8BITMIME, and with a \
     NUL it is an error.",
    "Standard input, if it is no terminal and not empty, is added to a draft that is a plain text, as mutt does, and is an error \
     beside any other: say < /dev/null where there is nothing to add. -i is ignored, as in mutt. Attachments are added to any \
     draft: what it holds becomes the first part.",
    "A line of the header that is no field is an error (65) that names the line.",
    "-E opens a copy of the file of -H or -i in the editor; the file itself is never changed. At a terminal, where nothing says \
     what the text is, and $VISUAL or $EDITOR is set, whippet opens the editor on a draft that shows From, To, Cc, Bcc and Subject \
     above the text, and the attachments in lines that begin with #; such lines of the header are taken out again. What stands there counts, not what \
     was typed: recipients, and fields Attach, may be written there. An empty text sends nothing (65). Without an editor, on a dumb terminal and with --body-file - the text is typed, \
     and Ctrl-D ends it.",
    "At a terminal you are asked before the mail is sent: yes, edit again, or quit (75). Where a field, a file that \
     it names or a recipient is at fault, that is told first, and yes is no answer; quit then gives the fault's code. The copy is in $XDG_RUNTIME_DIR, else \
     $TMPDIR, else /tmp, and only you can read it. You are told its name before the editor opens. It is removed when the mail is accepted \
     or queued; otherwise you are told how to go on with it.",
];

/// What is sent with its own header.
pub(super) fn section() -> Roff {
    chapter("DRAFTS", &DRAFTS)
}
