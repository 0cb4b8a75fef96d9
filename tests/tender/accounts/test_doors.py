"""What keeps strangers' forms, floods and foreign scripts out: tokens, limits, headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tender.core.actor import Role
from tender.core.settings import Mode
from tender.core.web import limiter
from tests.tender.accounts.people import PASSWORD, Town, town

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A county whose forms need their tokens, as in production."""
    made = town(tmp_path_factory.mktemp("guarded"), csrf=True)
    yield made
    made.platform.database.close()


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Town]:
    """A county with production settings; the limiter is one for all applications of a process."""
    made = town(tmp_path, mode=Mode.PRODUCTION)
    limiter.reset()
    yield made
    limiter.enabled = False
    made.platform.database.close()


def test_a_form_without_its_token_is_refused_and_does_nothing(guarded: Town) -> None:
    guarded.person("bidder", Role.BIDDER, guarded.company("甲公司"))
    client = guarded.app.test_client()
    form = {"login": guarded.login("bidder"), "password": PASSWORD}
    page = client.get("/login").get_data(as_text=True)
    (token,) = TOKEN.findall(page)[:1]
    stranger = guarded.app.test_client()
    for wrong in ({}, {"csrf_token": ""}, {"csrf_token": "x" * 91}, {"csrf_token": token}):
        answer = stranger.post("/login", data={**form, **wrong})
        assert answer.status_code == 403
        assert not [each for each in answer.headers.getlist("Set-Cookie") if "sid=" in each]
    answer = client.post("/login", data={**form, "csrf_token": token})
    assert answer.status_code == 303
    assert client.get("/account").status_code == 200
    assert client.post("/logout").status_code == 403
    assert client.get("/account").status_code == 200


def _tries(app: Flask, path: str, count: int, **form: str) -> list[int]:
    client = app.test_client()
    return [client.post(path, data=form).status_code for _ in range(count)]


def test_floods_end_in_production(production: Town) -> None:
    app = production.app
    unknown = _tries(app, "/login", 22, login="nobody", password="x")
    assert unknown == [422] * 20 + [429] * 2
    assert _tries(app, "/recover", 7, login="nobody") == [200] * 5 + [429] * 2
    assert _tries(app, "/login/second", 12, code="1")[-2:] == [429] * 2
    assert set(_tries(app, "/register/bidder", 11)[:10]) == {422}
    assert _tries(app, "/register/bidder", 1) == [429]


def test_the_sandbox_has_no_limits(place: Town) -> None:
    assert set(_tries(place.app, "/recover", 12, login="nobody")) == {200}


def test_a_limited_request_is_told_what_to_do(production: Town) -> None:
    _tries(production.app, "/recover", 5, login="nobody")
    answer = production.app.test_client().post("/recover", data={"login": "nobody"})
    assert answer.status_code == 429
    assert "请" in answer.get_data(as_text=True)


PAGES = (
    "/", "/login", "/register", "/register/bidder", "/recover", "/tenders", "/verify", "/help",
    "/nothing-here", "/registrations", "/account", "/inbox", "/administration",
    "/administration/law", "/administration/law/village_notice", "/administration/law/nothing",
    "/administration/calendar/2027", "/administration/retention", "/administration/reads",
    "/api/ledger/entries", "/api/ledger/checkpoint", "/static/style.css", "/work", "/bonds",
)  # fmt: skip
WANTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.mark.parametrize("role", [None, Role.ADMINISTRATOR, Role.BIDDER, Role.COUNTY_CLERK])
def test_every_kind_of_page_carries_the_headers_and_no_inline_script(
    place: Town, role: Role | None
) -> None:
    if role is None:
        client = place.app.test_client()
    else:
        place.person("who", role, place.company("甲") if role is Role.BIDDER else None)
        client = place.signed_in("who")
    seen = set()
    for path in PAGES:
        with client.get(path) as answer:
            seen.add(answer.status_code)
            policy = answer.headers["Content-Security-Policy"]
            parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
            assert parts["default-src"] == "'self'", path
            assert parts["frame-ancestors"] == "'none'", path
            assert not {"unsafe-inline", "unsafe-eval", "*", "http:"} & set(policy.split()), path
            assert {name: answer.headers.get(name) for name in WANTED} == WANTED, path
            text = answer.get_data(as_text=True) if "html" in answer.content_type else ""
        assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text), path
        assert not re.search(r"\son\w+=|\sstyle=|javascript:", text), path
    assert 200 in seen
    assert 404 in seen


def test_what_belongs_to_somebody_is_kept_by_no_cache(place: Town) -> None:
    place.person("bidder", Role.BIDDER, place.company("甲公司"))
    client = place.signed_in("bidder")
    assert client.get("/account").headers["Cache-Control"] == "no-store"
    assert client.get("/").headers["Cache-Control"] == "no-store"


def test_over_https_the_browser_is_told_to_stay_there(place: Town) -> None:
    client = place.app.test_client()
    secure = client.get("/", base_url="https://county.test").headers
    assert "max-age" in secure["Strict-Transport-Security"]
    assert "Strict-Transport-Security" not in client.get("/").headers


def test_an_error_tells_nothing_of_the_inside(place: Town) -> None:
    place.app.config["PROPAGATE_EXCEPTIONS"] = False
    broken = place.app.extensions["identify"]

    def fails(*_: object) -> None:
        raise ZeroDivisionError("secret of the inside")

    try:
        place.app.extensions["identify"] = fails
        client = place.app.test_client()
        client.set_cookie("sid", "x")
        answer = client.get("/account")
        text = answer.get_data(as_text=True)
    finally:
        place.app.extensions["identify"] = broken
    assert answer.status_code == 500
    assert "secret of the inside" not in text
    assert "Traceback" not in text
    assert "Content-Security-Policy" in answer.headers
