"""The parts that the signed documents are made of: plain frozen values.

Conventions of all fields
- Text is data as people wrote it, or an English msgid of any catalogue (`N_`): the templates
  pass labels, roles, reasons, bases and articles through gettext, and data that is no msgid
  stays as it is.
- Money is whole fen. Scores are decimal strings, already rounded as the method says. Days are
  `YYYY-MM-DD` (Asia/Shanghai), moments `YYYY-MM-DDTHH:MM:SSZ` (UTC; printed in Asia/Shanghai).
- `lot` and party names are printed as given and may hold anything a person can type.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Head:
    """What stands at the head and foot of every document.

    `issuer` is the issuing organisation (发文机关), `number` the document number (发文字号),
    `signatories` the names above the date (落款; the issuer alone when empty), `verify_url` the
    full address of the verify page with the code, `verify_code` the code itself.
    """

    issuer: str
    number: str
    issued_on: str
    project: str
    tender_no: str
    verify_url: str
    verify_code: str
    signatories: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Party:
    """An organisation with a part in the tender (`role`: msgid such as `Tenderer`)."""

    role: str
    name: str
    contact: str = ""
    phone: str = ""
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A finished piece of text: heading, paragraphs, then rows of label and value."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Step:
    """One date of the timeline (时限节点) with the article of law it rests on."""

    label: str
    at: str
    article: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class NoticeLot:
    """A lot (标段) as the notice states it.

    `limit_fen` is the maximum price of a purchase or the reserve of a disposal; `basis` says
    what one price means (`in total`, `per year`, `per mu and year`).
    """

    number: str
    name: str
    description: str = ""
    quantity: str = ""
    term: str = ""
    basis: str = ""
    limit_fen: int | None = None
    bond_fen: int | None = None


@dataclass(frozen=True, kw_only=True)
class Custodian:
    """A custodian (密钥保管人) of an opening record; `identity` is its public key, base64url."""

    name: str
    identity: str


@dataclass(frozen=True, kw_only=True)
class SealedFor:
    """An opening record as the notice prints it; `record` is its exact JCS text, for the QR."""

    lot: str
    part: str
    opening_id: str
    record: str
    threshold: int
    custodians: tuple[Custodian, ...]


@dataclass(frozen=True, kw_only=True)
class OpenedBid:
    """A bid as the opening found it; `verdict` is the judgement's word, `reason` its msgid."""

    bidder: str
    submitted_at: str
    verdict: str  # opened | bidder_fault | custody_fault | not_released
    price_fen: int | None = None
    reason: str = ""
    files: str = "none"
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Release:
    """A custodian's part in the opening; `released_at` is empty for a key that did not come."""

    custodian: str
    released_at: str = ""


@dataclass(frozen=True, kw_only=True)
class OpenedLot:
    """A lot at the opening; without a release (too few bidders) `bids` is empty."""

    number: str
    name: str
    opening_id: str
    threshold: int
    basis: str = ""
    limit_fen: int | None = None
    received: int = 0
    minimum: int = 0
    bids: tuple[OpenedBid, ...] = ()
    releases: tuple[Release, ...] = ()
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class SpotObjection:
    """An objection on the spot (开标现场异议) and its answer."""

    by: str
    at: str
    text: str
    answer: str = ""


@dataclass(frozen=True, kw_only=True)
class PanelMember:
    """A member of the panel (评标委员会); `role` is a msgid (`Chair`, `Member`)."""

    name: str
    role: str
    represents: str = ""


@dataclass(frozen=True, kw_only=True)
class CriterionLine:
    """A criterion (评审标准) with its weight and the most points it gives."""

    name: str
    weight: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class ScoredBid:
    """A ranked bid; `scores` are the criteria's averaged points, in the order of `criteria`."""

    bidder: str
    rank: int
    price_fen: int
    total: str = ""
    scores: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RejectedBid:
    """A rejected bid (否决投标) with the panel's reason and the ground."""

    bidder: str
    reason: str
    article: str = ""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One member's totals, in the order of the lot's `ranked`; shown after all submitted."""

    member: str
    totals: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class EvaluatedLot:
    """A lot in the evaluation report."""

    number: str
    name: str
    basis: str = ""
    ranked: tuple[ScoredBid, ...] = ()
    rejected: tuple[RejectedBid, ...] = ()
    criteria: tuple[CriterionLine, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    recommendation: str = ""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A candidate for award (中标候选人); `facts` are further rows (term, manager, grade)."""

    rank: int
    bidder: str
    price_fen: int
    total: str = ""
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class CandidateLot:
    """A lot's candidates, best first; `failed` says why there is none."""

    number: str
    name: str
    basis: str = ""
    candidates: tuple[Candidate, ...] = ()
    rejected: tuple[RejectedBid, ...] = ()
    failed: str = ""


@dataclass(frozen=True, kw_only=True)
class AwardedLot:
    """What the letter awards: the price as bid, and the total over the term in fen."""

    number: str
    name: str
    price_fen: int
    total_fen: int
    basis: str = ""
    quantity: str = ""
    term: str = ""


@dataclass(frozen=True, kw_only=True)
class ResultLot:
    """A lot in the result notice; `failed` says why nobody won."""

    number: str
    name: str
    winner: str = ""
    winner_address: str = ""
    price_fen: int | None = None
    total_fen: int | None = None
    basis: str = ""
    score: str = ""
    ranked: tuple[ScoredBid, ...] = ()
    rejected: tuple[RejectedBid, ...] = ()
    failed: str = ""


@dataclass(frozen=True, kw_only=True)
class ExhibitCell:
    """One side of an exhibit: (text, mark) pieces, mark "same", "odd" or "", and its place.

    `picture` names one of the document's own pictures; `instead` stands where it is missing.
    """

    pieces: tuple[tuple[str, str], ...]
    where: str = ""
    picture: str = ""
    instead: str = ""


@dataclass(frozen=True, kw_only=True)
class ExhibitRow:
    """A row of an exhibit: its label and one cell a column."""

    label: str
    cells: tuple[ExhibitCell, ...]


@dataclass(frozen=True, kw_only=True)
class FindingExhibit:
    """Evidence side by side; `more` rows are left out."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[ExhibitRow, ...]
    more: int = 0


@dataclass(frozen=True, kw_only=True)
class PlotBar:
    """A class of values in a plot, in the plot's own units of length."""

    x: float
    y: float
    width: float
    height: float
    low: str
    high: str
    count: int


@dataclass(frozen=True, kw_only=True)
class PlotLine:
    """An upright line with its words; `main` is the finding's own value."""

    x: float
    words: str
    value: str
    anchor: str
    main: bool


@dataclass(frozen=True, kw_only=True)
class PlotTick:
    """A number under the axis."""

    x: float
    words: str


@dataclass(frozen=True, kw_only=True)
class PlotMark:
    """A level line across a bar: what was expected there."""

    x: float
    y: float
    width: float


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A value among its population, ready to be drawn."""

    title: str
    description: str
    unit: str
    bars: tuple[PlotBar, ...] = ()
    lines: tuple[PlotLine, ...] = ()
    ticks: tuple[PlotTick, ...] = ()
    marks: tuple[PlotMark, ...] = ()


@dataclass(frozen=True, kw_only=True)
class InnocentExplanation:
    """An innocent explanation, whether the system checked it, and what was found."""

    text: str
    checked: bool
    found: str = ""


@dataclass(frozen=True, kw_only=True)
class FindingDecision:
    """One decision of people about a finding."""

    at: str
    by: str
    decision: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class ToldFinding:
    """A finding (围串标线索) as the file keeps it: evidence, explanations, decisions."""

    name: str
    code: str
    strength: str
    bidders: tuple[str, ...]
    found_at: str
    decision: str
    gone_at: str = ""
    legal: str = ""
    lot: str = ""
    value: str = ""
    rarity: str = ""
    exhibits: tuple[FindingExhibit, ...] = ()
    plot: Plot | None = None
    innocent: tuple[InnocentExplanation, ...] = ()
    explained: tuple[tuple[str, str], ...] = ()  # (bidder, explanation)
    history: tuple[FindingDecision, ...] = ()
