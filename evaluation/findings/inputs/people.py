"""Who is who in a lot (人员识别): names that mark a bidder, the tender's own people, P1 as one.

A pair of bidders that names the same people, in its statements, in its files or in both, is one
finding with everything that speaks for it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from evaluation.compare.people_marks import Post, usable_contact
from evaluation.findings.inputs.exhibits import PEOPLE, Exhibit, Row, Seen
from evaluation.findings.inputs.registered import Feed, firms_of
from tender.accounts.directory import people_with
from tender.accounts.models import Organisation
from tender.core.actor import STAFF
from tender.procedure.models import Tender

Marks = dict[str, dict[str, Any]]
_LEAST_NAME = 4  # A shorter name of a bidder is a person's, or a word, and needs its title.


def identities_of(bidders: Mapping[str, Organisation], listed: Iterable[str]) -> Marks:
    """What names each bidder, as plain values: names, codes, contacts, and people by their post.

    Contacts that the centre's list names serve many and are nobody's.
    """
    common = {usable_contact(each) for each in listed}
    return {key: _identity(each, common) for key, each in bidders.items()}


def _identity(each: Organisation, common: set[str]) -> dict[str, Any]:
    contacts = {usable_contact(text) for text in (each.phone or "", each.email or "")}
    posts = [(Post.HEAD, each.legal_head), (Post.AGENT, each.agent)]
    telling = sum("\u3400" <= letter <= "\u9fff" for letter in each.name) >= _LEAST_NAME
    if not telling:
        posts.append((Post.SELF, each.name))
    return {
        "names": [each.name] if telling else [],
        "codes": [each.code] if each.code else [],
        "contacts": sorted(contacts - common - {""}),
        "people": sorted([post.value, name] for post, name in posts if name),
    }


def own_people(session: Session, tender: Tender) -> list[str]:
    """Names of those who stand for the tender itself: its contact, and staff whom it reaches."""
    contact = tender.facts.get("contact") or {}
    names = {str(contact.get("name", ""))}
    for role in STAFF:
        names |= {person.name for person in people_with(session, role, tender.scope)}
    return sorted(name for name in names if len(name) > 1)


def without_own(feed: Feed, names: Sequence[str]) -> Feed:
    """The feed without team members who are the tender's own people, known by name alone."""
    statements = {
        bid: replace(each, team=tuple(p for p in each.team if p.id_number or p.name not in names))
        for bid, each in feed.statements.items()
    }
    return replace(feed, statements=statements)


def stated_members(feed: Feed) -> dict[str, list[tuple[str, str]]]:
    """Members whom bid statements name with their numbers, by bidder."""
    return {
        firm.bidder: [(each.name, each.id_number) for each in firm.team if each.id_number]
        for firm in firms_of(feed)
    }


def as_one(feed: Feed, stated: Sequence[Seen], read: Sequence[Seen]) -> list[Seen]:
    """P1 of statements and of files: one finding for each pair of bidders, the strongest.

    Its value counts the persons; one who is stated and stands in the files counts once.
    """
    numbers = {
        firm.bidder: {folded_number(person.id_number) for person in firm.team}
        for firm in firms_of(feed)
    }
    pairs: dict[frozenset[str], list[Seen]] = {}
    for seen in (*stated, *read):
        pairs.setdefault(frozenset(seen.finding.bidders), []).append(seen)
    found = []
    for pair, every in pairs.items():
        both = set.intersection(*(numbers.get(bidder, set()) for bidder in pair))
        more = set().union(*map(_numbers, every)) - both
        people = sum(not _numbers(seen) for seen in every) + len(more)
        found.append(_joined(every, float(people)))
    return found


def _joined(every: Sequence[Seen], people: float) -> Seen:
    first = min(every, key=lambda seen: seen.finding.strength.value)
    findings = [seen.finding for seen in every]
    finding = replace(
        first.finding,
        value=people,
        innocent=tuple(dict.fromkeys(text for each in findings for text in each.innocent)),
        evidence=tuple(dict.fromkeys(place for each in findings for place in each.evidence)),
    )
    exhibits: list[Exhibit] = []
    for seen in every:
        exhibits += [each for each in seen.exhibits if each not in exhibits]
    counts = {key: count for seen in every for key, count in seen.counts.items()}
    return Seen(finding, tuple(exhibits), first.plot, counts)


def _numbers(seen: Seen) -> set[str]:
    """The identity numbers that stand in the files."""
    rows = [row for exhibit in seen.exhibits if exhibit.title == PEOPLE for row in exhibit.rows]
    return {_number(row) for row in rows}


def _number(row: Row) -> str:
    return folded_number("".join(p.text for p in row.cells[0].pieces if p.mark == "odd"))


def folded_number(text: str) -> str:
    """An identity number in one spelling."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(letter for letter in plain if letter.isalnum()).upper()
