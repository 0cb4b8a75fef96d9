"""Which state of an objection or complaint may follow which."""

from __future__ import annotations

from tender.core.states import Transitions
from tender.objections.models import ComplaintStatus, ObjectionStatus

OBJECTION: Transitions = {
    ObjectionStatus.FILED: frozenset(
        {ObjectionStatus.UPHELD, ObjectionStatus.REJECTED, ObjectionStatus.WITHDRAWN}
    ),
    ObjectionStatus.UPHELD: frozenset(),
    ObjectionStatus.REJECTED: frozenset(),
    ObjectionStatus.WITHDRAWN: frozenset(),
}

COMPLAINT: Transitions = {
    ComplaintStatus.FILED: frozenset(
        {ComplaintStatus.UPHELD, ComplaintStatus.REJECTED, ComplaintStatus.NOT_ACCEPTED}
    ),
    ComplaintStatus.UPHELD: frozenset(),
    ComplaintStatus.REJECTED: frozenset(),
    ComplaintStatus.NOT_ACCEPTED: frozenset(),
}
