"""Small real documents for the tests: docx, xlsx, PDF and pictures made from scratch."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_CORE = (
    'xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
)


def packed(parts: Mapping[str, bytes | str]) -> bytes:
    """Return a zip of parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def docx(
    paragraphs: Sequence[str],
    *,
    author: str = "",
    editor: str = "",
    created: str = "",
    rsids: Sequence[str] = (),
    extra: Mapping[str, bytes | str] | None = None,
) -> bytes:
    """Return a Word document with the given paragraphs and properties."""
    body = "".join(f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>" for text in paragraphs)
    settings = "".join(f'<w:rsid w:val="{rsid}"/>' for rsid in rsids)
    when = f"<dcterms:created>{created}</dcterms:created>" if created else ""
    core = (
        f"<cp:coreProperties {_CORE}><dc:creator>{author}</dc:creator>"
        f"<cp:lastModifiedBy>{editor}</cp:lastModifiedBy>{when}</cp:coreProperties>"
    )
    parts: dict[str, bytes | str] = {
        "word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>",
        "word/settings.xml": f"<w:settings {_W}><w:rsids>{settings}</w:rsids></w:settings>",
        "docProps/core.xml": core,
    }
    return packed(parts | dict(extra or {}))


def xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    """Return a workbook with one sheet of inline texts."""
    lines = "".join(
        "<row>"
        + "".join(f'<c t="inlineStr"><is><t>{escape(v)}</t></is></c>' for v in row)
        + "</row>"
        for row in rows
    )
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return packed(
        {
            "xl/workbook.xml": f"<workbook {space}/>",
            "xl/worksheets/sheet1.xml": (
                f"<worksheet {space}><sheetData>{lines}</sheetData></worksheet>"
            ),
        }
    )


def picture(seed: int, size: tuple[int, int] = (400, 300), kind: str = "PNG") -> bytes:
    """Return a picture of a few shapes, the same for the same seed."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for step in range(12):
        x, y = (seed * 97 + step * 61) % size[0], (seed * 53 + step * 37) % size[1]
        shade = (seed * 40 + step * 20) % 200
        draw.rectangle((x, y, x + 90, y + 60), fill=(shade, 200 - shade, (shade * 3) % 255))
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def scan() -> bytes:
    """Return a PDF whose only page is a picture, without any text."""
    out = io.BytesIO()
    Image.open(io.BytesIO(picture(3))).save(out, "PDF")
    return out.getvalue()
