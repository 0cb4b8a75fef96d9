"""The kinds of trade (交易类别) by name: one list for the public side and every room above it.

What a kind is, its directions, methods and course, is data of `tender/procedure/law/kinds.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tender.core.i18n import N_


class Kind(StrEnum):
    """The kinds of trade (交易类别), each a row of `kinds.toml`."""

    CONSTRUCTION = "construction"
    PROCUREMENT = "procurement"
    LAND = "land"
    PROPERTY = "property"
    VILLAGE = "village"


KIND_NAMES: Mapping[Kind, str] = {
    Kind.CONSTRUCTION: N_("Construction"),
    Kind.PROCUREMENT: N_("Government procurement"),
    Kind.LAND: N_("State-owned construction land"),
    Kind.PROPERTY: N_("Property rights"),
    Kind.VILLAGE: N_("Village collective"),
}
