"""Legal grounds on which a bid may be rejected (否决投标), as data; a rejection names one."""

from __future__ import annotations

from dataclasses import dataclass

from tender.core.i18n import N_, gettext
from tender.procedure.law.articles import read_article
from tender.procedure.law.kinds import Direction, Kind
from tender.procedure.law.law import law
from tender.procedure.models import Criterion, Tender


@dataclass(frozen=True)
class LegalGround:
    """One ground: what the law says, and where: article `number` of `statute`.

    `item` (项) or `paragraph` (款) of the article; 0 where the whole article is meant.
    """

    code: str
    text: str
    statute: str
    number: str
    item: int
    paragraph: int = 0

    @property
    def article(self) -> str:
        """The place in the law, in the present language."""
        found = read_article(f"{self.statute} {self.number}", law().statutes)
        if self.paragraph:
            return gettext(PARAGRAPH, article=found.wording().text(), paragraph=self.paragraph)
        if not self.item:
            return found.wording().text()
        return gettext(ITEM, article=found.wording().text(), item=self.item)


ITEM = N_("%(article)s, item %(item)s")
PARAGRAPH = N_("%(article)s, paragraph %(paragraph)s")
JOINT_TWICE = N_("A member of a joint bid also bids itself, or in another joint bid, for the lot.")


LOW_PRICE = "low_price"
_REVIEWED = LegalGround(
    LOW_PRICE,
    N_("The bidder did not show that its abnormally low price is reasonable."),
    "O87",
    "60",
    0,
)

_WORKS = (
    LegalGround("unsigned", N_("The bid is not signed or sealed as required."), "REG", "51", 1),
    LegalGround("joint", N_("A joint bid comes without the joint agreement."), "REG", "51", 2),
    LegalGround("joint_twice", JOINT_TWICE, "REG", "37", 0, 3),
    LegalGround("unqualified", N_("The bidder lacks the required qualification."), "REG", "51", 3),
    LegalGround(
        "alternative", N_("The bidder handed in differing bids or prices."), "REG", "51", 4
    ),
    LegalGround("price", N_("The price is below cost or above the maximum price."), "REG", "51", 5),
    LegalGround(
        "unresponsive",
        N_("The bid does not meet the substantive requirements of the tender documents."),
        "REG",
        "51",
        6,
    ),
    LegalGround(
        "unlawful", N_("Collusion, fraud, bribery or another breach of law."), "REG", "51", 7
    ),
)
_PROCUREMENT = (
    LegalGround("bond", N_("The bid bond was not provided as required."), "O87", "63", 1),
    LegalGround("unsigned", N_("The bid is not signed or sealed as required."), "O87", "63", 2),
    LegalGround("unqualified", N_("The bidder lacks the required qualification."), "O87", "63", 3),
    LegalGround("joint_twice", JOINT_TWICE, "GPR", "22", 0, 2),
    LegalGround("price", N_("The price exceeds the budget or the maximum price."), "O87", "63", 4),
    LegalGround(
        "conditions", N_("The bid holds conditions that the buyer cannot accept."), "O87", "63", 5
    ),
    LegalGround(
        "unresponsive",
        N_("Another ground of invalidity in law or tender documents."),
        "O87",
        "63",
        6,
    ),
)
_DISPOSAL = (
    LegalGround("price", N_("The price is below the reserve price."), "REG", "51", 5),
    LegalGround("unqualified", N_("The bidder may not bid under the notice."), "REG", "51", 3),
    LegalGround("joint_twice", JOINT_TWICE, "REG", "37", 0, 3),
    LegalGround(
        "unresponsive", N_("The bid does not meet the conditions of the notice."), "REG", "51", 6
    ),
    LegalGround(
        "unlawful", N_("Collusion, fraud, bribery or another breach of law."), "REG", "51", 7
    ),
)
QUALIFICATION = ("资格", "qualif")


def grounds(tender: Tender) -> tuple[LegalGround, ...]:
    """The grounds that this tender knows, in the order of the law; in disposals by analogy."""
    if tender.direction is Direction.DISPOSAL:
        return _DISPOSAL
    return _PROCUREMENT if tender.kind is Kind.PROCUREMENT else _WORKS


def ground_of(tender: Tender, code: str) -> LegalGround | None:
    """The ground with this code, None if the tender's law knows none.

    That of a low price is no choice in a form: only the panel's review leads to it.
    """
    if code == LOW_PRICE and tender.kind is Kind.PROCUREMENT:
        return _REVIEWED
    return next((each for each in grounds(tender) if each.code == code), None)


def ground_for_review(tender: Tender, criterion: Criterion) -> str:
    """The ground that a failed review criterion stands for: qualification, else responsiveness."""
    words = f"{criterion.group} {criterion.name}".lower()
    return "unqualified" if any(each in words for each in QUALIFICATION) else "unresponsive"
