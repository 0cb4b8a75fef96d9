"""The main menu and the names of roles, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from tender.core.actor import Actor, Role
from tender.core.i18n import N_


@dataclass(frozen=True)
class Item:
    """One entry of the main menu."""

    url: str
    label: str


ROLE_NAMES: dict[Role, str] = {
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.COUNTY_CLERK: N_("County clerk"),
    Role.TOWNSHIP_AGENT: N_("Township agent"),
    Role.VILLAGE_REPRESENTATIVE: N_("Village representative"),
    Role.BIDDER: N_("Bidder"),
    Role.EXPERT: N_("Expert"),
    Role.SUPERVISOR: N_("Supervisor"),
    Role.AUDITOR: N_("Auditor"),
    Role.FINANCE: N_("Finance"),
}

PUBLIC = (
    Item("/", N_("Front page")),
    Item("/tenders", N_("Tenders")),
    Item("/verify", N_("Verify")),
)
_WORK = (Item("/work", N_("My tenders")),)
_CARDS = Item("/supervision/cards", N_("Cards"))
_RULES = (
    Item("/administration/law", N_("Law and holidays")),
    Item("/administration/retention", N_("Retention of personal data")),
)
OWN: dict[Role, tuple[Item, ...]] = {
    Role.BIDDER: (Item("/bids", N_("My bids")),),
    Role.EXPERT: (Item("/panel", N_("Evaluation")),),
    Role.COUNTY_CLERK: (*_WORK, _CARDS, Item("/registrations", N_("Registrations"))),
    Role.TOWNSHIP_AGENT: (*_WORK, _CARDS),
    Role.VILLAGE_REPRESENTATIVE: _WORK,
    Role.SUPERVISOR: (Item("/supervision", N_("Supervision")), *_RULES),
    Role.AUDITOR: (
        Item("/supervision", N_("Supervision")),
        Item("/administration/reads", N_("Reads of personal data")),
        *_RULES,
    ),
    Role.FINANCE: (Item("/bonds", N_("Bid bonds")), _CARDS),
    Role.ADMINISTRATOR: (
        Item("/registrations", N_("Registrations")),
        Item("/administration", N_("Administration")),
    ),
}


def menu(actor: Actor | None) -> tuple[Item, ...]:
    """What the main menu shows to somebody."""
    return (*PUBLIC[:2], *(OWN[actor.role] if actor else ()), PUBLIC[2])
