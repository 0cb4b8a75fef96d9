"""A county with its people and one tender's duties, for the tests of supervision."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tender.accounts.models import Organisation, OrganisationKind
from tender.core.actor import Role
from tender.core.messages import InboxMessage
from tender.supervision import cards, milestones
from tender.supervision.milestones import Terms
from tender.supervision.models import Card, CardColour, Milestone
from tender.supervision.ticking import sweep_due
from tests.tender import factories as make

START = make.START
DUE = START + timedelta(days=5)
ACT = Terms(pausable=True)
TEXT = "因公示材料补正，延误两日，现已办结。"
SUBJECT = "f" * 32


class Place:
    """A county with its people, and one tender's duties without the tender."""

    def __init__(self, data: Path, url: str) -> None:
        self.world = make.world(data, url)
        with self.world.platform.database.write() as session:
            township = session.get_one(Organisation, self.world.village.parent_id)
            county = session.get_one(Organisation, township.parent_id)
            other = make.organisation(session, OrganisationKind.TOWNSHIP, "青石镇", county)
            self.people = {
                "agent": self.world.agent,
                "clerk": make.member(session, Role.COUNTY_CLERK, county, "县经办"),
                "finance": make.member(session, Role.FINANCE, county, "会计"),
                "county": make.member(session, Role.SUPERVISOR, county, "县监督员"),
                "township": make.member(session, Role.SUPERVISOR, township, "镇监督员"),
                "auditor": make.member(session, Role.AUDITOR, county, "审计员"),
                "other agent": make.member(session, Role.TOWNSHIP_AGENT, other, "外镇代理员"),
                "other": make.member(session, Role.SUPERVISOR, other, "外镇监督员"),
            }

    def schedule(self, code: str = "contract", **changes: Any) -> None:
        """Set a duty."""
        fields: dict[str, Any] = {
            "subject": SUBJECT, "reference": "T-1", "scope": self.world.village.path,
            "code": code, "title": "Contract signed", "article": "TBL 46", "due_at": DUE,
            "terms": ACT, **changes,
        }  # fmt: skip
        self.write(lambda session: milestones.schedule(session, **fields))

    def write(self, work: Any) -> Any:
        """Run something in one write transaction."""
        with self.world.platform.database.write() as session:
            return work(session)

    def at(self, moment: datetime) -> int:
        """Move the clock there and tick."""
        self.world.clock.moment = moment
        return sweep_due(self.world.platform)

    def rows(self, what: Any, *where: Any) -> list[Any]:
        """Rows of a table."""
        with self.world.platform.database.read() as session:
            return list(session.scalars(select(what).where(*where)))

    def duty(self, code: str = "contract") -> Milestone:
        """The duty as it stands."""
        found: Milestone = self.rows(Milestone, Milestone.code == code)[0]
        return found

    def card(self, colour: CardColour = CardColour.YELLOW) -> Card:
        """The only card of a colour."""
        (found,) = self.rows(Card, Card.colour == colour)
        assert isinstance(found, Card)
        return found

    def colours(self) -> list[str]:
        """Every card's colour."""
        return sorted(card.colour.value for card in self.rows(Card))

    def told(self, who: str) -> list[InboxMessage]:
        """Somebody's messages."""
        return self.rows(InboxMessage, InboxMessage.person_id == self.people[who].person_id)

    def explain(self, who: str = "agent", text: str = TEXT, version: int = 1) -> None:
        """Explain the yellow card."""
        card_id, actor, now = self.card().id, self.people[who], self.world.clock.now()
        self.write(
            lambda session: cards.explain(
                session, actor, card_id, text, version=version, now=now
            )
        )  # fmt: skip

    def decide(self, who: str = "county", reason: str | None = None) -> None:
        """Accept the explanation, or send it back with a reason."""
        card_id, actor, now = self.card().id, self.people[who], self.world.clock.now()
        if reason is None:
            self.write(lambda session: cards.accept(session, actor, card_id, now=now))
        else:
            self.write(lambda session: cards.send_back(session, actor, card_id, reason, now=now))
