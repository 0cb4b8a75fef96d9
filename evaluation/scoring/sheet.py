"""A score sheet (评分表) against the criteria of the tender documents, before it is signed.

Whatever is checked here is told to the expert at his screen; a sheet that passes can be locked.
Objective criteria and prices are computed and no expert's matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from tender.core.i18n import N_
from tender.core.wording import Wording, say
from tender.procedure.law.problems import Problem


class ScaleKind(StrEnum):
    """How a criterion is judged."""

    REVIEW = "review"
    SUBJECTIVE = "subjective"
    OBJECTIVE = "objective"
    PRICE = "price"


@dataclass(frozen=True)
class Band:
    """A band (档次) of a criterion, both ends included: good 8 to 10, fair 5 to 7."""

    name: str
    low: Decimal
    high: Decimal


@dataclass(frozen=True)
class Scale:
    """A criterion (评审标准) as an expert meets it.

    Scores run from 0 to `maximum` in whole `step`s; with `bands` a score must also lie in one.
    """

    code: str
    name: str
    kind: ScaleKind
    maximum: Decimal = Decimal(0)
    step: Decimal = Decimal(1)
    bands: tuple[Band, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a scale on which no score, or no full score, is possible."""
        if self.kind is ScaleKind.REVIEW:
            return
        if self.maximum <= 0 or self.step <= 0:
            raise ValueError(f"{self.code}: maximum and step are above zero")
        if any(not 0 <= band.low <= band.high <= self.maximum for band in self.bands):
            raise ValueError(f"{self.code}: a band lies outside the scale")


@dataclass(frozen=True)
class Mark:
    """One entry of a sheet: a score, or pass and fail with the reason of a fail."""

    score: Decimal | None = None
    passed: bool | None = None
    reason: str = ""


Sheet = Mapping[tuple[str, str], Mark]
"""(bid, criterion code) to mark."""


def check_mark(scale: Scale, bid: str, mark: Mark) -> Problem | None:
    """Whether one mark fits its criterion; None if it does. For autosave, mark by mark."""
    if scale.kind is ScaleKind.REVIEW:
        return _check_review(scale, bid, mark)
    if scale.kind is not ScaleKind.SUBJECTIVE:
        message = N_("“%(name)s” is computed and not scored by experts. Leave it empty.")
        return _problem("sheet.computed", scale, bid, say(message, name=scale.name))
    if mark.score is None:
        message = N_("“%(name)s” has no score yet. Enter one from 0 to %(maximum)s.")
        return _missing(scale, bid, message)
    if not (mark.score.is_finite() and 0 <= mark.score <= scale.maximum):
        message = N_("%(score)s is outside “%(name)s”. Enter a score from 0 to %(maximum)s.")
    elif Fraction(mark.score) % Fraction(scale.step):
        message = N_("%(score)s is no step of “%(name)s”. Score in steps of %(step)s.")
    elif scale.bands and not any(band.low <= mark.score <= band.high for band in scale.bands):
        message = N_("%(score)s lies in no band of “%(name)s”. Choose a score within a band.")
    else:
        return None
    wording = say(
        message, score=str(mark.score), name=scale.name, maximum=scale.maximum, step=scale.step
    )
    return _problem("sheet.score", scale, bid, wording)


def check_sheet(scales: Sequence[Scale], bids: Sequence[str], sheet: Sheet) -> tuple[Problem, ...]:
    """Everything that keeps a sheet from being submitted.

    A bid that the expert failed in a review criterion needs no scores. Marks for bids or
    criteria that the tender does not have are problems too.
    """
    by_code = {scale.code: scale for scale in scales}
    found = list(_strangers(by_code, bids, sheet))
    for bid in bids:
        failed = any(
            sheet.get((bid, scale.code), Mark()).passed is False
            for scale in scales
            if scale.kind is ScaleKind.REVIEW
        )
        for scale in scales:
            mark = sheet.get((bid, scale.code))
            if scale.kind in (ScaleKind.OBJECTIVE, ScaleKind.PRICE) and mark is None:
                continue
            if failed and scale.kind is ScaleKind.SUBJECTIVE and mark is None:
                continue
            if problem := check_mark(scale, bid, mark or Mark()):
                found.append(problem)
    return tuple(found)


def subtotal(scales: Sequence[Scale], bid: str, sheet: Sheet) -> Decimal:
    """The sum of an expert's own scores for a bid, empty ones counted as nothing."""
    scores = (
        sheet.get((bid, scale.code), Mark()).score
        for scale in scales
        if scale.kind is ScaleKind.SUBJECTIVE
    )
    return sum((score for score in scores if score is not None), Decimal(0))


def _check_review(scale: Scale, bid: str, mark: Mark) -> Problem | None:
    if mark.passed is None:
        return _missing(scale, bid, N_("“%(name)s” is not judged yet. Choose pass or fail."))
    if not mark.passed and not mark.reason.strip():
        message = N_("A fail in “%(name)s” needs a reason. Write down what is missing and where.")
        return _problem("sheet.reason", scale, bid, say(message, name=scale.name))
    return None


def _strangers(scales: Mapping[str, Scale], bids: Sequence[str], sheet: Sheet) -> Iterator[Problem]:
    for bid, code in sheet:
        if bid not in bids or code not in scales:
            message = N_("The sheet holds a mark that belongs to no bid or criterion. Reload it.")
            yield Problem("sheet.unknown", f"{bid}/{code}", say(message))


def _missing(scale: Scale, bid: str, message: str) -> Problem:
    wording = say(message, name=scale.name, maximum=scale.maximum)
    return _problem("sheet.missing", scale, bid, wording)


def _problem(code: str, scale: Scale, bid: str, wording: Wording) -> Problem:
    return Problem(code, f"{bid}/{scale.code}", wording)
