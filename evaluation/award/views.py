"""A bidder's own result: its score, rank or reasons, and its letter."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from evaluation.award.own_result import own_result
from evaluation.scoring.steps import step_text
from tender.core.actor import Role
from tender.core.web import actor, db, page, signed_in

blueprint = Blueprint("results", __name__)


@blueprint.get("/results/<tender_id>")
@signed_in(Role.BIDDER)
def show(tender_id: str) -> ResponseReturnValue:
    """What became of one's own bids in a tender."""
    shown = own_result(db(), actor(), tender_id)
    return page("evaluation/result.html", shown=shown, tender=shown.tender, step_text=step_text)
