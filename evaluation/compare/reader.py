"""The process that opens hostile files: `python -m evaluation.compare.reader`.

It reads one request a line on standard input and answers one line each: a file is read, or, with a
`look`, what is written on one of its pages or pictures. Its address space is limited by itself, its
time by the parent, which kills it and starts another. A file that brings it down costs one row of
the "unread" list.
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.compare.extracted import Extracted, Limits, Look, Unreadable

if TYPE_CHECKING:
    from evaluation.compare.read_writing import Drawing

TOO_MUCH = "reading the file takes more memory than the limit"
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF")
_RICH = b"{\\rtf"  # Its Chinese is numbers.
_OLE = b"\xd0\xcf\x11\xe0"


def read_file(path: Path, limits: Limits) -> Extracted:
    """Read a file by what it is, not by what it is called; Unreadable says why it cannot be."""
    if path.stat().st_size > limits.file_size:
        raise Unreadable("the file is larger than the limit")
    data = path.read_bytes()
    if data[:1024].lstrip().startswith(b"%PDF"):
        from evaluation.compare.read_pdf import read_pdf

        return read_pdf(data, limits)
    if data.startswith(b"PK"):
        from evaluation.compare.read_office import read_office

        return read_office(data, limits)
    if data.startswith(_PICTURES):
        from evaluation.compare.read_picture import read_picture_file

        return read_picture_file(data, limits)
    if data.startswith(_OLE):
        raise Unreadable("the file is encrypted or of an old binary format (doc, xls)")
    return read_text(data, limits)


def read_text(data: bytes, limits: Limits) -> Extracted:
    """Decode plain text: UTF-8, or UTF-16 with its mark; line ends stay as they are."""
    if not data:
        raise Unreadable("the file is empty")
    if data.startswith(_RICH):
        raise Unreadable("the file is of an unknown format")
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable("the file is neither of a known format nor text in UTF-8") from error
    if "\0" in text:
        raise Unreadable("the file is of an unknown format")
    if len(text) > limits.characters:
        raise Unreadable("the file holds more text than the limit")
    return Extracted(text)


def answer(path: Path, limits: Limits) -> dict[str, object]:
    """Return {"extracted": ...} or {"unread": why}; nothing a file does gets past it."""
    try:
        return {"extracted": read_file(path, limits).to_json()}
    except Unreadable as why:
        return {"unread": str(why)}
    except MemoryError:
        return {"unread": TOO_MUCH}
    except RecursionError:
        return {"unread": "the file is nested too deeply"}
    except Exception as error:  # noqa: BLE001 - A hostile file may raise anything in a parser.
        return {"unread": f"the file could not be read ({type(error).__name__})"}


def written(path: Path, limits: Limits, look: Look) -> dict[str, object]:
    """Return {"written": ...} or {"unread": why} of one look at a file."""
    try:
        return {"written": asdict(_drawing(path, limits).read(look))}
    except MemoryError:
        return {"unread": TOO_MUCH}
    except Exception as error:  # noqa: BLE001 - The same as above.
        return {"unread": f"the file could not be read ({type(error).__name__})"}


@lru_cache(maxsize=1)
def _drawing(path: Path, limits: Limits) -> Drawing:
    """Hold one file open, from the first look to the last."""
    from evaluation.compare.read_writing import Drawing

    return Drawing(path.read_bytes(), limits)


def main() -> int:
    """Serve requests {"path", "limits"}, some with a "look", until input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        limits = Limits(**request["limits"])
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        path = Path(request["path"])
        if "look" in request:
            told = written(path, limits, Look(**request["look"]))
        else:
            _drawing.cache_clear()
            told = answer(path, limits)
        reply = json.dumps(told, ensure_ascii=False)
        sys.stdout.buffer.write(reply.encode("utf-8", "surrogatepass") + b"\n")
        sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
