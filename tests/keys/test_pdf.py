"""The strict check of issued PDFs: the genuine passes, every prepared forgery fails."""

from __future__ import annotations

import hashlib
import io
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm

from keys.certificates import Role
from keys.errors import Forged, KeysError, Malformed, Refused
from keys.pdf import compare_with_issued, read_signed, revision_ends, verify_issued
from keys.signed import Answer, Level
from tender.publication.papers.sealing import add_timestamp, open_keys
from tests.keys import tampering as t
from tests.tender.publication import workshop
from tests.tender.publication.samples import CENTRE

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

UPDATES = (
    t.replace_content,
    t.overwrite_content_stream,
    t.add_annotation,
    t.change_metadata,
    t.change_info,
    t.add_page,
    t.replace_seal_picture,
    t.move_seal,
    t.hide_the_seal,
    t.drop_certification,
    t.add_javascript,
    t.add_text_field,
    t.add_empty_signature_field,
    t.leave_an_orphan,
    t.swap_fonts,
)
EDITS: dict[str, Callable[[], bytes]] = {
    "a byte after the end": lambda: workshop.sealed() + b"\n",
    "words after the end": lambda: workshop.sealed() + b"% 99,999,999 %%EOF\n",
    "zeros after the end": lambda: workshop.sealed() + bytes(512),
    "a byte before the beginning": lambda: b"\n" + workshop.sealed(),
    "a byte missing at the end": lambda: workshop.sealed()[:-1],
    "half of the file": lambda: workshop.sealed()[: len(workshop.sealed()) // 2],
    "cut after the rendered revision": workshop.rendered,
    "the seal's date": lambda: t.edit(b"20261123030000Z", b"20251123030000Z"),
    "the byte range": lambda: t.edit(b"/ByteRange [0 ", b"/ByteRange [1 "),
    "hexadecimal in lower case": t.lower_case_hex,
    "words in the padding": t.words_in_the_padding,
    "a content byte": lambda: t.flip(2000),
    "the last token": lambda: t.flip(t.last_gap()[0] + 900),
    "a second signature": t.second_signature,
    "not certified": lambda: t.weaker_certification(None),
    "certified for form filling": lambda: t.weaker_certification(MDPPerm.FILL_FORMS),
    "our name, another root": lambda: t.other_centre(CENTRE),
    "another name, another root": lambda: t.other_centre("青禾县公共资源交易中心（筹）"),
    "a bidder's certificate": lambda: t.sealed_as(Role.BIDDER),
    "the timestamp service's certificate": lambda: t.sealed_as(Role.TIMESTAMP),
    "sealed after the certificate's end": t.sealed_after_the_end,
    "no PDF at all": lambda: b"%PDF-1.7\n%%EOF\n",
}


def roots() -> tuple[bytes, ...]:
    return workshop.centre().roots


def test_the_genuine_document_is_accepted_with_its_facts() -> None:
    signed = verify_issued(workshop.sealed(), roots())
    assert (signed.signer, signed.organisation) == (CENTRE, CENTRE)
    assert signed.signing_time == signed.timestamp == workshop.NOW
    assert (signed.level, signed.pages, signed.timestamps) == (Level.B_LTA, 1, 1)
    assert signed.sha256 == hashlib.sha256(workshop.sealed()).hexdigest()
    assert signed.sound_until > workshop.NOW + timedelta(days=3650)


@pytest.mark.parametrize("change", UPDATES, ids=lambda change: change.__name__)
def test_an_incremental_update_after_the_seal_is_refused(change: t.Change) -> None:
    changed = t.update(workshop.sealed(), change)
    with pytest.raises(KeysError):
        verify_issued(changed, roots())
    assert compare_with_issued(changed, roots()).answer is Answer.FORGED


@pytest.mark.parametrize(
    "change",
    [t.replace_content, t.add_annotation, t.leave_an_orphan, t.replace_seal_picture],
    ids=lambda change: change.__name__,
)
def test_a_change_stays_a_forgery_under_a_timestamp_of_our_own(change: t.Change) -> None:
    with pytest.raises(Forged):
        verify_issued(t.then_stamp(change), roots())


@pytest.mark.parametrize("name", EDITS)
def test_an_altered_or_foreign_file_is_refused(name: str) -> None:
    with pytest.raises(KeysError):
        verify_issued(EDITS[name](), roots())


def test_single_bits_all_over_the_file_are_caught() -> None:
    chosen = random.Random(7)
    start, end = t.last_gap()
    places = [chosen.randrange(len(workshop.sealed())) for _ in range(12)]
    places += [chosen.randrange(start, end) for _ in range(12)]
    for at in places:
        with pytest.raises(KeysError):
            verify_issued(t.flip(at, 1 << chosen.randrange(7)), roots())


def test_an_earlier_revision_is_genuine_but_older() -> None:
    first = workshop.sealed()[: revision_ends(workshop.sealed())[0]]
    with pytest.raises(Refused):
        verify_issued(first, roots())
    assert read_signed(first, roots()).level is Level.B_LT
    issued = hashlib.sha256(workshop.sealed()).hexdigest()
    assert compare_with_issued(first, roots(), issued_sha256=issued).answer is Answer.OLDER
    assert compare_with_issued(first, roots(), issued=workshop.sealed()).answer is Answer.OLDER


def test_the_answers_tell_genuine_other_forged_and_unclear_apart() -> None:
    genuine = workshop.sealed()
    issued = hashlib.sha256(genuine).hexdigest()
    compared = compare_with_issued(genuine, roots(), issued_sha256=issued)
    assert (compared.answer, compared.code) == (Answer.GENUINE, "pdf_genuine")
    assert compare_with_issued(genuine, roots(), issued_sha256="0" * 64).answer is Answer.OTHER
    assert compare_with_issued(genuine + b" ", roots()).answer is Answer.FORGED
    assert compare_with_issued(t.other_centre(CENTRE), roots()).answer is Answer.FORGED
    stranger = t.other_centre("邻县公共资源交易中心")
    assert compare_with_issued(stranger, roots()).answer is Answer.CANNOT_TELL
    assert compare_with_issued(workshop.rendered(), roots()).answer is Answer.CANNOT_TELL
    assert compare_with_issued(b"a scan", roots()).answer is Answer.CANNOT_TELL
    cut = compare_with_issued(genuine[:-1000], roots(), issued=genuine)
    assert (cut.answer, cut.code) == (Answer.CANNOT_TELL, "pdf_incomplete")


def test_the_original_is_shown_when_something_was_added_to_it() -> None:
    changed = t.update(workshop.sealed(), t.hide_the_seal)
    compared = compare_with_issued(changed, roots())
    assert compared.signed is not None
    assert compared.signed.sha256 == hashlib.sha256(workshop.sealed()).hexdigest()


@pytest.mark.parametrize("year", [2003, 2026, 2049, 2091])
def test_no_clock_is_read_and_stale_lists_do_not_matter(year: int) -> None:
    now = datetime(year, 6, 1, tzinfo=UTC)
    centre = workshop.new_centre(now=now)
    pdf = workshop.seal_with(open_keys(centre), now=now + timedelta(days=700))
    assert verify_issued(pdf, centre.roots).signing_time == now + timedelta(days=700)


def test_a_renewed_document_stays_genuine_and_names_the_same_seal() -> None:
    later = workshop.NOW + timedelta(days=4000)
    renewed = add_timestamp(workshop.sealed(), open_keys(workshop.centre()), now=later)
    signed = verify_issued(renewed, roots())
    before = verify_issued(workshop.sealed(), roots())
    assert (signed.timestamps, signed.timestamp) == (2, later)
    assert (signed.seal_digest, signed.signing_time) == (before.seal_digest, workshop.NOW)
    compared = compare_with_issued(renewed, roots(), issued=workshop.sealed())
    assert (compared.answer, compared.code) == (Answer.GENUINE, "pdf_renewed")


def test_a_timestamp_before_the_one_it_follows_is_refused() -> None:
    earlier = workshop.NOW - timedelta(hours=2)
    back_dated = add_timestamp(workshop.sealed(), open_keys(workshop.centre()), now=earlier)
    with pytest.raises(Forged):
        verify_issued(back_dated, roots())


def test_a_seal_withdrawn_before_it_was_used_is_refused() -> None:
    centre = workshop.new_centre()
    keys = open_keys(centre)
    honest = workshop.seal_with(keys, now=workshop.NOW)
    pem = (centre.directory / "seal.crt").read_bytes()
    centre.revoke(pem, reason="superseded", now=workshop.NOW + timedelta(days=1))
    misused = workshop.seal_with(keys, now=workshop.NOW + timedelta(days=2))
    assert verify_issued(honest, centre.roots).signing_time == workshop.NOW
    with pytest.raises(Forged):
        verify_issued(misused, centre.roots)


def test_newer_lists_find_out_a_seal_that_was_stolen_before() -> None:
    centre = workshop.new_centre()
    pdf = workshop.seal_with(open_keys(centre), now=workshop.NOW)
    pem = (centre.directory / "seal.crt").read_bytes()
    found = workshop.NOW + timedelta(days=9)
    theft = workshop.NOW - timedelta(hours=1)
    centre.revoke(pem, reason="keyCompromise", now=found, since=theft)
    with pytest.raises(Forged):
        verify_issued(pdf, centre.roots, crls=centre.crls(found))


def test_openssl_alone_verifies_the_seal_and_the_last_timestamp(tmp_path: Path) -> None:
    """The steps of docs/documents.md, on an implementation that is not ours."""
    reader = PdfFileReader(io.BytesIO(workshop.sealed()))
    seal, stamp = reader.embedded_signatures
    for name, signature in (("seal", seal), ("stamp", stamp)):
        _, length, second, rest = signature.byte_range
        data = workshop.sealed()
        (tmp_path / f"{name}.bin").write_bytes(data[:length] + data[second : second + rest])
        (tmp_path / f"{name}.der").write_bytes(cms.ContentInfo.load(signature.pkcs7_content).dump())
    trust = ["-CAfile", str(workshop.centre().directory / "root.crt")]
    trust += ["-attime", str(int(workshop.NOW.timestamp()))]
    seal_check = (
        "cms -verify -binary -inform DER -in seal.der -content seal.bin -purpose any".split()
    )
    ts = "ts -verify -token_in -in stamp.der -data stamp.bin".split()
    for command in ([*seal_check, "-out", "/dev/null"], ts):
        done = subprocess.run(
            ["openssl", *command, *trust], cwd=tmp_path, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
    (tmp_path / "seal.bin").write_bytes(b"another document")
    spoilt = subprocess.run(
        ["openssl", *seal_check, *trust], cwd=tmp_path, capture_output=True, check=False
    )
    assert spoilt.returncode != 0


def test_a_document_without_a_pinned_root_is_nobodys() -> None:
    with pytest.raises(Refused):
        verify_issued(workshop.sealed(), [])
    with pytest.raises(Malformed):
        verify_issued(workshop.sealed(), [b"not a certificate"])


def test_importing_the_check_loads_no_pdf_library() -> None:
    code = "import keys.pdf, sys; sys.exit(any(m.startswith('pyhanko') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
