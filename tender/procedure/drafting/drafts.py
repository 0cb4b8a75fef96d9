"""What an author decides about a tender, as plain data: read from rows, kept in versions."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tender.procedure.facts import lots_of
from tender.procedure.law.kinds import Direction, Kind, Method
from tender.procedure.models import Criterion, Tender
from tender.procedure.pricing import PriceBasis

THRESHOLD = 3  # of the five custodians that are usual


@dataclass(frozen=True, kw_only=True)
class LotDraft:
    """A lot as its author wrote it; money in fen, quantity and term as decimals."""

    name: str
    price_basis: PriceBasis
    quantity: Decimal
    unit: str
    term: Decimal
    limit_fen: int | None


@dataclass(frozen=True, kw_only=True)
class CriterionDraft:
    """A criterion as its author wrote it; `kind` is review, price, objective or subjective."""

    code: str
    group: str
    name: str
    kind: str
    maximum: Decimal
    step: Decimal = Decimal("0.5")
    guidance: str = ""


@dataclass(frozen=True, kw_only=True)
class TenderDraft:
    """All that an author decides about a tender; the rest follows from the law and the county."""

    title: str
    kind: Kind
    direction: Direction
    method: Method
    organisation_id: str
    deadline: datetime | None
    lots: tuple[LotDraft, ...]
    criteria: tuple[CriterionDraft, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    method_parameters: dict[str, Any] = field(default_factory=dict)
    must_tender: bool = True
    members_only: bool = False
    joint_bids: bool = False
    subcontracting: bool = False
    minimum: int | None = None
    bond_fen: int = 0
    questions_until: datetime | None = None
    custodian_ids: tuple[str, ...] = ()
    threshold: int = THRESHOLD


def read_draft(session: Session, tender: Tender) -> TenderDraft:
    """A tender as the draft that would make it."""
    criteria = session.scalars(
        select(Criterion).where(Criterion.tender_id == tender.id).order_by(Criterion.position)
    )
    return TenderDraft(
        title=tender.title,
        kind=tender.kind,
        direction=tender.direction,
        method=tender.method,
        organisation_id=tender.organisation_id,
        deadline=tender.deadline,
        lots=tuple(
            LotDraft(
                name=lot.name,
                price_basis=PriceBasis(lot.price_basis),
                quantity=lot.quantity,
                unit=lot.unit,
                term=lot.term,
                limit_fen=lot.limit_fen,
            )
            for lot in lots_of(session, tender.id)
        ),
        criteria=tuple(
            CriterionDraft(
                **{each.name: getattr(row, each.name) for each in fields(CriterionDraft)}
            )
            for row in criteria
        ),
        facts=tender.facts,
        method_parameters=tender.method_parameters,
        must_tender=tender.must_tender,
        members_only=tender.members_only,
        joint_bids=tender.joint_bids,
        subcontracting=tender.subcontracting,
        minimum=tender.minimum,
        bond_fen=tender.bond_fen,
        questions_until=tender.questions_until,
        custodian_ids=tuple(tender.custodian_ids),
        threshold=tender.threshold,
    )


def as_json(draft: TenderDraft) -> dict[str, Any]:
    """A draft as JSON data for its version row."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [plain(each) for each in value]
        if isinstance(value, Decimal):
            return f"{value:f}"
        return value.isoformat() if isinstance(value, datetime) else value

    found: dict[str, Any] = plain(asdict(draft))
    return found


def from_json(content: dict[str, Any]) -> TenderDraft:
    """The draft that `as_json` wrote."""

    def moment(text: str | None) -> datetime | None:
        return datetime.fromisoformat(text) if text else None

    return TenderDraft(
        **{
            **content,
            "kind": Kind(content["kind"]),
            "direction": Direction(content["direction"]),
            "method": Method(content["method"]),
            "deadline": moment(content["deadline"]),
            "questions_until": moment(content["questions_until"]),
            "custodian_ids": tuple(content["custodian_ids"]),
            "lots": tuple(
                LotDraft(
                    **{
                        **lot,
                        "price_basis": PriceBasis(lot["price_basis"]),
                        "quantity": Decimal(lot["quantity"]),
                        "term": Decimal(lot["term"]),
                    }
                )
                for lot in content["lots"]
            ),
            "criteria": tuple(
                CriterionDraft(
                    **{**row, "maximum": Decimal(row["maximum"]), "step": Decimal(row["step"])}
                )
                for row in content["criteria"]
            ),
        }
    )
