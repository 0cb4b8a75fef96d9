"""The programs of an installation: the embedded queue server and the web server."""

import os
import re
import signal
import socket
import urllib.request
from pathlib import Path

import pytest
import redis

from tender.core.processes import Supervisor, free_port, wait_until
from tender.core.servers import (
    NoQueueServer,
    answers,
    machine_binary,
    queue_program,
    start_queue,
    web_program,
)
from tender.core.settings import run_directory
from tests import house
from tests.services import short_directory

APP = "tests.tender.core.streaming_app:create"


def queue_url(run: Path) -> str:
    return f"unix://{run / 'valkey.sock'}"


def test_the_embedded_queue_serves_keeps_nothing_on_disk_and_stops():
    with short_directory() as run:
        with Supervisor(run) as supervisor:
            lock = start_queue(supervisor, run)
            assert lock is not None
            with redis.Redis.from_url(queue_url(run)) as client:
                client.set("canary", "canary-words")
            assert (run / "valkey.sock").stat().st_mode & 0o077 == 0
            lock.close()
        assert not answers(queue_url(run))
        written = [path for path in run.rglob("*") if path.is_file()]
        assert all(b"canary-words" not in path.read_bytes() for path in written)
        assert not list(run.glob("*.rdb"))


def test_a_second_process_shares_the_queue_and_does_not_stop_it():
    with short_directory() as run, Supervisor(run) as first:
        lock = start_queue(first, run)
        with Supervisor(run / "second") as second:
            assert start_queue(second, run) is None
            assert second.children == {}
        assert answers(queue_url(run))
        assert lock is not None
        lock.close()


def test_a_socket_left_by_a_killed_queue_is_taken_over():
    with short_directory() as run, Supervisor(run) as supervisor:
        lock = start_queue(supervisor, run)
        supervisor.kill("queue")
        assert (run / "valkey.sock").exists()
        assert lock is not None
        lock.close()
        again = start_queue(supervisor, run)
        assert again is not None
        assert answers(queue_url(run))
        again.close()


def test_a_redis_from_debians_tools_serves_under_its_own_name():
    with short_directory() as run, Supervisor(run) as supervisor:
        (run / "bin").mkdir()
        (run / "bin" / "redis-check-rdb").symlink_to("/usr/bin/redis-check-rdb")
        supervisor.start(queue_program(run, machine_binary(run, search=str(run / "bin"))))
        with redis.Redis.from_url(queue_url(run)) as client:
            assert client.info("server")["redis_version"]


def test_a_machine_without_any_queue_server_says_what_to_do():
    with short_directory() as run, pytest.raises(NoQueueServer, match="REDIS_URL"):
        machine_binary(run, search=str(run))


def test_a_deep_data_directory_gets_a_short_socket_path(tmp_path):
    deep = tmp_path / ("d" * 90)
    assert run_directory(Path("/srv/tender")) == Path("/srv/tender/run")
    short = run_directory(deep)
    assert len(os.fsencode(short / "valkey.sock")) < 100
    assert short == run_directory(deep)
    assert short != run_directory(tmp_path / ("e" * 90))


@pytest.fixture(scope="module")
def web():
    port = free_port()
    with short_directory() as run, Supervisor(run) as supervisor:
        environment = {"PYTHONPATH": str(house.ROOT)}
        program = web_program(APP, host="127.0.0.1", port=port, environment=environment)
        child = supervisor.start(program)
        yield port, child


def numbers(answer: bytes) -> list[int]:
    return [int(word) for word in re.findall(rb"\d+", answer.rsplit(b"\r\n\r\n", 1)[-1])]


def post(port: int, total: int, pieces: list[bytes], pause: float = 0.0) -> list[int]:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {total}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode())
        for piece in pieces:
            connection.sendall(piece)
            if pause:
                wait_until(lambda: False, pause)
        answer = b""
        while got := connection.recv(65536):
            answer += got
    return numbers(answer)


def test_the_web_server_streams_a_large_body_in_flat_memory(web):
    port, _ = web
    before = post(port, 1, [b"x"])[4]
    _, _, read, largest, peak = post(port, 200_000_000, [b"x" * 1_000_000] * 200)
    assert read == 200_000_000
    assert largest <= 65536
    assert peak - before < 40_000  # KiB


def test_the_web_server_waits_for_a_slow_body(web):
    port, _ = web
    assert post(port, 30, [b"0123456789"] * 3, pause=0.2)[2] == 30


def test_a_thread_of_the_application_lives_in_the_web_server(web):
    port, _ = web
    first = post(port, 1, [b"x"])
    assert wait_until(lambda: post(port, 1, [b"x"])[1] > first[1], 5)
    assert post(port, 1, [b"x"])[0] == first[0]


def test_killing_the_web_server_leaves_no_worker_behind(tmp_path):
    port = free_port()
    environment = {"PYTHONPATH": str(house.ROOT)}
    with Supervisor(tmp_path) as supervisor:
        child = supervisor.start(
            web_program(APP, host="127.0.0.1", port=port, environment=environment)
        )
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            worker = numbers(b"\r\n\r\n" + answer.read())[0]
        assert worker != child.pid
        os.kill(child.pid, signal.SIGKILL)
        assert wait_until(lambda: not Path(f"/proc/{worker}").exists(), 10)
