"""P1 of statements and files as one, without the tender's own people; X1 by a telephone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from evaluation.findings.inputs.exhibits import PEOPLE, Exhibit, Piece, Row, Seen, cell_of
from evaluation.findings.inputs.known import KnownShared
from evaluation.findings.inputs.people import as_one, identities_of, without_own
from evaluation.findings.inputs.registered import Feed
from evaluation.models import FindingRow
from evaluation.screens.finding import Evidence, Finding, Strength
from keys.bid_statement import NAME, BidStatement, Member
from keys.encoding import b64u
from tender.accounts.models import Organisation, OrganisationKind
from tender.procedure.models import Tender
from tests.evaluation import county as make
from tests.evaluation.compare.documents import docx
from tests.evaluation.stating import stating

NUMBER, OWN = "110101199001011237", "110101198003035019"
STATED = "110101198501015010"
NAMES = ("青石建设", "白水建筑", "南山工程")
PHONE = "13857001234"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[make.County]:
    made = make.county(tmp_path_factory.mktemp("people"))
    yield made
    made.world.platform.database.close()


@pytest.fixture(scope="module")
def tender(place: make.County) -> Tender:
    """Two bids name one person; all name the tender's contact; one holds the third's telephone."""
    made = make.works_tender(place)
    for name in NAMES:
        make.new_bidder(place, name)

    def register(session: Session) -> None:
        session.get_one(Organisation, place.bidders[NAMES[2]].organisation.id).phone = PHONE

    place.write(register)
    contact = f"招标人联系人老王，身份证号{OWN}"
    bids = (
        ["项目经理：赵一", f"身份证号：{NUMBER}", contact, f"安全员孙三 {STATED}"],
        [f"技术负责人赵一（身份证号 {NUMBER}）", contact, f"本次投标联系电话{PHONE}"],
        ["项目经理：钱二", contact],
    )
    for number, (name, lines) in enumerate(zip(NAMES, bids, strict=True)):
        price = 300_000_000 + 7_919 * number**2
        files = {"技术标.docx": docx(lines)}
        if name == NAMES[2]:
            files[NAME] = stating(team=(Member("孙三", STATED), Member("周四")))
        make.bid_with_files(place, made, name, price, files)
    make.open_all(place, made)
    make.screen(place)
    return made


def _one(place: make.County, code: str, *names: str) -> FindingRow:
    """The finding of a kind about bidders, and no other of that kind about them."""
    ids = {place.bidders[name].organisation.id for name in names}
    rows = place.read(lambda session: session.scalars(select(FindingRow)).all())
    [row] = [row for row in rows if row.code == code and set(row.bidders) == ids]
    found: FindingRow = row
    return found


def test_one_person_in_two_files_is_one_finding_and_the_tenders_contact_none(
    place: make.County, tender: Tender
) -> None:
    row = _one(place, "P1", *NAMES[:2])
    assert (row.source, row.strength, row.content["value"]) == ("P1", "B", 1.0)
    text = place.client(place.supervisor).get(f"/findings/{tender.id}/{row.id}")
    assert text.get_data(as_text=True).count(f">{NUMBER}") == 2


def test_somebody_whom_one_bidder_states_and_another_mentions_is_found(
    place: make.County, tender: Tender
) -> None:
    row = _one(place, "P1", NAMES[0], NAMES[2])
    assert (row.strength, row.content["value"]) == ("B", 1.0)
    text = place.client(place.supervisor).get(f"/findings/{tender.id}/{row.id}")
    assert "孙三" in text.get_data(as_text=True)
    assert NAME in text.get_data(as_text=True)
    codes = place.read(lambda session: session.scalars(select(FindingRow.code)).all())
    assert sorted(code for code in codes if code in ("P1", "X1")) == ["P1", "P1", "X1"]


def test_a_telephone_of_another_bidder_in_the_file_is_shown_where_it_stands(
    place: make.County, tender: Tender
) -> None:
    row = _one(place, "X1", *NAMES[1:])
    text = place.client(place.supervisor).get(f"/findings/{tender.id}/{row.id}")
    assert f">{PHONE}</mark>" in text.get_data(as_text=True)


def _feed(*teams: tuple[Member, ...]) -> Feed:
    statements = {
        f"bid{place}": BidStatement(b64u(bytes(32)), team=team) for place, team in enumerate(teams)
    }
    return Feed((), {}, {}, (), KnownShared(), statements, frozenset())


def test_the_tenders_own_people_are_left_out_unless_a_number_proves_them() -> None:
    team = (Member("老王"), Member("老王", "110101198003035019"), Member("赵一"))
    kept = without_own(_feed(team), ["老王"]).statements["bid0"].team
    assert [member.id_number for member in kept] == ["110101198003035019", ""]


def test_a_pair_stated_and_read_is_one_finding_of_the_surer_kind() -> None:
    stated = Seen(
        Finding("P1", Strength.A, ("a", "b"), 1.0, innocent=("x",), evidence=(Evidence("a"),)),
        (Exhibit("People whom both bids name", ("a", "b"), ()),),
    )  # fmt: skip
    cells = tuple(cell_of(Evidence(each), Piece(NUMBER, "odd")) for each in ("a", "b"))
    read = Seen(
        Finding("P1", Strength.B, ("b", "a"), 1.0, innocent=("x", "y"), evidence=(Evidence("b"),)),
        (Exhibit(PEOPLE, ("a", "b"), (Row(cells),)),),
    )  # fmt: skip
    [one] = as_one(_feed(), [stated], [read])
    assert (one.finding.strength, one.finding.value) == ("A", 2.0)
    assert one.finding.innocent == ("x", "y")
    assert len(one.finding.evidence) == len(one.exhibits) == 2


def test_a_person_who_bids_is_known_by_its_title_and_listed_contacts_are_nobodys() -> None:
    firm = Organisation(
        kind=OrganisationKind.PERSON, name="王伟", code=None, phone="138 5700 1234",
        email="help@example.org", legal_head=None, agent="李娜",
    )  # fmt: skip
    told = identities_of({"a": firm}, ["help@example.org"])["a"]
    assert told["names"] == []
    assert told["contacts"] == [PHONE]
    assert told["people"] == [["agent", "李娜"], ["self", "王伟"]]
