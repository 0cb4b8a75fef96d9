"""What a person looks at (证据展示): both sides beside each other, and the value's population.

An exhibit is made at the time of the screening, from what was compared, and is kept with the
finding: nobody who reads it later needs the files again, and page and paper show the same.
Plain values only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from evaluation.screens.finding import Evidence, Finding
from tender.core.i18n import N_

# A person looks at a dozen passages, not at four hundred; how many more there are is said.
MOST_ROWS = 12
PEOPLE = N_("The same identity number on both sides")


@dataclass(frozen=True)
class Piece:
    """A stretch of text; `mark` is "same" where both sides agree, "odd" for what is the sign."""

    text: str
    mark: str = ""


@dataclass(frozen=True)
class Cell:
    """One side of a row, and where it stands: file, page or cell, code points.

    `picture` names a small copy (`pictures.py`); in the child it is the digest of its pixels.
    `pictured` says that a machine read the text in a picture, with mistakes.
    """

    pieces: tuple[Piece, ...] = ()
    file: str | None = None
    page: int | None = None
    cell: str | None = None
    start: int | None = None
    end: int | None = None
    picture: str = ""
    pictured: bool = False


@dataclass(frozen=True)
class Row:
    """One line of an exhibit; `label` is a msgid with `params`, or data; `bidder` names a bidder.

    `same` says that the cells agree.
    """

    cells: tuple[Cell, ...]
    label: str = ""
    params: Mapping[str, str | int] = field(default_factory=dict)
    bidder: str = ""
    same: bool = False


@dataclass(frozen=True)
class Exhibit:
    """A table for people; `columns` are bidders' ids, or msgids where `named` is False.

    `more` counts the rows that were left out.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    named: bool = True
    more: int = 0

    @property
    def bidders(self) -> tuple[str, ...]:
        """Ids of all bidders that stand in it."""
        return (*(self.columns if self.named else ()), *(r.bidder for r in self.rows if r.bidder))


@dataclass(frozen=True)
class Plot:
    """A value among its population (总体分布): all values, this one, and the limits.

    `lines` are (value, msgid). `unit` is a msgid that says what is counted. Where there are counts
    `expected`, `values` are the counts of the classes 1, 2, ... themselves.
    """

    title: str
    unit: str
    values: tuple[float, ...]
    value: float
    lines: tuple[tuple[float, str], ...] = ()
    expected: tuple[float, ...] = ()


@dataclass(frozen=True)
class Seen:
    """A finding with what is shown of it; `counts` say what the innocent explanations met."""

    finding: Finding
    exhibits: tuple[Exhibit, ...] = ()
    plot: Plot | None = None
    counts: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The finding's own fields with `exhibits`, `plot` and `counts` beside them."""
        shown = [asdict(exhibit) for exhibit in self.exhibits]
        plot = asdict(self.plot) if self.plot else None
        return self.finding.to_json() | {
            "exhibits": shown, "plot": plot, "counts": dict(self.counts),
        }  # fmt: skip


def seen_from(data: Mapping[str, Any]) -> Seen:
    """Read what `to_json` wrote; what an older finding lacks is empty."""
    plot = data.get("plot")
    return Seen(
        finding=Finding.from_json(data),
        exhibits=tuple(_exhibit(each) for each in data.get("exhibits", ())),
        plot=_plot(plot) if plot else None,
        counts=data.get("counts", {}),
    )


def plain(text: str, same: bool = False) -> Cell:
    """A cell of one piece."""
    return Cell((Piece(text, "same" if same and text else ""),) if text else ())


def compared(label: str, sides: Sequence[str]) -> Row:
    """A row of plain values, marked where all sides are equal and known."""
    same = len(sides) > 1 and len(set(sides)) == 1 and bool(sides[0])
    return Row(tuple(plain(text, same) for text in sides), label, same=same)


def cell_of(evidence: Evidence, *pieces: Piece) -> Cell:
    """A cell that stands where an evidence points."""
    return Cell(
        tuple(piece for piece in pieces if piece.text), evidence.file, evidence.page,
        evidence.cell, evidence.start, evidence.end,
    )  # fmt: skip


def _exhibit(data: Mapping[str, Any]) -> Exhibit:
    rows = tuple(
        Row(
            cells=tuple(
                Cell(**{**cell, "pieces": tuple(Piece(**piece) for piece in cell["pieces"])})
                for cell in row["cells"]
            ),
            label=row["label"], params=row["params"], bidder=row["bidder"], same=row["same"],
        )
        for row in data["rows"]
    )  # fmt: skip
    return Exhibit(data["title"], tuple(data["columns"]), rows, data["named"], data["more"])


def _plot(data: Mapping[str, Any]) -> Plot:
    lines = tuple((line[0], line[1]) for line in data["lines"])
    expected = tuple(data.get("expected", ()))
    return Plot(data["title"], data["unit"], tuple(data["values"]), data["value"], lines, expected)
