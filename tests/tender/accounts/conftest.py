"""One county for a file of tests; each test has people of its own, who sign in for real."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.tender.accounts.people import Town, town


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    made = town(tmp_path_factory.mktemp("town"))
    yield made
    made.platform.database.close()


@pytest.fixture
def place(shared: Town) -> Town:
    return replace(shared, tag=secrets.token_hex(3))
