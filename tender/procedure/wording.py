"""Sentences that rules hand out; see `tender.core.wording`, which the public side reads too."""

from __future__ import annotations

from tender.core.wording import Part, Wording, plain, read_wording, say

__all__ = ["Part", "Wording", "plain", "read_wording", "say"]
