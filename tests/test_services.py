"""The tests' own servers are real, and a skip cannot hide under CI."""

import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import redis
from sqlalchemy import create_engine, text

from tests import house


@pytest.mark.postgres
def test_each_postgresql_database_is_fresh(postgres):
    with postgres.database() as first, postgres.database() as second:
        for url in (first, second):
            with psycopg.connect(url) as connection:
                connection.execute("CREATE TABLE mark (x int)")
                row = connection.execute("SELECT version()").fetchone()
                assert row is not None
                assert row[0].startswith("PostgreSQL")


def test_the_same_statements_run_on_both_databases(database_url):
    engine = create_engine(database_url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        assert connection.execute(text("SELECT 1 + 1")).scalar() == 2
    engine.dispose()


def test_a_real_redis_answers(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        name = uuid4().hex
        client.set(name, "1", ex=10)
        assert client.get(name) == b"1"
        assert client.info("server")["redis_version"]


@pytest.mark.browser
def test_chromium_runs_scripts_and_has_webcrypto_locally(page):
    page.set_content("<p id=p>招标公告</p>")
    assert page.evaluate("document.getElementById('p').textContent") == "招标公告"


@pytest.mark.parametrize(("ci", "code"), [("true", 1), ("", 0)])
def test_a_skip_is_a_failure_under_ci(tmp_path: Path, ci, code):
    (tmp_path / "test_skipping.py").write_text(
        "import pytest\ndef test_nothing():\n    pytest.skip('not today')\n"
    )
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_runtest_makereport\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env={**os.environ, "CI": ci, "PYTHONPATH": str(house.ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stdout
