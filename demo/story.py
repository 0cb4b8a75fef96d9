"""Playing a tender: the acts of its people over HTTP, told line by line on standard error."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from demo.client import Bidder, Person, Refused
from demo.county import County
from demo.people import COUNTY, person_name
from demo.seed import Seeded
from evaluation.models import Award
from tender.core.shanghai import SHANGHAI
from tender.opening.models import Opening, OpeningStatus
from tender.procedure.models import Lot, Tender

PATIENCE = 90.0  # seconds


@dataclass
class Story:
    """The county with its people; every act is told."""

    county: County
    seeded: Seeded
    quiet: bool = False
    people: dict[str, Person] = field(default_factory=dict)
    bidders: list[Bidder] = field(default_factory=list)
    late: dict[str, int] = field(default_factory=dict)  # refused for lateness, by opening
    withdrawn: dict[str, int] = field(default_factory=dict)

    def tell(self, text: str) -> None:
        """One line of what happens."""
        if not self.quiet:
            moment = self.county.now().astimezone(SHANGHAI)
            sys.stderr.write(f"{moment:%m-%d %H:%M}  {text}\n")
            sys.stderr.flush()

    def person(self, login: str) -> Person:
        """Somebody of the staff or an expert, signed in."""
        if login not in self.people:
            secret = self.seeded.totp.get(login)
            made = Person(self.county.url, login, self.county.now, secret)
            made.sign_in()
            self.people[login] = made
        return self.people[login]

    def close(self) -> None:
        """Close everybody's connections."""
        for person in (*self.people.values(), *self.bidders):
            person.http.close()

    # set-up -----------------------------------------------------------------------------------

    def register_custodians(self, keys: int) -> None:
        """The administrator registers five custodians; their agents deposit keys and start."""
        admin = self.person("admin")
        page = admin.get("/administration/custodians").text
        found = re.search(rf'value="(/[0-9a-f]{{32}}/)"[^>]*>{COUNTY}', page)
        if found is None:
            raise RuntimeError("the county is not on the custodians' page")
        for agent in self.county.agents:
            form = {"name": agent.name, "identity": agent.identity, "scope": found[1]}
            admin.post("/administration/custodians", {**form, "sandbox": "yes"})
            self.tell(f"密钥保管人 {agent.name} 登记，身份 {agent.identity[:12]}…")
        self.county.deposit(keys)
        self.county.run_agents()
        self.tell(f"五家保管人各交存 {keys} 把一次性公钥，程序独立运行")

    def register_bidders(self, bidders: list[Bidder]) -> None:
        """Bidders register on the public form; the clerk approves each."""
        for number, bidder in enumerate(bidders, start=len(self.bidders)):
            bidder.register(bidder.phone or f"1380000{number:04d}", agent=person_name(40 + number))
        self.bidders += bidders
        clerk = self.person("clerk")
        page = clerk.get("/registrations").text
        waiting = re.findall(r"/registrations/bidders/([0-9a-f]{32})", page)
        for each in waiting:
            clerk.post(f"/registrations/bidders/{each}", {"decision": "approve"})
        self.tell(f"{len(bidders)} 家投标人网上注册，经办员审核通过 {len(waiting)} 家")

    # from draft to notice ---------------------------------------------------------------------

    def publish(self, form: dict[str, str], author: str, reviewer: str) -> Tender:
        """One person writes and submits, another approves and publishes once keys are accepted."""
        writes, checks = self.person(author), self.person(reviewer)
        place = writes.post("/work/new", form).headers["location"]
        writes.post(f"{place}/submit")
        checks.post(f"{place}/approve")
        self.retry(lambda: checks.post(f"{place}/publish"), "tender.not_accepted")
        tender = self.tender(place.rsplit("/", 1)[-1])
        self.tell(f"{tender.number} {tender.title}：公告发布，截止即开标 {_local(tender.deadline)}")
        return tender

    def amend(
        self, tender: Tender, author: str, reviewer: str, reason: str, texts: dict[str, str]
    ) -> None:
        """One person drafts an amendment, another publishes it with the deadline it leads to."""
        writes, checks = self.person(author), self.person(reviewer)
        place = f"/work/{tender.id}/amendment"
        writes.post(place, {"reason": reason, **texts})
        writes.post(f"{place}/submit")
        seen = re.search(r'name="seen" value="([^"]*)"', checks.get(f"{place}/preview").text)
        checks.post(f"{place}/publish", {"seen": seen[1] if seen else ""})
        deadline = self.tender(tender.id).deadline
        self.tell(f"{tender.number} 更正公告发布，截止时间 {_local(deadline)}")

    def retry(self, act: Callable[[], Any], code: str) -> Any:
        """Do an act again as long as it is refused for this reason, which time will lift."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return act()
            except Refused as refusal:
                if refusal.code != code or time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def tender(self, tender_id: str) -> Tender:
        """A tender's row as it stands now."""
        with self.county.platform.database.read() as session:
            return session.get_one(Tender, tender_id)

    def lots(self, tender_id: str) -> list[Lot]:
        """A tender's lots in order."""
        with self.county.platform.database.read() as session:
            query = select(Lot).where(Lot.tender_id == tender_id).order_by(Lot.number)
            return list(session.scalars(query))

    def award_total(self, lot_id: str) -> int:
        """What a lot was awarded for, over its term, in fen."""
        with self.county.platform.database.read() as session:
            return session.get_one(Award, lot_id).total_fen

    # bids -------------------------------------------------------------------------------------

    def bid(self, bidder: Bidder, lot: Lot, fen: int, **options: Any) -> dict[str, Any]:
        """A bid for a lot; the first one of a bidder has its key certified before."""
        opening = lot.opening_id or ""
        if not bidder.party:
            bidder.enrol(opening)
        files = options.pop("files", None) or [("承诺书.txt", f"{bidder.name}承诺履约".encode())]
        return bidder.seal(opening, fen, files, **options)

    def bid_late(self, bidder: Bidder, lot: Lot, context: dict[str, Any], fen: int) -> None:
        """A bid sealed before and sent after the deadline: refused with the reason."""
        try:
            bidder.seal(lot.opening_id or "", fen, None, context=context)
        except Refused as refusal:
            if refusal.code not in ("bid.late", "bid.closed"):
                raise
            self.late[lot.opening_id or ""] = self.late.get(lot.opening_id or "", 0) + 1
            self.tell(f"{bidder.name} 迟到，被拒收：{refusal}")
            return
        raise RuntimeError("a late bid was accepted")

    def withdraw(self, bidder: Bidder, lot: Lot, receipt: dict[str, Any]) -> None:
        """A bidder takes its bid back before the deadline."""
        bidder.withdraw(receipt)
        self.withdrawn[lot.opening_id or ""] = self.withdrawn.get(lot.opening_id or "", 0) + 1
        self.tell(f"{bidder.name} 撤回对 {lot.number} 号标段的投标")

    # opening ----------------------------------------------------------------------------------

    def reach(self, moment: datetime) -> None:
        """Let the county's time come to a moment."""
        if moment > self.county.now():
            self.county.set_clock(moment)

    def open(self, tender: Tender) -> None:
        """Let the deadline pass and wait until every lot is opened or has failed."""
        deadline = self.tender(tender.id).deadline
        if deadline is None:
            raise RuntimeError("no deadline")
        self.reach(deadline + timedelta(seconds=2))
        wanted = len(self.lots(tender.id))

        def done() -> bool:
            with self.county.platform.database.read() as session:
                query = select(Opening).where(Opening.tender_id == tender.id)
                found = list(session.scalars(query))
            waiting = [each for each in found if each.status is OpeningStatus.CLOSED]
            return len(found) == wanted and not waiting

        began = time.monotonic()
        self.county.wait(f"opening of {tender.number}", done, PATIENCE)
        took = time.monotonic() - began
        for lot in self.lots(tender.id):
            with self.county.platform.database.read() as session:
                opening = session.get_one(Opening, lot.opening_id)
            result = "开标" if opening.status is OpeningStatus.PERFORMED else "投标人不足，不开标"
            self.tell(f"{tender.number} 标段 {lot.number}：{opening.count} 份有效递交，{result}")
        self.tell(f"{tender.number} 开标完成，等待 {took:.1f} 秒")


def _local(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def morning(moment: datetime) -> datetime:
    """Half past nine in China on the day of a moment: when this county opens bids."""
    return moment.astimezone(SHANGHAI).replace(hour=9, minute=30, second=0, microsecond=0)


def form_moment(moment: datetime) -> str:
    """A moment as the browser's date field sends it."""
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M")
