"""The press: sealed PDFs from a process of its own, that a bad document cannot take down."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from keys.pdf import verify_issued
from tender.core.errors import DomainError
from tender.publication.papers.documents import job
from tender.publication.papers.press import Press, PressSettings
from tests.tender.publication import workshop
from tests.tender.publication.samples import AWARD_LETTER, PLAIN_NOTICE


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> PressSettings:
    passphrase = tmp_path_factory.mktemp("secrets") / "passphrase"
    passphrase.write_text("a passphrase\n")
    return PressSettings(centre=workshop.centre().directory, passphrase_file=passphrase)


@pytest.fixture(scope="module")
def press(settings: PressSettings) -> Iterator[Press]:
    with Press(settings) as running:
        yield running


def test_an_order_becomes_a_sealed_document(press: Press) -> None:
    made = press.make(job(AWARD_LETTER, "zh"), now=workshop.NOW)
    signed = verify_issued(made.pdf, workshop.centre().roots)
    assert signed.signing_time == workshop.NOW
    assert made.sha256 == hashlib.sha256(made.pdf).hexdigest() == signed.sha256
    assert made.pages == signed.pages == 1


def test_a_preview_bears_no_seal(press: Press) -> None:
    made = press.make(job(PLAIN_NOTICE, "en"), now=None)
    assert b"/ByteRange" not in made.pdf


def test_a_bad_order_is_refused_and_the_press_goes_on(press: Press) -> None:
    order = job(PLAIN_NOTICE, "zh")
    with pytest.raises(DomainError) as refused:
        press.make(order | {"context": {"head": {}}}, now=workshop.NOW)
    assert refused.value.code == "document_failed"
    with pytest.raises(DomainError):
        press.make(order | {"kind": "../secret"}, now=workshop.NOW)
    assert press.make(order, now=workshop.NOW).pages == 1


def test_a_document_beyond_its_time_is_given_up_and_the_next_is_made(
    settings: PressSettings,
) -> None:
    huge = replace(PLAIN_NOTICE, blocks=PLAIN_NOTICE.blocks * 3_000)
    with Press(replace(settings, seconds=3)) as hurried:
        with pytest.raises(DomainError) as refused:
            hurried.make(job(huge, "zh"), now=workshop.NOW)
        assert refused.value.code == "document_limits"
        assert hurried.make(job(PLAIN_NOTICE, "zh"), now=None).pages == 1


def test_a_document_beyond_its_memory_is_given_up(settings: PressSettings) -> None:
    with Press(replace(settings, memory=400 * 1024 * 1024)) as small:
        many = replace(PLAIN_NOTICE, blocks=PLAIN_NOTICE.blocks * 20_000)
        with pytest.raises(DomainError) as refused:
            small.make(job(many, "zh"), now=None)
        assert refused.value.code in {"document_limits", "document_failed"}


def test_a_press_without_its_keys_says_what_is_missing(
    settings: PressSettings, tmp_path: Path
) -> None:
    (tmp_path / "wrong").write_text("another")
    for wrong in (
        replace(settings, passphrase_file=tmp_path / "wrong"),
        replace(settings, fonts=tmp_path),
        replace(settings, centre=tmp_path),
    ):
        with Press(wrong) as broken, pytest.raises(DomainError) as refused:
            broken.make(job(PLAIN_NOTICE, "zh"), now=workshop.NOW)
        assert refused.value.code == "press_not_ready"
