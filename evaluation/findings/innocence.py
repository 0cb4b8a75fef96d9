"""Innocent explanations (无辜解释): which were checked, and what was found.

The screens name them as sentences. Those here were checked by the system, each with what it had
to go by; every other one is a question that only people can answer, and is shown as such. An
empty list of the centre's, or no background, makes a check worth little: so the numbers are said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evaluation.compare import innocent as documents
from evaluation.screens import innocent as screens
from tender.core.i18n import N_, gettext

_GROUND = N_(
    "Known were %(tender_files)s tender files and %(background_files)s files of other bids."
)
_VENUE = N_("Computers on the centre's list: %(venue)s.")
_PAST = N_("Opened lots that were counted: %(past)s.")

CHECKED: dict[str, str] = {
    screens.FEW_SIMILAR: _PAST,
    screens.CHANCE_STEPS: "",
    screens.QUOTA_OUT: N_(
        "Such items in these bills: %(bound_items)s; items of a control-price bill: "
        "%(control_items)s."
    ),
    screens.SMALL_PRICES: "",
    screens.COMMON_COSTS: "",
    screens.SPREAD_CHECKED: N_("Bills of this lot with enough prices: %(digit_bills)s."),
    screens.VENUE_OUT: _VENUE,
    screens.PLACEHOLDER_OUT: "",
    screens.CONTROL_DONGLE_OUT: N_("Records in a control-price file: %(control)s."),
    screens.OLD_RECORDS_OUT: "",
    screens.TEMPLATE_OUT: "",
    screens.SHARED_NETWORK: N_("Networks on the centre's list: %(networks)s."),
    screens.OTHER_LOT: "",
    screens.LISTED_CONTACT_OUT: N_("Contacts on the centre's list: %(contacts)s."),
    screens.GUARANTOR_OUT: N_(
        "Accounts on the centre's list: %(accounts)s; guarantees and insurances do not count."
    ),
    screens.LOCAL_MARKET: _PAST,
    screens.DECLARED_SUBCONTRACT: N_(
        "The winner's bid did not name this firm for it, or the documents allow no subcontracting."
    ),
    screens.CONSORTIUM_OUT: N_("Pairs of bidders that state to bid together: %(pairs)s."),
    screens.MANY_TESTS: "",
    documents.TEXT[0]: _GROUND,
    documents.TEXT[1]: "",
    documents.ERRORS[0]: _GROUND,
    documents.PERSONS[0]: _GROUND,
    documents.IMAGES[0]: _GROUND,
    documents.IMAGES[1]: "",
    documents.PROPERTIES[0]: _GROUND,
    documents.PROPERTIES[1]: "",
    documents.IDENTIFIERS[0]: _GROUND,
    documents.MIXED[0]: "",
    documents.MIXED[1]: _GROUND,
}
ASKED = N_("Not checked by the system. Ask the bidders, or look by hand.")
DONE = N_("Checked by the system.")


@dataclass(frozen=True)
class Explanation:
    """One innocent explanation: the sentence (a msgid), whether checked, and what was found."""

    text: str
    checked: bool
    found: str


def explanations(sentences: tuple[str, ...], counts: Mapping[str, int]) -> list[Explanation]:
    """Every explanation of a finding, the open questions first: they are people's work."""
    told = [_explanation(sentence, counts) for sentence in sentences]
    return sorted(told, key=lambda each: each.checked)


def _explanation(sentence: str, counts: Mapping[str, int]) -> Explanation:
    known = CHECKED.get(sentence)
    if known is None:
        return Explanation(sentence, False, gettext(ASKED))
    try:
        found = gettext(known, **counts) if known else ""
    except KeyError:
        found = ""
    return Explanation(sentence, True, f"{gettext(DONE)} {found}".strip())
