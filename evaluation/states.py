"""Which state of a panel member or screening run may follow which."""

from __future__ import annotations

from evaluation.models import MemberStatus, ScreenStatus
from tender.core.states import Transitions

M = MemberStatus
S = ScreenStatus

MEMBER: Transitions = {
    M.DRAWN: frozenset({M.SEATED, M.DECLINED, M.RECUSED}),
    M.SEATED: frozenset({M.SUBMITTED, M.DECLINED, M.RECUSED}),
    M.SUBMITTED: frozenset(),
    M.DECLINED: frozenset(),
    M.RECUSED: frozenset(),
}

SCREEN: Transitions = {
    S.WAITING: frozenset({S.RUNNING, S.WAITING}),
    S.RUNNING: frozenset({S.RUNNING, S.DONE, S.WAITING}),
    S.DONE: frozenset({S.WAITING}),
}
