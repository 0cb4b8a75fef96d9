"""Which status of a tender or lot may follow which; `tender.core.states.advance` writes them."""

from __future__ import annotations

from tender.core.states import Transitions
from tender.procedure.models import AmendmentStatus, LotStatus, TenderStatus

T = TenderStatus
L = LotStatus
A = AmendmentStatus

TENDER: Transitions = {
    T.DRAFT: frozenset({T.IN_REVIEW, T.CANCELLED}),
    T.IN_REVIEW: frozenset({T.DRAFT, T.APPROVED, T.CANCELLED}),
    T.APPROVED: frozenset({T.DRAFT, T.PUBLISHED, T.CANCELLED}),
    T.PUBLISHED: frozenset({T.CLOSED, T.CANCELLED}),
    T.CLOSED: frozenset({T.OPENED, T.FAILED, T.CANCELLED}),
    T.OPENED: frozenset({T.EVALUATED, T.FAILED, T.CANCELLED}),
    # Procurement has no candidates notice: its evaluated tender is awarded at once (O87 art. 68).
    T.EVALUATED: frozenset({T.CANDIDATES, T.AWARDED, T.FAILED, T.CANCELLED}),
    T.CANDIDATES: frozenset({T.AWARDED, T.EVALUATED, T.FAILED, T.CANCELLED}),
    T.AWARDED: frozenset({T.CONTRACTED}),
    T.CONTRACTED: frozenset(),
    T.FAILED: frozenset(),
    T.CANCELLED: frozenset(),
}

LOT: Transitions = {
    L.PREPARED: frozenset({L.OPEN, L.CANCELLED}),
    L.OPEN: frozenset({L.CLOSED, L.CANCELLED}),
    L.CLOSED: frozenset({L.OPENED, L.FAILED, L.CANCELLED}),
    L.OPENED: frozenset({L.AWARDED, L.FAILED, L.CANCELLED}),
    L.AWARDED: frozenset(),
    L.FAILED: frozenset(),
    L.CANCELLED: frozenset(),
}

AMENDMENT: Transitions = {
    A.DRAFT: frozenset({A.IN_REVIEW, A.WITHDRAWN}),
    A.IN_REVIEW: frozenset({A.DRAFT, A.PUBLISHED, A.WITHDRAWN}),
    A.PUBLISHED: frozenset(),
    A.WITHDRAWN: frozenset(),
}
