"""Signing in: both factors, replayed codes, lockout, recovery, sessions that end, roles."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select

from tender.accounts import credentials, sessions
from tender.accounts.models import (
    LoginSession,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
    RecoveryToken,
)
from tender.core.actor import Role
from tender.core.ids import new_id
from tender.core.messages import link_of
from tender.core.outbox import OutboxRow
from tests.tender import factories as make
from tests.tender.accounts.people import PASSWORD, Town

STAFF_PAGE = "/registrations"


def _status(client, path: str) -> int:
    with client.get(path) as answer:
        status: int = answer.status_code
        return status


def test_staff_have_no_access_between_the_two_factors(place: Town) -> None:
    who = place.person("clerk", Role.COUNTY_CLERK)
    client, status = place.sign_in("clerk")
    assert status == 303
    assert _status(client, STAFF_PAGE) == 401
    assert _status(client, "/account") == 401
    assert client.post("/login/second", data={"code": "000000"}).status_code == 422
    assert _status(client, STAFF_PAGE) == 401
    assert client.post("/login/second", data={"code": place.code(who)}).status_code == 303
    assert _status(client, STAFF_PAGE) == 200


def test_a_code_counts_once_and_an_older_one_never_again(place: Town) -> None:
    who = place.person("clerk", Role.COUNTY_CLERK)
    first, older = place.code(who), place.world.clock.now()
    client, _ = place.sign_in("clerk")
    assert client.post("/login/second", data={"code": first}).status_code == 303
    again, _ = place.sign_in("clerk")
    assert again.post("/login/second", data={"code": first}).status_code == 422
    assert _status(again, STAFF_PAGE) == 401
    place.world.clock.moment = older + timedelta(seconds=30)
    newer = place.code(who)
    assert again.post("/login/second", data={"code": newer}).status_code == 303
    place.world.clock.moment = older + timedelta(seconds=31)
    third, _ = place.sign_in("clerk")
    assert third.post("/login/second", data={"code": first}).status_code == 422
    place.world.clock.moment = older + timedelta(seconds=300)
    assert third.post("/login/second", data={"code": newer}).status_code == 422


def test_a_bidder_who_has_a_second_factor_is_asked_for_it_too(place: Town) -> None:
    who = place.person("bidder", Role.BIDDER, place.company("甲公司"))
    client, _ = place.sign_in("bidder")
    assert _status(client, "/account") == 200
    with place.platform.database.write() as session:
        person = session.get_one(Person, who)
        credentials.new_totp(place.platform.settings, person)
        person.totp_confirmed = True
    client, _ = place.sign_in("bidder")
    assert _status(client, "/account") == 401
    assert client.post("/login/second", data={"code": place.code(who)}).status_code == 303
    assert _status(client, "/account") == 200


def test_wrong_passwords_rest_the_account_and_time_or_recovery_wakes_it(place: Town) -> None:
    place.person("bidder", Role.BIDDER, place.company("甲公司"))
    for _ in range(credentials.LOCK_AFTER - 1):
        assert place.sign_in("bidder", "wrong")[1] == 422
    assert place.sign_in("bidder")[1] == 303
    for _ in range(credentials.LOCK_AFTER):
        assert place.sign_in("bidder", "wrong")[1] == 422
    assert place.sign_in("bidder")[1] == 422
    place.world.clock.moment += credentials.LOCK_FOR - timedelta(seconds=1)
    assert place.sign_in("bidder")[1] == 422
    place.world.clock.moment += timedelta(seconds=1)
    assert place.sign_in("bidder")[1] == 303


def test_wrong_codes_rest_the_account_and_a_good_password_between_them_does_not_help(
    place: Town,
) -> None:
    who = place.person("clerk", Role.COUNTY_CLERK)
    for _ in range(credentials.LOCK_AFTER):
        client, status = place.sign_in("clerk")
        assert status == 303
        assert client.post("/login/second", data={"code": "000000"}).status_code == 422
    assert place.sign_in("clerk")[1] == 422
    assert client.post("/login/second", data={"code": place.code(who)}).status_code == 422
    assert _status(client, STAFF_PAGE) == 401
    place.world.clock.moment += credentials.LOCK_FOR
    assert _status(place.signed_in("clerk"), STAFF_PAGE) == 200


def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(place: Town) -> None:
    place.person("bidder", Role.BIDDER, place.company("甲公司"))
    texts = []
    for login in (place.login("bidder"), "nobody"):
        answer = place.app.test_client().post("/login", data={"login": login, "password": "x"})
        texts.append(re.sub(r'value="[^"]*"', "", answer.get_data(as_text=True)))
        assert answer.status_code == 422
    assert texts[0] == texts[1]


def test_recovery_codes_sign_in_once_each_also_one_that_is_all_digits(place: Town) -> None:
    who = place.person("clerk", Role.COUNTY_CLERK)
    with place.platform.database.write() as session:
        person = session.get_one(Person, who)
        settings = place.platform.settings
        codes = credentials.new_recovery_codes(settings, person)
        digits = credentials.recovery_hash(settings, person, "1234567890")
        person.recovery_hashes = [*person.recovery_hashes, digits]
    assert len(set(codes)) == credentials.RECOVERY_CODES
    for code in (codes[0], codes[1].upper(), "12345-67890"):
        client, _ = place.sign_in("clerk")
        assert client.post("/login/second", data={"code": code}).status_code == 303
        assert _status(client, STAFF_PAGE) == 200
        again, _ = place.sign_in("clerk")
        assert again.post("/login/second", data={"code": code}).status_code == 422


def _mailed_link(place: Town) -> list[str]:
    with place.platform.database.read() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == "email.send")).all()
        settings = place.platform.settings
        mine = [row.payload for row in rows if place.tag in row.payload["to"]]
        return [str(link_of(settings, payload)) for payload in mine]


def test_a_password_is_reset_by_mail_once_and_every_session_ends(place: Town) -> None:
    place.person("clerk", Role.COUNTY_CLERK)
    old = place.signed_in("clerk")
    stranger = place.app.test_client()
    known = stranger.post("/recover", data={"login": place.login("clerk")}).get_data(as_text=True)
    unknown = stranger.post("/recover", data={"login": "nobody"}).get_data(as_text=True)
    assert re.sub(r'data-now="[^"]*"', "", known) == re.sub(r'data-now="[^"]*"', "", unknown)
    (link,) = _mailed_link(place)
    assert stranger.post(link, data={"password": "short"}).status_code == 422
    assert stranger.post(link, data={"password": "四棵新槐树下见面吧"}).status_code == 422
    assert stranger.post(link, data={"password": "四棵新槐树下再见面吧朋友"}).status_code == 303
    assert _status(old, STAFF_PAGE) == 401
    assert place.sign_in("clerk")[1] == 422
    assert place.sign_in("clerk", "四棵新槐树下再见面吧朋友")[1] == 303
    assert stranger.post(link, data={"password": "五棵新槐树下再见面吧朋友"}).status_code == 422
    assert place.sign_in("clerk", "五棵新槐树下再见面吧朋友")[1] == 422


def test_a_link_expires_and_only_its_hash_is_kept(place: Town) -> None:
    who = place.person("clerk", Role.COUNTY_CLERK)
    stranger = place.app.test_client()
    stranger.post("/recover", data={"login": place.login("clerk")})
    (link,) = _mailed_link(place)
    with place.platform.database.read() as session:
        own = RecoveryToken.person_id == who
        kept = session.scalars(select(RecoveryToken.token_sha256).where(own)).all()
    assert kept == [sessions.hash_token(link.rsplit("/", 1)[1])]
    place.world.clock.moment += credentials.RECOVERY_LINK
    assert stranger.post(link, data={"password": "六棵新槐树下再见面吧朋友"}).status_code == 422


def test_a_changed_password_ends_all_other_sessions(place: Town) -> None:
    place.person("bidder", Role.BIDDER, place.company("甲公司"))
    here, elsewhere = place.signed_in("bidder"), place.signed_in("bidder")
    form = {"old": "not mine", "password": "七棵新槐树下再见面吧朋友"}
    assert here.post("/account/password", data=form).status_code == 422
    assert _status(elsewhere, "/account") == 200
    form["old"] = PASSWORD
    assert here.post("/account/password", data=form).status_code == 303
    assert (_status(here, "/account"), _status(elsewhere, "/account")) == (200, 401)


def test_one_ends_a_session_of_ones_own_and_of_nobody_else(place: Town) -> None:
    mine = place.person("bidder", Role.BIDDER, place.company("甲公司"))
    other = place.person("other", Role.BIDDER, place.company("乙公司"))
    here, elsewhere, theirs = (
        place.signed_in("bidder"), place.signed_in("bidder"), place.signed_in("other"),
    )  # fmt: skip
    with place.platform.database.read() as session:
        rows = session.scalars(select(LoginSession).order_by(LoginSession.created_at)).all()
    ids = {person: [row.id for row in rows if row.person_id == person] for person in (mine, other)}
    here.post(f"/account/sessions/{ids[other][0]}")
    assert _status(theirs, "/account") == 200
    for session_id in ids[mine]:
        elsewhere.post(f"/account/sessions/{session_id}")
    assert _status(here, "/account") == 401


def test_a_session_ends_by_idleness_by_age_and_by_signing_out(place: Town) -> None:
    place.person("bidder", Role.BIDDER, place.company("甲公司"))
    idle, out = place.signed_in("bidder"), place.signed_in("bidder")
    assert out.post("/logout").status_code == 303
    assert _status(out, "/account") == 401
    place.world.clock.moment += sessions.IDLE - timedelta(seconds=1)
    assert _status(idle, "/account") == 200
    place.world.clock.moment += sessions.LIFETIME
    assert _status(idle, "/account") == 401


def test_a_role_that_ends_ends_the_sessions_that_act_in_it_at_once(place: Town) -> None:
    who = place.person("clerk", Role.COUNTY_CLERK)
    place.person("admin", Role.ADMINISTRATOR)
    clerk, admin = place.signed_in("clerk"), place.signed_in("admin")
    assert _status(clerk, STAFF_PAGE) == 200
    with place.platform.database.read() as session:
        role = session.scalars(select(Membership.id).where(Membership.person_id == who)).one()
    assert admin.post(f"/administration/roles/{role}/end").status_code == 303
    assert _status(clerk, STAFF_PAGE) == 401
    with place.platform.database.read() as session:
        (kept,) = session.scalars(select(LoginSession).where(LoginSession.person_id == who)).all()
    assert kept.revoked_at is not None


def test_nobody_ends_or_gives_a_role_of_ones_own(place: Town) -> None:
    who = place.person("admin", Role.ADMINISTRATOR)
    admin = place.signed_in("admin")
    with place.platform.database.read() as session:
        role = session.scalars(select(Membership.id).where(Membership.person_id == who)).one()
    assert admin.post(f"/administration/roles/{role}/end").status_code == 403
    assert _status(admin, "/administration") == 200


def test_a_disabled_person_is_out_at_once(place: Town) -> None:
    who = place.person("clerk", Role.COUNTY_CLERK)
    clerk = place.signed_in("clerk")
    with place.platform.database.write() as session:
        session.get_one(Person, who).disabled_at = place.world.clock.now()
    assert _status(clerk, STAFF_PAGE) == 401
    assert place.sign_in("clerk")[1] == 422


def test_switching_roles_takes_the_new_roles_scope_and_nobody_elses_role(place: Town) -> None:
    who = place.person("two", Role.TOWNSHIP_AGENT, place.world.village)
    other = place.person("other", Role.COUNTY_CLERK)
    with place.platform.database.write() as session:
        elsewhere = make.organisation(
            session, OrganisationKind.TOWNSHIP, "青石镇", session.get(Organisation, place.county.id)
        )
        second = Membership(
            id=new_id(), person_id=who, organisation_id=elsewhere.id, role=Role.TOWNSHIP_AGENT,
            created_at=make.START + timedelta(days=1),
        )  # fmt: skip
        session.add(second)
        theirs = session.scalars(select(Membership.id).where(Membership.person_id == other)).one()
    tender = make.open_tender(place.world)
    client = place.signed_in("two")
    assert _status(client, f"/work/{tender.id}") == 200
    assert client.post("/role", data={"membership": theirs}).status_code == 404
    assert _status(client, STAFF_PAGE) == 403
    assert client.post("/role", data={"membership": second.id}).status_code == 303
    assert _status(client, f"/work/{tender.id}") == 403
    assert tender.title not in client.get("/work").get_data(as_text=True)
    with place.platform.database.write() as session:
        session.get_one(Membership, second.id).ended_at = place.world.clock.now()
    assert _status(client, "/work") == 401


def test_the_cookie_is_closed_to_scripts_and_the_table_keeps_only_its_hash(place: Town) -> None:
    who = place.person("bidder", Role.BIDDER, place.company("甲公司"))
    client = place.app.test_client()
    answer = client.post(
        "/login",
        data={"login": place.login("bidder"), "password": PASSWORD},
        base_url="https://county.test",
    )
    cookie = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith("sid="))
    assert {"HttpOnly", "Secure", "SameSite=Lax"} <= set(cookie.split("; "))
    token = cookie.split(";")[0].removeprefix("sid=")
    with place.platform.database.read() as session:
        (row,) = session.scalars(select(LoginSession).where(LoginSession.person_id == who)).all()
    assert row.token_sha256 == sessions.hash_token(token)
    assert token not in str(vars(row))


def test_after_signing_in_one_never_lands_on_another_site(place: Town) -> None:
    place.person("bidder", Role.BIDDER, place.company("甲公司"))
    for target in ("https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"):
        client = place.app.test_client()
        answer = client.post(
            "/login", data={"login": place.login("bidder"), "password": PASSWORD, "next": target}
        )
        assert answer.headers["Location"] == "/"


def test_a_session_in_use_goes_on_and_an_idle_one_ends(place: Town) -> None:
    place.person("clerk", Role.COUNTY_CLERK)
    client = place.signed_in("clerk")
    began = place.world.clock.now()
    for minutes in range(30, 241, 30):
        place.world.clock.moment = began + timedelta(minutes=minutes)
        assert _status(client, STAFF_PAGE) == 200
    place.world.clock.moment += sessions.IDLE
    assert _status(client, STAFF_PAGE) == 401


def test_a_session_is_noted_as_in_use_only_now_and_then(place: Town) -> None:
    who = place.person("clerk", Role.COUNTY_CLERK)
    client = place.signed_in("clerk")
    began = place.world.clock.now() - timedelta(seconds=60)  # the first factor began it
    noted = []
    for seconds in (61, 299, 301, 400):
        place.world.clock.moment = began + timedelta(seconds=seconds)
        assert _status(client, STAFF_PAGE) == 200
        with place.platform.database.read() as session:
            seen = select(LoginSession.seen_at).where(LoginSession.person_id == who)
            noted.append(session.scalars(seen).one() - began)
    assert [each.total_seconds() for each in noted] == [0, 0, 301, 301]
