"""The verify pages: a code, an uploaded PDF, a receipt."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from keys.pdf import MAX_BYTES
from tender.core.errors import DomainError, Kind, invalid
from tender.core.i18n import N_
from tender.core.web import db, limiter, page, platform, public
from tender.publication.verifying.checking import (
    Checked,
    check_upload,
    document_by_code,
    logged_bid,
    tidy_code,
)

blueprint = Blueprint("verify", __name__)


@blueprint.get("/verify")
@public
@limiter.limit("60/minute")
def verify() -> ResponseReturnValue:
    """The form; a typed code leads to its document, a receipt's QR code to its ledger entry."""
    if code := tidy_code(request.args.get("code", "")):
        return redirect(url_for(".code", code=code), 303)
    bid, sha256 = request.args.get("bid", ""), request.args.get("sha256", "")
    found = logged_bid(db(), bid, sha256) if bid else None
    return page("publication/verify.html", bid=bid, logged=found, checked=None, document=None)


@blueprint.get("/v/<code>")
@public
@limiter.limit("60/minute")
def code(code: str) -> ResponseReturnValue:
    """What was issued under a printed code."""
    document = document_by_code(db(), code)
    return page("publication/verify.html", bid="", logged=None, checked=None, document=document)


@blueprint.post("/verify")
@public
@limiter.limit("20/minute")
def check() -> ResponseReturnValue:
    """Judge an uploaded file or a pasted receipt; nothing of it is kept."""
    with tempfile.TemporaryDirectory(prefix="verify-") as directory:
        path = Path(directory) / "upload"
        sha256 = _save(request.files.get("file"), request.form.get("receipt", ""), path)
        with platform().database.read() as session:
            checked = check_upload(
                session, platform().settings, path,
                sha256=sha256, code=tidy_code(request.form.get("code", "")),
            )  # fmt: skip
    return _answer(checked)


def _save(file: FileStorage | None, text: str, path: Path) -> str:
    """Write what was sent to a file; gives its SHA-256. DomainError if there is nothing."""
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as out:
        source = file.stream if file is not None and file.filename else None
        while chunk := source.read(1 << 20) if source is not None else b"":
            size += len(chunk)
            if size > MAX_BYTES:
                raise DomainError(
                    Kind.TOO_LARGE, "verify.large", N_("No document of ours is that large.")
                )
            digest.update(chunk)
            out.write(chunk)
        if not size and text.strip():
            size = out.write(text.strip().encode())
            digest.update(text.strip().encode())
    if not size:
        raise invalid("verify.empty", N_("Choose a file, or paste a receipt."))
    return digest.hexdigest()


def _answer(checked: Checked) -> ResponseReturnValue:
    return page(
        "publication/verify.html", bid="", logged=None, checked=checked, document=checked.issued
    )
