"""Innocent explanations (无辜解释) that a screen has looked at, as sentences for people.

Each is a message id; the page that shows a finding translates it. They are stated with the finding
because a panel that is shown only the sign will see only guilt.
"""

from __future__ import annotations

from tender.core.i18n import N_

FEW_SIMILAR = N_("The tender was compared with at least 30 similar past tenders of this market.")
TIGHT_MARKET = N_("Prices may lie close together because the control price or a quota binds all.")
CHANCE_STEPS = N_("Honest totals form steps by chance; the chance was counted by simulation.")
CONTROL_ANCHOR = N_("Bidders may all take the same percentage off the published control price.")
QUOTA_OUT = N_("Quota-priced, provisional and control-price items were left out.")
SMALL_PRICES = N_("Small and round prices meet by chance; each item's chance was counted.")
COMMON_COSTS = N_("Common market costs were taken out with the median of the other bidders.")
SAME_SUPPLIER = N_("Two bidders may have asked the same supplier for prices.")
VENUE_OUT = N_("The venue's own computers were left out.")
PLACEHOLDER_OUT = N_("Default and virtual hardware values were left out.")
CONTROL_DONGLE_OUT = N_("Serial numbers in the published control-price file were left out.")
OLD_RECORDS_OUT = N_("Records older than the publication of the control price were left out.")
TEMPLATE_OUT = N_("Identifiers of the tender's own files and templates were left out.")
SHARED_NETWORK = N_("Addresses of the venue, agencies and shared (NAT) networks were left out.")
CONSORTIUM_OUT = N_("Members of the same consortium were left out.")
OTHER_LOT = N_("Only bidders of the same lot were compared.")
PERSON_MOVED = N_("The person may have changed employer; the dates must be looked at.")
NAMESAKE = N_("Two persons may have the same name; no number proves that they are one.")
BRANCH_CHECKED = N_("A parent and its branch are one bidder, not two.")
AGENT_SERVICE = N_("A service firm may lend its telephone or mailbox to several bidders.")
LISTED_CONTACT_OUT = N_("Contacts of the venue, agencies and guarantee institutions were left out.")
GUARANTOR_OUT = N_("Banks, insurers and guarantee companies that pay for many were left out.")
LOCAL_MARKET = N_("Meeting often is normal in a small market; market, size, year were held fixed.")
MANY_TESTS = N_("Many pairs were tested; false discoveries were limited (Benjamini-Hochberg).")
CAPACITY = N_("A firm that has just won may have no capacity left and bid high honestly.")
WEAK_BIDDER = N_("A firm may lose often because it is dearer, new or far away.")
HOME_AREA = N_("A firm may win near its yard because it is cheaper there.")
ROUND_DISCOUNT = N_("Round discounts off one control price repeat a ratio by chance.")
DECLARED_SUBCONTRACT = N_("Subcontracting that the tender documents allow and name beforehand.")
SPREAD_CHECKED = N_("Repeated prices count once; spread and the lot's other bills were looked at.")
PRICES_ROUNDED = N_("A bidder may round its prices, or price many items with one rule of thumb.")
