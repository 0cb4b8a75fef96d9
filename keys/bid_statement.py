"""statement/v1, the bid statement (投标声明): who works on a bid, with whom, and on which computer.

It is a file of the bid and no part of the manifest, because everybody may open every manifest after
the opening, and identity numbers and a computer's identifiers are for supervision only. Its SHA-256
stands in the public manifest, so the salt keeps anybody from trying guesses against it.
"""

import secrets
import unicodedata
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from keys.encoding import b64u, canonical, parse, unb64u
from keys.errors import Malformed
from keys.fields import exact, listing, version

NAME = "bid-statement.json"
VERSION = "statement/v1"
MAX_SIZE = 64 * 1024
SALT = 32
_LISTS = {"team": 200, "consortium": 50, "subcontracts": 50}
_LONGEST = {
    "name": 200, "id_number": 40, "certificate": 80, "role": 80, "code": 40, "work": 500,
    "mac": 200, "cpu": 200, "disk": 200,
}  # fmt: skip


@dataclass(frozen=True)
class Member:
    """Somebody of the project team (项目管理机构成员); empty where the bidder states nothing."""

    name: str
    id_number: str = ""
    certificate: str = ""
    role: str = ""


@dataclass(frozen=True)
class Partner:
    """A consortium's member (联合体成员) or a subcontractor (分包单位): credit code and work."""

    name: str
    code: str = ""
    work: str = ""


@dataclass(frozen=True)
class Computer:
    """The computer that sealed the bid (电脑标识), as far as its system told."""

    mac: str = ""
    cpu: str = ""
    disk: str = ""


Row = TypeVar("Row", Member, Partner, Computer)


@dataclass(frozen=True)
class BidStatement:
    """All that a bid states beside its price and its other files.

    `consortium` lists the members beside the bidder itself, who submits for all of them. `salt` is
    32 bytes in base64url, fresh for every statement.
    """

    salt: str
    team: tuple[Member, ...] = ()
    consortium: tuple[Partner, ...] = ()
    subcontracts: tuple[Partner, ...] = ()
    computer: Computer | None = None

    def __post_init__(self) -> None:
        unb64u(self.salt, SALT)
        for name, most in _LISTS.items():
            rows = getattr(self, name)
            if len(rows) > most:
                raise Malformed("statement", f"{name} has {len(rows)} rows, at most {most} go")
            for number, row in enumerate(rows, start=1):
                _check_texts(row, f"{name}, row {number}")
        if self.computer is not None:
            _check_texts(self.computer, "computer")

    @property
    def empty(self) -> bool:
        """Whether it states nothing."""
        return not (self.team or self.consortium or self.subcontracts or self.computer)

    @classmethod
    def from_bytes(cls, data: bytes) -> "BidStatement":
        """Read the exact bytes of a statement, or raise Malformed that says what and where."""
        if len(data) > MAX_SIZE:
            raise Malformed("statement_size", f"a statement has at most {MAX_SIZE} bytes")
        top = exact(parse(data, max_depth=4), ("v", *_names(cls)), "the statement")
        version(top["v"], VERSION)
        computer = top["computer"]
        return cls(
            salt=top["salt"],
            team=_rows(top["team"], Member, "team"),
            consortium=_rows(top["consortium"], Partner, "consortium"),
            subcontracts=_rows(top["subcontracts"], Partner, "subcontracts"),
            computer=None if computer is None else _row(computer, Computer, "computer"),
        )

    def to_bytes(self) -> bytes:
        """Return the RFC 8785 bytes, at most 64 KiB."""
        lists = {name: [_plain(row) for row in getattr(self, name)] for name in _LISTS}
        computer = None if self.computer is None else _plain(self.computer)
        data = canonical({"v": VERSION, "salt": self.salt, **lists, "computer": computer})
        if len(data) > MAX_SIZE:
            raise Malformed("statement_size", f"a statement has at most {MAX_SIZE} bytes")
        return data


def new_salt() -> str:
    """Return a fresh salt."""
    return b64u(secrets.token_bytes(SALT))


def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


def _plain(row: Any) -> dict[str, str]:
    return {name: getattr(row, name) for name in _names(type(row))}


def _rows(value: Any, kind: type[Row], what: str) -> tuple[Row, ...]:
    rows = listing(value, what)
    return tuple(_row(row, kind, f"{what}, row {n}") for n, row in enumerate(rows, start=1))


def _row(value: Any, kind: type[Row], what: str) -> Row:
    return kind(**exact(value, _names(kind), what))


def _check_texts(row: Any, what: str) -> None:
    for name, text in _plain(row).items():
        if not isinstance(text, str):
            raise Malformed("statement", f"{what}: {name} is not a text")
        if len(text) > _LONGEST[name]:
            raise Malformed("statement", f"{what}: {name} is longer than {_LONGEST[name]}")
        # Invisible characters would make one person look like two to a comparison.
        if any(unicodedata.category(letter) in ("Cc", "Cf") for letter in text):
            raise Malformed("statement", f"{what}: {name} holds an invisible character")
        if text != text.strip():
            raise Malformed("statement", f"{what}: {name} begins or ends with a space")
        if name == "name" and not text:
            raise Malformed("statement", f"{what}: the name is empty")
