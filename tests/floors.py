"""Rules about who may import whom that follow names instead of packages.

import-linter keeps the floors (pyproject.toml); it has no patterns for parts of a name, so these
few rules walk the same graph of imports.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import grimp

from tests.house import Finding

PACKAGES = ("keys", "tender", "evaluation", "demo", "bench")
WEB = {"flask", "werkzeug", "flask_wtf", "flask_babel", "flask_limiter", "wtforms", "markupsafe"}
SESSIONS = {"sqlalchemy", "alembic", "flask", "werkzeug", "redis", "rq", "psycopg"}
CLOCKS = {"tender.core.clock", "tender.core.db", "tender.core.settings"}
SPEAKS_WEB = re.compile(
    r"(^|\.)(views|api|login)(_\w+)?$|^tender\.core\.(web|security)(_\w+)?(\.|$)"
)
VIEWS = re.compile(r"(^|\.)views(_\w+)?$")
PURE = re.compile(
    r"^evaluation\.(screens|compare)(\.|$)|^evaluation\.panel\.drawing$"
    r"|^evaluation\.scoring\.(points|methods|ranking|steps|deviation)$"
    r"|^tender\.procedure\.(law|timeline|pricing)(\.|$)"
    r"|^(keys|evaluation)\.__main__$"
)

Imports = Mapping[str, Iterable[str]]


def imports() -> dict[str, set[str]]:
    """Module -> everything that it imports itself; libraries by their top name."""
    graph = grimp.build_graph(
        PACKAGES[0],
        *PACKAGES[1:],
        include_external_packages=True,
        exclude_type_checking_imports=False,
    )
    return {
        module: graph.find_modules_directly_imported_by(module)
        for module in graph.modules
        if module.split(".")[0] in PACKAGES
    }


def reach(module: str, graph: Imports) -> dict[str, str]:
    """All that a module imports, also by way of others -> the one that imports it."""
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        here = waiting.pop()
        for there in graph.get(here, ()):
            if there not in found:
                found[there] = here
                waiting.append(there)
    return found


def web_elsewhere(graph: Imports) -> Iterator[Finding]:
    """Flask outside views, api, login and the web frame: services that could read a request."""
    for module, targets in sorted(graph.items()):
        if SPEAKS_WEB.search(module) or module.split(".")[0] in {"demo", "bench"}:
            continue
        for target in sorted(set(targets) & WEB):
            yield Finding(module, f"imports {target}; only views, api, login and core.web may")


def imported_views(graph: Imports) -> Iterator[Finding]:
    """A views module that somebody imports: what it knows belongs into a service."""
    for module, targets in sorted(graph.items()):
        for target in sorted(targets):
            if VIEWS.search(target) and target.rsplit(".", 1)[0] != module.rsplit(".", 1)[0]:
                yield Finding(module, f"imports {target}; only wsgi joins views")


def impure(graph: Imports) -> Iterator[Finding]:
    """A pure file that reaches a session, a clock or Flask: no stranger could compute it again."""
    for module in sorted(graph):
        if not PURE.search(module):
            continue
        reached = reach(module, graph)
        for target in sorted(set(reached) & (SESSIONS | CLOCKS)):
            yield Finding(module, f"is pure and reaches {target} by way of {reached[target]}")
