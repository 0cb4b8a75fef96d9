"""The draw of experts: recomputable, unsteerable, with recusals and fair replacements."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.panel.composition import Composition, check_panel
from evaluation.panel.drawing import Draw, Outcome, Quotas, draw, draw_seed, pool_entry, pool_hash
from evaluation.panel.recusal import Employment, Expert, Ground, Parties, recusals
from evaluation.panel.seats import Seats
from tender.core.i18n import speaking
from tender.procedure.law.law import law
from tender.procedure.law.rules import Direction

NOW = date(2026, 12, 1)
SEALED = {"agency": bytes(range(32)), "bidder-1": bytes(range(32, 64))}
PARTIES = Parties(
    bidders=frozenset({"firm-a", "firm-b"}),
    related=frozenset({"supplier"}),
    buyer="county-school",
    agency="agency",
    supervision=frozenset({"bureau"}),
)
CODES = st.frozensets(st.sampled_from("ABC"), min_size=1, max_size=3)
POOLS = st.lists(CODES, min_size=1, max_size=10).map(
    lambda rows: [Expert(f"e{i}", fields) for i, fields in enumerate(rows)]
)
QUOTAS = st.dictionaries(st.sampled_from("ABC"), st.integers(1, 3), min_size=1).map(Quotas)


def expert(name: str, *fields: str, **more) -> Expert:
    return Expert(name, frozenset(fields or ("A",)), **more)


def drawn(pool, quotas=None, declined=None, sealed=None) -> Draw:
    return draw(
        pool,
        SEALED if sealed is None else sealed,
        quotas or Quotas({"A": 3}),
        PARTIES,
        on=NOW,
        years=3,
        declined=declined,
    )


def test_a_stranger_recomputes_the_draw_from_the_published_bytes():
    pool = [expert(f"e{i}") for i in range(9)]
    found = drawn(pool)

    def jcs(value) -> bytes:
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()

    entries = [
        {
            "barred_until": None,
            "employer": None,
            "id": f"e{i}",
            "interests": [],
            "kin": [],
            "positions": [],
            "specialities": ["A"],
        }
        for i in range(9)
    ]
    pool_sha256 = hashlib.sha256(jcs(entries)).hexdigest()
    lines = [
        {"contributor": name, "value": urlsafe_b64encode(value).rstrip(b"=").decode()}
        for name, value in sorted(SEALED.items())
    ]
    statement = {"contributions": lines, "pool": pool_sha256, "v": "draw/v1"}
    seed = hashlib.sha256(jcs(statement)).digest()
    keyed = sorted((hmac.digest(seed, f"e{i}".encode(), "sha256").hex(), f"e{i}") for i in range(9))

    assert found.pool_sha256 == pool_sha256
    assert found.seed == seed.hex()
    assert [(place.key, place.expert) for place in found.places] == keyed
    assert found.members == tuple(name for _, name in keyed[:3])


def test_the_order_of_pool_and_contributions_means_nothing():
    pool = [expert(f"e{i}") for i in range(6)]
    backwards = dict(reversed(SEALED.items()))
    assert drawn(pool) == drawn(pool[::-1], sealed=backwards)


def test_every_contribution_and_every_pool_entry_moves_the_seed():
    pool = [expert(f"e{i}") for i in range(6)]
    base = drawn(pool)
    for name, value in SEALED.items():
        flipped = bytes([value[0] ^ 1]) + value[1:]
        assert drawn(pool, sealed={**SEALED, name: flipped}).seed != base.seed
        assert drawn(pool, sealed={k: v for k, v in SEALED.items() if k != name}).seed != base.seed
    swapped = dict(zip(SEALED, reversed(SEALED.values()), strict=True))
    assert drawn(pool, sealed=swapped).seed != base.seed
    assert drawn([*pool[:-1], expert("e9")]).seed != base.seed
    assert drawn([*pool[:-1], replace(pool[-1], kin=frozenset({"x"}))]).seed != base.seed


def test_an_experts_statement_made_after_the_freeze_does_not_move_the_seed():
    pool = [expert(f"e{i}") for i in range(6)]
    first = drawn(pool)
    said = [
        replace(e, statement="my brother bids") if e.id == first.members[0] else e for e in pool
    ]
    second = drawn(said)
    assert second.seed == first.seed
    assert first.members[0] not in second.members
    assert set(first.members[1:]) < set(second.members)


@pytest.mark.parametrize(
    "sealed", [{}, {"a": b"short"}, {"a": bytes(33)}, {"a": bytes(32), "b": b""}]
)
def test_a_draw_without_whole_contributions_is_refused(sealed):
    with pytest.raises(ValueError):
        draw_seed(sealed, "00" * 32)


def test_a_pool_names_everybody_once_and_a_hash_is_a_hash():
    with pytest.raises(ValueError, match="once"):
        pool_hash([expert("a"), expert("a")])
    with pytest.raises(ValueError):
        draw_seed(SEALED, "00")
    with pytest.raises(ValueError):
        Quotas({})
    assert set(pool_entry(expert("a", statement="x"))) == {
        *("barred_until", "employer", "id", "interests", "kin", "positions", "specialities"),
    }


def test_everybody_is_drawn_about_equally_often():
    pool = [expert(f"e{i}") for i in range(6)]
    count = Counter(
        name
        for n in range(600)
        for name in drawn(pool, sealed={"a": n.to_bytes(32, "big")}).members
    )
    # 600 draws of 3 out of 6: 300 each, standard deviation about 12; six of them allowed.
    assert all(abs(count[f"e{i}"] - 300) < 75 for i in range(6))


def test_every_place_explains_why_somebody_was_not_seated():
    pool = [
        expert("e0"),
        expert("e1"),
        expert("e2", employer="firm-a"),
        expert("e3", "Z"),
        expert("e4"),
    ]
    first = drawn(pool, Quotas({"A": 1}))
    away = first.members[0]
    found = drawn(pool, Quotas({"A": 1}), declined={away: "ill"})
    outcome = {place.expert: place for place in found.places}
    assert outcome["e2"].outcome is Outcome.RECUSED
    assert outcome["e3"].outcome is Outcome.OTHER_FIELD
    assert outcome[away].outcome is Outcome.DECLINED
    assert Counter(place.outcome for place in found.places)[Outcome.NOT_NEEDED] == 1
    for place in found.places:
        assert bool(place.reasons) is (place.outcome is not Outcome.SEATED)
    with speaking("en"):
        assert outcome[away].reasons[0].text() == "declined or could not come: ill"


def test_a_short_pool_says_which_seats_stay_empty():
    found = drawn([expert("e0", "A"), expert("e1", "A")], Quotas({"A": 3, "B": 1}))
    assert found.short == {"A": 1, "B": 1}
    assert not drawn([expert("e0", "A")], Quotas({"A": 1})).short


@given(POOLS, QUOTAS)
def test_seats_are_filled_as_far_as_any_choice_could(pool, quotas):
    found = drawn(pool, quotas)
    held = Counter(place.speciality for place in found.places if place.outcome is Outcome.SEATED)
    by_id = {e.id: e for e in pool}
    assert all(held[code] + found.short.get(code, 0) == n for code, n in quotas.seats.items())
    for place in found.places:
        assert (place.speciality is not None) is (place.outcome is Outcome.SEATED)
        assert place.speciality is None or place.speciality in by_id[place.expert].specialities
    # Hall's condition: no set of fields could have been given more experts.
    most = min(
        sum(n for code, n in quotas.seats.items() if code not in codes)
        + sum(1 for e in pool if e.specialities & set(codes))
        for size in range(len(quotas.seats) + 1)
        for codes in combinations(quotas.seats, size)
    )
    assert len(found.members) == most


@settings(max_examples=60)
@given(POOLS, QUOTAS)
def test_a_replacement_unseats_nobody_and_seats_at_most_one(pool, quotas):
    before = drawn(pool, quotas)
    for away in before.members:
        after = drawn(pool, quotas, declined={away: "ill"})
        assert set(before.members) - {away} <= set(after.members)
        assert len(after.members) <= len(before.members)
        assert after.seed == before.seed


def test_an_expert_with_two_fields_does_not_block_the_only_seat_of_another():
    seats = Seats({"A": 1, "B": 1})
    assert seats.take("both", frozenset("AB"))
    assert seats.take("only-a", frozenset("A"))
    assert seats.taken == {"both": "B", "only-a": "A"}
    assert not seats.take("late", frozenset("AB"))
    assert seats.left() == {}


@pytest.mark.parametrize(
    ("who", "ground"),
    [
        (expert("e", employer="firm-a"), Ground.EMPLOYER),
        (expert("e", employer="supplier"), Ground.EMPLOYER),
        (expert("e", positions=(Employment("firm-b"),)), Ground.EMPLOYER),
        (
            expert("e", positions=(Employment("firm-b", date(2023, 12, 1)),)),
            Ground.PAST_EMPLOYMENT,
        ),
        (expert("e", kin=frozenset({"firm-a"})), Ground.KIN),
        (expert("e", interests=frozenset({"firm-a"})), Ground.INTEREST),
        (expert("e", barred_until=NOW), Ground.SANCTION),
        (expert("e", employer="county-school"), Ground.OWN_BUYER),
        (expert("e", employer="agency"), Ground.AGENCY),
        (expert("e", employer="bureau"), Ground.SUPERVISION),
        (expert("e", statement="my pupil bids"), Ground.STATED),
    ],
)
def test_each_ground_of_recusal_is_found_alone(who, ground):
    found = recusals(who, PARTIES, NOW, 3)
    assert [each.ground for each in found] == [ground]
    with speaking("en"):
        assert "%(" not in found[0].wording.text()


@pytest.mark.parametrize(
    "who",
    [
        expert("e"),
        expert("e", employer="elsewhere"),
        expert("e", positions=(Employment("firm-b", date(2023, 11, 30)),)),
        expert("e", positions=(Employment("elsewhere", date(2026, 1, 1)),)),
        expert("e", barred_until=date(2026, 11, 30)),
        expert("e", kin=frozenset({"elsewhere"}), statement="  "),
    ],
)
def test_nobody_is_barred_without_a_ground(who):
    assert recusals(who, PARTIES, NOW, 3) == ()
    bare = Parties(bidders=frozenset({"firm-a"}))
    assert recusals(expert("e"), bare, NOW, 3) == ()


def test_a_position_left_on_a_leap_day_bars_for_whole_years():
    who = expert("e", positions=(Employment("firm-a", date(2024, 2, 29)),))
    assert recusals(who, PARTIES, date(2027, 3, 1), 3)
    assert not recusals(who, PARTIES, date(2027, 3, 2), 3)


@pytest.mark.parametrize(
    ("kind", "panel", "codes"),
    [
        ("construction", Composition(5), []),
        ("construction", Composition(4, 1), []),
        ("construction", Composition(3, 2), ["panel.experts"]),
        ("construction", Composition(6), ["panel.even"]),
        ("construction", Composition(3), ["panel.too_small"]),
        ("construction", Composition(4), ["panel.too_small", "panel.even"]),
        ("procurement", Composition(5, budget_fen=999_999_999), []),
        ("procurement", Composition(5, budget_fen=1_000_000_000), ["panel.too_small"]),
        ("procurement", Composition(7, budget_fen=1_000_000_000), []),
        ("procurement", Composition(5, complex_project=True), ["panel.too_small"]),
        ("procurement", Composition(4, 1, representative_chairs=True), ["panel.chair"]),
        ("construction", Composition(5, budget_fen=10**12), []),
    ],
)
def test_a_panel_is_odd_large_enough_and_two_thirds_experts(kind, panel, codes):
    problems = check_panel(
        law(), kind, panel, on=NOW, direction=Direction.PURCHASE, method="comprehensive_scoring"
    )
    assert [problem.code for problem in problems] == codes
    for problem in problems:
        assert problem.articles
        with speaking("zh"):
            assert "%(" not in problem.text()
