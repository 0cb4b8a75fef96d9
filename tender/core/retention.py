"""How long personal data is kept (保存期限), and one run of the purge over it.

Personal Information Protection Law art. 19: no longer than the purpose needs; art. 47: what has
ended is deleted. Archives of procurement stay 15 years (GPL art. 42). The periods are dated data;
the rooms know their own rows and ask this file only when one of them has ended.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from tender.core.files import StoredFile
from tender.core.settings import Settings
from tender.core.shanghai import SHANGHAI

DATA = Path(__file__).with_name("retention.toml")
OPEN = datetime(9999, 1, 1, tzinfo=UTC)  # the end of a tender that has not ended


class Act(StrEnum):
    """What happens to a row whose period has ended."""

    DELETE = "delete"
    BLANK = "blank"


@dataclass(frozen=True)
class Period:
    """One dated period: `number` of days or years, from a day of validity on."""

    number: int
    years: bool
    source: str
    valid_from: date
    to_check: bool = False

    def end(self, start: datetime) -> datetime:
        """When a period that began at `start` has ended; years end on the same day of the year."""
        if not self.years:
            return start + timedelta(days=self.number)
        try:
            return start.replace(year=start.year + self.number)
        except ValueError:  # 29 February of a year that has none ends on 1 March.
            return start.replace(year=start.year + self.number, month=3, day=1)


@dataclass(frozen=True)
class DataKeeping:
    """One kind of personal data: what it is, when its period begins, what happens at its end.

    `columns` (`table.column`) and `files` (folders of the data directory) say where it lies.
    """

    kind: str
    text: str
    starts: str
    act: Act
    hidden: bool
    periods: tuple[Period, ...]
    columns: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    def period(self, on: date) -> Period:
        """The period in force on a day; the first one for days before all of them."""
        valid = [each for each in self.periods if each.valid_from <= on]
        return valid[-1] if valid else self.periods[0]


Table = Mapping[str, DataKeeping]


def read_table(data: Mapping[str, Any]) -> Table:
    """The table from the layout of `retention.toml`; ValueError or KeyError if not understood."""
    return {kind: _row(kind, row) for kind, row in data.items()}


def _row(kind: str, row: Mapping[str, Any]) -> DataKeeping:
    known = {"text", "starts", "act", "hidden", "periods", "columns", "files"}
    if unknown := set(row) - known:
        raise ValueError(f"{kind}: unknown {sorted(unknown)}")
    periods = tuple(sorted(map(_period, row["periods"]), key=lambda each: each.valid_from))
    if not periods:
        raise ValueError(f"{kind}: no period")
    places = tuple(row.get("columns", ())), tuple(row.get("files", ()))
    if not any(places):
        raise ValueError(f"{kind}: says neither columns nor files")
    return DataKeeping(
        kind, row["text"], row["starts"], Act(row["act"]), row.get("hidden", False), periods,
        *places,
    )  # fmt: skip


def _period(row: Mapping[str, Any]) -> Period:
    number, unit = row["keep"].split()
    if unit not in ("days", "years") or int(number) < 0:
        raise ValueError(f"a period is a number of days or years, not “{row['keep']}”")
    if not row["source"].strip():
        raise ValueError("a period without its source")
    return Period(
        int(number), unit == "years", row["source"], row["from"], row.get("to_check", False)
    )


@cache
def table() -> Table:
    """The table that comes with this release."""
    with DATA.open("rb") as file:
        return read_table(tomllib.load(file))


def keep_until(kind: str, start: datetime) -> datetime:
    """When data of a kind that begins now will have ended, by the period in force then."""
    day = start.astimezone(SHANGHAI).date()
    return table()[kind].period(day).end(start)


@dataclass
class Purge:
    """One run: what the rooms tell each other, and what they count.

    `ended` holds the tenders whose time for complaints has ended, with its moment; an open,
    objected or held tender is not in it. `busy` says of organisations and people when the last
    tender ended that they took part in (`OPEN` while one has not). `protected` are subjects of
    ledger entries that may not be touched. Files are erased after the commit.
    """

    session: Session
    settings: Settings
    now: datetime
    held: set[str] = field(default_factory=set)
    rules: Table = field(default_factory=table)
    ended: dict[str, datetime] = field(default_factory=dict)
    busy: dict[str, datetime] = field(default_factory=dict)
    protected: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    blobs: set[str] = field(default_factory=set)
    paths: set[str] = field(default_factory=set)  # below the data directory

    def over(self, kind: str, start: datetime | None) -> bool:
        """Whether data of a kind whose period began at `start` has ended; never for None."""
        if start is None or start >= OPEN:
            return False
        period = self.rules[kind].period(self.now.astimezone(SHANGHAI).date())
        return period.end(start) <= self.now

    def latest_start(self, kind: str) -> datetime:
        """A moment before which every period of this kind may have begun that is over now.

        For queries; it may be some days too late, so that `over` must still be asked.
        """
        period = self.rules[kind].period(self.now.astimezone(SHANGHAI).date())
        days = period.number * 365 if period.years else period.number
        return self.now - timedelta(days=days)

    def tenders(self, kind: str) -> list[str]:
        """The ended tenders whose data of a kind is over."""
        return [each for each, end in self.ended.items() if self.over(kind, end)]

    def takes_part(self, subject: str, tender_id: str) -> None:
        """Note that somebody took part in a tender."""
        end = self.ended.get(tender_id, OPEN)
        self.busy[subject] = max(end, self.busy.get(subject, end))

    def free(self, kind: str, subject: str, start: datetime | None) -> bool:
        """Whether somebody's data is over, counted from `start` and from the last tender."""
        if start is None or subject in self.held:
            return False
        return self.over(kind, max(start, self.busy.get(subject, start)))

    def note(self, kind: str, count: int = 1) -> None:
        """Count what was deleted or blanked."""
        if count:
            self.counts[kind] += count

    def drop_id(self, file_id: str | None) -> None:
        """Blank a stored file by its id, if there is one."""
        self.drop(self.session.get(StoredFile, file_id or ""))

    def drop(self, stored: StoredFile | None) -> None:
        """Blank a stored file; its bytes go after the commit, if nobody else uses them."""
        if stored is not None and stored.purged_at is None:
            stored.purged_at = self.now
            stored.name = "-"
            self.blobs.add(stored.sha256)

    def drop_path(self, path: Path) -> None:
        """Have a file of the data directory erased after the commit."""
        self.paths.add(str(path.relative_to(self.settings.data)))

    def told(self) -> dict[str, int]:
        """The counts that the ledger may tell."""
        return {
            kind: count
            for kind, count in sorted(self.counts.items())
            if not self.rules[kind].hidden
        }


def in_pieces(ids: Iterable[str], size: int = 500) -> list[list[str]]:
    """Ids in lists short enough for one query."""
    found = sorted(ids)
    return [found[start : start + size] for start in range(0, len(found), size)]
