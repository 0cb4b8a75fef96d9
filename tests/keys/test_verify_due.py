"""Lines shown too early or hidden too long, and releases that were not due."""

import base64
import io

import pytest

from keys import encoding
from keys.errors import Malformed
from keys.records import release
from keys.verify import verify
from keys.verify_report import Report
from tests.keys.plain_county import County


@pytest.fixture
def county():
    return County()


def failures(county, tmp_path, **options):
    report = Report(out=io.StringIO())
    verify(county.export(tmp_path / "out", **options), report)
    return report.failures


def found(county, tmp_path, text, check="ledger:"):
    """Assert that the county fails, and that a fault says `text`."""
    lines = failures(county, tmp_path)
    assert any(text in line and line.startswith(check) for line in lines), lines


def ready(county, **wanted):
    opening = county.record(**wanted)
    county.accept(opening)
    return opening


def performed(county, bids=2):
    opening = ready(county)
    for number in range(bids):
        county.bid(opening, f"bidder-{number}", price=100 + number)
    county.close(opening)
    county.release(opening, 2)
    county.perform(opening)
    return opening


class Shows(County):
    """A county that serves hidden lines as they are."""

    def hidden(self, entry):
        return False


def test_bids_shown_before_the_closing(tmp_path):
    county = Shows()
    county.bid(ready(county), "a")
    found(county, tmp_path, "shown before its closing")


def test_fillers_shown_before_the_closing(tmp_path):
    county = Shows()
    county.add("filler", opening=ready(county).id)
    found(county, tmp_path, "shown before its closing")


class Hides(County):
    """A county that keeps everything of a kind hidden."""

    def hidden(self, entry):
        return entry.event in ("bid.submitted", "tender.published")


def test_lines_hidden_although_no_opening_waits(tmp_path):
    county = Hides()
    opening = ready(county)
    county.close(opening)
    county.add("tender.published")
    found(county, tmp_path, "no opening is waiting")


def test_a_line_hidden_before_any_opening_was_recorded(tmp_path):
    county = Hides()
    county.add("tender.published")
    ready(county)
    found(county, tmp_path, "no opening is waiting")


def test_a_line_hidden_after_its_only_opening_was_cancelled(tmp_path):
    county = Hides()
    opening = ready(county)
    county.add("opening.cancelled", opening=opening.id)
    opening.cancelled = True
    county.add("tender.published")
    found(county, tmp_path, "no opening is waiting")


def test_a_bid_kept_hidden_after_the_closing_is_missing_from_the_count(tmp_path):
    county = Hides()
    opening = ready(county)
    county.bid(opening, "a")
    ready(county, lot="2")
    county.close(opening)
    found(county, tmp_path, "opening.closed counts 1")


def give(county, opening, number, **changed):
    wanted = {
        "released_at": max(county.now, opening.deadline),
        "checkpoint": f"{county.tree.size} {encoding_of(county)}",
    }
    opening.releases.append(
        release(
            opening.record,
            opening.keys[number].private,
            opening.custodians[number].identity,
            **{**wanted, **changed},
        )
    )


def encoding_of(county):
    return base64.b64encode(county.tree.root()).decode()


def test_a_release_for_an_opening_that_is_not_closed(county, tmp_path):
    opening = ready(county)
    give(county, opening, 0)
    found(county, tmp_path, "not closed", "releases of")


def test_a_release_for_fewer_bids_than_the_minimum(county, tmp_path):
    opening = ready(county, minimum=3)
    county.bid(opening, "a")
    county.close(opening)
    give(county, opening, 0)
    found(county, tmp_path, "fewer bids than the minimum", "releases of")


def test_a_release_while_suspended(county, tmp_path):
    opening = ready(county)
    county.bid(opening, "a")
    county.close(opening)
    county.add("opening.suspended", opening=opening.id)
    give(county, opening, 0)
    county.add("opening.resumed", opening=opening.id)
    found(county, tmp_path, "stood still", "releases of")


def test_a_release_after_a_cancellation(county, tmp_path):
    opening = ready(county)
    county.bid(opening, "a")
    county.close(opening)
    county.add("opening.cancelled", opening=opening.id)
    opening.cancelled = True
    give(county, opening, 0)
    found(county, tmp_path, "stood still", "releases of")


def test_a_closing_of_one_opening_does_not_serve_another(county, tmp_path):
    """A release that rests on a checkpoint before its own opening's closing."""
    first = ready(county)
    second = ready(county, lot="2")
    county.bid(first, "a")
    county.bid(second, "a")
    county.close(first)
    size, root = county.tree.size, encoding_of(county)
    county.close(second)
    give(county, second, 0, checkpoint=f"{size} {root}")
    found(county, tmp_path, "before the closing", "releases of")


@pytest.mark.parametrize("event", ["opening.opened", "bid.read", "document.lost", "filler.more"])
def test_no_unknown_event_has_a_reserved_name(county, event):
    with pytest.raises(Malformed, match="no event"):
        county.add(event)


def test_documents_that_are_no_sealed_pdf_fail(county, tmp_path):
    data = b"%PDF-1.7\n%%EOF\n"
    county.documents["notice-1"] = data
    county.add(
        "document.issued",
        name="notice-1",
        kind="notice",
        tender="tender-1",
        sha256=encoding.sha256_hex(data),
    )
    found(county, tmp_path, "document notice-1", "document")
