"""The five kinds of trade as data: directions, methods, course. Never a class per kind.

Laws and counties change which methods there are; a kind here is a row that is read, so that a
change is an edit of `kinds.toml` with a date and not a release.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from tender.core.wording import Wording
from tender.procedure.law.articles import Article, read_article
from tender.procedure.law.law import Law, law
from tender.procedure.law.rules import Direction, Overrides, Rule
from tender.publication.kinds import KIND_NAMES, Kind

DATA = Path(__file__).with_name("kinds.toml")

__all__ = [
    "Direction",
    "Kind",
    "KindRow",
    "Method",
    "MethodRow",
    "OpeningForm",
    "Price",
    "Stage",
    "kind_row",
    "kinds",
    "minimum_bidders",
]


class Method(StrEnum):
    """The ways of finding a winner; which kind knows which one stands in `kinds.toml`."""

    COMPREHENSIVE_SCORING = "comprehensive_scoring"
    LOWEST_EVALUATED_PRICE = "lowest_evaluated_price"
    LOWEST_PRICE = "lowest_price"
    SIMPLE_SCORING = "simple_scoring"
    SEALED_HIGHEST_PRICE = "sealed_highest_price"
    LISTING = "listing"
    AUCTION = "auction"
    ASCENDING = "ascending"


class Price(StrEnum):
    """Which price is the better one."""

    LOWEST = "lowest"
    HIGHEST = "highest"


class OpeningForm(StrEnum):
    """How prices come in: sealed and opened at once, or called in turn."""

    SEALED = "sealed"
    ASCENDING = "ascending"


@dataclass(frozen=True)
class MethodRow:
    """One way of finding the winner under one kind and direction, as data.

    `scored` says that a panel scores more than the price; `ocds` is the award criteria code.
    """

    code: Method
    name: str
    direction: Direction
    opening: OpeningForm
    price: Price
    scored: bool
    ocds: str
    articles: tuple[Article, ...]
    valid_from: date
    valid_until: date | None = None

    def wording(self) -> Wording:
        """The method's name as a reader knows it."""
        return Wording(self.name)

    def in_force(self, on: date) -> bool:
        """Whether the method may be chosen on a legal day."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)


@dataclass(frozen=True)
class Stage:
    """A milestone in a kind's course: which one it follows, and whether it always appears."""

    milestone: str
    follows: str
    optional: bool


@dataclass(frozen=True)
class KindRow:
    """What the data says of one kind."""

    code: Kind
    directions: tuple[Direction, ...]
    facts: frozenset[str]
    flows: Mapping[Direction, tuple[Stage, ...]]
    methods: tuple[MethodRow, ...]

    @property
    def name(self) -> str:
        """The kind's name, to be given through gettext."""
        return KIND_NAMES[self.code]

    def choices(self, direction: Direction, on: date) -> tuple[MethodRow, ...]:
        """The methods that may be chosen for a direction on a day, the default one first."""
        return tuple(m for m in self.methods if m.direction is direction and m.in_force(on))

    def method(self, code: str, direction: Direction) -> MethodRow:
        """A method by code; KeyError if this kind and direction has none of that name."""
        for method in self.methods:
            if method.code == code and method.direction is direction:
                return method
        raise KeyError(f"{self.code} has no method {code} for {direction}")

    def flow(self, direction: Direction) -> tuple[Stage, ...]:
        """The course of a tender; KeyError for a direction that this kind does not have."""
        return self.flows[direction]


def kind_row(code: str) -> KindRow:
    """A kind's data by its code; ValueError for any other word."""
    return kinds()[Kind(code)]


@cache
def kinds() -> Mapping[Kind, KindRow]:
    """The kinds that come with this release, in the order of the platform's menu."""
    with DATA.open("rb") as file:
        return read_kinds(tomllib.load(file), law())


def minimum_bidders(
    rules: Law,
    code: str,
    *,
    direction: Direction,
    method: str,
    on: date,
    documents: int | None = None,
    overrides: Overrides | None = None,
) -> tuple[int, Rule]:
    """How many bidders an opening needs (投标人不足三个的，不得开标), and by which rule.

    With fewer nothing is released and the lot is tendered again (TBL 28, REG 44). `documents` is
    the number that the tender documents state: it may lower a default that yields to them, and
    only raise what the law fixes.
    """
    rule = rules.lookup(
        code, "minimum_bidders", on=on, direction=direction, method=method, overrides=overrides
    )
    value = rule.required if documents is None else rule.stricter(documents)
    return max(value.whole, 1), rule


def read_kinds(data: Mapping[str, Any], rules: Law) -> dict[Kind, KindRow]:
    """Kinds from the layout of `kinds.toml`; ValueError or KeyError for a row not understood."""
    found = {}
    for code, row in data.items():
        directions = tuple(Direction(text) for text in row["directions"])
        found[Kind(code)] = KindRow(
            code=Kind(code),
            directions=directions,
            facts=frozenset(row["facts"]),
            flows={d: _read_flow(row["flow"][d.value]) for d in directions},
            methods=tuple(_read_method(line, rules) for line in row["methods"]),
        )
    return found


def _read_method(row: Mapping[str, Any], rules: Law) -> MethodRow:
    articles = tuple(read_article(text, rules.statutes) for text in row["law"])
    return MethodRow(
        code=Method(row["code"]),
        name=row["name"],
        direction=Direction(row["direction"]),
        opening=OpeningForm(row["opening"]),
        price=Price(row["price"]),
        scored=row["scored"],
        ocds=row["ocds"],
        articles=articles,
        valid_from=row.get("from", articles[0].statute.in_force),
        valid_until=row.get("until"),
    )


def _read_flow(pairs: list[list[str]]) -> tuple[Stage, ...]:
    stages: list[Stage] = []
    for name, follows in pairs:
        if follows and follows not in {stage.milestone for stage in stages}:
            raise ValueError(f"{name} follows {follows}, which does not stand before it")
        stages.append(Stage(name.rstrip("?"), follows, name.endswith("?")))
    return tuple(stages)
