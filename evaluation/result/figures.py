"""From sheets and manifests to the figures that a lot is ranked by, with every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from evaluation.models import PanelMember
from evaluation.panel.sheets import Marks
from evaluation.scoring.criteria import exact, kind_of, objective_score, reduction
from evaluation.scoring.methods import BidFigures
from evaluation.scoring.points import Part, panel_mean
from evaluation.scoring.sheet import ScaleKind
from evaluation.scoring.steps import Score, Step
from tender.core.i18n import N_
from tender.core.wording import Wording, say
from tender.opening.results import OpenedBid
from tender.procedure.facts import pricing_of
from tender.procedure.models import Criterion, Lot, Tender

Sheets = Sequence[tuple[PanelMember, Marks]]


@dataclass(frozen=True)
class Judged:
    """A bid's figures, its score per criterion code, and the steps that led there."""

    figures: BidFigures
    scores: Mapping[str, Decimal]
    steps: tuple[Step, ...]


def judge_bid(
    bid: OpenedBid, tender: Tender, lot: Lot, criteria: Sequence[Criterion], sheets: Sheets
) -> Judged:
    """The figures of one valid bid of a lot; prices are checked and known."""
    if bid.price_fen is None or bid.manifest is None:
        raise ValueError("only an opened bid has figures")
    terms = bid.manifest.get("terms", {})
    parts: list[Part] = []
    steps: list[Step] = []
    scores: dict[str, Decimal] = {}
    for row in criteria:
        score = _score(row, tender, bid, terms, sheets)
        if score is None:
            continue
        scores[row.code] = score.value
        steps += score.steps
        most = exact(row.maximum)
        parts.append(Part(Wording(row.name), score.value, most, most))
    technical = sum(scores.values(), Decimal(0))
    figures = BidFigures(
        bid=bid.bid_id,
        price_fen=bid.price_fen,
        total_fen=pricing_of(lot).total(bid.price_fen),
        rate=reduction(tender, terms),
        parts=tuple(parts),
        technical=technical,
    )
    return Judged(figures, scores, tuple(steps))


def _score(
    row: Criterion,
    tender: Tender,
    bid: OpenedBid,
    terms: dict[str, object],
    sheets: Sheets,
) -> Score | None:
    kind = kind_of(row, tender)
    if kind is ScaleKind.OBJECTIVE:
        value = objective_score(row, tender, terms)
        formula = say(N_("as the tender documents' table says for what the bid states"))
        return Score(value, (Step(Wording(row.name), formula, f"{value:f}", {}, value),))
    if kind is not ScaleKind.SUBJECTIVE:
        return None
    own = {
        member.id: mark.score
        for member, marks in sheets
        if (mark := marks.get((bid.bid_id, row.code))) is not None and mark.score is not None
    }
    if not own:
        return None
    return panel_mean(
        own, Wording(row.name), trim=bool(tender.method_parameters.get("trim_scores", False))
    )
