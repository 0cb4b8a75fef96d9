"""Who bids together (联合体、分包), as the bids state it, and what of it people must look at.

REG 37 and GPR 22: a member of a joint bid that bids itself too, or in another joint bid of the lot,
makes all these bids invalid. The platform shows the ground; the panel decides, as with every
rejection: a name may be another firm's, and a statement may be wrong.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from sqlalchemy.orm import Session

from evaluation.panel.grounds import LegalGround, ground_of
from keys.bid_statement import BidStatement, Partner
from tender.core.i18n import N_
from tender.core.wording import Wording, say
from tender.opening.results import OpenedBid, judged_bids
from tender.opening.stated import stated_in
from tender.procedure.facts import lots_of
from tender.procedure.models import Tender

ALSO_BIDS = N_("%(member)s is a member of this joint bid and also bids itself in this lot.")
MEMBER_OF = N_("%(bidder)s bids itself and is also a member of the joint bid of %(other)s.")
TWICE = N_("%(member)s is a member of this joint bid and also of the joint bid of %(other)s.")
NOT_JOINT = N_("This is a joint bid, and the tender documents accept none.")
NOT_HANDED_ON = N_("This bid names subcontractors, and the tender documents allow none.")
RIVAL = N_("The subcontractor %(name)s bids in this lot itself.")


@dataclass(frozen=True)
class Remark:
    """Something to look at in a bid; `ground` is the one a rejection could rest on, if any."""

    wording: Wording
    ground: LegalGround | None = None


@dataclass(frozen=True)
class BidStated:
    """What a bid states, why it could not be read (a msgid), and what to look at."""

    statement: BidStatement | None
    problem: str = ""
    remarks: tuple[Remark, ...] = ()


def stated_in_tender(session: Session, store: Path, tender: Tender) -> dict[str, BidStated]:
    """What every opened bid of a tender states, by bid id."""
    found = {}
    for lot in lots_of(session, tender.id):
        bids = judged_bids(session, lot.id)
        read = {bid.bid_id: stated_in(store, bid) for bid in bids}
        held = {key: each.statement for key, each in read.items() if each.statement is not None}
        for bid in bids:
            remarks = tuple(_remarks(tender, bid, bids, held))
            each = read[bid.bid_id]
            found[bid.bid_id] = BidStated(each.statement, each.problem, remarks)
    return found


def partners_stated(stated: Mapping[str, BidStated]) -> tuple[list[str], list[str]]:
    """The names of all members of joint bids, and of all subcontractors that bids name."""
    held = [each.statement for each in stated.values() if each.statement is not None]
    members = {partner.name for own in held for partner in own.consortium}
    under = {partner.name for own in held for partner in own.subcontracts}
    return sorted(members), sorted(under)


def bidder_named(partner: Partner, bids: Sequence[OpenedBid]) -> OpenedBid | None:
    """The bid of a partner that bids itself: by its credit code, else by its name.

    Two firms of one name whose codes are known and differ are two firms.
    """
    code = _plain(partner.code)
    for bid in bids:
        if code and _plain(bid.code or "") == code:
            return bid
    name = _plain(partner.name)
    return next((b for b in bids if _plain(b.name) == name and not (code and b.code)), None)


def same_firm(one: Partner, other: Partner) -> bool:
    """Whether two statements name one firm: by its credit code, else by its name."""
    codes = _plain(one.code), _plain(other.code)
    if all(codes):
        return codes[0] == codes[1]
    return _plain(one.name) == _plain(other.name)


def consortium_pairs(
    bids: Sequence[OpenedBid], statements: Mapping[str, BidStatement]
) -> frozenset[frozenset[str]]:
    """Bidders who say that they bid together, as pairs of organisation ids.

    `statements` are by bid id. Members of one consortium who all bid are pairs of each other.
    """
    pairs = set()
    for bid in bids:
        held = statements.get(bid.bid_id)
        named = [bidder_named(each, bids) for each in held.consortium] if held else []
        group = {bid.organisation_id} | {each.organisation_id for each in named if each}
        pairs |= {frozenset(pair) for pair in combinations(sorted(group), 2)}
    return frozenset(pairs)


def _remarks(
    tender: Tender, bid: OpenedBid, bids: Sequence[OpenedBid], held: Mapping[str, BidStatement]
) -> Iterator[Remark]:
    twice = ground_of(tender, "joint_twice")
    others = [each for each in bids if each.bid_id != bid.bid_id]
    own = held.get(bid.bid_id)
    if own is not None:
        for wording in _twice(own, others, held):
            yield Remark(wording, twice)
        if own.consortium and not tender.joint_bids:
            yield Remark(say(NOT_JOINT), ground_of(tender, "unqualified"))
        if own.subcontracts and not tender.subcontracting:
            yield Remark(say(NOT_HANDED_ON), ground_of(tender, "unresponsive"))
        for each in own.subcontracts:
            if bidder_named(each, others) is not None:
                yield Remark(say(RIVAL, name=each.name))
    for other in others:
        theirs = held.get(other.bid_id)
        if theirs and any(bidder_named(each, [bid]) for each in theirs.consortium):
            yield Remark(say(MEMBER_OF, bidder=bid.name, other=other.name), twice)


def _twice(
    own: BidStatement, others: Sequence[OpenedBid], held: Mapping[str, BidStatement]
) -> Iterator[Wording]:
    for member in own.consortium:
        if bidder_named(member, others) is not None:
            yield say(ALSO_BIDS, member=member.name)
        for other in others:
            theirs = held.get(other.bid_id)
            if theirs and any(same_firm(member, each) for each in theirs.consortium):
                yield say(TWICE, member=member.name, other=other.name)


def _plain(text: str) -> str:
    """A name or code in one spelling."""
    return re.sub(r"[\s\-()·.,]", "", unicodedata.normalize("NFKC", text)).lower()
