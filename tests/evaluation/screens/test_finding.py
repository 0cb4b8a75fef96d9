"""A finding survives its JSON form, and is read in a stable order."""

import json
import math

from evaluation.screens.finding import Evidence, Finding, Strength, ordered


def _finding(code: str, strength: Strength, p: float | None = None) -> Finding:
    return Finding(
        code=code,
        strength=strength,
        bidders=("a", "b"),
        value=0.9,
        threshold=0.16,
        p=p,
        legal="REG 40(4)",
        innocent=("Quota-priced items were left out.",),
        evidence=(
            Evidence("a", file="bill.xlsx", cell="Sheet1!F12"),
            Evidence("b", start=0, end=9),
        ),
    )


def test_finding_survives_its_json_form() -> None:
    found = _finding("B1", Strength.B, p=1e-9)
    assert Finding.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_numbers_that_json_cannot_say_become_null() -> None:
    data = Finding("N6", Strength.C, ("a",), value=math.inf, p=math.nan).to_json()
    assert data["value"] is None
    assert data["p"] is None
    json.dumps(data, allow_nan=False)


def test_evidence_keeps_a_start_of_zero_and_drops_what_is_unknown() -> None:
    assert Evidence("b", start=0, end=9).to_json() == {"bidder": "b", "start": 0, "end": 9}


def test_strongest_findings_come_first_in_a_stable_order() -> None:
    weak, strong = _finding("S", Strength.C, p=0.01), _finding("X1", Strength.A)
    middle = _finding("T1", Strength.B, p=1e-6)
    assert ordered([weak, middle, strong]) == ordered([strong, weak, middle])
    assert [found.strength for found in ordered([weak, middle, strong])] == ["A", "B", "C"]
