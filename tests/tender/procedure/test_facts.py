"""A published tender's own timeline: what has happened is told as done."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tender.procedure.facts import timeline_of
from tender.procedure.models import Tender
from tender.procedure.timeline.milestones import MilestoneCode
from tender.procedure.timeline.timeline import milestones_by_code
from tests.tender import factories as make


@pytest.mark.parametrize(
    "code", [MilestoneCode.AWARD, MilestoneCode.AWARD_LETTER, MilestoneCode.AWARD_NOTICE]
)
def test_an_award_brings_its_letter_and_its_notice(tmp_path: Path, code: MilestoneCode) -> None:
    world = make.world(tmp_path)
    made = make.open_tender(world)
    with world.platform.database.read() as session:
        tender = session.get_one(Tender, made.id)
        assert tender.deadline is not None
        before = milestones_by_code(timeline_of(tender, now=make.START))
        assert not before[code].planned
        tender.awarded_at = tender.deadline + timedelta(days=9)
        after = milestones_by_code(timeline_of(tender, now=tender.awarded_at))
        assert (after[code].planned, after[code].at) == (True, tender.awarded_at)
        session.expunge_all()
    world.platform.database.close()
