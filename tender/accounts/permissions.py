"""The one grant table: which role may do what, and where.

A role reaches what lies under its organisation's path; bidders and experts reach what is their
own. Separation of duties stands here too, so that one file answers "who can do this?".
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from tender.core.actor import Actor, Role
from tender.core.errors import forbidden
from tender.core.i18n import N_


class Permission(StrEnum):
    """Acts that are granted, named `subject:verb`."""

    PROJECT_EDIT = "project:edit"
    PROJECT_REVIEW = "project:review"
    TENDER_EDIT = "tender:edit"
    TENDER_PUBLISH = "tender:publish"
    TENDER_AMEND = "tender:amend"
    TENDER_CANCEL = "tender:cancel"
    TENDER_READ_DRAFT = "tender:read_draft"
    CLARIFICATION_ANSWER = "clarification:answer"
    QUESTION_ASK = "question:ask"
    BID_SUBMIT = "bid:submit"
    BID_WITHDRAW = "bid:withdraw"
    BID_READ_OPENED = "bid:read_opened"
    BOND_READ = "bond:read"
    BOND_RECORD = "bond:record"
    OPENING_RECORD = "opening:record"
    OPENING_OBJECT = "opening:object"
    OPENING_ANSWER = "opening:answer"
    PANEL_DRAW = "panel:draw"
    PANEL_READ = "panel:read"
    SHEET_SCORE = "sheet:score"
    EVALUATION_RUN = "evaluation:run"
    EVALUATION_READ = "evaluation:read"
    FINDING_READ = "finding:read"
    FINDING_DECIDE = "finding:decide"
    CANDIDATES_PUBLISH = "candidates:publish"
    AWARD_MAKE = "award:make"
    OBJECTION_FILE = "objection:file"
    OBJECTION_ANSWER = "objection:answer"
    COMPLAINT_DECIDE = "complaint:decide"
    CONTRACT_RECORD = "contract:record"
    BIDDER_APPROVE = "bidder:approve"
    EXPERT_APPROVE = "expert:approve"
    PERSON_READ = "person:read"
    ORGANISATION_EDIT = "organisation:edit"
    MEMBERSHIP_EDIT = "membership:edit"
    CUSTODIAN_EDIT = "custodian:edit"
    LAW_OVERRIDE = "law:override"
    LOG_READ = "log:read"
    PURGE = "personal_data:purge"
    RETENTION_READ = "retention:read"
    HOLD_PLACE = "hold:place"
    READS_READ = "reads:read"
    SUPERVISE = "supervision:read"
    CARD_EXPLAIN = "card:explain"
    CARD_DECIDE = "card:decide"
    DUTY_RECORD = "duty:record"
    OUTAGE_RECORD = "outage:record"


P = Permission
_CLERK = frozenset(
    {
        P.PROJECT_EDIT,
        P.PROJECT_REVIEW,
        P.TENDER_EDIT,
        P.TENDER_PUBLISH,
        P.TENDER_AMEND,
        P.TENDER_CANCEL,
        P.TENDER_READ_DRAFT,
        P.CLARIFICATION_ANSWER,
        P.BID_READ_OPENED,
        P.OPENING_RECORD,
        P.OPENING_ANSWER,
        P.PANEL_DRAW,
        P.PANEL_READ,
        P.EVALUATION_RUN,
        P.EVALUATION_READ,
        P.CANDIDATES_PUBLISH,
        P.AWARD_MAKE,
        P.OBJECTION_ANSWER,
        P.CONTRACT_RECORD,
        P.BIDDER_APPROVE,
        P.EXPERT_APPROVE,
        P.PERSON_READ,
        P.OUTAGE_RECORD,
        P.CARD_EXPLAIN,
        P.DUTY_RECORD,
    }
)

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.COUNTY_CLERK: _CLERK,
    Role.TOWNSHIP_AGENT: _CLERK
    - {P.BIDDER_APPROVE, P.EXPERT_APPROVE, P.PERSON_READ, P.OUTAGE_RECORD},
    Role.VILLAGE_REPRESENTATIVE: frozenset({P.PROJECT_EDIT, P.TENDER_READ_DRAFT}),
    Role.BIDDER: frozenset(
        {P.QUESTION_ASK, P.BID_SUBMIT, P.BID_WITHDRAW, P.OPENING_OBJECT, P.OBJECTION_FILE}
    ),
    Role.EXPERT: frozenset({P.SHEET_SCORE}),
    Role.SUPERVISOR: frozenset(
        {
            P.SUPERVISE,
            P.CARD_EXPLAIN,
            P.CARD_DECIDE,
            P.TENDER_READ_DRAFT,
            P.BID_READ_OPENED,
            P.PANEL_READ,
            P.EVALUATION_READ,
            P.FINDING_READ,
            P.FINDING_DECIDE,
            P.COMPLAINT_DECIDE,
            P.LOG_READ,
            P.RETENTION_READ,
            P.HOLD_PLACE,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            P.SUPERVISE,
            P.BID_READ_OPENED,
            P.EVALUATION_READ,
            P.FINDING_READ,
            P.LOG_READ,
            P.RETENTION_READ,
            P.READS_READ,
        }
    ),
    Role.FINANCE: frozenset({P.BOND_READ, P.BOND_RECORD, P.CARD_EXPLAIN, P.DUTY_RECORD}),
    Role.ADMINISTRATOR: frozenset(
        {
            P.ORGANISATION_EDIT,
            P.MEMBERSHIP_EDIT,
            P.CUSTODIAN_EDIT,
            P.LAW_OVERRIDE,
            P.LOG_READ,
            P.PURGE,
            P.RETENTION_READ,
            P.HOLD_PLACE,
            P.READS_READ,
            P.PERSON_READ,
            P.BIDDER_APPROVE,
            P.EXPERT_APPROVE,
        }
    ),
}

OWNERS = frozenset({Role.BIDDER, Role.EXPERT})


class Scoped(Protocol):
    """A subject that lies somewhere in the county's tree."""

    @property
    def scope(self) -> str:
        """The path of the organisation that it belongs to."""


class Owned(Protocol):
    """A subject that belongs to one bidder (organisation id) or expert (person id)."""

    @property
    def owner_id(self) -> str:
        """Whose it is."""


def allowed(actor: Actor, permission: Permission, on: Scoped | Owned | None = None) -> bool:
    """Whether an actor may do something: for pages that show or hide a button."""
    if permission not in GRANTS[actor.role]:
        return False
    if on is None:
        return True
    if actor.role in OWNERS:
        owner = getattr(on, "owner_id", None)
        return owner is None or owner in (actor.organisation_id, actor.person_id)
    scope = getattr(on, "scope", None)
    return scope is None or str(scope).startswith(actor.scope)


def require(actor: Actor, permission: Permission, on: Scoped | Owned | None = None) -> None:
    """The first line of every service: DomainError `forbidden` unless granted on this subject."""
    if not allowed(actor, permission, on):
        raise forbidden(
            "forbidden",
            N_(
                "Your role may not do this here. "
                "Switch to a role that may, or ask your county centre."
            ),
        )


def separate(actor: Actor, *others: str | None) -> None:
    """Separation of duties: who prepared a thing may not also approve it."""
    if actor.person_id in others:
        raise forbidden(
            "duties.separate",
            N_("You prepared this yourself; another person must approve it."),
        )
