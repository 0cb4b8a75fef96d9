"""Serving in earnest refuses everything that exists for the demo, and stops cleanly."""

import os
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError

import pytest
import redis
from rq import Queue
from rq.job import JobStatus
from rq.serializers import JSONSerializer
from sqlalchemy import select

from tender.accounts import credentials, sessions
from tender.accounts.models import LoginSession, Person
from tender.core import leases
from tender.core.jobs import PERFORM, QUEUE
from tender.core.platform import connect
from tender.core.processes import free_port, listening, wait_until
from tender.core.running import Unfit, refuse_demo
from tender.core.servers import answers
from tender.core.settings import Mode, Settings, load
from tender.ledger.purging import DAILY, LEASE
from tests import house
from tests.services import short_directory


def settings(data: Path, **more: str) -> Settings:
    return load({"TENDER_DATA": str(data), **more})


def test_a_fresh_installation_may_serve(tmp_path):
    refuse_demo(settings(tmp_path), {})


@pytest.mark.parametrize("mode", [Mode.DEMO, Mode.TEST])
def test_a_sandbox_mode_is_refused(tmp_path, mode):
    with pytest.raises(Unfit, match="TENDER_MODE"):
        refuse_demo(replace(settings(tmp_path), mode=mode), {})


def test_a_sandbox_clock_is_refused(tmp_path):
    (tmp_path / "clock.json").write_text("{}")
    with pytest.raises(Unfit, match="sandbox clock"):
        refuse_demo(settings(tmp_path), {})


def test_data_that_a_sandbox_has_used_are_refused_for_ever(tmp_path):
    connect(settings(tmp_path, TENDER_MODE="demo")).database.engine.dispose()
    with pytest.raises(Unfit, match="passwords are public"):
        refuse_demo(settings(tmp_path), {})


@pytest.mark.parametrize("secret", ["demo", "a" * 64, "0123456" * 9])
def test_a_weak_secret_is_refused(tmp_path, secret):
    with pytest.raises(Unfit, match="too weak"):
        refuse_demo(settings(tmp_path, TENDER_SECRET_KEY=secret), {})


@pytest.mark.parametrize("switch", ["FLASK_DEBUG", "TENDER_DEBUG", "PYTHONDEVMODE"])
def test_debug_is_refused(tmp_path, switch):
    refuse_demo(settings(tmp_path), {switch: "0"})
    with pytest.raises(Unfit, match=switch):
        refuse_demo(settings(tmp_path), {switch: "1"})


@contextmanager
def running(data: Path, *words: str, **more: str):
    """A command of the product in a process of its own."""
    environment = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ
    }
    environment |= {"PYTHONPATH": str(house.ROOT), "TENDER_DATA": str(data), **more}
    command = [sys.executable, str(house.ROOT / "wsgi.py"), *words]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    assert process.stdout is not None
    said = process.stdout.read()
    return process.wait(30), said


def test_serving_answers_on_a_fresh_directory_and_stops_at_a_signal():
    port = free_port()
    with short_directory() as data, running(data, "serve", "--port", str(port)) as process:
        assert wait_until(lambda: listening("127.0.0.1", port) or process.poll() is not None, 60)
        with pytest.raises(HTTPError) as nothing:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/no-such-page", timeout=20)
        with nothing.value as answer:
            assert answer.code == 404
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        queue = f"unix://{data}/run/valkey.sock"
        assert answers(queue)
        process.send_signal(signal.SIGTERM)
        code, said = ended(process)
        assert code == 0, said
        assert not listening("127.0.0.1", port)
        assert not answers(queue)


def test_a_port_in_use_is_said_in_one_line_with_the_next_step():
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as other, short_directory() as data:
        assert wait_until(lambda: listening("127.0.0.1", port), 20)
        with running(data, "serve", "--port", str(port)) as process:
            code, said = ended(process)
        other.kill()
    assert code == 4
    assert str(port) in said
    assert "--port" in said
    assert "Traceback" not in said


def test_the_worker_takes_json_jobs_and_ends_at_a_signal():
    with short_directory() as data:
        with running(data, "migrate") as migrated:
            assert ended(migrated)[0] == 0
        with running(data, "worker") as process:
            url = f"unix://{data}/run/valkey.sock"
            assert wait_until(lambda: answers(url) or process.poll() is not None, 30)
            with redis.Redis.from_url(url) as connection:
                queue = Queue(QUEUE, connection=connection, serializer=JSONSerializer)
                job = queue.enqueue(PERFORM, "0" * 32, result_ttl=60)
                assert wait_until(lambda: job.get_status(refresh=True) == JobStatus.FINISHED, 30)
            process.send_signal(signal.SIGTERM)
            code, said = ended(process)
            assert code == 0, said


def test_backup_and_restore_verify_the_ledger_from_the_command_line(tmp_path):
    archive = tmp_path / "all.tar"
    with short_directory() as data, short_directory() as empty:
        for directory, words in (
            (data, ["tick"]),
            (data, ["backup", str(archive)]),
            (empty, ["restore", str(archive)]),
        ):
            with running(directory, *words) as process:
                code, said = ended(process)
                assert code == 0, said
        assert "ledger verified" in said
        with running(empty, "restore", str(archive)) as process:
            code, said = ended(process)
        assert code == 4
        assert str(empty) in said
        assert "Traceback" not in said


def _aged(data: Path) -> None:
    """Three people: two with a session long over, one signed in; the last purge was just now."""
    joined = connect(settings(data))
    now = joined.clock.now()
    with joined.database.write() as session:
        for login, age in (("old", 300), ("held", 300), ("admin", 0)):
            person = credentials.find_person(session, login)
            if person is None:
                person = Person(login=login, name=login, password_hash="-", created_at=now)
                session.add(person)
                session.flush()
            begun = now - timedelta(days=age)
            sessions.start_session(
                session, person, second_factor=True, address=None, agent=None, now=begun
            )
        assert leases.acquire(session, LEASE, "x", now=now, seconds=DAILY)
    joined.database.close()


def _sessions(data: Path) -> dict[str, bool]:
    """Whose sessions there are, and whether they are revoked."""
    joined = connect(settings(data))
    with joined.database.read() as session:
        rows = session.execute(
            select(Person.login, LoginSession.revoked_at).join(LoginSession.person)
        )
        found = {login: revoked is not None for login, revoked in rows}
    joined.database.close()
    return found


def test_a_restored_backup_ends_sessions_and_purges_before_it_serves_except_what_is_held(tmp_path):
    archive, port = tmp_path / "all.tar", free_port()
    with short_directory() as data, short_directory() as empty:
        with running(data, "found", "清源县", "admin", "王小明") as process:
            assert ended(process)[0] == 0
        _aged(data)
        for directory, words, word in (
            (data, ["backup", str(archive)], "ledger verified"),
            (empty, ["restore", str(archive)], "2 records whose time has ended"),
            (empty, ["hold", "held", "监察调阅"], "held: held"),
        ):
            with running(directory, *words) as process:
                code, said = ended(process)
                assert (code, word in said) == (0, True), said
        assert _sessions(data) == {"old": False, "held": False, "admin": False}
        assert _sessions(empty) == {"old": True, "held": True, "admin": True}
        with running(empty, "serve", "--port", str(port)) as process:
            assert wait_until(
                lambda: listening("127.0.0.1", port) or process.poll() is not None, 60
            )
            assert _sessions(empty) == {"held": True, "admin": True}


def test_an_export_that_cannot_be_made_yet_says_why_and_leaves_nothing(tmp_path):
    target = tmp_path / "export"
    with short_directory() as data:
        with running(data, "tick") as process:
            assert ended(process)[0] == 0
        for tender, word in (("T-2000-0001", "T-2000-0001"), ("all", "联署")):
            with running(data, "export", tender, str(target)) as process:
                code, said = ended(process)
                assert (code, word in said) == (4, True), said
    assert list(tmp_path.iterdir()) == []


def test_a_county_is_founded_once_and_its_administrator_gets_a_password():
    with short_directory() as data:
        for code_wanted, word in ((0, "admin: "), (4, "已经设立")):
            with running(data, "found", "清源县", "admin", "王小明") as process:
                code, said = ended(process)
                assert (code, word in said) == (code_wanted, True), said
