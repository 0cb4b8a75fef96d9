"""What logs tell of exceptions: places, types, and no value that anybody had sent."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from keys.errors import Forged
from tender.core.db import Database
from tender.core.errors import invalid
from tender.core.logs import configure_logs, frames, scrub, told
from tender.core.web_told import without_values

SECRET = "三棵老槐树下再见面"
NUMBER = "11010519491231002X"


def test_a_crash_is_logged_by_its_places_without_values_or_variables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs()

    def read(password: str) -> int:
        return int(password)

    try:
        try:
            read(SECRET)
        except ValueError as error:
            raise KeyError(NUMBER) from error
    except KeyError:
        structlog.get_logger().exception("a.crash", whose=f"of {NUMBER}", link="/recover/abc-_1")
    shown = capsys.readouterr().out
    assert "in read" in shown
    assert "ValueError" in shown
    assert "KeyError" in shown
    assert not any(each in shown for each in (SECRET, NUMBER, "abc-_1"))


def test_a_databases_refusal_names_the_constraint_and_not_the_value(
    database_url: str, tmp_path: Path
) -> None:
    database = Database(database_url, tmp_path / "lock")
    insert = text("INSERT INTO thing (code, n) VALUES (:code, :n)")
    with database.write() as session:
        session.execute(text("CREATE TABLE thing (code VARCHAR(40) UNIQUE, n INTEGER CHECK (n>0))"))
        session.execute(insert, {"code": NUMBER, "n": 1})
    texts = []
    for values in ({"code": NUMBER, "n": 2}, {"code": SECRET, "n": 0}):
        with pytest.raises(DBAPIError) as refused, database.write() as session:
            session.execute(insert, values)
        texts.append(told(refused.value) + frames(refused.value))
    if not database.sqlite:
        with pytest.raises(DBAPIError) as refused, database.write() as session:
            session.execute(text("SELECT CAST(:code AS VARCHAR)::INTEGER"), {"code": SECRET})
        texts.append(told(refused.value) + frames(refused.value))
    database.close()
    assert all(text.startswith(("IntegrityError: ", "DataError")) for text in texts)
    assert not any(each in text for text in texts for each in (NUMBER, SECRET))


def test_our_own_exceptions_tell_their_words_and_refusals_their_code() -> None:
    assert told(Forged("signature", "the signature does not hold")).endswith("does not hold")
    assert told(invalid("file.type", "“%(name)s” is no file", name=SECRET)) == (
        "DomainError: file.type"
    )
    assert without_values(invalid("file.type", "“%(name)s” is no file", name=SECRET)) == (
        "“…” is no file"
    )
    assert told(OSError(28, "No space left on device", f"/data/{SECRET}")) == (
        "OSError: [28] No space left on device"
    )


def test_numbers_addresses_and_links_are_scrubbed_and_random_ids_stay() -> None:
    random = "0123456789abcdef0123456789abcdef"
    assert scrub(f"{random} T-2026-0001 {'1' * 64}") == f"{random} T-2026-0001 {'1' * 64}"
    for secret in (NUMBER, "13800138000", "li@example.cn", "$argon2id$v=19$m=64,t=1$abc$def"):
        assert scrub(f"<{secret}>") == "<[...]>"
