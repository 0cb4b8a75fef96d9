"""From HTML to a tagged archival PDF (PDF/A-2a), with an empty field where the seal will stand.

WeasyPrint takes more than a second to import and runs layout code over text that strangers
typed, so this module is imported by the press's own process alone (`produce`), never by the web
server. Nothing is fetched: the fetcher knows the package's two fonts and the pictures made for
this page, and denies every other address.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import weasyprint
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from tender.publication.papers.documents import DocumentKind
from tender.publication.papers.sealart import seal_page
from tender.publication.papers.sealfields import add_seal_field
from tender.publication.papers.typesetting import JPEG, Page, environment, typeset

FONTS = {
    "font:regular": "400Regular/NotoSerifSC_400Regular.ttf",
    "font:bold": "700Bold/NotoSerifSC_700Bold.ttf",
}
FONT_FACES = "".join(
    f'@font-face{{font-family:"Song";font-weight:{weight};src:url("{name}") format("truetype")}}'
    for name, weight in (("font:regular", 400), ("font:bold", 700))
)
VARIANT = "pdf/a-2a"
# PDF/UA-1 identification beside PDF/A, declared as the archival format demands (ISO 19005-2,
# 6.6.2.3): readers with a screen reader and archives both find their standard named.
UA_METADATA = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" pdfuaid:part="1"/>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>
<pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of PDF/UA</pdfaProperty:description>
</rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description></rdf:RDF>"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rendered:
    """A PDF without signatures, and its page count."""

    pdf: bytes
    pages: int


class _Fetcher(URLFetcher):  # type: ignore[misc]  # weasyprint ships no types
    """Gives the fonts and this document's pictures; everything else does not exist."""

    def __init__(self, fonts: Path) -> None:
        super().__init__(allowed_protocols=())
        self._fonts = fonts
        self.assets: Mapping[str, bytes] = {}

    def fetch(self, url: str, headers: Any = None) -> Any:
        """The bytes of a known name; raises `ValueError` for any other address."""
        if url in FONTS:
            body = (self._fonts / FONTS[url]).read_bytes()
            return URLFetcherResponse(url, body, {"Content-Type": "font/ttf"})
        if url in self.assets:
            body = self.assets[url]
            kind = "image/jpeg" if body.startswith(JPEG) else "image/svg+xml"
            return URLFetcherResponse(url, body, {"Content-Type": kind})
        _log.warning("a document asked for an address that is not its own")
        raise ValueError("documents fetch nothing")


class Typesetter:
    """Renders documents one after another with one set of loaded fonts.

    `fonts` is the folder of the package `@expo-google-fonts/noto-serif-sc`, `templates` the
    folder `templates/pdf`. Raises `FileNotFoundError` at once if a font is not installed.
    """

    def __init__(self, fonts: Path, templates: Path) -> None:
        for name in FONTS.values():
            if not (fonts / name).is_file():
                raise FileNotFoundError(f"The document font {name} is not installed under {fonts}.")
        self._env = environment(templates)
        self._fetcher = _Fetcher(fonts)
        self._fonts = FontConfiguration()
        self._faces = self._css(FONT_FACES)
        self._sheet = self._css((templates / "document.css").read_text())
        self._seals: dict[tuple[str, str], bytes] = {}

    def _css(self, text: str) -> Any:
        return weasyprint.CSS(string=text, font_config=self._fonts, url_fetcher=self._fetcher)

    def render(self, kind: DocumentKind, language: str, context: dict[str, Any]) -> Rendered:
        """Render a document with the empty field `Seal` where the template puts it."""
        return self.render_page(typeset(self._env, kind, language, context))

    def render_page(self, page: Page) -> Rendered:
        """Render HTML that names nothing but its own pictures."""
        self._fetcher.assets = page.assets
        html = weasyprint.HTML(string=page.html, url_fetcher=self._fetcher)
        document = html.render(
            font_config=self._fonts,
            stylesheets=[self._faces, self._sheet],
            pdf_variant=VARIANT,
        )
        document.metadata.xmp_metadata.append(UA_METADATA)
        out = io.BytesIO()
        with warnings.catch_warnings():
            # WeasyPrint opens its colour profile and lets the garbage collector close it.
            warnings.simplefilter("ignore", ResourceWarning)
            document.write_pdf(out, finisher=add_seal_field, pdf_variant=VARIANT)
        return Rendered(out.getvalue(), len(document.pages))

    def seal(self, name: str, purpose: str) -> bytes:
        """The round seal as a one-page PDF on a clear ground, drawn once per name."""
        if (name, purpose) not in self._seals:
            html = weasyprint.HTML(string=seal_page(name, purpose), url_fetcher=self._fetcher)
            self._seals[name, purpose] = html.write_pdf(
                font_config=self._fonts, stylesheets=[self._faces]
            )
        return self._seals[name, purpose]
