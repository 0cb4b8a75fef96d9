"""Compare the bids of one tender with each other (投标文件比对): all screens of documents."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluation.compare.background import Ground, index_folder, read_ground
from evaluation.compare.corpus import Text, build_corpus
from evaluation.compare.errors import error_findings, find_errors
from evaluation.compare.extracted import Extracted, Limits
from evaluation.compare.extraction import BidFile, Extractor, Unread, extract_all, list_bids
from evaluation.compare.images import Shown, image_findings
from evaluation.compare.metadata import Made, identifier_findings, metadata_findings
from evaluation.compare.mixed import Identity, identities_of, mixed_findings, with_own_side
from evaluation.compare.mixed_seals import sealed_of
from evaluation.compare.numbers import person_findings, shared_numbers
from evaluation.compare.seeds import shared_entries
from evaluation.compare.similarity import find_overlap
from evaluation.compare.text_findings import text_findings
from evaluation.screens.finding import Finding, ordered

TENDER = "(tender)"
BACKGROUND = "(background)"


class NoBids(Exception):
    """The folder of bids is empty, so that "no findings" would be no answer."""


@dataclass(frozen=True)
class Result:
    """What the comparison found, and what it could not read."""

    findings: list[Finding]
    unread: list[Unread]
    bidders: int  # That could be read, at least in part.

    def to_json(self) -> dict[str, Any]:
        """Return the form that docs/compare.md describes."""
        return {
            "findings": [finding.to_json() for finding in self.findings],
            "unread": [
                {"bidder": row.bidder, "file": row.file, "why": row.why} for row in self.unread
            ],
        }


@dataclass(frozen=True)
class Document:
    """One file of one bidder as it was extracted."""

    bidder: str
    file: str
    extracted: Extracted

    def text(self) -> Text:
        """Return the text with its pages."""
        held = self.extracted
        text, starts, numbers = held.whole_text()
        pictured = len(held.text) if held.writing else None
        return Text(self.bidder, self.file, text, starts, numbers, pictured)


@dataclass(frozen=True)
class Options:
    """Choices that the law of the place or the caller makes."""

    file_id_rule: bool = False
    identities: Mapping[str, Identity] = field(default_factory=dict)


def compare_documents(
    documents: Sequence[Document], ground: Ground, options: Options
) -> list[Finding]:
    """Return the findings of all document screens, the strongest first."""
    corpus = build_corpus([document.text() for document in documents], ground.known_grams())
    entries = shared_entries(corpus)
    overlap = find_overlap(corpus, entries)
    findings = text_findings(corpus, overlap)
    findings += error_findings(corpus, find_errors(corpus, entries, overlap, ground.codes))
    shown = [Shown(d.bidder, d.file, p) for d in documents for p in d.extracted.pictures]
    findings += image_findings(shown, ground.pictures)
    made = [Made(d.bidder, d.file, d.extracted.properties) for d in documents]
    findings += metadata_findings(made, ground.properties)
    findings += identifier_findings(made, ground.properties, local_rule=options.file_id_rule)
    known = options.identities or identities_of(corpus.texts)
    sealed = [seal for d in documents for seal in sealed_of(d.bidder, d.file, d.extracted)]
    mixed = mixed_findings(corpus.texts, ground.codes, known, sealed)
    findings += [with_own_side(finding, corpus.texts, known) for finding in mixed]
    findings += person_findings(corpus, shared_numbers(corpus, ground.codes))
    return ordered(findings)


def compare_folders(
    bids: Path,
    *,
    tender: Path | None = None,
    background: Path | None = None,
    index: Path | None = None,
    file_id_rule: bool = False,
    no_bids: Collection[Path] = (),
    limits: Limits | None = None,
) -> Result:
    """Read tender, background and bids from plain files and compare the bids.

    `no_bids` are files and folders that are no bids where they lie among them. Raises NoBids.
    """
    unread: list[Unread] = []
    ground = Ground()
    files: list[BidFile] = list_bids(bids, no_bids)
    if not files:
        raise NoBids
    with Extractor(limits) as extractor:
        if tender is not None:
            more, failed = read_ground(tender, extractor)
            ground = ground.joined(more)
            unread += [Unread(TENDER, name, why) for name, why in failed]
        if background is not None:
            more, failed = index_folder(background, extractor, index)
            ground = ground.joined(more)
            unread += [Unread(BACKGROUND, name, why) for name, why in failed]
    documents = []
    for file, extracted, remarks in extract_all(files, limits):
        unread += remarks
        if extracted is not None:
            documents.append(Document(file.bidder, file.name, extracted))
    options = Options(file_id_rule=file_id_rule)
    bidders = len({document.bidder for document in documents})
    return Result(compare_documents(documents, ground, options), unread, bidders)
