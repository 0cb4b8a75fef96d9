"""first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import tender.core.db

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "access_record",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("time", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("about", sa.String(length=32), nullable=True),
        sa.Column("page", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_record")),
    )
    with op.batch_alter_table("access_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_record_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_access_record_subject"), ["subject"], unique=False)
        batch_op.create_index(batch_op.f("ix_access_record_time"), ["time"], unique=False)

    op.create_table(
        "calendar_year",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("holidays", sa.Text(), nullable=False),
        sa.Column("make_up", sa.Text(), nullable=False),
        sa.Column("official", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("made_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_year")),
        sa.UniqueConstraint("ledger_seq", name=op.f("uq_calendar_year_ledger_seq")),
    )
    with op.batch_alter_table("calendar_year", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calendar_year_year"), ["year"], unique=False)

    op.create_table(
        "custodian",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("created_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("retired_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("seen_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custodian")),
        sa.UniqueConstraint("identity", name=op.f("uq_custodian_identity")),
    )
    op.create_table(
        "inbox_message",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("link", sa.String(length=300), nullable=True),
        sa.Column("subject", sa.String(length=32), nullable=True),
        sa.Column("created_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("read_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("done_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_message")),
    )
    with op.batch_alter_table("inbox_message", schema=None) as batch_op:
        batch_op.create_index("ix_inbox_message_person", ["person_id", "created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_inbox_message_subject"), ["subject"], unique=False)

    op.create_table(
        "issued_document",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("recipient_id", sa.String(length=32), nullable=True),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "waiting",
                "issued",
                "failed",
                name="documentstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("created_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("issued_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status = 'issued') = (ledger_seq IS NOT NULL)", name=op.f("ck_issued_document_ledger")
        ),
        sa.CheckConstraint(
            "(status = 'issued') = (sha256 IS NOT NULL)", name=op.f("ck_issued_document_issued")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_document")),
        sa.UniqueConstraint("code", name=op.f("uq_issued_document_code")),
        sa.UniqueConstraint("name", name=op.f("uq_issued_document_name")),
    )
    with op.batch_alter_table("issued_document", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_issued_document_recipient_id"), ["recipient_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_issued_document_sha256"), ["sha256"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_issued_document_tender_id"), ["tender_id"], unique=False
        )

    op.create_table(
        "law_override",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("rule_id", sa.String(length=80), nullable=False),
        sa.Column("value", sa.String(length=60), nullable=True),
        sa.Column("set_aside", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("made_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("revoked_by", sa.String(length=32), nullable=True),
        sa.Column("revoked_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoke_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoke_reason IS NULL)", name=op.f("ck_law_override_reason")
        ),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_by IS NULL)", name=op.f("ck_law_override_revoked")
        ),
        sa.CheckConstraint("set_aside = (value IS NULL)", name=op.f("ck_law_override_value")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_law_override")),
    )
    with op.batch_alter_table("law_override", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_law_override_rule_id"), ["rule_id"], unique=False)

    op.create_table(
        "lease",
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("until", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "ledger_checkpoint",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_ledger_checkpoint")),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("time", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hidden_by", sa.String(length=64), nullable=True),
        sa.CheckConstraint("seq >= 0", name=op.f("ck_ledger_entry_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_ledger_entry")),
    )
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_entry_event", ["event", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_entry_hidden_by"), ["hidden_by"], unique=False)
        batch_op.create_index("ix_ledger_entry_subject", ["subject", "seq"], unique=False)

    op.create_table(
        "ledger_node",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "position", name=op.f("pk_ledger_node")),
    )
    op.create_table(
        "legal_hold",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.String(length=32), nullable=False),
        sa.Column("placed_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.String(length=32), nullable=True),
        sa.Column("lifted_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lift_reason IS NULL)", name=op.f("ck_legal_hold_lift_reason")
        ),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL)", name=op.f("ck_legal_hold_lifted")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    with op.batch_alter_table("legal_hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_legal_hold_subject"), ["subject"], unique=False)

    op.create_table(
        "milestone",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("article", sa.String(length=120), nullable=False),
        sa.Column(
            "holder",
            sa.Enum(
                "unit",
                "finance",
                "supervision",
                name="holder",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("pausable", sa.Boolean(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("lawful_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("card_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("red_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("held_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "scheduled",
                "met",
                "notMet",
                "cancelled",
                name="milestonestatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("met_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(red_at IS NULL) OR status <> 'scheduled'", name=op.f("ck_milestone_red")
        ),
        sa.CheckConstraint(
            "(status = 'cancelled') = (ended_at IS NOT NULL)", name=op.f("ck_milestone_ended")
        ),
        sa.CheckConstraint(
            "(status = 'met') = (met_at IS NOT NULL)", name=op.f("ck_milestone_met")
        ),
        sa.CheckConstraint("card_at >= due_at", name=op.f("ck_milestone_card")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone")),
        sa.UniqueConstraint("subject", "code", name=op.f("uq_milestone_subject_code")),
    )
    with op.batch_alter_table("milestone", schema=None) as batch_op:
        batch_op.create_index("ix_milestone_card", ["status", "card_at"], unique=False)
        batch_op.create_index("ix_milestone_red", ["status", "red_at"], unique=False)

    op.create_table(
        "notice",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "tender_notice",
                "clarification",
                "amendment",
                "postponement",
                "cancellation",
                "opening_record",
                "candidates_notice",
                "result_notice",
                "retender_notice",
                "failure_notice",
                "objection_answer",
                "contract_notice",
                name="noticekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("blocks", sa.JSON(), nullable=False),
        sa.Column("blocks_sha256", sa.String(length=64), nullable=False),
        sa.Column("release", sa.JSON(), nullable=False),
        sa.Column("published_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("ledger_seq", name=op.f("uq_notice_ledger_seq")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index("ix_notice_kind", ["kind", "ledger_seq"], unique=False)
        batch_op.create_index("ix_notice_tender", ["tender_id", "ledger_seq"], unique=False)

    op.create_table(
        "opening",
        sa.Column("opening_id", sa.String(length=64), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("lot_id", sa.String(length=32), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "closed",
                "performed",
                "too_few",
                name="openingstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("closed_seq", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("performed_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("performed_seq", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(status = 'performed') = (performed_at IS NOT NULL)", name=op.f("ck_opening_performed")
        ),
        sa.CheckConstraint("count >= 0", name=op.f("ck_opening_count")),
        sa.PrimaryKeyConstraint("opening_id", name=op.f("pk_opening")),
        sa.UniqueConstraint("lot_id", name=op.f("uq_opening_lot_id")),
    )
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_opening_tender_id"), ["tender_id"], unique=False)

    op.create_table(
        "organisation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "county",
                "township",
                "village",
                "department",
                "company",
                "natural_person",
                name="organisationkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("parent_id", sa.String(length=32), nullable=True),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("party_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=18), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "approved",
                "returned",
                "suspended",
                name="standing",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("approved_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("contact", sa.String(length=80), nullable=True),
        sa.Column("phone", sa.String(length=30), nullable=True),
        sa.Column("email", sa.String(length=200), nullable=True),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("legal_head", sa.String(length=80), nullable=True),
        sa.Column("agent", sa.String(length=80), nullable=True),
        sa.Column("created_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("purged_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind IN ('company', 'natural_person')) OR code IS NULL",
            name=op.f("ck_organisation_code"),
        ),
        sa.CheckConstraint(
            "(status <> 'approved') OR approved_at IS NOT NULL",
            name=op.f("ck_organisation_approved"),
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["organisation.id"], name=op.f("fk_organisation_parent_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("code", name=op.f("uq_organisation_code")),
        sa.UniqueConstraint("party_id", name=op.f("uq_organisation_party_id")),
    )
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_organisation_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index("ix_organisation_path", ["path"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("created_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("not_before", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("leased_until", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("done_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("failed_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_outbox_attempts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index("ix_outbox_due", ["done_at", "not_before"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("login", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=True),
        sa.Column("phone", sa.String(length=30), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("totp_secret", sa.String(length=200), nullable=True),
        sa.Column("totp_confirmed", sa.Boolean(), nullable=False),
        sa.Column("totp_last_step", sa.Integer(), nullable=False),
        sa.Column("recovery_hashes", sa.JSON(), nullable=False),
        sa.Column("failed_attempts", sa.Integer(), nullable=False),
        sa.Column("locked_until", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("created_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("purged_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("login", name=op.f("uq_person_login")),
    )
    op.create_table(
        "public_attachment",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("published_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("superseded_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("superseded_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_attachment")),
        sa.UniqueConstraint(
            "tender_id", "sha256", name=op.f("uq_public_attachment_tender_id_sha256")
        ),
    )
    op.create_table(
        "public_tender",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("ocid", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("direction", sa.String(length=20), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("organisation", sa.String(length=200), nullable=False),
        sa.Column("township", sa.String(length=80), nullable=True),
        sa.Column("village", sa.String(length=80), nullable=True),
        sa.Column("value_fen", sa.BigInteger(), nullable=True),
        sa.Column("published_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closes_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_tender")),
        sa.UniqueConstraint("number", name=op.f("uq_public_tender_number")),
        sa.UniqueConstraint("ocid", name=op.f("uq_public_tender_ocid")),
        sa.UniqueConstraint("seq", name=op.f("uq_public_tender_seq")),
    )
    with op.batch_alter_table("public_tender", schema=None) as batch_op:
        batch_op.create_index("ix_public_tender_closing", ["closes_at", "seq"], unique=False)
        batch_op.create_index("ix_public_tender_stage", ["stage", "seq"], unique=False)

    op.create_table(
        "refusal",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("time", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.String(length=120), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusal")),
    )
    with op.batch_alter_table("refusal", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refusal_time"), ["time"], unique=False)

    op.create_table(
        "release",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("opening_id", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("custodian_id", sa.String(length=32), nullable=False),
        sa.Column("statement", sa.JSON(), nullable=False),
        sa.Column("received_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("opening_id", "key_id", name=op.f("uq_release_opening_id_key_id")),
    )
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_release_opening_id"), ["opening_id"], unique=False)

    op.create_table(
        "search_posting",
        sa.Column("term", sa.String(length=120), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("term", "seq", name=op.f("pk_search_posting")),
    )
    with op.batch_alter_table("search_posting", schema=None) as batch_op:
        batch_op.create_index("ix_search_posting_seq", ["seq"], unique=False)

    op.create_table(
        "search_term",
        sa.Column("term", sa.String(length=120), nullable=False),
        sa.Column("tenders", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("term", name=op.f("pk_search_term")),
    )
    op.create_table(
        "stored_file",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("purged_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("size >= 0", name=op.f("ck_stored_file_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
    )
    with op.batch_alter_table("stored_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stored_file_sha256"), ["sha256"], unique=False)

    op.create_table(
        "upload",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner_id", sa.String(length=32), nullable=False),
        sa.Column("opening_id", sa.String(length=64), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("slices", sa.JSON(), nullable=False),
        sa.Column("created_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("sealed_by", sa.String(length=32), nullable=True),
        sa.Column("erased_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint('"offset" >= 0 AND "offset" <= length', name=op.f("ck_upload_offset")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.create_index("ix_upload_owner", ["owner_id", "opening_id"], unique=False)

    op.create_table(
        "bidder_key",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("public_key", sa.String(length=100), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("certificate_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_bidder_key_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_bidder_key_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bidder_key")),
        sa.UniqueConstraint("certificate_sha256", name=op.f("uq_bidder_key_certificate_sha256")),
        sa.UniqueConstraint("public_key", name=op.f("uq_bidder_key_public_key")),
    )
    with op.batch_alter_table("bidder_key", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_bidder_key_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "card",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("milestone_id", sa.String(length=32), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column(
            "colour",
            sa.Enum(
                "yellow",
                "red",
                name="cardcolour",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "open",
                "explained",
                "returned",
                "accepted",
                "replaced",
                name="cardstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("due_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("issued_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(status = 'accepted') = (closed_at IS NOT NULL)", name=op.f("ck_card_closed")
        ),
        sa.CheckConstraint("version >= 0", name=op.f("ck_card_version")),
        sa.ForeignKeyConstraint(
            ["milestone_id"], ["milestone.id"], name=op.f("fk_card_milestone_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
        sa.UniqueConstraint(
            "milestone_id", "round", "colour", name=op.f("uq_card_milestone_id_round_colour")
        ),
    )
    with op.batch_alter_table("card", schema=None) as batch_op:
        batch_op.create_index("ix_card_issued_at", ["issued_at"], unique=False)

    op.create_table(
        "custodian_key",
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("custodian_id", sa.String(length=32), nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=False),
        sa.Column("deposited_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("opening_id", sa.String(length=64), nullable=True),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["custodian_id"], ["custodian.id"], name=op.f("fk_custodian_key_custodian_id")
        ),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_custodian_key")),
        sa.UniqueConstraint("key", name=op.f("uq_custodian_key_key")),
    )
    with op.batch_alter_table("custodian_key", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_custodian_key_custodian_id"), ["custodian_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_custodian_key_opening_id"), ["opening_id"], unique=False
        )

    op.create_table(
        "expert_profile",
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("speciality", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(length=80), nullable=False),
        sa.Column("employer", sa.String(length=200), nullable=False),
        sa.Column("employer_code", sa.String(length=18), nullable=True),
        sa.Column("past_employers", sa.JSON(), nullable=False),
        sa.Column("kin", sa.JSON(), nullable=False),
        sa.Column("sanctioned_until", sa.Date(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "approved",
                "returned",
                "suspended",
                name="standing",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("approved_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("created_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("years >= 0", name=op.f("ck_expert_profile_years")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_expert_profile_person_id")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_expert_profile")),
    )
    with op.batch_alter_table("expert_profile", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_expert_profile_speciality"), ["speciality"], unique=False
        )

    op.create_table(
        "ledger_cosignature",
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("witness", sa.String(length=64), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("received_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["size"], ["ledger_checkpoint.size"], name=op.f("fk_ledger_cosignature_size")
        ),
        sa.PrimaryKeyConstraint("size", "witness", name=op.f("pk_ledger_cosignature")),
    )
    op.create_table(
        "membership",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "administrator",
                "county_clerk",
                "township_agent",
                "village_representative",
                "bidder",
                "expert",
                "supervisor",
                "auditor",
                "finance",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("created_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_membership_organisation_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.UniqueConstraint(
            "person_id",
            "organisation_id",
            "role",
            name=op.f("uq_membership_person_id_organisation_id_role"),
        ),
    )
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_membership_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_membership_person_id"), ["person_id"], unique=False)

    op.create_table(
        "opening_objection",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("opening_id", sa.String(length=64), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("organisation_name", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("filed_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answer IS NULL)", name=op.f("ck_opening_objection_answered")
        ),
        sa.ForeignKeyConstraint(
            ["opening_id"], ["opening.opening_id"], name=op.f("fk_opening_objection_opening_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_objection")),
    )
    with op.batch_alter_table("opening_objection", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_opening_objection_opening_id"), ["opening_id"], unique=False
        )

    op.create_table(
        "private_data",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "person",
                "procedure",
                "network",
                name="datakind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("keep_until", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["ledger_entry.seq"], name=op.f("fk_private_data_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_private_data")),
    )
    with op.batch_alter_table("private_data", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_private_data_keep_until"), ["keep_until"], unique=False
        )

    op.create_table(
        "recovery_token",
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("used_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_recovery_token_person_id")
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_recovery_token")),
    )
    op.create_table(
        "register_extract",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("head", sa.String(length=80), nullable=False),
        sa.Column("head_number", sa.String(length=40), nullable=False),
        sa.Column("holders", sa.JSON(), nullable=False),
        sa.Column("managed_by", sa.JSON(), nullable=False),
        sa.Column("branch_of", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_register_extract_organisation_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_extract")),
    )
    with op.batch_alter_table("register_extract", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_register_extract_organisation_id"), ["organisation_id"], unique=False
        )

    op.create_table(
        "sealed_bid",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("opening_id", sa.String(length=64), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("lot_id", sa.String(length=32), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("party_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "superseded",
                "withdrawn",
                "opened",
                "not_opened",
                "erased",
                name="bidstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("envelope", sa.LargeBinary(), nullable=True),
        sa.Column("envelope_sha256", sa.String(length=64), nullable=False),
        sa.Column("envelope_size", sa.Integer(), nullable=False),
        sa.Column("files_digest", sa.String(length=64), nullable=True),
        sa.Column("files_size", sa.BigInteger(), nullable=False),
        sa.Column("upload_id", sa.String(length=32), nullable=True),
        sa.Column("certificate_sha256", sa.String(length=64), nullable=False),
        sa.Column("statement", sa.JSON(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=64), nullable=False),
        sa.Column("submitted_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("receipt", sa.JSON(), nullable=False),
        sa.Column("withdrawn_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("erased_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status = 'withdrawn') = (withdrawn_at IS NOT NULL)",
            name=op.f("ck_sealed_bid_withdrawn"),
        ),
        sa.CheckConstraint(
            "(files_digest IS NULL) = (files_size = 0)", name=op.f("ck_sealed_bid_files")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_sealed_bid_organisation_id")
        ),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_sealed_bid_upload_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_bid")),
        sa.UniqueConstraint("ledger_seq", name=op.f("uq_sealed_bid_ledger_seq")),
        sa.UniqueConstraint(
            "opening_id",
            "organisation_id",
            "sequence",
            name=op.f("uq_sealed_bid_opening_id_organisation_id_sequence"),
        ),
        sa.UniqueConstraint(
            "organisation_id",
            "idempotency_key",
            name=op.f("uq_sealed_bid_organisation_id_idempotency_key"),
        ),
    )
    with op.batch_alter_table("sealed_bid", schema=None) as batch_op:
        batch_op.create_index("ix_sealed_bid_standing", ["opening_id", "status"], unique=False)
        batch_op.create_index(batch_op.f("ix_sealed_bid_tender_id"), ["tender_id"], unique=False)

    op.create_table(
        "tender",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "construction",
                "procurement",
                "land",
                "property",
                "village",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "direction",
            sa.Enum(
                "PURCHASE",
                "DISPOSAL",
                name="direction",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "method",
            sa.Enum(
                "comprehensive_scoring",
                "lowest_evaluated_price",
                "lowest_price",
                "simple_scoring",
                "sealed_highest_price",
                "listing",
                "auction",
                "ascending",
                name="method",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "in_review",
                "approved",
                "published",
                "closed",
                "opened",
                "evaluated",
                "candidates",
                "awarded",
                "contracted",
                "failed",
                "cancelled",
                name="tenderstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("previous_id", sa.String(length=32), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("method_parameters", sa.JSON(), nullable=False),
        sa.Column("must_tender", sa.Boolean(), nullable=False),
        sa.Column("members_only", sa.Boolean(), nullable=False),
        sa.Column("joint_bids", sa.Boolean(), nullable=False),
        sa.Column("subcontracting", sa.Boolean(), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("custodian_ids", sa.JSON(), nullable=False),
        sa.Column("bond_fen", sa.BigInteger(), nullable=False),
        sa.Column("documents_from", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("documents_until", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("questions_until", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("bond_until", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("deadline", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("published_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("opened_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("evaluated_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("standstill_from", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("standstill_until", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("awarded_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("contract_due", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("paused_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("created_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reviewed_by", sa.String(length=32), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status <> 'awarded') OR awarded_at IS NOT NULL", name=op.f("ck_tender_awarded")
        ),
        sa.CheckConstraint(
            "(status IN ('draft','in_review','approved','cancelled')) OR published_at IS NOT NULL",
            name=op.f("ck_tender_published"),
        ),
        sa.CheckConstraint("bond_fen >= 0", name=op.f("ck_tender_bond")),
        sa.CheckConstraint("minimum >= 1", name=op.f("ck_tender_minimum")),
        sa.CheckConstraint("threshold >= 2", name=op.f("ck_tender_threshold")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_tender_organisation_id")
        ),
        sa.ForeignKeyConstraint(["previous_id"], ["tender.id"], name=op.f("fk_tender_previous_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tender")),
        sa.UniqueConstraint("number", name=op.f("uq_tender_number")),
    )
    with op.batch_alter_table("tender", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tender_deadline"), ["deadline"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_tender_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_tender_scope"), ["scope"], unique=False)

    op.create_table(
        "amendment",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "draft",
                "in_review",
                "published",
                "withdrawn",
                name="amendmentstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("deadline", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.String(length=32), nullable=False),
        sa.Column("created_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=32), nullable=False),
        sa.Column("changed_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.String(length=32), nullable=True),
        sa.Column("published_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'published') = (published_at IS NOT NULL)",
            name=op.f("ck_amendment_published"),
        ),
        sa.CheckConstraint(
            "(published_at IS NULL) = (approved_by IS NULL)", name=op.f("ck_amendment_approved")
        ),
        sa.CheckConstraint(
            "(published_at IS NULL) = (number IS NULL)", name=op.f("ck_amendment_number")
        ),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_amendment_tender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendment")),
        sa.UniqueConstraint("tender_id", "number", name=op.f("uq_amendment_tender_id_number")),
    )
    with op.batch_alter_table("amendment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_amendment_tender_id"), ["tender_id"], unique=False)

    op.create_table(
        "bond",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("form", sa.String(length=20), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("payer", sa.String(length=200), nullable=False),
        sa.Column("payer_account", sa.String(length=64), nullable=False),
        sa.Column("proof_id", sa.String(length=32), nullable=True),
        sa.Column("received_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=32), nullable=False),
        sa.Column("returned_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("return_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_bond_amount")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_bond_organisation_id")
        ),
        sa.ForeignKeyConstraint(["proof_id"], ["stored_file.id"], name=op.f("fk_bond_proof_id")),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_bond_tender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bond")),
        sa.UniqueConstraint(
            "tender_id", "organisation_id", name=op.f("uq_bond_tender_id_organisation_id")
        ),
    )
    with op.batch_alter_table("bond", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bond_tender_id"), ["tender_id"], unique=False)

    op.create_table(
        "card_explanation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("card_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("given_by", sa.String(length=32), nullable=False),
        sa.Column("given_name", sa.String(length=300), nullable=False),
        sa.Column("given_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_name", sa.String(length=300), nullable=True),
        sa.Column("decided_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(accepted IS NULL) = (decided_at IS NULL)", name=op.f("ck_card_explanation_decided")
        ),
        sa.CheckConstraint(
            "accepted IS NULL OR accepted OR reason IS NOT NULL",
            name=op.f("ck_card_explanation_reason"),
        ),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_card_explanation_card_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_explanation")),
        sa.UniqueConstraint("card_id", "version", name=op.f("uq_card_explanation_card_id_version")),
    )
    op.create_table(
        "criterion",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("group", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("maximum", sa.Numeric(precision=8, scale=3), nullable=False),
        sa.Column("step", sa.Numeric(precision=8, scale=3), nullable=False),
        sa.Column("guidance", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_criterion_tender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_criterion")),
        sa.UniqueConstraint("tender_id", "code", name=op.f("uq_criterion_tender_id_code")),
    )
    with op.batch_alter_table("criterion", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_criterion_tender_id"), ["tender_id"], unique=False)

    op.create_table(
        "draft_version",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("saved_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("saved_by", sa.String(length=32), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tender_id"], ["tender.id"], name=op.f("fk_draft_version_tender_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_version")),
    )
    with op.batch_alter_table("draft_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_draft_version_tender_id"), ["tender_id"], unique=False)

    op.create_table(
        "finding",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("lot_id", sa.String(length=32), nullable=True),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("strength", sa.String(length=1), nullable=False),
        sa.Column("bidders", sa.JSON(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("found_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("gone_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column(
            "decision",
            sa.Enum(
                "open",
                "confirmed",
                "rejected",
                "referred",
                name="findingdecision",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("asked_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("explanations", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "(decision = 'open') = (decided_at IS NULL)", name=op.f("ck_finding_decided")
        ),
        sa.CheckConstraint(
            "(decision = 'open') OR reason IS NOT NULL", name=op.f("ck_finding_reason")
        ),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_finding_tender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_tender_id"), ["tender_id"], unique=False)

    op.create_table(
        "login_session",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("membership_id", sa.String(length=32), nullable=True),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.Column("created_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("seen_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("agent", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_login_session_membership_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_login_session_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_login_session_token_sha256")),
    )
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_session_person_id"), ["person_id"], unique=False)

    op.create_table(
        "lot",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "prepared",
                "open",
                "closed",
                "opened",
                "awarded",
                "failed",
                "cancelled",
                name="lotstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("price_basis", sa.String(length=40), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("term", sa.Numeric(precision=12, scale=6), nullable=False),
        sa.Column("limit_fen", sa.BigInteger(), nullable=True),
        sa.Column("opening_id", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "(status = 'prepared') OR opening_id IS NOT NULL", name=op.f("ck_lot_recorded")
        ),
        sa.CheckConstraint("limit_fen >= 0", name=op.f("ck_lot_limit")),
        sa.CheckConstraint("quantity > 0 AND term > 0", name=op.f("ck_lot_quantity")),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_lot_tender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lot")),
        sa.UniqueConstraint("opening_id", name=op.f("uq_lot_opening_id")),
        sa.UniqueConstraint("tender_id", "number", name=op.f("uq_lot_tender_id_number")),
    )
    with op.batch_alter_table("lot", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lot_tender_id"), ["tender_id"], unique=False)

    op.create_table(
        "objection",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column(
            "stage",
            sa.Enum(
                "documents",
                "opening",
                "candidates",
                name="objectionstage",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("filed_by", sa.String(length=32), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("evidence_id", sa.String(length=32), nullable=True),
        sa.Column("filed_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("pauses", sa.Boolean(), nullable=False),
        sa.Column("answer_due", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "filed",
                "upheld",
                "rejected",
                "withdrawn",
                name="objectionstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "(status = 'filed') = (answered_at IS NULL)", name=op.f("ck_objection_answered")
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["stored_file.id"], name=op.f("fk_objection_evidence_id")
        ),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_objection_tender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
        sa.UniqueConstraint("number", name=op.f("uq_objection_number")),
    )
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_objection_tender_id"), ["tender_id"], unique=False)

    op.create_table(
        "panel_draw",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("quotas", sa.JSON(), nullable=False),
        sa.Column("pool", sa.JSON(), nullable=False),
        sa.Column("pool_sha256", sa.String(length=64), nullable=False),
        sa.Column("parties", sa.JSON(), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("contributions", sa.JSON(), nullable=False),
        sa.Column("frozen_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("frozen_by", sa.String(length=32), nullable=False),
        sa.Column("frozen_seq", sa.BigInteger(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=True),
        sa.Column("order", sa.JSON(), nullable=False),
        sa.Column("drawn_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("drawn_by", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "(drawn_by IS NULL) = (drawn_at IS NULL)", name=op.f("ck_panel_draw_drawn_by")
        ),
        sa.CheckConstraint("(seed IS NULL) = (drawn_at IS NULL)", name=op.f("ck_panel_draw_drawn")),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_panel_draw_tender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_draw")),
        sa.UniqueConstraint("tender_id", name=op.f("uq_panel_draw_tender_id")),
    )
    op.create_table(
        "panel_member",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("speciality", sa.String(length=20), nullable=True),
        sa.Column("representative", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "drawn",
                "seated",
                "declined",
                "recused",
                "submitted",
                name="memberstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("seated_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("sheet_sha256", sa.String(length=64), nullable=True),
        sa.Column("salt", sa.String(length=64), nullable=True),
        sa.Column("outlier_reason", sa.Text(), nullable=True),
        sa.Column("signed_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("dissent", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status = 'submitted') = (submitted_at IS NOT NULL)",
            name=op.f("ck_panel_member_submitted"),
        ),
        sa.CheckConstraint(
            "(sheet_sha256 IS NULL) = (submitted_at IS NULL)", name=op.f("ck_panel_member_sheet")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_panel_member_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["tender_id"], ["tender.id"], name=op.f("fk_panel_member_tender_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_member")),
        sa.UniqueConstraint(
            "tender_id", "person_id", name=op.f("uq_panel_member_tender_id_person_id")
        ),
    )
    with op.batch_alter_table("panel_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_panel_member_tender_id"), ["tender_id"], unique=False)

    op.create_table(
        "question",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answer IS NULL)", name=op.f("ck_question_answered")
        ),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_question_tender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
    )
    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_question_tender_id"), ["tender_id"], unique=False)

    op.create_table(
        "rejection",
        sa.Column("bid_id", sa.String(length=32), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("ground", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("wording", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("decided_by", sa.String(length=32), nullable=False),
        sa.Column("decided_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_rejection_tender_id")),
        sa.PrimaryKeyConstraint("bid_id", name=op.f("pk_rejection")),
    )
    with op.batch_alter_table("rejection", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rejection_tender_id"), ["tender_id"], unique=False)

    op.create_table(
        "screen_run",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "waiting",
                "running",
                "done",
                name="screenstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("started_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("known_sha256", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_screen_run_tender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screen_run")),
    )
    with op.batch_alter_table("screen_run", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_screen_run_tender_id"), ["tender_id"], unique=False)

    op.create_table(
        "tender_document",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("file_id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("added_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("superseded_by", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_tender_document_file_id")
        ),
        sa.ForeignKeyConstraint(
            ["tender_id"], ["tender.id"], name=op.f("fk_tender_document_tender_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tender_document")),
    )
    with op.batch_alter_table("tender_document", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_tender_document_tender_id"), ["tender_id"], unique=False
        )

    op.create_table(
        "verdict",
        sa.Column("bid_id", sa.String(length=32), nullable=False),
        sa.Column("opening_id", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("files", sa.String(length=20), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=True),
        sa.Column("manifest", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("stored", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "(verdict = 'opened') = (manifest IS NOT NULL)", name=op.f("ck_verdict_manifest")
        ),
        sa.ForeignKeyConstraint(["bid_id"], ["sealed_bid.id"], name=op.f("fk_verdict_bid_id")),
        sa.ForeignKeyConstraint(
            ["opening_id"], ["opening.opening_id"], name=op.f("fk_verdict_opening_id")
        ),
        sa.PrimaryKeyConstraint("bid_id", name=op.f("pk_verdict")),
    )
    with op.batch_alter_table("verdict", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verdict_opening_id"), ["opening_id"], unique=False)

    op.create_table(
        "amendment_file",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("amendment_id", sa.String(length=32), nullable=False),
        sa.Column("file_id", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("replaces_id", sa.String(length=32), nullable=True),
        sa.Column("added_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["amendment_id"], ["amendment.id"], name=op.f("fk_amendment_file_amendment_id")
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_amendment_file_file_id")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["tender_document.id"], name=op.f("fk_amendment_file_replaces_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendment_file")),
    )
    with op.batch_alter_table("amendment_file", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_amendment_file_amendment_id"), ["amendment_id"], unique=False
        )

    op.create_table(
        "award",
        sa.Column("lot_id", sa.String(length=32), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("bid_id", sa.String(length=32), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("awarded_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("awarded_by", sa.String(length=32), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.Column("letter_id", sa.String(length=32), nullable=True),
        sa.CheckConstraint("total_fen >= 0", name=op.f("ck_award_total")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_award_lot_id")),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_award_tender_id")),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_award")),
        sa.UniqueConstraint("bid_id", name=op.f("uq_award_bid_id")),
    )
    with op.batch_alter_table("award", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_award_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_award_tender_id"), ["tender_id"], unique=False)

    op.create_table(
        "complaint",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("objection_id", sa.String(length=32), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("filed_by", sa.String(length=32), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("filed_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("review_due", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("decision_due", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("suspended_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "filed",
                "upheld",
                "rejected",
                "not_accepted",
                name="complaintstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.CheckConstraint(
            "(status = 'filed') = (decided_at IS NULL)", name=op.f("ck_complaint_decided")
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decision IS NULL)", name=op.f("ck_complaint_decision")
        ),
        sa.ForeignKeyConstraint(
            ["objection_id"], ["objection.id"], name=op.f("fk_complaint_objection_id")
        ),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_complaint_tender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint")),
        sa.UniqueConstraint("number", name=op.f("uq_complaint_number")),
        sa.UniqueConstraint("objection_id", name=op.f("uq_complaint_objection_id")),
    )
    with op.batch_alter_table("complaint", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_complaint_tender_id"), ["tender_id"], unique=False)

    op.create_table(
        "evaluation",
        sa.Column("lot_id", sa.String(length=32), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("ranking", sa.JSON(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("failed_reason", sa.Text(), nullable=True),
        sa.Column("evaluated_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("evaluated_by", sa.String(length=32), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_evaluation_lot_id")),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_evaluation_tender_id")),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_evaluation")),
    )
    with op.batch_alter_table("evaluation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evaluation_tender_id"), ["tender_id"], unique=False)

    op.create_table(
        "finding_decided",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("finding_id", sa.String(length=32), nullable=False),
        sa.Column(
            "decision",
            sa.Enum(
                "open",
                "confirmed",
                "rejected",
                "referred",
                name="findingdecision",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("decided_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("decision <> 'open'", name=op.f("ck_finding_decided_decision")),
        sa.ForeignKeyConstraint(
            ["finding_id"],
            ["finding.id"],
            name=op.f("fk_finding_decided_finding_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_decided")),
    )
    with op.batch_alter_table("finding_decided", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_finding_decided_finding_id"), ["finding_id"], unique=False
        )

    op.create_table(
        "low_price_review",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("lot_id", sa.String(length=32), nullable=False),
        sa.Column("bid_id", sa.String(length=32), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "asked",
                "answered",
                "accepted",
                "refused",
                name="reviewstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("triggers", sa.JSON(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("opened_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("answered_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ledger", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "(status IN ('accepted','refused')) = (decided_at IS NOT NULL)",
            name=op.f("ck_low_price_review_decided"),
        ),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answer IS NULL)", name=op.f("ck_low_price_review_answered")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_low_price_review_lot_id")),
        sa.ForeignKeyConstraint(
            ["tender_id"], ["tender.id"], name=op.f("fk_low_price_review_tender_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_low_price_review")),
        sa.UniqueConstraint("bid_id", name=op.f("uq_low_price_review_bid_id")),
    )
    with op.batch_alter_table("low_price_review", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_low_price_review_organisation_id"), ["organisation_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_low_price_review_tender_id"), ["tender_id"], unique=False
        )

    op.create_table(
        "low_price_vote",
        sa.Column("bid_id", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("yes", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("voted_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["panel_member.id"], name=op.f("fk_low_price_vote_member_id")
        ),
        sa.PrimaryKeyConstraint("bid_id", "member_id", "stage", name=op.f("pk_low_price_vote")),
    )
    op.create_table(
        "opening_record",
        sa.Column("opening_id", sa.String(length=64), nullable=False),
        sa.Column("lot_id", sa.String(length=32), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.String(length=100), nullable=False),
        sa.Column("created_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.Column("void_at", tender.core.db.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_opening_record_lot_id")),
        sa.PrimaryKeyConstraint("opening_id", name=op.f("pk_opening_record")),
    )
    with op.batch_alter_table("opening_record", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_opening_record_lot_id"), ["lot_id"], unique=False)

    op.create_table(
        "retendered",
        sa.Column("tender_id", sa.String(length=32), nullable=False),
        sa.Column("lot_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name=op.f("fk_retendered_lot_id")),
        sa.ForeignKeyConstraint(["tender_id"], ["tender.id"], name=op.f("fk_retendered_tender_id")),
        sa.PrimaryKeyConstraint("tender_id", "lot_id", name=op.f("pk_retendered")),
    )
    op.create_table(
        "score_change",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("member_id", sa.String(length=32), nullable=False),
        sa.Column("bid_id", sa.String(length=32), nullable=False),
        sa.Column("criterion_id", sa.String(length=32), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                "sum",
                "range",
                "objective",
                "extreme",
                name="correctioncause",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", sa.Numeric(precision=8, scale=3), nullable=True),
        sa.Column("after", sa.Numeric(precision=8, scale=3), nullable=False),
        sa.Column("changed_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["criterion_id"], ["criterion.id"], name=op.f("fk_score_change_criterion_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["panel_member.id"], name=op.f("fk_score_change_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_change")),
    )
    with op.batch_alter_table("score_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_score_change_member_id"), ["member_id"], unique=False)

    op.create_table(
        "score_item",
        sa.Column("member_id", sa.String(length=32), nullable=False),
        sa.Column("bid_id", sa.String(length=32), nullable=False),
        sa.Column("criterion_id", sa.String(length=32), nullable=False),
        sa.Column("score", sa.Numeric(precision=8, scale=3), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("saved_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["criterion_id"], ["criterion.id"], name=op.f("fk_score_item_criterion_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["panel_member.id"], name=op.f("fk_score_item_member_id")
        ),
        sa.PrimaryKeyConstraint("member_id", "bid_id", "criterion_id", name=op.f("pk_score_item")),
    )
    op.create_table(
        "acceptance",
        sa.Column("opening_id", sa.String(length=64), nullable=False),
        sa.Column("custodian_id", sa.String(length=32), nullable=False),
        sa.Column("statement", sa.JSON(), nullable=False),
        sa.Column("received_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["custodian_id"], ["custodian.id"], name=op.f("fk_acceptance_custodian_id")
        ),
        sa.ForeignKeyConstraint(
            ["opening_id"], ["opening_record.opening_id"], name=op.f("fk_acceptance_opening_id")
        ),
        sa.PrimaryKeyConstraint("opening_id", "custodian_id", name=op.f("pk_acceptance")),
    )
    op.create_table(
        "contract",
        sa.Column("lot_id", sa.String(length=32), nullable=False),
        sa.Column("signed_on", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("file_id", sa.String(length=32), nullable=True),
        sa.Column("recorded_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_contract_file_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["award.lot_id"], name=op.f("fk_contract_lot_id")),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_contract")),
    )
    op.create_table(
        "contract_tie",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("lot_id", sa.String(length=32), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "subcontract",
                "supply",
                "seconded",
                name="tiekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("work", sa.String(length=500), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("declared", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", tender.core.db.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=32), nullable=False),
        sa.Column("ledger_seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_contract_tie_amount")),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["contract.lot_id"], name=op.f("fk_contract_tie_lot_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contract_tie")),
    )
    with op.batch_alter_table("contract_tie", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contract_tie_lot_id"), ["lot_id"], unique=False)


def downgrade() -> None:
    """Take it back."""
    with op.batch_alter_table("contract_tie", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contract_tie_lot_id"))

    op.drop_table("contract_tie")
    op.drop_table("contract")
    op.drop_table("acceptance")
    op.drop_table("score_item")
    with op.batch_alter_table("score_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_score_change_member_id"))

    op.drop_table("score_change")
    op.drop_table("retendered")
    with op.batch_alter_table("opening_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opening_record_lot_id"))

    op.drop_table("opening_record")
    op.drop_table("low_price_vote")
    with op.batch_alter_table("low_price_review", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_low_price_review_tender_id"))
        batch_op.drop_index(batch_op.f("ix_low_price_review_organisation_id"))

    op.drop_table("low_price_review")
    with op.batch_alter_table("finding_decided", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_finding_decided_finding_id"))

    op.drop_table("finding_decided")
    with op.batch_alter_table("evaluation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evaluation_tender_id"))

    op.drop_table("evaluation")
    with op.batch_alter_table("complaint", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_complaint_tender_id"))

    op.drop_table("complaint")
    with op.batch_alter_table("award", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_award_tender_id"))
        batch_op.drop_index(batch_op.f("ix_award_organisation_id"))

    op.drop_table("award")
    with op.batch_alter_table("amendment_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_amendment_file_amendment_id"))

    op.drop_table("amendment_file")
    with op.batch_alter_table("verdict", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_verdict_opening_id"))

    op.drop_table("verdict")
    with op.batch_alter_table("tender_document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tender_document_tender_id"))

    op.drop_table("tender_document")
    with op.batch_alter_table("screen_run", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_screen_run_tender_id"))

    op.drop_table("screen_run")
    with op.batch_alter_table("rejection", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rejection_tender_id"))

    op.drop_table("rejection")
    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_question_tender_id"))

    op.drop_table("question")
    with op.batch_alter_table("panel_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_panel_member_tender_id"))

    op.drop_table("panel_member")
    op.drop_table("panel_draw")
    with op.batch_alter_table("objection", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_objection_tender_id"))

    op.drop_table("objection")
    with op.batch_alter_table("lot", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_lot_tender_id"))

    op.drop_table("lot")
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_session_person_id"))

    op.drop_table("login_session")
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_finding_tender_id"))

    op.drop_table("finding")
    with op.batch_alter_table("draft_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_draft_version_tender_id"))

    op.drop_table("draft_version")
    with op.batch_alter_table("criterion", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_criterion_tender_id"))

    op.drop_table("criterion")
    op.drop_table("card_explanation")
    with op.batch_alter_table("bond", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bond_tender_id"))

    op.drop_table("bond")
    with op.batch_alter_table("amendment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_amendment_tender_id"))

    op.drop_table("amendment")
    with op.batch_alter_table("tender", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tender_scope"))
        batch_op.drop_index(batch_op.f("ix_tender_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_tender_deadline"))

    op.drop_table("tender")
    with op.batch_alter_table("sealed_bid", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sealed_bid_tender_id"))
        batch_op.drop_index("ix_sealed_bid_standing")

    op.drop_table("sealed_bid")
    with op.batch_alter_table("register_extract", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_register_extract_organisation_id"))

    op.drop_table("register_extract")
    op.drop_table("recovery_token")
    with op.batch_alter_table("private_data", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_private_data_keep_until"))

    op.drop_table("private_data")
    with op.batch_alter_table("opening_objection", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opening_objection_opening_id"))

    op.drop_table("opening_objection")
    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_membership_person_id"))
        batch_op.drop_index(batch_op.f("ix_membership_organisation_id"))

    op.drop_table("membership")
    op.drop_table("ledger_cosignature")
    with op.batch_alter_table("expert_profile", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_expert_profile_speciality"))

    op.drop_table("expert_profile")
    with op.batch_alter_table("custodian_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_custodian_key_opening_id"))
        batch_op.drop_index(batch_op.f("ix_custodian_key_custodian_id"))

    op.drop_table("custodian_key")
    with op.batch_alter_table("card", schema=None) as batch_op:
        batch_op.drop_index("ix_card_issued_at")

    op.drop_table("card")
    with op.batch_alter_table("bidder_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bidder_key_organisation_id"))

    op.drop_table("bidder_key")
    with op.batch_alter_table("upload", schema=None) as batch_op:
        batch_op.drop_index("ix_upload_owner")

    op.drop_table("upload")
    with op.batch_alter_table("stored_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stored_file_sha256"))

    op.drop_table("stored_file")
    op.drop_table("search_term")
    with op.batch_alter_table("search_posting", schema=None) as batch_op:
        batch_op.drop_index("ix_search_posting_seq")

    op.drop_table("search_posting")
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_release_opening_id"))

    op.drop_table("release")
    with op.batch_alter_table("refusal", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refusal_time"))

    op.drop_table("refusal")
    with op.batch_alter_table("public_tender", schema=None) as batch_op:
        batch_op.drop_index("ix_public_tender_stage")
        batch_op.drop_index("ix_public_tender_closing")

    op.drop_table("public_tender")
    op.drop_table("public_attachment")
    op.drop_table("person")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_due")

    op.drop_table("outbox")
    with op.batch_alter_table("organisation", schema=None) as batch_op:
        batch_op.drop_index("ix_organisation_path")
        batch_op.drop_index(batch_op.f("ix_organisation_parent_id"))

    op.drop_table("organisation")
    with op.batch_alter_table("opening", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opening_tender_id"))

    op.drop_table("opening")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_tender")
        batch_op.drop_index("ix_notice_kind")

    op.drop_table("notice")
    with op.batch_alter_table("milestone", schema=None) as batch_op:
        batch_op.drop_index("ix_milestone_red")
        batch_op.drop_index("ix_milestone_card")

    op.drop_table("milestone")
    with op.batch_alter_table("legal_hold", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_legal_hold_subject"))

    op.drop_table("legal_hold")
    op.drop_table("ledger_node")
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_entry_subject")
        batch_op.drop_index(batch_op.f("ix_ledger_entry_hidden_by"))
        batch_op.drop_index("ix_ledger_entry_event")

    op.drop_table("ledger_entry")
    op.drop_table("ledger_checkpoint")
    op.drop_table("lease")
    with op.batch_alter_table("law_override", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_law_override_rule_id"))

    op.drop_table("law_override")
    with op.batch_alter_table("issued_document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_issued_document_tender_id"))
        batch_op.drop_index(batch_op.f("ix_issued_document_sha256"))
        batch_op.drop_index(batch_op.f("ix_issued_document_recipient_id"))

    op.drop_table("issued_document")
    with op.batch_alter_table("inbox_message", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_inbox_message_subject"))
        batch_op.drop_index("ix_inbox_message_person")

    op.drop_table("inbox_message")
    op.drop_table("custodian")
    with op.batch_alter_table("calendar_year", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calendar_year_year"))

    op.drop_table("calendar_year")
    with op.batch_alter_table("access_record", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_record_time"))
        batch_op.drop_index(batch_op.f("ix_access_record_subject"))
        batch_op.drop_index(batch_op.f("ix_access_record_person_id"))

    op.drop_table("access_record")
