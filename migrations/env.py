"""Alembic's entry: the models of every room against the database of the settings."""

from __future__ import annotations

from alembic import context

import evaluation.low_price.models
import evaluation.models
import tender.accounts.models
import tender.bids.models
import tender.core.files
import tender.core.leases
import tender.core.messages
import tender.core.outbox
import tender.core.reads
import tender.core.refusals
import tender.ledger.models
import tender.objections.models
import tender.opening.models
import tender.procedure.local_law.models
import tender.procedure.models
import tender.publication.models
import tender.publication.search
import tender.supervision.models
from tender.core.db import Base, Database
from tender.ledger.guarding import guard

ROOMS = (
    evaluation.low_price.models,
    evaluation.models,
    tender.accounts.models,
    tender.bids.models,
    tender.core.files,
    tender.core.leases,
    tender.core.messages,
    tender.core.outbox,
    tender.core.reads,
    tender.core.refusals,
    tender.ledger.models,
    tender.objections.models,
    tender.opening.models,
    tender.procedure.local_law.models,
    tender.procedure.models,
    tender.publication.models,
    tender.publication.search,
    tender.supervision.models,
)


def run() -> None:
    """Run the migrations on the database that the caller handed over."""
    database: Database = context.config.attributes["database"]
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=database.sqlite,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        guard(connection)
        connection.commit()


run()
