"""Random identifiers that tell nothing about whom they name."""

from __future__ import annotations

import secrets


def new_id() -> str:
    """128 random bits as 32 hex digits: primary keys, party ids and actors in the public ledger."""
    return secrets.token_hex(16)
