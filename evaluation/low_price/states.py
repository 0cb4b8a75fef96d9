"""Which state of a low price review may follow which."""

from __future__ import annotations

from evaluation.low_price.models import ReviewStatus
from tender.core.states import Transitions

R = ReviewStatus

REVIEW: Transitions = {
    R.ASKED: frozenset({R.ANSWERED, R.ACCEPTED, R.REFUSED}),
    R.ANSWERED: frozenset({R.ACCEPTED, R.REFUSED}),
    R.ACCEPTED: frozenset(),
    R.REFUSED: frozenset(),
}
