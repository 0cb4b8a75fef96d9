"""Computers in requests and exhibits (电脑标识): plain values to machines and back to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from evaluation.findings.inputs.exhibits import Exhibit, compared
from evaluation.screens.computers import Machine
from tender.core.i18n import N_

MACHINE_NAMES = {
    "mac": N_("Network card"), "cpu": N_("Processor"), "disk": N_("Disk"),
    "dongle": N_("Pricing-software key"), "creation": N_("Creation identifier"),
}  # fmt: skip


def machine_from(row: Mapping[str, Any], file: str | None = None) -> Machine:
    """A machine from plain values; `at` is an ISO time."""
    at = row.get("at")
    return Machine(**{**row, "at": datetime.fromisoformat(at) if at else None, "file": file})


def machine_exhibit(bidders: tuple[str, ...], machines: Sequence[Machine]) -> Exhibit:
    """Both machines part by part, equal parts marked."""
    rows = [
        compared(label, tuple(getattr(machine, part) for machine in machines))
        for part, label in MACHINE_NAMES.items()
        if any(getattr(machine, part) for machine in machines)
    ]
    if any(machine.file for machine in machines):
        rows.append(compared(N_("File"), tuple(machine.file or "" for machine in machines)))
    return Exhibit(N_("What was recorded of the computers"), bidders, tuple(rows))
