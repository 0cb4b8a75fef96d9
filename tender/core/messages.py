"""The in-app inbox with dated tasks, and the e-mail that follows from the outbox."""

from __future__ import annotations

import smtplib
from collections.abc import Mapping
from datetime import datetime
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

from sqlalchemy import JSON, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from tender.core import outbox
from tender.core.db import Base, UtcDateTime
from tender.core.i18n import gettext
from tender.core.ids import new_id
from tender.core.platform import Platform
from tender.core.settings import Settings
from tender.core.vault import open_text, seal_text

MAILED = "mail"  # the key that seals links


class InboxMessage(Base):
    """A message or a dated task for one person.

    `text` is a msgid with `params`, shown in the reader's language. With `due_at` it is a task,
    open until `done_at`.
    """

    __tablename__ = "inbox_message"
    __table_args__ = (Index("ix_inbox_message_person", "person_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    person_id: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(String(500))
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    link: Mapped[str | None] = mapped_column(String(300))
    subject: Mapped[str | None] = mapped_column(String(32), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def words(self) -> str:
        """The text in the reader's language."""
        return gettext(self.text, **self.params)


def tell(
    session: Session,
    person_id: str,
    text: str,
    *,
    now: datetime,
    link: str | None = None,
    subject: str | None = None,
    due_at: datetime | None = None,
    email: str | None = None,
    **params: Any,
) -> InboxMessage:
    """Put a message (a task, if `due_at` is given) into a person's inbox, and mail it if told to.

    `text` is an English msgid. Nothing secret may stand in it: mail is read by others.
    """
    message = InboxMessage(
        person_id=person_id,
        text=text,
        params=params,
        link=link,
        subject=subject,
        created_at=now,
        due_at=due_at,
    )
    session.add(message)
    if email:
        outbox.enqueue(
            session,
            "email.send",
            {"to": email, "text": text, "params": params, "link": link},
            now=now,
        )
    return message


def settle(session: Session, subject: str, *, now: datetime, person_id: str | None = None) -> None:
    """Mark the open tasks about a subject done."""
    query = select(InboxMessage).where(
        InboxMessage.subject == subject,
        InboxMessage.due_at.is_not(None),
        InboxMessage.done_at.is_(None),
    )
    for message in session.scalars(query):
        if person_id in (None, message.person_id):
            message.done_at = now


def inbox(session: Session, person_id: str, limit: int = 100) -> list[InboxMessage]:
    """A person's messages, open tasks by date first, then the newest."""
    query = select(InboxMessage).where(InboxMessage.person_id == person_id)
    messages = list(session.scalars(query.order_by(InboxMessage.created_at.desc()).limit(limit)))
    tasks = [m for m in messages if m.due_at and not m.done_at]
    rest = [m for m in messages if not (m.due_at and not m.done_at)]
    return sorted(tasks, key=lambda m: (m.due_at, m.id)) + rest


def mail_link(settings: Settings, to: str, text: str, link: str) -> dict[str, Any]:
    """The payload of a mail whose link opens an account: sealed until it is sent, then gone."""
    sealed = seal_text(settings, MAILED, link)
    return {"to": to, "text": text, "params": {}, "link": None, outbox.ONCE: sealed}


def link_of(settings: Settings, payload: Mapping[str, Any]) -> str | None:
    """The link that a mail carries, a sealed one opened; None if it has none (any more)."""
    sealed = payload.get(outbox.ONCE)
    return payload["link"] if sealed is None else open_text(settings, MAILED, sealed)


def send_email(platform: Platform, payload: dict[str, Any]) -> None:
    """Outbox handler `email.send`: one mail by SMTP; without a server it is counted as sent."""
    url = urlsplit(platform.settings.smtp_url)
    if not url.hostname:
        return
    mail = EmailMessage()
    words = gettext(payload["text"], **payload["params"])
    link = link_of(platform.settings, payload)
    mail["From"] = f"noreply@{platform.settings.platform}"
    mail["To"] = payload["to"]
    mail["Subject"] = words[:70]
    mail.set_content(words + (f"\n\n{platform.settings.public_url}{link}" if link else ""))
    with smtplib.SMTP(url.hostname, url.port or 25, timeout=20) as server:
        if url.username:
            server.starttls()
            server.login(unquote(url.username), unquote(url.password or ""))
        server.send_message(mail)
