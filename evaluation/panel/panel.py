"""The panel (评标委员会): a frozen pool, a draw that nobody steers, answers and replacements.

Two steps, so that neither side can choose the result (docs/evaluation.md). First the pool is
frozen: its hash and the hash of 32 secret bytes of the centre enter the ledger together. Then
words that people of the other sides say, and the root of the first checkpoint over that entry,
are joined with the centre's bytes. The centre committed before it knew the words; whoever says
words does not know the centre's bytes; the custodians co-sign the root, which is signed before
anybody speaks. Supervision speaks last: a tenderer who agrees with the centre could otherwise try
words until the draw suits both.

Names are secret until the result (TBL 37): staff see seats by number, the ledger holds hashes.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.models import MemberStatus, PanelDraw, PanelMember
from evaluation.panel.composition import Composition, check_panel
from evaluation.panel.drawing import CONTRIBUTION, Draw, Quotas, draw, pool_entry
from evaluation.panel.pool import expert_pool, parties_of, plain_parties, read_parties, read_pool
from keys.encoding import b64u, canonical, sha256_hex, unb64u
from tender.accounts.permissions import Permission, require
from tender.core import messages
from tender.core.actor import Actor, Role
from tender.core.errors import conflict, invalid
from tender.core.i18n import N_
from tender.core.ids import new_id
from tender.core.settings import Settings
from tender.core.wording import plain
from tender.ledger import service as ledger
from tender.ledger.models import LedgerCheckpoint
from tender.procedure.facts import limit_total, lots_of, tender_by_id
from tender.procedure.law.law import law
from tender.procedure.local_law.binding import overrides_of
from tender.procedure.models import Tender, TenderStatus
from tender.procedure.timeline.calendar import day_of

ANSWER_WITHIN = timedelta(hours=24)
TENDERER = "tenderer"
SUPERVISION = "supervision"
CENTRE = "centre"
LEDGER = "ledger"
WORDS = 6  # the least number of characters of a contribution that is said


def draw_of(session: Session, tender_id: str) -> PanelDraw | None:
    """The tender's draw, frozen or drawn."""
    return session.scalar(select(PanelDraw).where(PanelDraw.tender_id == tender_id))


def members_of(session: Session, tender_id: str) -> list[PanelMember]:
    """The members that sit or are asked to, in the order of their seats."""
    query = select(PanelMember).where(PanelMember.tender_id == tender_id)
    gone = (MemberStatus.DECLINED, MemberStatus.RECUSED)
    rows = session.scalars(query.order_by(PanelMember.position))
    return [member for member in rows if member.status not in gone]


def freeze_pool(
    session: Session,
    actor: Actor,
    settings: Settings,
    tender_id: str,
    quotas: Mapping[str, int],
    *,
    now: datetime,
) -> PanelDraw:
    """Freeze the pool for a draw: experts of the specialities in `quotas` (code to seats)."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.PANEL_DRAW, on=tender)
    if tender.status is not TenderStatus.OPENED:
        raise conflict(
            "panel.not_opened",
            N_("A panel is drawn after the opening, when the bidders are known for recusal."),
        )
    if draw_of(session, tender.id) is not None:
        raise conflict("panel.frozen", N_("The pool of this tender is frozen already."))
    _check_composition(session, tender, quotas, now)
    pool = expert_pool(session, tender, quotas, now=now)
    parties = parties_of(session, settings.store, tender, actor.organisation_id)
    entries = [pool_entry(expert) for expert in pool]
    secret = secrets.token_bytes(CONTRIBUTION)
    made = PanelDraw(
        id=new_id(), tender_id=tender.id, quotas=dict(quotas), pool=entries,
        pool_sha256=sha256_hex(canonical(entries)), parties=plain_parties(parties),
        secret=b64u(secret), contributions=[], frozen_at=now, frozen_by=actor.person_id,
        frozen_seq=0, order=[],
    )  # fmt: skip
    _check_enough(made, now, tender)
    entry = ledger.append(
        session, "pool.frozen", subject=tender.id, actor=actor.person_id, now=now,
        fields={
            "tender": tender.number, "draw": made.id, "pool_sha256": made.pool_sha256,
            "quotas": dict(quotas), "commitment": sha256_hex(secret),
        },
    )  # fmt: skip
    made.frozen_seq = entry.seq
    session.add(made)
    session.flush()
    return made


def contribute(
    session: Session, actor: Actor, tender_id: str, words: str, *, now: datetime
) -> None:
    """Add words (dice thrown, a sentence) to the draw; each side once, after the freezing."""
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.PANEL_READ, on=tender)
    made = _frozen(session, tender)
    _add_words(session, actor, tender, made, words, now)


def draw_panel(
    session: Session, actor: Actor, tender_id: str, words: str, *, now: datetime
) -> PanelDraw:
    """Draw the panel and ask the experts; `words` are the tenderer's own contribution.

    `words` may be empty if the tenderer's side has contributed before.
    """
    tender = tender_by_id(session, tender_id)
    require(actor, Permission.PANEL_DRAW, on=tender)
    made = _frozen(session, tender)
    if words.strip() or not _spoken(made, TENDERER):
        _add_words(session, actor, tender, made, words, now)
    checkpoint = _signed(session, made)
    made.contributions = [
        *made.contributions,
        {"contributor": CENTRE, "value": made.secret},
        {"contributor": LEDGER, "value": b64u(checkpoint.root), "size": checkpoint.size},
    ]
    drawn = compute(session, made, tender, on=now)
    made.seed, made.drawn_at, made.drawn_by = drawn.seed, now, actor.person_id
    write_order(made, drawn)
    ledger.append(
        session, "panel.drawn", subject=tender.id, actor=actor.person_id, now=now,
        fields={
            "tender": tender.number, "draw": made.id, "pool_sha256": made.pool_sha256,
            "draw_sha256": draw_digest(made),
        },
    )  # fmt: skip
    seat(session, tender, made, drawn, now)
    return made


def draw_digest(made: PanelDraw) -> str:
    """The hash under which a draw stands in the ledger until its result tells the names."""
    body = {
        "seed": made.seed,
        "order": made.order,
        "contributions": [
            {"contributor": each["contributor"], "value": each["value"]}
            for each in made.contributions
        ],
    }
    return sha256_hex(canonical(body))


def compute(session: Session, made: PanelDraw, tender: Tender, *, on: datetime) -> Draw:
    """Compute a draw from what is recorded, with everybody who has declined so far.

    `on` is the moment of the draw, also for a later replacement.
    """
    away = select(PanelMember).where(
        PanelMember.tender_id == tender.id,
        PanelMember.status.in_((MemberStatus.DECLINED, MemberStatus.RECUSED)),
    )
    return draw(
        read_pool(made.pool),
        {each["contributor"]: unb64u(each["value"], CONTRIBUTION) for each in made.contributions},
        Quotas(made.quotas),
        read_parties(made.parties),
        on=day_of(on),
        years=_recusal_years(tender, on),
        declined={member.person_id: member.reason or "" for member in session.scalars(away)},
    )


def empty_seats(made: PanelDraw, members: list[PanelMember]) -> int:
    """Seats for which the order of the draw has nobody left."""
    return sum(made.quotas.values()) - sum(not member.representative for member in members)


def reveal_panel(session: Session, tender: Tender, actor: Actor, *, now: datetime) -> list[str]:
    """With the result: contributions, seed and members enter the ledger; gives the names."""
    made = draw_of(session, tender.id)
    members = members_of(session, tender.id)
    if made is not None and made.seed is not None:
        ledger.append(
            session, "panel.revealed", subject=tender.id, actor=actor.person_id, now=now,
            fields={
                "tender": tender.number, "draw": made.id, "seed": made.seed,
                "contributions": [
                    {"contributor": each["contributor"], "value": each["value"]}
                    for each in made.contributions
                ],
                "checkpoint_size": next(
                    each["size"] for each in made.contributions if each["contributor"] == LEDGER
                ),
                "members": [member.person_id for member in members],
            },
        )  # fmt: skip
    return [member.person.name for member in members]


def _check_composition(
    session: Session, tender: Tender, quotas: Mapping[str, int], now: datetime
) -> None:
    if not quotas or any(count < 1 for count in quotas.values()):
        raise invalid(
            "panel.size", N_("Say how many experts of which field are drawn."),
            {"size": N_("A number above zero.")},
        )  # fmt: skip
    problems = check_panel(
        law(),
        tender.kind.value,
        Composition(
            experts=sum(quotas.values()), budget_fen=limit_total(lots_of(session, tender.id)) or 0
        ),
        on=day_of(now),
        direction=tender.direction,
        method=tender.method.value,
        overrides=overrides_of(tender, now=now),
    )
    if problems:
        raise invalid(
            problems[0].code, "%(problem)s", {"size": N_("Choose another number of experts.")},
            problem=problems[0].text(),
        )  # fmt: skip


def _check_enough(made: PanelDraw, now: datetime, tender: Tender) -> None:
    """Who is barred and who fits does not depend on the seed, so a short pool is seen at once."""
    trial = draw(
        read_pool(made.pool),
        {"trial": bytes(CONTRIBUTION)},
        Quotas(made.quotas),
        read_parties(made.parties),
        on=day_of(now),
        years=_recusal_years(tender, now),
    )
    if trial.short:
        raise conflict(
            "panel.pool_too_small",
            N_(
                "The pool has too few experts who may sit: %(short)s are missing. Approve more "
                "experts of the field, or draw from another field as well."
            ),
            short=sum(trial.short.values()),
        )


def _recusal_years(tender: Tender, moment: datetime) -> int:
    rule = law().lookup(
        tender.kind.value, "recusal_years", on=day_of(moment), direction=tender.direction,
        overrides=overrides_of(tender, now=moment),
    )  # fmt: skip
    return rule.required.whole


def _frozen(session: Session, tender: Tender) -> PanelDraw:
    made = draw_of(session, tender.id)
    if made is None:
        raise conflict("panel.not_frozen", N_("Freeze the pool of experts first."))
    if made.drawn_at is not None:
        raise conflict("panel.drawn", N_("The panel of this tender is drawn already."))
    return made


def drawn_of(session: Session, tender: Tender) -> PanelDraw:
    """The tender's draw once it was drawn; DomainError `panel.not_drawn` before."""
    made = draw_of(session, tender.id)
    if made is None or made.drawn_at is None:
        raise conflict("panel.not_drawn", N_("The panel of this tender is not drawn yet."))
    return made


def _spoken(made: PanelDraw, side: str) -> bool:
    return any(each["contributor"] == side for each in made.contributions)


def _signed(session: Session, made: PanelDraw) -> LedgerCheckpoint:
    """The first checkpoint over the frozen pool; nobody speaks before it.

    Otherwise a centre could hear the words first and then try entries until a root suits it.
    """
    checkpoint = session.scalars(
        select(LedgerCheckpoint)
        .where(LedgerCheckpoint.size > made.frozen_seq)
        .order_by(LedgerCheckpoint.size)
        .limit(1)
    ).first()
    if checkpoint is None:
        raise conflict(
            "panel.no_checkpoint",
            N_("The ledger has not signed the frozen pool yet. Try again in a few seconds."),
        )
    return checkpoint


def _add_words(
    session: Session, actor: Actor, tender: Tender, made: PanelDraw, words: str, now: datetime
) -> None:
    side = SUPERVISION if actor.role is Role.SUPERVISOR else TENDERER
    _signed(session, made)
    if _spoken(made, side):
        raise conflict("panel.contributed", N_("Your side has contributed to this draw already."))
    if side == SUPERVISION and not _spoken(made, TENDERER):
        raise conflict(
            "panel.order",
            N_("The tenderer's side speaks first, so that it cannot answer to your words."),
        )
    if not WORDS <= len(words.strip()) <= 500:
        raise invalid(
            "panel.words",
            N_("Say something that nobody can foresee, such as ten thrown dice."),
            {"words": N_("At least 6 characters.")},
        )
    value = hashlib.sha256(b"draw-words/v1\n" + words.strip().encode()).digest()
    made.contributions = [
        *made.contributions, {"contributor": side, "value": b64u(value), "words": words.strip()}
    ]  # fmt: skip
    ledger.append(
        session, "draw.contributed", subject=tender.id, actor=actor.person_id, now=now,
        fields={
            "tender": tender.number, "draw": made.id, "contributor": side, "value": b64u(value)
        },
    )  # fmt: skip


def write_order(made: PanelDraw, drawn: Draw) -> None:
    """Record the whole order with outcomes and reasons."""
    order: list[dict[str, Any]] = []
    for place in drawn.places:
        order.append(
            {
                "expert": place.expert,
                "key": place.key,
                "outcome": place.outcome.value,
                "reasons": [plain(reason) for reason in place.reasons],
                "speciality": place.speciality,
            }
        )
    made.order = order


def seat(session: Session, tender: Tender, made: PanelDraw, drawn: Draw, now: datetime) -> None:
    """Ask everybody whom the order seats and who was not asked before."""
    known = select(PanelMember.person_id).where(PanelMember.tender_id == tender.id)
    asked = set(session.scalars(known))
    fields = {place.expert: place.speciality for place in drawn.places}
    position = len(asked)
    for expert in drawn.members:
        if expert in asked:
            continue
        position += 1
        member = PanelMember(
            id=new_id(), tender_id=tender.id, person_id=expert, position=position,
            representative=False, status=MemberStatus.DRAWN, speciality=fields[expert],
        )  # fmt: skip
        session.add(member)
        session.flush()
        messages.tell(
            session, expert,
            N_("You are drawn for a panel (%(tender)s). Confirm or decline; tell nobody."),
            now=now, link=f"/panel/{tender.id}", subject=tender.id, due_at=now + ANSWER_WITHIN,
            email=member.person.email, tender=tender.number,
        )  # fmt: skip
