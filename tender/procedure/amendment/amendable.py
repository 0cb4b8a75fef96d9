"""What an amendment may change of a published tender, block by block, and what it never may.

Bids are sealed to the opening record, which names the lot, its custodians and its price basis; a
sealed bid cannot follow a change of these. Whoever must change them ends the tender and tenders
again, with records of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tender.core.errors import invalid
from tender.core.i18n import N_
from tender.core.wording import Wording, say
from tender.procedure.models import Criterion, Tender
from tender.procedure.notices import FACT_LABELS, fact_label

LONGEST = 4000
TEXTS = tuple(name for name in FACT_LABELS if name != "term_text")  # the term is the lot's
CONTACT: dict[str, str] = {
    "name": N_("Contact: name"),
    "phone": N_("Contact: telephone"),
    "address": N_("Contact: address"),
}
FIXED: tuple[str, ...] = (
    "title", "kind", "direction", "method", "organisation", "lot", "price_basis", "quantity",
    "unit", "term", "limit", "bond", "minimum", "threshold", "custodian", "opening", "members_only",
    "must_tender", "joint_bids", "subcontracting", "dealing",
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One block as it was and as it is to be; `name` is the form's field."""

    name: str
    label: Wording
    old: str
    new: str


def blocks(tender: Tender, criteria: Sequence[Criterion]) -> dict[str, tuple[Wording, str]]:
    """Every block that can be amended: its label and its present text, in the form's order."""
    found = {f"text-{name}": (say(fact_label(tender, name)), _text(tender, name)) for name in TEXTS}
    for row in criteria:
        named = {"code": row.code, "name": row.name}
        found[f"criterion-{row.code}-name"] = (
            say(N_("Criterion %(code)s: wording"), code=row.code), row.name,
        )  # fmt: skip
        found[f"criterion-{row.code}-guidance"] = (
            say(N_("Criterion %(code)s (%(name)s): how to score"), **named), row.guidance,
        )  # fmt: skip
    contact = tender.facts.get("contact") or {}
    for part, label in CONTACT.items():
        found[f"contact-{part}"] = (say(label), str(contact.get(part, "")))
    return found


def _text(tender: Tender, name: str) -> str:
    return str(tender.facts.get(name) or "")


def read_changes(
    texts: Mapping[str, str], present: Mapping[str, tuple[Wording, str]]
) -> dict[str, str]:
    """The texts that differ from the present ones.

    Raises DomainError `amendment.forbidden` for a block that no amendment may touch, and
    `amendment.unknown` for one that this tender does not have.
    """
    found: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for name, text in texts.items():
        if name not in present:
            refuse(name)
        clean = text.replace("\r\n", "\n").strip()
        if len(clean) > LONGEST:
            wrong[name] = N_("This text is too long.")
        if name.startswith("criterion-") and name.endswith("-name") and not clean:
            wrong[name] = N_("Required.")
        if clean != present[name][1].strip():
            found[name] = clean
    if wrong:
        raise invalid("amendment.form", N_("Please correct what is marked below."), wrong)
    return found


def refuse(name: str) -> None:
    """Refuse a block by name: fixed for good, or unknown."""
    if name.startswith(FIXED):
        raise invalid(
            "amendment.forbidden",
            N_(
                "An amendment cannot change lots, quantity, term, price basis, direction, limits, "
                "custodians or the opening record: bids are sealed to them. Terminate this tender "
                "and tender again."
            ),
        )
    raise invalid("amendment.unknown", N_("This tender has no such block. Reload the page."))


def changes_of(
    changes: Mapping[str, str], present: Mapping[str, tuple[Wording, str]]
) -> list[Change]:
    """The changed blocks side by side, in the form's order."""
    return [
        Change(name, label, old, changes[name])
        for name, (label, old) in present.items()
        if name in changes
    ]


def apply(tender: Tender, criteria: Sequence[Criterion], changes: Mapping[str, str]) -> None:
    """Write the new texts into the tender's rows."""
    facts = dict(tender.facts)
    contact = dict(facts.get("contact") or {})
    rows = {row.code: row for row in criteria}
    for name, text in changes.items():
        group, _, rest = name.partition("-")
        if group == "text":
            facts[rest] = text
        elif group == "contact":
            contact[rest] = text
        else:
            code, _, part = rest.rpartition("-")
            setattr(rows[code], {"name": "name", "guidance": "guidance"}[part], text)
    if contact:
        facts["contact"] = contact
    tender.facts = facts
