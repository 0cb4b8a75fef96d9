"""The document screens over a lot's files (投标文件筛查): T1, T2, I1, M1, H4 and X1, in the child.

The common ground is the tender's own documents and the earlier bids of firms that do not bid in
this lot. Earlier bids of those who do are left out on purpose: a ring that copies its own old
text would otherwise have made it common property. Bills are left to the bill screens, because
their item names are the tender's. Requests name kept readings by path.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from evaluation.compare.background import BackgroundIndex, Ground, ground_of
from evaluation.compare.compare import Document
from evaluation.compare.corpus import Corpus, Text, build_corpus
from evaluation.compare.errors import error_findings, find_errors
from evaluation.compare.extracted import Extracted, Picture, Properties
from evaluation.compare.images import Shown, image_findings
from evaluation.compare.metadata import Made, identifier_findings, metadata_findings
from evaluation.compare.mixed import Identity, mixed_findings, with_own_side
from evaluation.compare.mixed_seals import sealed_of
from evaluation.compare.people_marks import People, Post
from evaluation.compare.seeds import shared_entries
from evaluation.compare.similarity import Overlap, find_overlap
from evaluation.compare.text_findings import text_findings
from evaluation.findings.inputs import passages
from evaluation.findings.inputs.exhibits import (
    MOST_ROWS,
    Cell,
    Exhibit,
    Piece,
    Plot,
    Row,
    Seen,
    cell_of,
    compared,
)
from evaluation.screens.finding import Evidence, Finding
from tender.core.i18n import N_

Answer = list[dict[str, Any]]
PROPERTY_NAMES = {
    "author": N_("Author"), "editor": N_("Last edited by"), "software": N_("Software"),
    "template": N_("Template"), "company": N_("Company"), "created": N_("Made at"),
}  # fmt: skip


@dataclass(frozen=True)
class Material:
    """What one request is about, read from the kept files."""

    request: Mapping[str, Any]

    @cached_property
    def documents(self) -> list[Document]:
        """Every file that could be read."""
        return [document for document, _ in self._held]

    @cached_property
    def texts(self) -> list[Document]:
        """Files whose text is compared: all but bills."""
        return [document for document, bill in self._held if not bill]

    @cached_property
    def ground(self) -> Ground:
        """The common ground."""
        asked = self.request["ground"]
        ground = Ground()
        for path in asked["tender"]:
            content = _content(path)
            if content is not None:
                ground = ground.joined(ground_of(Extracted.from_json(content["extracted"])))
        index = BackgroundIndex(Path(asked["index"]))
        return ground.joined(index.ground(frozenset(asked["names"])))

    @property
    def counts(self) -> dict[str, int]:
        """How much common ground there was."""
        asked = self.request["ground"]
        return {"tender_files": len(asked["tender"]), "background_files": len(asked["names"])}

    @cached_property
    def _held(self) -> list[tuple[Document, bool]]:
        found = []
        for row in self.request["documents"]:
            content = _content(row["read"])
            if content is not None:
                extracted = Extracted.from_json(content["extracted"])
                document = Document(row["bidder"], row["file"], extracted)
                found.append((document, content.get("bill") is not None))
        return found

    def seen(self, finding: Finding, *exhibits: Exhibit, plot: Plot | None = None) -> Any:
        """A finding as JSON, with the counts of the common ground."""
        return Seen(finding, exhibits, plot, self.counts).to_json()


def _content(path: str) -> dict[str, Any] | None:
    content: dict[str, Any] = json.loads(Path(path).read_text("utf-8", "surrogatepass"))
    return content if "extracted" in content else None


def screen_text(request: Mapping[str, Any]) -> Answer:
    """T1 and T2 with the passages and what all pairs of the lot share."""
    material = Material(request)
    units = [document.text() for document in material.texts]
    if len({unit.bidder for unit in units}) < 2:
        return []
    texts = {(unit.bidder, unit.file): unit for unit in units}
    corpus = build_corpus(units, material.ground.known_grams())
    entries = shared_entries(corpus)
    overlap = find_overlap(corpus, entries)
    answer = [
        material.seen(
            finding, passages.passages(finding, texts), plot=_pair_plot(corpus, overlap, finding)
        )
        for finding in text_findings(corpus, overlap)
    ]
    found = find_errors(corpus, entries, overlap, material.ground.codes)
    answer += [
        material.seen(finding, passages.errors(finding, texts))
        for finding in error_findings(corpus, found)
    ]
    return answer


def _pair_plot(corpus: Corpus, overlap: Overlap, finding: Finding) -> Plot:
    """All pairs of the lot by the characters that they share."""
    count = len(corpus.bidders)
    every = np.zeros(count * (count - 1) // 2)
    every[: overlap.total.size] = overlap.total
    lines = []
    if finding.threshold is not None:
        lines.append((float(finding.threshold), N_("Strong sign from here on")))
    return Plot(
        N_("Shared text of every pair of bidders in this lot"), N_("characters"),
        tuple(float(value) for value in np.sort(every)), finding.value, tuple(lines),
    )  # fmt: skip


def screen_pictures(request: Mapping[str, Any]) -> Answer:
    """I1 with the pages on which the pictures stand."""
    material = Material(request)
    shown = [Shown(d.bidder, d.file, p) for d in material.documents for p in d.extracted.pictures]
    return [
        material.seen(finding, _picture_exhibit(finding, shown))
        for finding in image_findings(shown, material.ground.pictures)
    ]


def _picture_exhibit(finding: Finding, shown: Sequence[Shown]) -> Exhibit:
    rows = []
    pairs = list(zip(finding.evidence[::2], finding.evidence[1::2], strict=False))
    for number, sides in enumerate(pairs[:MOST_ROWS], start=1):
        by_bidder = {side.bidder: side for side in sides}
        cells = tuple(_picture_cell(by_bidder[bidder], shown) for bidder in finding.bidders)
        rows.append(Row(cells, N_("Picture %(n)s"), {"n": number}))
    left = len(pairs) - len(rows)
    return Exhibit(N_("Pictures that both have"), finding.bidders, tuple(rows), more=left)


def _picture_cell(place: Evidence, shown: Sequence[Shown]) -> Cell:
    """Size and place of the picture whose pixels the evidence names."""
    size = next(
        f"{one.picture.width} × {one.picture.height}"
        for one in shown
        if one.picture.pixels == place.record
    )
    return replace(cell_of(place, Piece(size)), picture=place.record or "")


def screen_properties(request: Mapping[str, Any]) -> Answer:
    """M1 and H4 with the properties of both files."""
    material = Material(request)
    made = [Made(d.bidder, d.file, d.extracted.properties) for d in material.documents]
    ground = material.ground.properties
    found = metadata_findings(made, ground)
    found += identifier_findings(made, ground, local_rule=bool(request.get("file_id_rule")))
    return [material.seen(finding, *_property_exhibits(finding, made)) for finding in found]


def _property_exhibits(finding: Finding, made: Sequence[Made]) -> Iterator[Exhibit]:
    """The pair of files that have most in common."""
    places = {(place.bidder, place.file) for place in finding.evidence}
    mine, theirs = (
        [m for m in made if m.bidder == bidder and (m.bidder, m.file) in places]
        for bidder in finding.bidders
    )
    pairs = [(one, other) for one in mine for other in theirs]
    if not pairs:
        return
    one, other = max(pairs, key=lambda pair: _in_common(pair[0].properties, pair[1].properties))
    rows = [compared(N_("File"), (one.file, other.file))]
    rows += [
        compared(label, tuple(passages.sound(getattr(m.properties, name)) for m in (one, other)))
        for name, label in PROPERTY_NAMES.items()
        if getattr(one.properties, name) or getattr(other.properties, name)
    ]
    for name, label in (
        ("identifiers", N_("Creation identifier")),
        ("rsids", N_("Revision identifiers in common")),
        ("objects", N_("Embedded objects in common")),
    ):
        shared = sorted(set(getattr(one.properties, name)) & set(getattr(other.properties, name)))
        if shared:
            words = passages.sound(", ".join(each[:48] for each in shared[:8]))
            rows.append(compared(label, (words, words)))
    yield Exhibit(N_("What the files say of their making"), finding.bidders, tuple(rows))


def _in_common(one: Properties, other: Properties) -> int:
    fields = Counter(
        bool(getattr(one, name)) and getattr(one, name) == getattr(other, name)
        for name in PROPERTY_NAMES
    )
    sets = (set(one.identifiers) & set(other.identifiers), set(one.rsids) & set(other.rsids))
    return fields[True] + sum(bool(each) for each in sets)


def screen_mixed(request: Mapping[str, Any]) -> Answer:
    """X1 with the places where another bidder is named, and its seals."""
    material = Material(request)
    texts: list[Text] = [document.text() for document in material.documents]
    known = {
        bidder: Identity(
            frozenset(each["names"]),
            frozenset(each["codes"]),
            People(
                frozenset(each["contacts"]),
                frozenset((Post(post), name) for post, name in each["people"]),
            ),
        )
        for bidder, each in request["identities"].items()
    }
    by_file = {(text.bidder, text.file): text for text in texts}
    sealed = [
        seal
        for document in material.documents
        for seal in sealed_of(document.bidder, document.file, document.extracted)
    ]
    scans = _scans(material.documents)
    answer = []
    for finding in mixed_findings(texts, material.ground.codes, known, sealed):
        whole = with_own_side(finding, texts, known)
        own = whole.evidence[len(finding.evidence) :]
        places = [place for place in finding.evidence if place.record is None]
        seals = [place for place in finding.evidence if place.record is not None]
        shown = [passages.names(finding, places, by_file, own)] if places else []
        if seals:
            shown.append(passages.seals(finding, seals, by_file, own, scans))
        answer.append(material.seen(whole, *shown))
    return answer


def _scans(documents: Sequence[Document]) -> passages.Scans:
    """The largest picture of each page, by whose it is, file and page: where stamps stand."""
    largest: dict[tuple[str, str, int], Picture] = {}
    for document in documents:
        for picture in document.extracted.pictures:
            place = document.bidder, document.file, picture.page
            held = largest.get(place)
            if held is None or picture.width * picture.height > held.width * held.height:
                largest[place] = picture
    return {place: picture.pixels for place, picture in largest.items()}


def update_index(request: Mapping[str, Any]) -> int:
    """Add readings to the background index that it does not hold yet; gives how many."""
    index = BackgroundIndex(Path(request["index"]))
    added = 0
    for row in request["files"]:
        content = _content(row["read"])
        # A file is added anew when more of its pictures has been read.
        stamp = str(content["extracted"]["looked_at"]) if content else ""
        if index.holds(row["name"], stamp):
            continue
        held = Extracted.from_json(content["extracted"]) if content else Extracted()
        if content and content.get("bill") is not None:
            held = Extracted(properties=held.properties, pictures=held.pictures)
        index.add(row["name"], held, stamp)
        added += 1
    if added:
        index.save()
    return added
