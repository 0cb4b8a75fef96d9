"""Why a file could not be read (无法读取的原因), in the reader's language.

The reading process imports no words; what it says is known here by its sentence or its pattern.
What is not known stays as it is rather than being lost.
"""

from __future__ import annotations

import re

from tender.core.i18n import N_, gettext

SENTENCES = (
    N_("not a plain file"),
    N_("reading the file takes longer than the limit"),
    N_("reading the file takes more memory than the limit"),
    N_("the PDF holds more text than the limit"),
    N_("the PDF is damaged and cannot be opened"),
    N_("the PDF is encrypted and asks for a password"),
    N_("pictures in the file seem to show writing, which a machine reads with mistakes"),
    N_("only the first pictures were looked at for writing and stamps"),
    N_("the archive holds more parts than the limit"),
    N_("the archive is neither docx nor xlsx"),
    N_("the archive unpacks to more than the limit (zip bomb)"),
    N_("the file brought the reading process down"),
    N_("the file cannot be opened"),
    N_("the file holds more text than the limit"),
    N_("the file is a damaged archive"),
    N_("the file is empty"),
    N_("the file is encrypted or of an old binary format (doc, xls)"),
    N_("the file is encrypted"),
    N_("the file is larger than the limit"),
    N_("the file is neither of a known format nor text in UTF-8"),
    N_("the file is nested too deeply"),
    N_("the file is of an unknown format"),
    N_("the folder is empty or cannot be opened"),
    N_("the picture is damaged or of an unknown kind"),
    N_("the picture is larger than the limit"),
    N_("the bid statement does not follow its format and was not read"),
    N_("the bid has more than one bid statement; none was read"),
    N_("only the first pictures were compared, the file holds too many"),
)
PATTERNS = tuple(
    (re.compile(pattern, re.DOTALL), message)
    for pattern, message in (
        (
            r"no text layer: page (?P<pages>[\d, ]+) shows a picture; a machine.*",
            N_("Pages %(pages)s are pictures; a machine read the writing and may have misread it."),
        ),
        (
            r"no text layer: page (?P<pages>[\d, ]+) shows.*",
            N_("Pages %(pages)s are pictures in which no writing could be read."),
        ),
        (
            r"what is written in its pictures was not all read.*",
            N_("what is written in its pictures was not all read; look at them"),
        ),
        (
            r"the PDF has (?P<n>\d+) pages, more than the limit",
            N_("the PDF has %(n)s pages, more than the limit"),
        ),
        (
            r"the part (?P<name>\S+) (?:is|declares) .*",
            N_("the part %(name)s of the file is damaged or not allowed"),
        ),
        (
            r"(?:a picture on )?page (?P<n>\d+) is (?:damaged|larger).*",
            N_("something on page %(n)s is damaged or too large and was not compared"),
        ),
        (
            r"the file could not be read \((?P<name>\w+)\)",
            N_("the file could not be read (%(name)s)"),
        ),
    )
)


def unread_words(why: str) -> str:
    """The reason in the reader's language."""
    if why in SENTENCES:
        return gettext(why)
    for pattern, message in PATTERNS:
        found = pattern.fullmatch(why)
        if found:
            return gettext(message, **found.groupdict())
    return why
