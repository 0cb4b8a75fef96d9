"""Secrets at rest and in logs: no route's failure prints what was sent, no table keeps it plain."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import inspect, select, text
from werkzeug.datastructures import MultiDict

from tender.accounts import credentials
from tender.accounts.factors import forget_second_factors
from tender.accounts.models import Person
from tender.core import jobs
from tender.core.actor import Role
from tender.core.messages import link_of, send_email
from tender.core.outbox import OutboxRow
from tender.core.refusals import Refusal
from tests.house import ROOT
from tests.tender.accounts.people import PASSWORD, Town, town

SENT = "錦鯉-Sent-password-77"
NUMBER = "11010519491231002X"
CODE = "774411"
TOKEN = "Zq3-recovery_token-that-nobody-may-ever-see-x9"
SECRETS = (SENT, NUMBER, CODE, TOKEN)
NAMES = re.compile(r"""form(?:\.get|\.getlist)?[\[(]["'](\w+)["']|\bname="(\w+)\"""")
KEPT = {"person", "login_session", "membership", "organisation", "refusal"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    made = town(tmp_path_factory.mktemp("secrets"))
    made.app.config.update(PROPAGATE_EXCEPTIONS=False)
    yield made
    made.platform.database.close()


def _names() -> list[str]:
    """Every name that a form or a view of the product uses."""
    files = [*ROOT.glob("tender/**/*.py"), *ROOT.glob("evaluation/**/*.py")]
    files += ROOT.glob("templates/**/*.html")
    found = {a or b for file in files for a, b in NAMES.findall(file.read_text())}
    assert {"login", "password", "code", "old"} <= found
    return sorted(found)


def _paths(place: Town, method: str) -> list[str]:
    rules = [
        rule
        for rule in place.app.url_map.iter_rules()
        if method in (rule.methods or set()) and rule.endpoint not in ("static", "login.sign_out")
    ]
    paths = [re.sub(r"<int:[^>]+>", CODE, str(rule.rule)) for rule in rules]
    return [re.sub(r"<[^>]+>", TOKEN, path) for path in paths] + [f"/{TOKEN}", f"/recover/{TOKEN}/"]


def _try_all(place: Town, clients: list[FlaskClient], names: list[str]) -> list[int]:
    """Send secrets to every route, in every field, as form and as JSON; gives the statuses."""
    statuses = []
    forms = [MultiDict((name, secret) for name in names) for secret in SECRETS]
    for client in clients:
        for path in _paths(place, "GET"):
            statuses.append(
                client.get(f"{path}?next={TOKEN}&q={NUMBER}&number={NUMBER}").status_code
            )
        for number, path in enumerate(_paths(place, "POST")):
            form = forms[number % len(forms)]
            if path.startswith("/api/"):
                statuses.append(client.post(path, json=form.to_dict()).status_code)
            else:
                statuses.append(client.post(path, data=form).status_code)
    return statuses


def test_no_routes_failure_prints_or_keeps_what_was_sent(
    place: Town, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    place.person("agent", Role.TOWNSHIP_AGENT)
    place.person("bidder", Role.BIDDER, place.company("甲公司"))
    signed_in = [place.signed_in(name) for name in ("agent", "bidder")]
    cookies = [client.get_cookie("sid") for client in signed_in]
    secrets = [*SECRETS, *(cookie.value for cookie in cookies if cookie), PASSWORD]
    clients = [place.app.test_client(), *signed_in]
    names = _names()
    refused = _try_all(place, clients, names)
    assert {401, 403, 404, 422} <= set(refused)
    _break(place)
    crashed = _try_all(place, signed_in[:1], names)
    assert crashed.count(500) > 50
    out, err = capfd.readouterr()
    assert out.count("request.crashed") > 50
    assert out.count("request.refused") > 100
    assert [each for each in secrets if each in out + err + caplog.text] == []
    with place.platform.database.read() as session:
        rows = [vars(row) for row in session.scalars(select(Refusal))]
    assert len(rows) > 50
    assert [each for each in secrets if each in str(rows)] == []


def _break(place: Town) -> None:
    """Take most tables away, so that whatever works with them crashes in the middle."""
    with place.platform.database.write() as session:
        for table in inspect(session.connection()).get_table_names():
            if table not in KEPT:
                session.execute(text(f'ALTER TABLE "{table}" RENAME TO "gone_{table}"'))


def _bytes_of(data: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(data.glob("tender.sqlite*")))


def test_a_copy_of_the_database_opens_no_account(tmp_path: Path) -> None:
    place = town(tmp_path)
    who = place.person("clerk", Role.COUNTY_CLERK)
    client = place.signed_in("clerk")
    cookie = client.get_cookie("sid")
    assert cookie is not None
    place.app.test_client().post("/recover", data={"login": place.login("clerk")})
    settings, database = place.platform.settings, place.platform.database
    with database.write() as session:
        person = session.get_one(Person, who)
        codes = credentials.new_recovery_codes(settings, person)
        plain = credentials.totp_plain(settings, person)
        mail = session.scalars(select(OutboxRow).where(OutboxRow.kind == "email.send")).one()
        link = link_of(settings, mail.payload)
    assert link is not None
    assert plain is not None
    token = link.removeprefix("/recover/")
    secrets = [PASSWORD, cookie.value, plain, token, *codes, *(c.replace("-", "") for c in codes)]
    held = _bytes_of(tmp_path)
    assert place.login("clerk").encode() in held
    assert [each for each in secrets if each.encode() in held] == []
    # Forty bits are tried out in minutes: the hash must need what the database does not hold.
    key = tmp_path / "secrets" / "totp"
    good = credentials.recovery_hash(settings, person, codes[0].replace("-", ""))
    key.write_text("00" * 32)
    assert credentials.recovery_hash(settings, person, codes[0].replace("-", "")) != good
    assert credentials.totp_plain(settings, person) is None
    assert jobs.perform(place.platform, {"email.send": send_email}, mail.id)
    with database.read() as session:
        sent = session.get_one(OutboxRow, mail.id)
    assert link_of(settings, sent.payload) is None
    database.close()


def test_after_a_theft_nobodys_session_code_or_key_holds_and_staff_set_up_anew(
    tmp_path: Path,
) -> None:
    place = town(tmp_path)
    for name in ("clerk", "agent"):
        place.person(name, Role.COUNTY_CLERK)
    clients = {name: place.signed_in(name) for name in ("clerk", "agent")}
    settings, database = place.platform.settings, place.platform.database

    def forget(login: str) -> int:
        with database.write() as session:
            return forget_second_factors(session, settings, login, now=place.world.clock.now())

    key = (tmp_path / "secrets" / "totp").read_text()
    assert forget(place.login("nobody")) == 0
    assert forget(place.login("clerk")) == 1
    assert [clients[name].get("/account").status_code for name in clients] == [401, 200]
    assert (tmp_path / "secrets" / "totp").read_text() == key
    assert forget("all") == 1
    assert clients["agent"].get("/account").status_code == 401
    for name in clients:
        client, status = place.sign_in(name)
        assert status == 303
        assert client.get("/account").status_code == 401
        assert client.get("/login/second").headers["Location"].startswith("/login/set-up")
        assert client.get("/login/set-up").status_code == 200
    assert (tmp_path / "secrets" / "totp").read_text() != key
    assert not (tmp_path / "secrets" / "web").exists()
    database.close()
