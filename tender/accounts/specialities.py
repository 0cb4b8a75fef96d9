"""Specialities of experts (评标专业) that a draw can ask for, as codes with their names."""

from tender.core.i18n import N_

SPECIALITIES: dict[str, str] = {
    "A01": N_("Road and bridge works"),
    "A02": N_("Water works"),
    "A03": N_("Building works"),
    "A04": N_("Cost engineering"),
    "B01": N_("Office and information goods"),
    "B02": N_("Medical and teaching goods"),
    "C01": N_("Services and property management"),
    "D01": N_("Land and natural resources"),
    "D02": N_("Property rights and valuation"),
    "E01": N_("Agriculture and forestry"),
}
