"""Search and lists on both databases: words of one character up, facets, keyset pages, values."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from tender.publication import search
from tender.publication.models import PublicTender
from tender.publication.portal.portal import Filter, State, find, front, read_filter, state_of
from tender.publication.search import SearchPosting, SearchTerm
from tests.tender import factories as make
from tests.tender.publication.public_county import POND, TITLES, county


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[make.World]:
    data = tmp_path_factory.mktemp("portal")
    if request.param == "sqlite":
        made, _ = county(data)
        yield made
        made.platform.database.close()
        return
    with request.getfixturevalue("postgres").database() as url:
        made, _ = county(data, url)
        yield made
        made.platform.database.close()


def _titles(world: make.World, **wanted: object) -> list[str]:
    with world.platform.database.read() as session:
        found = find(session, Filter(**wanted), now=world.clock.now())  # type: ignore[arg-type]  # fields by name
        return [row.title for row in found.rows]


@pytest.mark.parametrize(
    "text", ["鱼塘", "塘", "鱼塘承包", "柳溪村鱼塘承包经营权出租", "承包 鱼塘"]
)
def test_words_of_any_length_find_the_notice(world: make.World, text: str) -> None:
    assert _titles(world, text=text) == [POND]


@pytest.mark.parametrize("text", ["鱼池", "塘鱼", "鱼塘 路灯", "租出", "%", "_", "t-2026-zzzz"])
def test_what_is_not_there_is_not_found(world: make.World, text: str) -> None:
    assert _titles(world, text=text) == []


def test_pairs_that_stand_apart_are_no_word(world: make.World) -> None:
    assert _titles(world, text="公路亮化路灯") != []
    assert _titles(world, text="公路灯") == []


def test_facets_narrow_and_a_village_is_found_by_its_name(world: make.World) -> None:
    assert len(_titles(world, township="白石镇", kind="village")) == len(TITLES)
    assert _titles(world, township="青石镇") == []
    assert _titles(world, kind="land") == []
    assert len(_titles(world, village="柳溪村", text="租赁")) == 1


def test_keyset_pages_give_every_tender_once_in_order(world: make.World) -> None:
    for wanted in (Filter(), Filter(order="closing"), Filter(township="白石镇")):
        seen, after = [], ""
        with world.platform.database.read() as session:
            while True:
                found = find(session, wanted, now=world.clock.now(), after=after, limit=2)
                seen += found.rows
                if found.after is None:
                    break
                after = found.after
        keys = [(row.closes_at, row.seq) for row in seen]
        expected = len(TITLES) - 1 if wanted.closing else len(TITLES)
        assert len(set(keys)) == len(keys) == expected
        assert keys == sorted(keys, reverse=not wanted.closing)


def test_a_notice_without_a_value_is_in_every_range(world: make.World) -> None:
    assert _titles(world, least="6,000") == ["柳溪村老仓库房屋租赁"]
    with world.platform.database.write() as session:
        row = session.scalars(select(PublicTender).where(PublicTender.title == POND)).one()
        kept, row.value_fen = row.value_fen, None
    try:
        assert set(_titles(world, least="6,000")) == {"柳溪村老仓库房屋租赁", POND}
        assert POND in _titles(world, most="1")
    finally:
        with world.platform.database.write() as session:
            session.get_one(PublicTender, row.id).value_fen = kept


def test_windows_and_states_follow_the_clock_and_not_the_tick(world: make.World) -> None:
    assert _titles(world, days=3) == [POND]
    with world.platform.database.read() as session:
        row = session.scalars(select(PublicTender).where(PublicTender.title == POND)).one()
        assert state_of(row, world.clock.now()) is State.OPEN
        assert state_of(row, row.closes_at) is State.OPENING
        late = find(session, Filter(state="opening"), now=row.closes_at).rows
        assert [each.title for each in late] == [POND]
        assert POND not in [
            each.title for each in find(session, Filter(state="open"), now=row.closes_at).rows
        ]


def test_the_front_page_parts_today_from_later(world: make.World) -> None:
    now = world.clock.now()
    with world.platform.database.read() as session:
        shown = front(session, now=now, end_of_day=now + timedelta(hours=30))
    assert [row.title for row in shown.today] == [POND]
    assert POND not in [row.title for row in shown.soon]
    assert [public.stage for _, public in shown.results] == ["awarded"]


def test_counts_of_terms_are_the_postings(world: make.World) -> None:
    with world.platform.database.read() as session:
        counted = dict(
            session.execute(
                select(SearchPosting.term, func.count()).group_by(SearchPosting.term)
            ).all()
        )
        kept = {row.term: row.tenders for row in session.scalars(select(SearchTerm))}
    assert kept == counted


def test_a_changed_title_is_found_by_its_new_words_only(tmp_path: Path) -> None:
    made = make.platform(tmp_path)
    with made.database.write() as session:
        search.post(session, 7, search.terms_of("旧仓库"))
        search.post(session, 7, search.terms_of("新仓库"))
        assert search.rarest_first(session, {"旧"}) is None
        assert search.rarest_first(session, {"新仓", "仓库"}) == ["仓库", "新仓"]
    made.database.close()


def test_an_address_is_read_leniently_and_written_back() -> None:
    wanted = read_filter({"q": " 鱼塘 ", "kind": "village", "state": "nonsense", "days": "8"})
    assert (wanted.state, wanted.days) == ("", None)
    assert wanted.arguments() == {"q": "鱼塘", "kind": "village"}
    assert read_filter(wanted.arguments()) == wanted


@given(st.dictionaries(st.sampled_from(["q", "least", "days", "order", "village"]), st.text()))
def test_no_address_is_an_error(arguments: dict[str, str]) -> None:
    again = read_filter(read_filter(arguments).arguments())
    assert again.order in ("newest", "closing")


@pytest.mark.parametrize(
    "after", ["x", "9" * 40, "~", "2026-01-01~1", "2026-01-01T00:00:00+00:00~"]
)
def test_a_forged_cursor_is_no_error(world: make.World, after: str) -> None:
    with world.platform.database.read() as session:
        for wanted in (Filter(), Filter(order="closing")):
            find(session, wanted, now=world.clock.now(), after=after)
