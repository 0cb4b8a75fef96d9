"""What strangers send to a web server: it answers in words, keeps little, and tells nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

import wsgi
from tender.accounts import credentials, sessions
from tender.accounts.models import Organisation, Person
from tender.core.actor import Actor, Role
from tender.core.platform import Platform
from tender.core.refusals import Allowance, Refusal
from tender.core.web import STRANGERS, actor
from tender.core.web_json import SMALL
from tests.tender import factories as make

PROGRAMS = (
    "/api/custody/deposits", "/api/custody/accepts", "/api/custody/releases",
    "/api/ledger/cosignatures",
)  # fmt: skip
HUGE = "9" * 30


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[make.World]:
    made = make.world(tmp_path_factory.mktemp("hostile"))
    yield made
    made.platform.database.close()


@pytest.fixture(scope="module")
def clerk(world: make.World) -> Actor:
    with world.platform.database.write() as session:
        county = session.get_one(Organisation, world.village.path.split("/")[1])
        made = make.member(session, Role.COUNTY_CLERK, county)
        person = session.get_one(Person, made.person_id)
        person.login, person.password_hash = "clerk", credentials.hash_password("long enough 1")
    return made


def _client(platform: Platform) -> FlaskClient:
    app = wsgi.create_app(platform)
    app.config.update(WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    return app.test_client()


def _signed_in(world: make.World, who: Actor, platform: Platform | None = None) -> FlaskClient:
    with world.platform.database.write() as session:
        token = sessions.start_session(
            session, session.get_one(Person, who.person_id), second_factor=True, address=None,
            agent=None, now=world.clock.now(),
        )  # fmt: skip
    client = _client(platform or world.platform)
    client.set_cookie("sid", token)
    return client


@pytest.mark.parametrize("path", PROGRAMS)
def test_json_that_is_deep_large_or_no_text_is_a_clear_refusal(
    world: make.World, path: str
) -> None:
    client = _client(world.platform)
    bodies = [
        "[" * 200_000, '{"v":' * 100_000, '{"v":NaN}', '{"v":1e999}', '{"v":' + "9" * 5000 + "}",
        r'{"identity":"\ud800","v":"\udfff"}', r'{"identity":"\u0000","keys":[]}', "{}", "[]",
        '{"v":1,"v":2}', '"text"', "\ufeff{}", '{"identity":{"a":[]},"keys":7,"opening":[[]]}',
    ]  # fmt: skip
    for body in bodies:
        answer = client.post(path, data=body, content_type="application/json")
        assert 400 <= answer.status_code < 500, body[:40]
        assert answer.get_json()["error"]["code"]
    large = client.post(path, data="[" + "[]," * SMALL + "[]]", content_type="application/json")
    assert large.status_code == 413
    utf16 = client.post(path, data="{}".encode("utf-16"), content_type="application/json")
    assert utf16.status_code == 422


@pytest.mark.parametrize(
    "path",
    [
        f"/api/ocds/releases.json?after={HUGE}",
        f"/api/ocds/releases.json?after=-{HUGE}&limit=-{HUGE}",
        f"/api/ledger/entries?start={HUGE}&limit=-{HUGE}",
        f"/tenders?after={HUGE}&least={HUGE}&most={HUGE}",
        "/tenders?order=closing&after=9999-12-31T23:59:59-10:00~1",
        "/tenders?order=closing&after=0001-01-01T00:00:00%2B10:00~1",
        "/tenders?q=%00&township=%00",
        "/api/custody/records?identity=%ED%A0%80",
        "/?lang=zh%0d%0aX-Evil:%201&type=%0a",
    ],
)
def test_numbers_and_days_beyond_all_measure_are_answered(world: make.World, path: str) -> None:
    answer = _client(world.platform).get(path)
    assert answer.status_code < 500
    assert "X-Evil" not in answer.headers


def test_days_at_the_calendars_ends_are_refused_in_the_list_of_reads(world: make.World) -> None:
    with world.platform.database.write() as session:
        county = session.get_one(Organisation, world.village.path.split("/")[1])
        auditor = make.member(session, Role.AUDITOR, county)
    client = _signed_in(world, auditor)
    for query in ("until=9999-12-31", "since=0001-01-01", "since=x"):
        assert client.get(f"/administration/reads?{query}").status_code == 422
    assert client.get("/administration/reads?since=2026-01-01&until=2026-12-31").status_code == 200


@pytest.mark.parametrize("years", ["²", "٣", "9" * 5000, "-1", ""])
def test_strange_digits_in_a_registration_are_a_field_error(world: make.World, years: str) -> None:
    answer = _client(world.platform).post("/register/expert", data={"years": years})
    assert answer.status_code == 422


def test_strangers_cannot_fill_the_log_of_refusals(world: make.World) -> None:
    client = _client(world.platform)

    def kept() -> int:
        with world.platform.database.read() as session:
            return session.scalar(select(func.count()).select_from(Refusal)) or 0

    before = kept()
    for _ in range(STRANGERS + 20):
        client.post("/api/custody/accepts", data="{", content_type="application/json")
    assert kept() == before + STRANGERS


def test_an_allowance_is_given_anew_after_its_span_and_when_the_clock_goes_back() -> None:
    allowance, now = Allowance(2, timedelta(minutes=1)), make.START
    assert [allowance.take(now) for _ in range(3)] == [True, True, False]
    assert not allowance.take(now + timedelta(seconds=59))
    assert allowance.take(now + timedelta(seconds=60))
    assert allowance.take(now)


def test_no_page_of_a_session_is_kept_in_the_browser_or_on_the_way(
    world: make.World, clerk: Actor
) -> None:
    client = _signed_in(world, clerk)
    for path in ("/account", "/tenders", "/nothing-here"):
        assert client.get(path).headers["Cache-Control"] == "no-store"
    half = _client(world.platform)
    half.post("/login", data={"login": "clerk", "password": "long enough 1"})
    shown = half.get("/login/set-up")
    assert shown.status_code == 200
    assert shown.headers["Cache-Control"] == "no-store"


def test_cookies_of_a_https_platform_travel_by_https_and_belong_to_this_host_alone(
    world: make.World, clerk: Actor
) -> None:
    # As behind a proxy that ends TLS: the request itself comes in by http.
    settings = replace(world.platform.settings, public_url="https://county.example")
    client = _client(replace(world.platform, settings=settings))
    client.application.config.update(WTF_CSRF_ENABLED=True)
    form = client.get("/login").headers["Set-Cookie"]
    client.application.config.update(WTF_CSRF_ENABLED=False)
    signed = client.post("/login", data={"login": "clerk", "password": "long enough 1"})
    for cookie, name in ((form, "__Host-form="), (signed.headers["Set-Cookie"], "__Host-sid=")):
        assert cookie.startswith(name)
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert "Domain" not in cookie
    assert "max-age" in signed.headers["Strict-Transport-Security"]
    # A cookie that somebody set for the plain name is not looked at.
    other = _signed_in(world, clerk, replace(world.platform, settings=settings))
    assert other.get("/account").status_code == 401


def test_an_address_counts_only_if_a_proxy_of_ours_tells_it(
    world: make.World, clerk: Actor
) -> None:
    told = {"X-Forwarded-For": "203.0.113.9, 198.51.100.4", "X-Forwarded-Proto": "https"}
    for proxies, expected in ((0, "127.0.0.1"), (1, "198.51.100.4")):
        platform = replace(
            world.platform, settings=replace(world.platform.settings, proxies=proxies)
        )
        client = _signed_in(world, clerk, platform)
        client.post("/work/nothing/publish", headers=told)
        with world.platform.database.read() as session:
            rows = session.scalars(select(Refusal).where(Refusal.person_id == clerk.person_id))
            assert {row.address for row in rows} >= {expected}


def test_whoever_acts_is_known_with_the_address_of_the_request(
    world: make.World, clerk: Actor
) -> None:
    client = _signed_in(world, clerk)
    cookie = client.get_cookie("sid")
    assert cookie is not None
    headers = {"Cookie": f"sid={cookie.value}"}
    peer = {"REMOTE_ADDR": "203.0.113.7"}
    with client.application.test_request_context("/", headers=headers, environ_base=peer):
        assert actor().address == "203.0.113.7"
