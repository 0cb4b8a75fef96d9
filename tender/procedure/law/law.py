"""The law as dated data: which rule binds which kind of trade, by which article, on which day.

Laws change by date and counties differ, so no number of law stands in code. Rules that rest on a
summary, a model rule or an analogy carry `to_check`; an authorised administrator may override any
rule with a reason, which the caller writes into the ledger.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from tender.core.i18n import N_
from tender.core.wording import Wording, say
from tender.procedure.law.articles import Statute, read_article
from tender.procedure.law.quantities import read_value
from tender.procedure.law.rules import Counted, Direction, Overrides, Rule

DATA = Path(__file__).with_name("law.toml")


class NoRule(LookupError):
    """The data holds no single rule for the question; `wording` says what and the next step."""

    def __init__(self, wording: Wording) -> None:
        super().__init__(wording.msgid % wording.params)
        self.wording = wording


@dataclass(frozen=True)
class Law:
    """All rules, those no longer or not yet in force included."""

    statutes: Mapping[str, Statute]
    rules: tuple[Rule, ...] = field(default=())

    def find(
        self,
        kind: str,
        *,
        on: date,
        code: str | None = None,
        direction: Direction | None = None,
        method: str | None = None,
        facts: frozenset[str] | None = None,
        overrides: Overrides | None = None,
    ) -> tuple[Rule, ...]:
        """Every rule in force for a tender, overrides applied.

        `facts` None asks for the rules that depend on a fact as well; a set asks only for
        those whose fact holds.
        """
        found = []
        for rule in self.rules:
            if code is not None and rule.code != code:
                continue
            if not (rule.in_force(on) and rule.covers(kind, direction, method)):
                continue
            if facts is not None and rule.only is not None and rule.only not in facts:
                continue
            changed = rule.under((overrides or {}).get(rule.id))
            if changed is not None:
                found.append(changed)
        return tuple(found)

    def lookup(
        self,
        kind: str,
        code: str,
        *,
        on: date,
        direction: Direction | None = None,
        method: str | None = None,
        facts: frozenset[str] | None = None,
        overrides: Overrides | None = None,
    ) -> Rule:
        """The one rule for a code on a day; NoRule if there is none or more than one."""
        found = self.find(
            kind,
            code=code,
            on=on,
            direction=direction,
            method=method,
            facts=facts,
            overrides=overrides,
        )
        if len(found) != 1:
            message = (
                N_(
                    "No rule “%(code)s” is in force for “%(kind)s” on %(on)s. Ask the "
                    "administrator to add it to the table of the law."
                )
                if not found
                else N_(
                    "More than one rule “%(code)s” is in force for “%(kind)s” on %(on)s. Ask the "
                    "administrator to choose which one prevails."
                )
            )
            raise NoRule(say(message, code=code, kind=kind, on=on))
        return found[0]

    def msgids(self) -> frozenset[str]:
        """Every English text of the data, so that a test can ask for its Chinese."""
        return frozenset(
            [rule.text for rule in self.rules] + [law.name for law in self.statutes.values()]
        )


def read_law(data: Mapping[str, Any]) -> Law:
    """The law from the layout of `law.toml`.

    ValueError or KeyError for a row that is not understood: a table of law is never half read.
    """
    statutes = {
        code: Statute(code, row["name"], row["in_force"]) for code, row in data["laws"].items()
    }
    rules = [
        _read_rule(stage, identity, row, statutes)
        for stage, rows in data.items()
        if stage != "laws"
        for identity, row in rows.items()
    ]
    names = {rule.id for rule in rules}
    if len(names) != len(rules):
        raise ValueError("two rules have the same id")
    if missing := {other for rule in rules for other in rule.conflicts} - names:
        raise ValueError(f"conflicts name no rule: {sorted(missing)}")
    return Law(statutes, tuple(rules))


@cache
def law() -> Law:
    """The law that comes with this release."""
    with DATA.open("rb") as file:
        return read_law(tomllib.load(file))


_KEYS = frozenset(
    (
        *("code", "text", "value", "kinds", "methods", "only", "law", "from", "until"),
        *("to_check", "yields", "conflicts", "limits", "after", "before"),
    )
)


def _read_rule(
    stage: str, identity: str, row: Mapping[str, Any], statutes: Mapping[str, Statute]
) -> Rule:
    if unknown := set(row) - _KEYS:
        raise ValueError(f"{identity}: unknown {sorted(unknown)}")
    articles = tuple(read_article(text, statutes) for text in row["law"])
    if not articles:
        raise ValueError(f"{identity}: a rule without an article")
    return Rule(
        id=identity,
        code=row.get("code", identity),
        stage=stage,
        text=row["text"],
        value=read_value(row["value"]) if "value" in row else None,
        scopes=frozenset(_scope(text) for text in row["kinds"]),
        articles=articles,
        valid_from=row.get("from", articles[0].statute.in_force),
        valid_until=row.get("until"),
        methods=frozenset(row.get("methods", ())),
        only=row.get("only"),
        to_check=row.get("to_check", False),
        yields=row.get("yields", False),
        conflicts=tuple(row.get("conflicts", ())),
        counted=_counted(identity, row),
    )


def _scope(text: str) -> tuple[str, Direction | None]:
    kind, _, direction = text.partition(":")
    return kind, Direction(direction) if direction else None


def _counted(identity: str, row: Mapping[str, Any]) -> Counted | None:
    if "limits" not in row:
        return None
    if ("after" in row) is ("before" in row):
        raise ValueError(f"{identity}: counted either after or before a milestone")
    return Counted(row["limits"], row.get("after") or row["before"], "before" in row)
