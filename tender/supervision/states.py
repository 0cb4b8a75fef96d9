"""Which status of a milestone or card may follow which; `tender.core.states.advance` writes them.

A card outlives its duty: doing late what was due, or ending the tender, does not undo that the
date was missed, so only an accepted explanation closes a card.
"""

from __future__ import annotations

from tender.core.states import Transitions
from tender.supervision.models import CardStatus, MilestoneStatus

M = MilestoneStatus
C = CardStatus

MILESTONE: Transitions = {
    M.SCHEDULED: frozenset({M.MET, M.NOT_MET, M.CANCELLED}),
    M.NOT_MET: frozenset({M.MET, M.CANCELLED}),
    # What a fallen result had met falls with it, and is due again from the next result.
    M.MET: frozenset({M.CANCELLED}),
    M.CANCELLED: frozenset({M.SCHEDULED}),
}

CARD: Transitions = {
    C.OPEN: frozenset({C.EXPLAINED, C.REPLACED}),
    C.EXPLAINED: frozenset({C.ACCEPTED, C.RETURNED, C.REPLACED}),
    C.RETURNED: frozenset({C.EXPLAINED, C.REPLACED}),
    C.ACCEPTED: frozenset(),
    C.REPLACED: frozenset(),
}

WAITING = (C.OPEN, C.RETURNED, C.EXPLAINED)
"""Cards that somebody still has to act on."""
