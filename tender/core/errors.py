"""The one family of errors that services raise and the web frame maps to HTTP."""

from __future__ import annotations

from enum import StrEnum

from tender.core.i18n import gettext


class Kind(StrEnum):
    """What sort of refusal it is; each has one HTTP status (`STATUS`)."""

    INVALID = "invalid"
    NOT_SIGNED_IN = "not_signed_in"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    LATE = "late"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    UNAVAILABLE = "unavailable"


STATUS: dict[Kind, int] = {
    Kind.INVALID: 422,
    Kind.NOT_SIGNED_IN: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.LATE: 409,
    Kind.TOO_LARGE: 413,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
}


class DomainError(Exception):
    """A refusal that a person can act on.

    `code` is stable (`bid.late`) and goes into the refusal log and API answers; `message` is an
    English msgid that says what, where and the next step, with named `%(x)s` places filled from
    `params`; `fields` maps form fields to messages of their own.
    """

    def __init__(
        self,
        kind: Kind,
        code: str,
        message: str,
        *,
        fields: dict[str, str] | None = None,
        **params: object,
    ) -> None:
        super().__init__(code, message % params if params else message)
        self.kind = kind
        self.code = code
        self.message = message
        self.params = params
        self.fields = fields or {}

    @property
    def status(self) -> int:
        """The HTTP status of this kind of refusal."""
        return STATUS[self.kind]

    def text(self) -> str:
        """The message in the reader's language."""
        return gettext(self.message, **self.params)


def invalid(
    code: str, message: str, fields: dict[str, str] | None = None, **params: object
) -> DomainError:
    """Input that breaks a rule; `fields` names the form fields concerned."""
    return DomainError(Kind.INVALID, code, message, fields=fields, **params)


def forbidden(code: str, message: str, **params: object) -> DomainError:
    """An act that this person may not do in this role."""
    return DomainError(Kind.FORBIDDEN, code, message, fields=None, **params)


def not_found(code: str, message: str, **params: object) -> DomainError:
    """A thing that does not exist, or that this person may not know exists."""
    return DomainError(Kind.NOT_FOUND, code, message, fields=None, **params)


def conflict(code: str, message: str, **params: object) -> DomainError:
    """An act that the present state does not allow."""
    return DomainError(Kind.CONFLICT, code, message, fields=None, **params)


def late(code: str, message: str, **params: object) -> DomainError:
    """An act after its legal time."""
    return DomainError(Kind.LATE, code, message, fields=None, **params)
