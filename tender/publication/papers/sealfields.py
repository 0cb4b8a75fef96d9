"""The empty field for the seal, tagged, put into the PDF while it is being written.

pyHanko would add its own field later, but as a widget outside the structure tree, which a screen
reader cannot place (ISO 14289-1, 7.18.1). So the renderer's last step adds it, where the
template's element `id="seal"` stands; a document without one is sealed in the last page's corner.
"""

from __future__ import annotations

from typing import Any

import pydyf

from tender.publication.papers.sealart import DIAMETER_MM

SEAL_FIELD = "Seal"
TIME_FIELD = "Time"
ANCHOR = "seal"
POINTS_PER_PIXEL = 0.75
DIAMETER = DIAMETER_MM / 25.4 * 72


def add_seal_field(document: Any, pdf: Any) -> None:
    """WeasyPrint's finisher: add the field to the catalog's form and the structure tree."""
    page, left, top = _place(document)
    height = document.pages[page].height * POINTS_PER_PIXEL
    rectangle = (left, height - top - DIAMETER, left + DIAMETER, height - top)
    seal = _field(pdf, SEAL_FIELD, "Seal of the issuing organisation", page, rectangle)
    pdf.catalog["AcroForm"] = pydyf.Dictionary({"Fields": pydyf.Array([seal])})


def _place(document: Any) -> tuple[int, float, float]:
    """Page number and upper left corner, in points from the page's upper left."""
    for number, page in enumerate(document.pages):
        if ANCHOR in page.anchors:
            left, top = page.anchors[ANCHOR][:2]
            return number, left * POINTS_PER_PIXEL, top * POINTS_PER_PIXEL
    last = document.pages[-1]
    return (
        len(document.pages) - 1,
        last.width * POINTS_PER_PIXEL - DIAMETER - 60,
        last.height * POINTS_PER_PIXEL - DIAMETER - 60,
    )


def _field(pdf: Any, name: str, description: str, page: int, rectangle: tuple[float, ...]) -> bytes:
    """One merged field and widget with its structure element; returns its reference."""
    widget = pydyf.Dictionary(
        {
            "Type": "/Annot",
            "Subtype": "/Widget",
            "FT": "/Sig",
            "T": pydyf.String(name),
            "TU": pydyf.String(description),
            "Rect": pydyf.Array([round(value, 3) for value in rectangle]),
            "F": 4 | 128,  # printed and locked in place
            "P": pdf.page_references[page],
        }
    )
    pdf.add_object(widget)
    target = pdf.pages["Kids"][3 * page]
    page_object = pdf.objects[target]
    page_object.setdefault("Annots", pydyf.Array()).append(widget.reference)
    _tag(pdf, widget, page)
    reference: bytes = widget.reference
    return reference


def _tag(pdf: Any, widget: Any, page: int) -> None:
    root = pdf.objects[int(pdf.catalog["StructTreeRoot"].split()[0])]
    parents = pdf.objects[int(root["ParentTree"].split()[0])]
    top = pdf.objects[int(root["K"][0].split()[0])]
    key = max(parents["Nums"][0::2], default=-1) + 1
    widget["StructParent"] = key
    link = pydyf.Dictionary(
        {"Type": "/OBJR", "Obj": widget.reference, "Pg": pdf.page_references[page]}
    )
    pdf.add_object(link)
    element = pydyf.Dictionary(
        {
            "Type": "/StructElem",
            "S": "/Form",
            "K": pydyf.Array([link.reference]),
            "Pg": pdf.page_references[page],
            "P": top.reference,
        }
    )
    pdf.add_object(element)
    top["K"].append(element.reference)
    parents["Nums"].extend([key, element.reference])
