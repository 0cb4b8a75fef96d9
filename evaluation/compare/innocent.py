"""Innocent explanations of the document screens (无辜解释), as message ids for translation."""

from __future__ import annotations

from tender.core.i18n import N_

TEXT = (
    N_("Text of the tender document and of the background texts was left out."),
    N_("Text that a bidder repeats within its own bid was left out."),
    N_("A standard, template or old bid that is not among the background texts may be the source."),
    N_("The same consultant may have written for several bidders."),
)
CROWD = N_("Many bidders share some of these passages, so they may come from a common source.")
PRINTED = N_(
    "A machine read some of these passages in pictures; printed certificates are alike for all."
)
ERRORS = (
    N_("Errors of the tender document and of the background texts were left out."),
    N_("Both may have copied from a source with the same errors that is not among the background."),
    N_("An unusual term or name can look like an error."),
)
NUMBERS = N_("A bank, a supplier or an authority may have printed the wrong number itself.")
PERSONS = (
    N_("Numbers of the tender document and of the background texts were left out."),
    N_("The person may be a supplier's or an authority's, or may have changed employer."),
)
IMAGES = (
    N_("Pictures of the tender document and of the background were left out."),
    N_("Logos, small pictures and blank pages were left out."),
    N_("A public certificate, a product picture of a maker or a stock photograph looks the same."),
)
PROPERTIES = (
    N_("Values that the tender document and the background files carry were left out."),
    N_("Names and templates that programs set by themselves were left out."),
    N_("The same print shop or consultant may have made the files of several bidders."),
)
IDENTIFIERS = (
    N_("Identifiers of the tender document and of the background files were left out."),
    N_("Both may have started from one file that is not among the background, such as a form."),
)
MIXED = (
    N_("Names beside references, consortia, subcontractors and suppliers were left out."),
    N_("Names that the tender document or the background mention were left out."),
    N_("A parent company and its branch, or firms with similar names, may name each other."),
)
SEALED = (
    N_("A contract, certificate or agreement of earlier work may rightly bear the other's seal."),
)
NEARLY_SEALED = (
    *SEALED,
    N_("A machine read the stamp nearly as this name; a firm of a similar name reads the same."),
)
NAMED = (
    N_("A name counts only behind the title under which the other bidder registered it."),
    N_("A namesake may hold the same post, and an agency may serve several bidders."),
)
