"""The process that runs the heavy screens: `python -m evaluation.findings.inputs.child`.

It reads one request a line, `{"do", "memory", ...}`, on standard input and answers a line each,
`{"done": ...}` or `{"unfinished": why}`. It limits its own address space; its time is the parent's
business, which kills it.
"""

from __future__ import annotations

import json
import resource
import sys
from importlib import import_module
from typing import Any

from tender.core.i18n import N_
from tender.core.processes import die_with_parent

# What can be asked for: module and function. Each is imported only when it is asked for.
WORK = {
    "bills": ("evaluation.findings.inputs.bills", "read_bills"),
    "prices in bills": ("evaluation.findings.inputs.bills", "screen_bills"),
    "makers": ("evaluation.findings.inputs.bills", "screen_makers"),
    "text": ("evaluation.findings.inputs.documents", "screen_text"),
    "pictures": ("evaluation.findings.inputs.documents", "screen_pictures"),
    "people": ("evaluation.findings.inputs.identity_numbers", "screen_people"),
    "previews": ("evaluation.findings.inputs.previews", "make_previews"),
    "properties": ("evaluation.findings.inputs.documents", "screen_properties"),
    "mixed": ("evaluation.findings.inputs.documents", "screen_mixed"),
    "index": ("evaluation.findings.inputs.documents", "update_index"),
    "totals": ("evaluation.findings.inputs.totals", "screen_totals"),
    "networks": ("evaluation.findings.inputs.networks", "screen_networks"),
}


def perform(request: dict[str, Any]) -> dict[str, Any]:
    """Do what a request asks for; nothing that a file does gets past this."""
    module, name = WORK[request["do"]]
    try:
        return {"done": getattr(import_module(module), name)(request)}
    except MemoryError:
        return {"unfinished": N_("It needed more memory than its limit and was stopped.")}
    except Exception as error:  # noqa: BLE001 - whatever fails here is told, never a crash
        sys.stderr.write(f"{request['do']}: {error!r}\n")
        return {"unfinished": N_("It failed; the log of the worker says more.")}


def main() -> int:
    """Serve requests until standard input ends."""
    die_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # What a library prints is no answer.
    for line in sys.stdin:
        request = json.loads(line)
        resource.setrlimit(resource.RLIMIT_AS, (request["memory"], request["memory"]))
        answers.write(json.dumps(perform(request)).encode() + b"\n")
        answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
