"""A tender's criteria as scales, and what the tender documents state about scoring."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.scoring.methods import METHODS, PriceFormula, Scheme
from evaluation.scoring.points import Deviation
from evaluation.scoring.sheet import Band, Scale, ScaleKind
from tender.procedure.models import Criterion, Lot, Tender


def criteria_of(session: Session, tender_id: str) -> list[Criterion]:
    """A tender's criteria in the order of the documents."""
    query = select(Criterion).where(Criterion.tender_id == tender_id)
    return list(session.scalars(query.order_by(Criterion.position)))


def kind_of(criterion: Criterion, tender: Tender) -> ScaleKind:
    """How a criterion is judged here.

    An objective one is computed if the documents state its rule (`objective` of the method's
    parameters); otherwise each expert checks and scores it.
    """
    kind = ScaleKind(criterion.kind)
    if kind is ScaleKind.OBJECTIVE and criterion.code not in _rules(tender):
        return ScaleKind.SUBJECTIVE
    return kind


def scale_of(criterion: Criterion, tender: Tender) -> Scale:
    """A criterion as an expert meets it."""
    bands = tender.method_parameters.get("bands", {}).get(criterion.code, [])
    return Scale(
        code=criterion.code,
        name=criterion.name,
        kind=kind_of(criterion, tender),
        maximum=exact(criterion.maximum),
        step=exact(criterion.step) if criterion.step else Decimal("0.5"),
        bands=tuple(
            Band(str(band["name"]), Decimal(str(band["low"])), Decimal(str(band["high"])))
            for band in bands
        ),
    )


def objective_score(criterion: Criterion, tender: Tender, terms: dict[str, Any]) -> Decimal:
    """The computed score of an objective criterion from a bid's terms.

    The documents' rule names a term of the bid and rows [least value, points], best first; a
    term that is missing or no number scores nothing.
    """
    rule = _rules(tender)[criterion.code]
    try:
        stated = Decimal(str(terms[rule["term"]]))
    except (KeyError, ArithmeticError):
        return Decimal(0)
    for least, points in rule["rows"]:
        if stated >= Decimal(str(least)):
            return min(Decimal(str(points)), exact(criterion.maximum))
    return Decimal(0)


def scheme_of(tender: Tender, lot: Lot, criteria: list[Criterion]) -> Scheme:
    """Method, formula, points and limit as the tender documents state them."""
    way = METHODS[tender.method, tender.direction]
    stated = tender.method_parameters
    points = sum(
        (exact(row.maximum) for row in criteria if row.kind == ScaleKind.PRICE), Decimal(0)
    )
    formula = PriceFormula(stated.get("formula", way.formulas[0])) if points else way.formulas[0]
    if not points:
        formula = PriceFormula.NONE if PriceFormula.NONE in way.formulas else formula
    return Scheme(
        method=tender.method,
        direction=tender.direction,
        formula=formula,
        points=points,
        deviation=_deviation(stated, points) if formula is PriceFormula.DEVIATION else None,
        limit_fen=lot.limit_fen,
        sme_in_score=bool(stated.get("sme_in_score", False)),
    )


def reduction(tender: Tender, terms: dict[str, Any]) -> Fraction:
    """The rate by which a small or micro enterprise's price is reduced; 0 unless it declares so."""
    percent = tender.method_parameters.get("sme_percent")
    if percent is None or terms.get("small_enterprise") is not True:
        return Fraction(0)
    return Fraction(str(percent)) / 100


def exact(number: Decimal) -> Decimal:
    """A stored decimal without the zeros that the column adds: 8.500 is 8.5, 100.000 is 100."""
    short = number.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral_value() else short


def _rules(tender: Tender) -> dict[str, Any]:
    rules: dict[str, Any] = tender.method_parameters.get("objective", {})
    return rules


def _deviation(stated: dict[str, Any], points: Decimal) -> Deviation:
    terms = stated.get("deviation", {})
    trim = terms.get("trim_from")
    return Deviation(
        points=points,
        above=Decimal(str(terms.get("above", "1"))),
        below=Decimal(str(terms.get("below", "0.5"))),
        coefficient=Decimal(str(terms.get("coefficient", "0"))),
        trim_from=int(trim) if trim is not None else None,
        floor=Decimal(str(terms.get("floor", "0"))),
    )
