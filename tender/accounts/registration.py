"""Registration of bidders and experts, with approval; a wrong choice can be corrected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, ValidationError

from tender.accounts.models import (
    STANDING_TRANSITIONS,
    ExpertProfile,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
    Standing,
)
from tender.accounts.permissions import Permission, require
from tender.core import messages
from tender.core.actor import Actor, Role
from tender.core.errors import conflict, invalid, not_found
from tender.core.i18n import N_
from tender.core.ids import new_id
from tender.core.states import advance
from tender.core.texts import check_texts
from tender.ledger import service as ledger
from tender.ledger.models import DataKind


@dataclass(frozen=True, kw_only=True)
class NewPerson:
    """Who signs in; `password_hash` was made before the write lock was taken."""

    login: str
    name: str
    phone: str
    email: str
    password_hash: str


@dataclass(frozen=True, kw_only=True)
class NewBidder:
    """A company by its 统一社会信用代码 or a natural person by the id number."""

    kind: OrganisationKind
    name: str
    code: str
    legal_head: str = ""
    address: str = ""
    agent: str = ""


@dataclass(frozen=True, kw_only=True)
class NewExpert:
    """What an expert states about himself; judged by the county before the pool takes him."""

    speciality: str
    title: str
    years: int
    region: str
    employer: str
    employer_code: str = ""


def check_code(kind: OrganisationKind, code: str) -> str:
    """The code in its canonical form; DomainError `bidder.code` if its check digit is wrong.

    Of an identity number form, birth date and check digit are judged (GB 11643-1999), not whether
    its county existed at the birth: numbers were given from 1984 on to people of every age.
    """
    try:
        if kind is OrganisationKind.PERSON:
            return _identity_number(ric.compact(code))
        return str(uscc.validate(code))
    except ValidationError:
        raise invalid(
            "bidder.code",
            N_("The number does not hold: a digit is wrong or missing. Compare it with the paper."),
            {"code": N_("Check the number digit by digit.")},
        ) from None


def _identity_number(number: str) -> str:
    good = len(number) == 18 and number[:17].isascii() and number[:17].isdigit()
    if not good or ric.calc_check_digit(number) != number[-1]:
        raise InvalidChecksum
    ric.get_birth_date(number)
    return number


def _check_bidder(bidder: NewBidder) -> None:
    check_texts(
        {
            "name": (bidder.name, 100),
            "legal_head": (bidder.legal_head, 80),
            "address": (bidder.address, 200),
            "agent": (bidder.agent, 80),
        }
    )
    if not bidder.name.strip():
        raise invalid(
            "bidder.name", N_("The bidder's name is required."), {"name": N_("Required.")}
        )


def _person(session: Session, new: NewPerson, now: datetime) -> Person:
    check_texts({"person": (new.name, 80), "phone": (new.phone, 30)}, email=new.email)
    login = new.login.strip().lower()
    problems = {}
    if not 3 <= len(login) <= 60 or not login.replace("-", "").replace(".", "").isalnum():
        problems["login"] = N_("3 to 60 letters, digits, dots or hyphens.")
    if not new.name.strip():
        problems["name"] = N_("Your name is required.")
    if problems:
        raise invalid("person.form", N_("Please correct what is marked below."), problems)
    if session.scalar(select(Person.id).where(Person.login == login)):
        raise conflict("person.login_taken", N_("This login name is taken. Choose another one."))
    person = Person(
        id=new_id(),
        login=login,
        name=new.name.strip(),
        phone=new.phone.strip() or None,
        email=new.email.strip() or None,
        password_hash=new.password_hash,
        recovery_hashes=[],
        created_at=now,
    )
    session.add(person)
    session.flush()
    return person


def register_bidder(
    session: Session, person: NewPerson, bidder: NewBidder, *, now: datetime
) -> Organisation:
    """Register a bidder with its first person; the county approves it before it can bid."""
    code = check_code(bidder.kind, bidder.code)
    if session.scalar(select(Organisation.id).where(Organisation.code == code)):
        raise conflict(
            "bidder.known",
            N_("This number is registered already. Sign in, or recover the password."),
        )
    _check_bidder(bidder)
    who = _person(session, person, now)
    organisation = _organisation(bidder, code, who, now)
    session.add(organisation)
    session.flush()
    session.add(
        Membership(
            person_id=who.id, organisation_id=organisation.id, role=Role.BIDDER, created_at=now
        )
    )
    ledger.append(
        session,
        "bidder.registered",
        subject=organisation.party_id,
        actor=who.id,
        now=now,
        private={"name": organisation.name, "code": code},
        kind=DataKind.PERSON,
    )
    _tell_county(session, organisation.name, organisation.id, now)
    return organisation


def _organisation(bidder: NewBidder, code: str, who: Person, now: datetime) -> Organisation:
    organisation = Organisation(
        id=new_id(),
        kind=bidder.kind,
        name=bidder.name.strip(),
        path="",
        code=code,
        legal_head=bidder.legal_head.strip() or None,
        address=bidder.address.strip() or None,
        agent=bidder.agent.strip() or None,
        contact=who.name,
        phone=who.phone,
        email=who.email,
        status=Standing.PENDING,
        created_at=now,
    )
    organisation.path = f"/{organisation.id}/"
    return organisation


def _tell_county(session: Session, name: str, subject: str, now: datetime) -> None:
    """Tell the clerks; the messages name somebody, and go when that somebody's data go."""
    clerks = select(Membership.person_id).where(
        Membership.role == Role.COUNTY_CLERK, Membership.ended_at.is_(None)
    )
    for person_id in set(session.scalars(clerks)):
        messages.tell(
            session,
            person_id,
            N_("%(name)s has registered and waits for approval."),
            now=now,
            link="/registrations",
            subject=subject,
            name=name,
        )


def correct_registration(
    session: Session, actor: Actor, bidder: NewBidder, *, now: datetime
) -> Organisation:
    """Put right what was registered, while it is not approved or was returned."""
    organisation = session.get_one(Organisation, actor.organisation_id)
    require(actor, Permission.BID_SUBMIT, on=organisation)
    if organisation.status not in (Standing.PENDING, Standing.RETURNED):
        raise conflict(
            "bidder.approved",
            N_("An approved registration is changed by the county. Call the number on the page."),
        )
    _check_bidder(bidder)
    code = check_code(bidder.kind, bidder.code)
    taken = select(Organisation.id).where(
        Organisation.code == code, Organisation.id != organisation.id
    )
    if session.scalar(taken):
        raise conflict("bidder.known", N_("This number is registered by somebody else."))
    organisation.kind = bidder.kind
    organisation.name = bidder.name.strip()
    organisation.code = code
    organisation.legal_head = bidder.legal_head.strip() or None
    organisation.address = bidder.address.strip() or None
    organisation.agent = bidder.agent.strip() or None
    if organisation.status is Standing.RETURNED:
        advance(organisation, Standing.PENDING, STANDING_TRANSITIONS)
    organisation.remark = None
    return organisation


def register_expert(
    session: Session, person: NewPerson, expert: NewExpert, *, now: datetime
) -> ExpertProfile:
    """Register an expert; the county approves him before the pool takes him."""
    county = session.scalar(
        select(Organisation).where(Organisation.kind == OrganisationKind.COUNTY)
    )
    if county is None:
        raise not_found("county.unknown", N_("The county centre is not set up yet."))
    if not 0 <= expert.years <= 70:
        raise invalid(
            "expert.years", N_("The years of practice are a number from 0 to 70."),
            {"years": N_("0 to 70")},
        )  # fmt: skip
    check_texts(
        {
            "speciality": (expert.speciality, 20),
            "title": (expert.title, 60),
            "region": (expert.region, 80),
            "employer": (expert.employer, 200),
            "employer_code": (expert.employer_code, 18),
        }
    )
    who = _person(session, person, now)
    session.add(
        Membership(person_id=who.id, organisation_id=county.id, role=Role.EXPERT, created_at=now)
    )
    profile = ExpertProfile(
        person_id=who.id,
        speciality=expert.speciality,
        title=expert.title.strip(),
        years=expert.years,
        region=expert.region.strip(),
        employer=expert.employer.strip(),
        employer_code=expert.employer_code.strip() or None,
        past_employers=[],
        kin=[],
        status=Standing.PENDING,
        created_at=now,
    )
    session.add(profile)
    session.flush()
    _tell_county(session, who.name, who.id, now)
    return profile


def pending(session: Session, actor: Actor) -> tuple[list[Organisation], list[ExpertProfile]]:
    """Registrations that wait for the county."""
    require(actor, Permission.BIDDER_APPROVE)
    bidders = select(Organisation).where(
        Organisation.status == Standing.PENDING,
        Organisation.kind.in_((OrganisationKind.COMPANY, OrganisationKind.PERSON)),
    )
    experts = select(ExpertProfile).where(ExpertProfile.status == Standing.PENDING)
    return (
        list(session.scalars(bidders.order_by(Organisation.created_at))),
        list(session.scalars(experts.order_by(ExpertProfile.created_at))),
    )


def decide_bidder(
    session: Session, actor: Actor, organisation_id: str, *, good: bool, remark: str, now: datetime
) -> Organisation:
    """Approve a bidder, or return the registration with what must be corrected."""
    require(actor, Permission.BIDDER_APPROVE)
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise not_found("bidder.unknown", N_("There is no such registration."))
    _decide(organisation, good, remark, now)
    ledger.append(
        session,
        "bidder.approved" if good else "bidder.returned",
        subject=organisation.party_id,
        actor=actor.person_id,
        now=now,
    )
    text = (
        N_("Your registration is approved. You can bid now.")
        if good
        else N_("Your registration was returned. Read the remark and correct it.")
    )
    members = select(Membership).where(Membership.organisation_id == organisation.id)
    for membership in session.scalars(members):
        messages.tell(
            session, membership.person_id, text, now=now, link="/account",
            email=membership.person.email,
        )  # fmt: skip
    return organisation


def decide_expert(
    session: Session, actor: Actor, person_id: str, *, good: bool, remark: str, now: datetime
) -> ExpertProfile:
    """Take an expert into the pool, or return the registration."""
    require(actor, Permission.EXPERT_APPROVE)
    profile = session.get(ExpertProfile, person_id)
    if profile is None:
        raise not_found("expert.unknown", N_("There is no such registration."))
    _decide(profile, good, remark, now)
    ledger.append(
        session,
        "expert.approved" if good else "expert.returned",
        subject=profile.person_id,
        actor=actor.person_id,
        now=now,
    )
    return profile


def _decide(subject: Organisation | ExpertProfile, good: bool, remark: str, now: datetime) -> None:
    if good:
        subject.approved_at = now
        subject.remark = None
        advance(subject, Standing.APPROVED, STANDING_TRANSITIONS)
        return
    if not remark.strip():
        raise invalid(
            "remark.required", N_("Say what must be corrected."), {"remark": N_("Required.")}
        )
    subject.remark = remark.strip()
    advance(subject, Standing.RETURNED, STANDING_TRANSITIONS)


def sanction(
    session: Session, actor: Actor, person_id: str, until: date, *, now: datetime
) -> ExpertProfile:
    """Keep an expert from being drawn until a day."""
    require(actor, Permission.EXPERT_APPROVE)
    profile = session.get_one(ExpertProfile, person_id)
    profile.sanctioned_until = until
    ledger.append(
        session,
        "expert.sanctioned",
        subject=person_id,
        actor=actor.person_id,
        now=now,
        fields={"until": until.isoformat()},
    )
    return profile
