"""Documents of the demo's bidders: construction plans as Word files, two of them from one hand."""

from __future__ import annotations

import io
import tomllib
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

PLANS: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("works_plans.toml").read_text("utf-8")
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_TYPE}"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
        "</Relationships>"
    ),
}


def docx(lines: list[str]) -> bytes:
    """A Word file of plain paragraphs, without author or other properties."""
    body = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in lines)
    document = f'<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in {**_PARTS, "word/document.xml": document}.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return out.getvalue()


def construction_plan(name: str, number: int, *, copied: bool = False) -> tuple[str, bytes]:
    """Name and content of a firm's construction plan; `copied` takes over another firm's text."""
    plan = PLANS["plans"][number]
    own: list[str] = plan["paragraphs"]
    lines = [plan["title"], f"投标人：{name}", *own[:2], *(PLANS["copied"] if copied else ())]
    return f"{plan['title']}.docx", docx([*lines, *own[2:]])
