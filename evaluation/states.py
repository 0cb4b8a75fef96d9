"""Which state of a panel member or screening run may follow which."""

from __future__ import annotations

from evaluation.low_price_models import ReviewStatus
from evaluation.models import MemberStatus, ScreenStatus
from tender.core.states import Transitions

M = MemberStatus
S = ScreenStatus
R = ReviewStatus

MEMBER: Transitions = {
    M.DRAWN: frozenset({M.SEATED, M.DECLINED, M.RECUSED}),
    M.SEATED: frozenset({M.SUBMITTED, M.DECLINED, M.RECUSED}),
    M.SUBMITTED: frozenset(),
    M.DECLINED: frozenset(),
    M.RECUSED: frozenset(),
}

REVIEW: Transitions = {
    R.ASKED: frozenset({R.ANSWERED, R.ACCEPTED, R.REFUSED}),
    R.ANSWERED: frozenset({R.ACCEPTED, R.REFUSED}),
    R.ACCEPTED: frozenset(),
    R.REFUSED: frozenset(),
}

SCREEN: Transitions = {
    S.WAITING: frozenset({S.RUNNING}),
    S.RUNNING: frozenset({S.RUNNING, S.DONE, S.FAILED}),
    S.FAILED: frozenset({S.RUNNING}),
    S.DONE: frozenset(),
}
