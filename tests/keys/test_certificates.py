"""The centre's authority: who may sign what, when, and what a thief of its directory gets."""

from __future__ import annotations

import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import tsp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    load_pem_private_key,
    pkcs12,
)

from keys.bidders import check_bidder_certificate, load_pkcs12, load_point, point
from keys.centre import STORED, Centre, create_centre, open_centre
from keys.certificates import (
    Algorithm,
    Role,
    check_chain,
    check_revocation,
    load_certificate,
    load_crl,
)
from keys.errors import Forged, Malformed, Refused
from keys.timestamps import POLICY, answer

NAME = "青禾县公共资源交易中心"
SANDBOX = datetime(2041, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Centre:
    return create_centre(tmp_path_factory.mktemp("data") / "centre", NAME, "secret", now=SANDBOX)


def bidder_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def certify(centre: Centre, key: ec.EllipticCurvePrivateKey) -> bytes:
    return centre.certify_bidder(
        point(key.public_key()), party="a1b2", name="丰泽合作社", now=SANDBOX
    )


def check(centre: Centre, certificate: bytes, now: datetime) -> object:
    return check_bidder_certificate(
        certificate,
        authorities=centre.enrolment,
        roots=centre.roots,
        crls=centre.crls(now),
        now=now,
    )


def test_every_role_stands_under_the_root_at_the_sandbox_time(centre: Centre) -> None:
    issuing = centre.certificate(Role.ISSUING)
    for role in (Role.SEAL, Role.TIMESTAMP):
        chain = check_chain(
            centre.certificate(role),
            intermediates=[issuing],
            roots=[centre.certificate(Role.ROOT)],
            role=role,
            at=SANDBOX,
        )
        check_revocation(chain, [load_crl(one) for one in centre.crls(SANDBOX)], at=SANDBOX)


def test_a_seal_is_no_timestamp_service_and_no_bidder(centre: Centre) -> None:
    for role in (Role.TIMESTAMP, Role.BIDDER):
        with pytest.raises(Forged):
            check_chain(
                centre.certificate(Role.SEAL),
                intermediates=[centre.certificate(Role.ISSUING)],
                roots=[centre.certificate(Role.ROOT)],
                role=role,
                at=SANDBOX,
            )


def test_a_certificate_is_refused_outside_its_time_and_without_our_root(centre: Centre) -> None:
    certificate = certify(centre, bidder_key())
    for days in (-3, 4 * 365):
        with pytest.raises(Forged):
            check(centre, certificate, SANDBOX + timedelta(days=days))
    with pytest.raises(Refused):
        check_bidder_certificate(
            certificate,
            authorities=centre.enrolment,
            roots=[],
            crls=centre.crls(SANDBOX),
            now=SANDBOX,
        )


def test_openssl_agrees_that_the_path_holds(centre: Centre) -> None:
    for role, issuer in ((Role.SEAL, Role.ISSUING), (Role.TIMESTAMP, Role.ISSUING)):
        command = ["openssl", "verify", "-x509_strict", "-attime", str(int(SANDBOX.timestamp()))]
        command += ["-CAfile", str(centre.directory / "root.crt")]
        command += ["-untrusted", str(centre.directory / f"{issuer}.crt")]
        command.append(str(centre.directory / f"{role}.crt"))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_private_keys_are_encrypted_and_readable_by_their_owner_alone(centre: Centre) -> None:
    assert stat.S_IMODE(centre.directory.stat().st_mode) == 0o700
    for role in STORED:
        path = centre.directory / f"{role}.key"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert b"ENCRYPTED" in path.read_bytes()
        with pytest.raises((TypeError, ValueError)):
            load_pem_private_key(path.read_bytes(), None)
    with pytest.raises(Refused):
        open_centre(centre.directory, "another").signing_key(Role.SEAL)


def test_a_centre_is_never_made_twice_or_without_a_passphrase(
    centre: Centre, tmp_path: Path
) -> None:
    with pytest.raises(Refused):
        create_centre(centre.directory, NAME, "secret", now=SANDBOX)
    with pytest.raises(Refused):
        create_centre(tmp_path / "new", NAME, "", now=SANDBOX)
    with pytest.raises(Refused):
        open_centre(tmp_path / "missing", "secret")


def test_the_root_key_may_be_taken_away(tmp_path: Path) -> None:
    centre = create_centre(tmp_path / "centre", NAME, "secret", now=SANDBOX)
    (centre.directory / "root.key").unlink()
    assert len(centre.crls(SANDBOX + timedelta(days=300))) == 3
    centre.renew(Role.SEAL, algorithm=Algorithm.P256, now=SANDBOX)
    with pytest.raises(Refused):
        centre.signing_key(Role.ROOT)


def test_a_bidder_certificate_says_whose_key_it_is(centre: Centre) -> None:
    key = bidder_key()
    found = check(centre, certify(centre, key), SANDBOX)
    assert vars(found)["public_key"] == point(key.public_key())
    assert (vars(found)["party"], vars(found)["name"]) == ("a1b2", "丰泽合作社")


def test_a_withdrawn_bidder_certificate_is_refused_from_that_moment(centre: Centre) -> None:
    certificate = certify(centre, bidder_key())
    later = SANDBOX + timedelta(days=5)
    centre.revoke(certificate, reason="superseded", now=later)
    check(centre, certificate, SANDBOX)
    with pytest.raises(Forged):
        check(centre, certificate, later)


def test_a_theft_found_late_counts_from_the_theft(centre: Centre) -> None:
    certificate = certify(centre, bidder_key())
    found, theft = SANDBOX + timedelta(days=6), SANDBOX + timedelta(days=2)
    centre.revoke(certificate, reason="keyCompromise", now=found, since=theft)
    check(centre, certificate, theft - timedelta(seconds=1))
    with pytest.raises(Forged):
        check(centre, certificate, theft)


def test_revocation_lists_are_made_again_before_they_run_out(tmp_path: Path) -> None:
    centre = create_centre(tmp_path / "centre", NAME, "secret", now=SANDBOX)
    first = centre.crls(SANDBOX)
    assert centre.crls(SANDBOX + timedelta(days=19)) == first
    fresh = centre.crls(SANDBOX + timedelta(days=21))
    assert fresh[1:] != first[1:]
    assert fresh[0] == first[0]
    again = [load_crl(one) for one in centre.crls(SANDBOX - timedelta(days=400))]
    assert all(one.last_update_utc <= SANDBOX - timedelta(days=400) for one in again)


def test_a_stale_or_missing_list_is_not_taken_for_good_news(centre: Centre) -> None:
    certificate = certify(centre, bidder_key())
    old = centre.crls(SANDBOX)
    for crls, now in (([], SANDBOX), (old, SANDBOX + timedelta(days=90))):
        with pytest.raises(Refused):
            check_bidder_certificate(
                certificate,
                authorities=centre.enrolment,
                roots=centre.roots,
                crls=crls,
                now=now,
            )


def test_only_points_of_the_curve_are_certified(centre: Centre) -> None:
    for bad in (b"", b"\x04" + bytes(64), b"\x02" + bytes(32), bytes(65)):
        with pytest.raises(Malformed):
            load_point(bad)
    with pytest.raises(Malformed):
        centre.certify_bidder(b"\x04" + b"\1" * 64, party="x", name="y", now=SANDBOX)


def test_an_rsa_centre_works_the_same(tmp_path: Path) -> None:
    centre = create_centre(
        tmp_path / "centre", NAME, "secret", now=SANDBOX, algorithm=Algorithm.RSA3072
    )
    certificate = certify(centre, bidder_key())
    check(centre, certificate, SANDBOX)


def test_a_pkcs12_file_gives_the_bidders_key(centre: Centre) -> None:
    key = bidder_key()
    leaf = load_certificate(certify(centre, key))
    chain = [load_certificate(centre.enrolment[0])]
    sealed = pkcs12.serialize_key_and_certificates(
        b"bidder", key, leaf, chain, BestAvailableEncryption(b"1234")
    )
    loaded = load_pkcs12(sealed, "1234")
    assert loaded.public_key == point(key.public_key())
    assert loaded.chain == (leaf.public_bytes(Encoding.DER), centre.enrolment[0])
    with pytest.raises(Refused):
        load_pkcs12(sealed, "4321")
    with pytest.raises(Refused):
        load_pkcs12(sealed[:-40], "1234")


def test_a_pkcs12_file_with_another_kind_of_key_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    sealed = pkcs12.serialize_key_and_certificates(
        b"bidder", key, None, None, BestAvailableEncryption(b"1234")
    )
    with pytest.raises(Malformed):
        load_pkcs12(sealed, "1234")


def request(digest: str = "sha256", **more: object) -> bytes:
    imprint = {"hash_algorithm": {"algorithm": digest}, "hashed_message": bytes(32)}
    value = {"version": 1, "message_imprint": imprint, "cert_req": True, **more}
    return bytes(tsp.TimeStampReq(value).dump())


@pytest.mark.parametrize("year", [2041, 2077])
def test_openssl_verifies_our_timestamps(centre: Centre, tmp_path: Path, year: int) -> None:
    now = SANDBOX.replace(year=year)
    at = centre if year == 2041 else create_centre(tmp_path / "c", NAME, "secret", now=now)
    asked = request(nonce=77)
    signer = at.signing_key(Role.TIMESTAMP)
    response = answer(asked, signer, [], now=now)
    (tmp_path / "q").write_bytes(asked)
    (tmp_path / "r").write_bytes(response)
    command = ["openssl", "ts", "-verify", "-queryfile", "q", "-in", "r"]
    command += ["-CAfile", str(at.directory / "root.crt")]
    command += ["-untrusted", str(at.directory / "issuing.crt")]
    command += ["-attime", str(int(now.timestamp()))]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verification: OK" in done.stdout + done.stderr
    info = tsp.TimeStampResp.load(response)["time_stamp_token"]["content"]["encap_content_info"]
    assert info["content"].parsed["gen_time"].native == now
    assert info["content"].parsed["policy"].native == POLICY


def test_requests_that_are_not_ours_get_no_timestamp(centre: Centre) -> None:
    signer = centre.signing_key(Role.TIMESTAMP)
    for bad in (request("md5"), request(req_policy="1.2.3")):
        with pytest.raises(Refused):
            answer(bad, signer, [], now=SANDBOX)
    with pytest.raises(Malformed):
        answer(b"rubbish", signer, [], now=SANDBOX)
