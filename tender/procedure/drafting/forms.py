"""From a filled-in form to a tender draft, or field errors that say what to correct."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar

from tender.core.errors import invalid
from tender.core.i18n import N_
from tender.core.money import format_yuan, parse_yuan
from tender.core.shanghai import SHANGHAI
from tender.procedure.dealings import DEALINGS, FACT, Dealing
from tender.procedure.drafting.drafts import CriterionDraft, LotDraft, TenderDraft
from tender.procedure.law.kinds import Direction, Kind, Method
from tender.procedure.pricing import PriceBasis

Form = Mapping[str, str]
E = TypeVar("E", bound=StrEnum)
FACTS = (
    "decision", "subject", "place", "term_text", "payment", "bidders", "conditions", "evaluation",
    "contract_text",
)  # fmt: skip
MAX_LOTS = 30
MAX_CRITERIA = 40


@dataclass
class Reader:
    """Reads fields one by one and collects what is wrong with each."""

    form: Form
    wrong: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, *, required: bool = False, longest: int = 4000) -> str:
        """A trimmed text."""
        value = self.form.get(name, "").strip()
        if required and not value:
            self.wrong[name] = N_("Required.")
        if len(value) > longest:
            self.wrong[name] = N_("This text is too long.")
        return value[:longest]

    def decimal(self, name: str, default: str = "") -> Decimal:
        """A positive decimal with at most six places; commas may separate thousands."""
        value = self.form.get(name, "").strip().replace(",", "").replace("，", "") or default
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal(0)
        good = number.is_finite() and 0 < number < Decimal(10) ** 11
        if not good or number != number.quantize(Decimal("0.000001")):
            self.wrong[name] = N_("A number above zero, such as 14.637.")
            return Decimal(1)
        return number

    def fen(self, name: str) -> int | None:
        """An amount in yuan with at most two decimals, as fen; None if the field is empty."""
        value = self.form.get(name, "").strip()
        if not value:
            return None
        try:
            return parse_yuan(value)
        except ValueError:
            self.wrong[name] = N_("An amount in yuan, such as 1200 or 1200.50.")
            return None

    def moment(self, name: str) -> datetime | None:
        """A date and time of China, as the browser's date field sends it."""
        value = self.form.get(name, "").strip()
        if not value:
            return None
        try:
            return datetime.fromisoformat(value).replace(tzinfo=SHANGHAI).astimezone(UTC)
        except (ValueError, OverflowError):
            self.wrong[name] = N_("A date and time, such as 2026-12-21 09:30.")
            return None

    @staticmethod
    def local(moment: datetime | None) -> str:
        """A moment as the browser's date field shows it, in China's time."""
        return moment.astimezone(SHANGHAI).strftime("%Y-%m-%dT%H:%M") if moment else ""


def read_form(form: Form) -> TenderDraft:
    """The draft that a form describes; DomainError `draft.form` with all field errors at once.

    Rows of lots and criteria are numbered from 1 (`lot-1-name`); a row without a name is left out.
    """
    reader = Reader(form)
    kind = _choice(reader, "kind", Kind, Kind.VILLAGE)
    direction = _choice(reader, "direction", Direction, Direction.DISPOSAL)
    method = _choice(reader, "method", Method, Method.SEALED_HIGHEST_PRICE)
    lots = tuple(_lots(reader))
    criteria = tuple(_criteria(reader))
    facts: dict[str, object] = {name: reader.text(name) for name in FACTS if form.get(name)}
    facts |= _dealing(reader, kind, direction)
    contact = {
        part: reader.text(f"contact_{part}", longest=200) for part in ("name", "phone", "address")
    }
    if contact["name"] or contact["phone"]:
        facts["contact"] = contact
    draft = TenderDraft(
        title=reader.text("title", required=True, longest=300),
        kind=kind,
        direction=direction,
        method=method,
        organisation_id=reader.text("organisation_id", required=True, longest=32),
        deadline=reader.moment("deadline"),
        questions_until=reader.moment("questions_until"),
        lots=lots,
        criteria=criteria,
        facts=facts,
        must_tender=form.get("must_tender") == "yes",
        members_only=form.get("members_only") == "yes",
        joint_bids=form.get("joint_bids") == "yes",
        subcontracting=form.get("subcontracting") == "yes",
        minimum=_whole(reader, "minimum"),
        bond_fen=reader.fen("bond") or 0,
        custodian_ids=tuple(part for part in form.get("custodian_ids", "").split(",") if part),
    )
    if reader.wrong:
        raise invalid("draft.form", N_("Please correct what is marked below."), reader.wrong)
    return draft


def _choice(reader: Reader, name: str, members: type[E], default: E) -> E:
    value = reader.form.get(name, "")
    if not value:
        return default
    try:
        return members(value)
    except ValueError:
        reader.wrong[name] = N_("Choose one of the list.")
        return default


def _dealing(reader: Reader, kind: Kind, direction: Direction) -> dict[str, object]:
    """What is given or bought, the usual one if nothing is said; nothing where no choice is."""
    offered = DEALINGS.get((kind, direction), ())
    if not offered:
        return {}
    chosen = _choice(reader, FACT, Dealing, offered[0])
    if chosen not in offered:
        reader.wrong[FACT] = N_("This does not fit the kind and direction. Choose another.")
    return {FACT: chosen.value}


def _whole(reader: Reader, name: str) -> int | None:
    value = reader.form.get(name, "").strip()
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 50:
        reader.wrong[name] = N_("A whole number.")
        return None
    return int(value)


def _lots(reader: Reader) -> list[LotDraft]:
    lots = []
    for number in range(1, MAX_LOTS + 1):
        prefix = f"lot-{number}-"
        if not reader.form.get(f"{prefix}name", "").strip():
            continue
        lots.append(
            LotDraft(
                name=reader.text(f"{prefix}name", longest=300),
                price_basis=_choice(reader, f"{prefix}price_basis", PriceBasis, PriceBasis.TOTAL),
                quantity=reader.decimal(f"{prefix}quantity", "1"),
                unit=reader.text(f"{prefix}unit", longest=40),
                term=reader.decimal(f"{prefix}term", "1"),
                limit_fen=reader.fen(f"{prefix}limit"),
            )
        )
    return lots


def _criteria(reader: Reader) -> list[CriterionDraft]:
    rows: list[CriterionDraft] = []
    for number in range(1, MAX_CRITERIA + 1):
        prefix = f"criterion-{number}-"
        if not reader.form.get(f"{prefix}name", "").strip():
            continue
        kind = reader.form.get(f"{prefix}kind", "subjective")
        if kind not in ("review", "price", "objective", "subjective"):
            reader.wrong[f"{prefix}kind"] = N_("Choose one of the list.")
        code = reader.text(f"{prefix}code", longest=20) or f"{number}"
        if any(row.code == code for row in rows):
            reader.wrong[f"{prefix}code"] = N_("This code stands there twice. Change one of them.")
        rows.append(
            CriterionDraft(
                code=code,
                group=reader.text(f"{prefix}group", longest=80),
                name=reader.text(f"{prefix}name", longest=200),
                kind=kind,
                maximum=reader.decimal(f"{prefix}maximum", "1"),
                step=reader.decimal(f"{prefix}step", "0.5"),
                guidance=reader.text(f"{prefix}guidance"),
            )
        )
    return rows


def fill_form(draft: TenderDraft) -> dict[str, str]:
    """The form that describes a draft: the inverse of `read_form`, for editing."""

    def yuan(fen: int | None) -> str:
        return "" if fen is None else format_yuan(fen)

    form = {
        "title": draft.title,
        "kind": draft.kind.value,
        "direction": draft.direction.value,
        "method": draft.method.value,
        "organisation_id": draft.organisation_id,
        "deadline": Reader.local(draft.deadline),
        "questions_until": Reader.local(draft.questions_until),
        "must_tender": "yes" if draft.must_tender else "",
        "members_only": "yes" if draft.members_only else "",
        "joint_bids": "yes" if draft.joint_bids else "",
        "subcontracting": "yes" if draft.subcontracting else "",
        "minimum": str(draft.minimum or ""),
        "bond": yuan(draft.bond_fen) if draft.bond_fen else "",
        "custodian_ids": ",".join(draft.custodian_ids),
        **{name: str(draft.facts.get(name, "")) for name in (*FACTS, FACT)},
    }
    contact = draft.facts.get("contact") or {}
    form |= {f"contact_{part}": str(contact.get(part, "")) for part in ("name", "phone", "address")}
    for number, lot in enumerate(draft.lots, start=1):
        form |= {
            f"lot-{number}-name": lot.name,
            f"lot-{number}-price_basis": lot.price_basis.value,
            f"lot-{number}-quantity": f"{lot.quantity.normalize():f}",
            f"lot-{number}-unit": lot.unit,
            f"lot-{number}-term": f"{lot.term.normalize():f}",
            f"lot-{number}-limit": yuan(lot.limit_fen),
        }
    for number, row in enumerate(draft.criteria, start=1):
        form |= {
            f"criterion-{number}-{name}": str(getattr(row, name))
            for name in ("code", "group", "name", "kind", "guidance")
        }
        form |= {
            f"criterion-{number}-{name}": f"{getattr(row, name).normalize():f}"
            for name in ("maximum", "step")
        }
    return form
