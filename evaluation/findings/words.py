"""What a finding's number means (线索数值说明): value, rarity and legal item in words."""

from __future__ import annotations

import math
import re

from evaluation.screens.finding import Finding, Strength
from tender.core.i18n import N_, gettext
from tender.procedure.law.articles import read_article
from tender.procedure.law.law import law

CODE_NAMES = {
    "H1": N_("Same upload computer"),
    "H2": N_("Same pricing-software key"),
    "H3": N_("Made on the same computer"),
    "H4": N_("Same creation identifier of the file"),
    "H5": N_("Same upload address"),
    "M1": N_("Same properties of the files"),
    "P1": N_("Same member of the project team"),
    "P2": N_("Same agent, contact, telephone or mailbox"),
    "P3": N_("Same head, control or management"),
    "D1": N_("Bid bonds from the same account"),
    "X1": N_("Another bidder's name, code or seal in the bid"),
    "T1": N_("Copied text"),
    "T2": N_("The same rare errors"),
    "I1": N_("The same pictures"),
    "B1": N_("Identical unit prices"),
    "B2": N_("Unit prices in one constant ratio"),
    "B3": N_("Unit prices of one cost file"),
    "B4": N_("Totals in equal steps"),
    "S-CV": N_("Prices unusually close together"),
    "S-RD": N_("Winner unusually far from the losers"),
    "S-BENFORD": N_("First digits of the unit prices unlike those of worked-out prices"),
    "N1": N_("The two meet more often than their market explains"),
    "N2": N_("The two win by turns"),
    "N3": N_("One seldom wins beside the other"),
    "N4": N_("The two share out markets"),
    "N5": N_("Part of the winner's contract goes to a loser"),
    "N6": N_("The same price ratio again and again"),
    "U": N_("Files that could not be read"),
}
STRENGTH_NAMES = {
    Strength.A: N_("A: a case that the law deems collusion, on its face"),
    Strength.B: N_("B: a strong sign; the bidder is asked to explain"),
    Strength.C: N_("C: a statistical sign, for supervision only"),
}
UNREAD_STRENGTH = N_("No sign of collusion: a person must look at the files")
VALUES = {
    "T1": N_("%(value)s characters that neither the tender nor the background has"),
    "T2": N_("sum of −ln p over the shared errors: %(value)s"),
    "I1": N_("%(value)s pictures in common"),
    "M1": N_("%(value)s kinds of properties agree"),
    "H1": N_("%(value)s of 3 parts of the computer are equal"),
    "H3": N_("%(value)s of 3 parts of the computer are equal"),
    "H4": N_("%(value)s equal identifiers"),
    "X1": N_("%(value)s places"),
    "B1": N_("%(percent)s %% of the comparable items have the same price"),
    "B2": N_("%(percent)s %% of the comparable items have one ratio"),
    "B3": N_("rank correlation of what is left after the market: %(value)s"),
    "B4": N_("regular step: %(value)s (yuan, or a factor)"),
    "S-CV": N_("coefficient of variation %(value)s"),
    "S-RD": N_("%(value)s standard deviations of the losers"),
    "S-BENFORD": N_("%(value)s different unit prices counted"),
    "N1": N_("they met %(value)s times as often as expected"),
    "N2": N_("%(value)s runs of winners"),
    "N3": N_("%(value)s wins of the partner beside the other"),
    "N4": N_("%(percent)s %% of the wins follow the market"),
    "N6": N_("one ratio came %(value)s times"),
    "U": N_("%(value)s files or parts"),
}
# Beyond one in a million no model of honest bidders is to be believed.
_MOST = 6
RARE = N_("Honest bidders would show this less than once in %(n)s times.")
PLACE = N_("Further out than %(share)s %% of similar past tenders.")
ITEM = N_("%(article)s, item %(item)s")
_LEGAL = re.compile(r"^([A-Z0-9]+) (\d+)(?:\((\d+)\))?$")


def strength_words(finding: Finding) -> str:
    """How far a finding may carry, in the reader's language."""
    unread = finding.code == "U"
    message = UNREAD_STRENGTH if unread else STRENGTH_NAMES[finding.strength]
    return gettext(message)


def value_words(finding: Finding) -> str:
    """What the value counts; empty where the finding is a fact and no number."""
    message = VALUES.get(finding.code)
    if message is None or math.isnan(finding.value):
        return ""
    value = f"{finding.value:,.4g}" if finding.value < 1000 else f"{finding.value:,.0f}"
    return gettext(message, value=value, percent=f"{100 * finding.value:.1f}")


def rarity_words(finding: Finding) -> str:
    """How often an honest market would show it, empty if nobody counted."""
    if finding.p is not None and not math.isnan(finding.p):
        times = 10 ** min(_MOST, max(0, math.floor(-math.log10(max(finding.p, 1e-12)))))
        return gettext(RARE, n=f"{times:,}") if times > 1 else ""
    if finding.percentile is not None:
        return gettext(PLACE, share=f"{100 * finding.percentile:.1f}")
    return ""


def legal_words(text: str) -> str:
    """The legal items by name; what is no article (a local rule) as it stands."""
    return "; ".join(_legal(part.strip()) for part in text.split(";") if part.strip())


def _legal(part: str) -> str:
    found = _LEGAL.match(part)
    if not found or found[1] not in law().statutes:
        return part
    article = read_article(f"{found[1]} {found[2]}", law().statutes).wording().text()
    return gettext(ITEM, article=article, item=found[3]) if found[3] else article
