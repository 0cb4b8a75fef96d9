"""Fixtures for every room: real servers, started when the first test asks for them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tender.core.db import Database
from tender.core.migrating import migrate
from tests.services import (
    Postgres,
    chromium_flags,
    chromium_path,
    postgres_cluster,
    redis_server,
)

if TYPE_CHECKING:
    from tests.evaluation.county import County
    from tests.tender.factories import World

ARTEFACTS = Path(__file__).parent / "artefacts"

# A property is right or wrong however busy the machine is, so no example has a deadline.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


# The longest files, which a worker takes first: one that came last would run alone at the end.
LONGEST = ("tests/walks/test_demo_once.py", "tests/tender/core/test_running.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; everything else keeps its order."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI=true a skipped test is a failed one: what was not tried is not known to work."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped under CI=true: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real PostgreSQL cluster, one per test process."""
    with postgres_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    with postgres.database() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database: the test runs on SQLite and again on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'tender.sqlite'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the tables of this version, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "tender.sqlite"
    migrated(f"sqlite:///{path}", path.parent)
    return path


@pytest.fixture(scope="session")
def migrated_postgres(
    postgres: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The name of a PostgreSQL database with the tables of this version, to be copied."""
    with postgres.database() as url:
        migrated(url, tmp_path_factory.mktemp("migrated"))
        yield url.partition("@/")[2].partition("?")[0]


def migrated(url: str, place: Path) -> None:
    """Bring an empty database to this version and let go of it."""
    database = Database(url, place / "write.lock")
    migrate(database)
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with its tables: on SQLite and again on PostgreSQL, without the wait.

    For tests of what happens in the tables; those of migrations take `database_url`.
    """
    if request.param == "sqlite":
        copy = tmp_path / "tender.sqlite"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), copy)
        yield f"sqlite:///{copy}"
    else:
        template: str = request.getfixturevalue("migrated_postgres")
        cluster: Postgres = request.getfixturevalue("postgres")
        with cluster.database(template) as url:
            yield url


@pytest.fixture
def world(tmp_path: Path, migrated_url: str) -> Iterator[World]:
    """A platform with a village, people and five custodians: on SQLite and again on PostgreSQL."""
    from tests.tender import factories  # Late: tests of keys/ run without the platform.

    made = factories.world(tmp_path, migrated_url)
    yield made
    made.platform.database.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[County]:
    """The same on SQLite as a county, with the centre's keys and clients that are signed in."""
    from tests.evaluation import county  # Late for the same reason.

    made = county.county(tmp_path)
    yield made
    made.world.platform.database.close()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a real Redis, shared by a test process; take names of your own in it."""
    with redis_server() as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium, driven by Playwright, one per test process."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=chromium_path(), args=chromium_flags(), chromium_sandbox=False
        )
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser without a past, in Chinese and in the county's time."""
    fresh = browser.new_context(
        locale="zh-CN", timezone_id="Asia/Shanghai", ignore_https_errors=True
    )
    fresh.set_default_timeout(15_000)
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """One open page."""
    return context.new_page()


@pytest.fixture
def artefacts(request: pytest.FixtureRequest) -> Path:
    """A directory for screenshots and files that a person may look at after the run."""
    name = str(request.node.name).replace("/", "_").replace("[", "-").rstrip("]")
    directory = ARTEFACTS / name
    directory.mkdir(parents=True, exist_ok=True)
    return directory
