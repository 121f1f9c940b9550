"""Reads messages as Python's email package does, and tells what it sees: one JSON array, one object per file named on
standard input. A defect is anything that the strict policy, a part or a field complains of, and what RFC 5322 forbids."""

import collections
import email
import email.errors
import email.header
import email.headerregistry
import email.policy
import email.utils
import hashlib
import json
import re
import sys

FIELDS = email.headerregistry.HeaderRegistry()
FIELDS.map_to_type("disposition-notification-to", email.headerregistry.AddressHeader)
ONCE = ("date", "from", "message-id", "mime-version")


def judge(data):
    defects = []
    header, gap, body = data.partition(b"\r\n\r\n")
    # A header of RFC 6532 is UTF-8, for which message_from_bytes has no ear; all else is what it would make of it.
    text = header.decode("utf-8") + (gap + body).decode("ascii", "surrogateescape")
    utf8 = not header.isascii()
    try:
        email.message_from_string(text, policy=email.policy.strict.clone(utf8=utf8))
    except Exception as error:
        defects.append(f"strict: {error!r}")
    message = email.message_from_string(text, policy=email.policy.default.clone(utf8=utf8, header_factory=FIELDS))
    if re.search(rb"(?<!\r)\n|\r(?!\n)|\0", data):
        defects.append("a bare CR, a bare LF or a NUL")
    if any(len(line) > 998 for line in data.split(b"\r\n")):
        defects.append("a line of more than 998 octets")
    if not data.endswith(b"\r\n"):
        defects.append("the last line has no end")
    count = collections.Counter(name.lower() for name in message.keys())
    defects += [f"{count[name]} fields {name}" for name in ONCE if count[name] != 1]
    defects += [f"{number} fields {name}" for name, number in count.items() if number > 1 and not name.startswith("x-")]
    fields, addresses, parts = [], {}, []
    for part in message.walk():
        for name, value in part.items():
            # Letters outside ASCII before the @ are what RFC 6531 is for, and a defect in this judge's eyes.
            wrong = [each for each in value.defects if not isinstance(each, email.errors.NonASCIILocalPartDefect)]
            defects += [f"{name}: {defect!r} in {value!r}" for defect in wrong]
            if part is message:
                fields.append([name, str(value)])
                if hasattr(value, "addresses"):
                    specs = [each.addr_spec for each in value.addresses]
                    addresses[name.lower()] = list(zip(names(text, name), specs, strict=True))
        if not part.is_multipart():
            parts.append(leaf(part, defects))
        # Last, since some are found while a part is decoded.
        defects += [f"{part.get_content_type()}: {defect!r}" for defect in part.defects]
    date = int(message["date"].datetime.timestamp())
    return {"defects": defects, "tree": tree(message), "date": date, "fields": fields, "addresses": addresses, "parts": parts}


def tree(part):
    kind = part.get_content_type()
    if not part.is_multipart():
        return kind
    return f"{kind.removeprefix('multipart/')}({' '.join(map(tree, part.get_payload()))})"


def names(text, field):
    """The display names by the older interface: until 3.13.3 the newer one keeps the blank between two encoded-words of
    a phrase, which RFC 2047 6.2 says to drop."""
    value = email.message_from_string(text, policy=email.policy.compat32)[field]
    pairs = email.utils.getaddresses([str(value)])
    return [str(email.header.make_header(email.header.decode_header(name))) for name, address in pairs if address]


def leaf(part, defects):
    octets = part.get_payload(decode=True)
    charset = part.get_content_charset()
    text = None
    if part.get_content_maintype() == "text" and charset not in (None, "unknown-8bit"):
        try:
            text = octets.decode(charset)
        except (LookupError, UnicodeDecodeError) as error:
            defects.append(f"text in {charset}: {error!r}")
    return {
        "type": part.get_content_type(),
        "charset": charset,
        "parameters": {name: value for name, value in parameters(part).items() if name not in ("charset", "name")},
        "encoding": str(part.get("content-transfer-encoding", "7bit")),
        "disposition": part.get_content_disposition(),
        "name": part.get_filename(),
        "id": part["content-id"],
        "size": len(octets),
        "sha256": hashlib.sha256(octets).hexdigest(),
        "text": text,
    }


def parameters(part):
    return part["content-type"].params if "content-type" in part else {}


def judge_or_complain(data):
    try:
        return judge(data)
    except Exception as error:  # The judge itself stumbles over some malformed fields.
        return {"defects": [f"not read at all: {error!r}"], "tree": "", "date": 0, "fields": [], "addresses": {}, "parts": []}


paths = sys.stdin.read().splitlines()
json.dump([judge_or_complain(open(path, "rb").read()) for path in paths], sys.stdout)
