"""The web frame: request sessions, identity, errors, language, headers and pages.

One commit per request, made before the answer leaves; a refused request is rolled back and its
refusal logged in another transaction, also before the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial, wraps
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import structlog
from flask import Blueprint, Flask, Response, current_app, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from tender.core import i18n, jobs, presenting
from tender.core.actor import Actor, Role
from tender.core.errors import DomainError, Kind, forbidden
from tender.core.i18n import N_, gettext
from tender.core.platform import Platform
from tender.core.refusals import Allowance, RefusalLog
from tender.core.settings import Settings
from tender.core.storage import storage_refusal
from tender.core.web_told import told_of_request, without_values

log = structlog.get_logger(__name__)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
COOKIE = "sid"
STRANGERS = 60  # refusals of strangers a minute that are kept in the database
TEMPLATES = Path(__file__).parents[2] / "templates"
STATIC = Path(__file__).parents[2] / "static"
View = Callable[..., ResponseReturnValue]
Identify = Callable[[Session, str, datetime], Actor | None]
Touch = Callable[..., None]
NOTED_EVERY = timedelta(minutes=5)

csrf = CSRFProtect()
limiter = Limiter(
    get_remote_address, strategy="fixed-window", default_limits=[], swallow_errors=True
)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
        "frame-ancestors 'none'; form-action 'self'; worker-src 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), payment=()",
}


def public(view: View) -> View:
    """Mark a route that anybody may open."""
    view.access = "public"  # type: ignore[attr-defined]  # the mark that the route test reads
    return view


def signed_in(*roles: Role) -> Callable[[View], View]:
    """Mark a route for signed-in people, in one of the roles if any are named.

    This is the outer door only; services still require the permission on the subject.
    """

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> ResponseReturnValue:
            who = actor()
            if roles and who.role not in roles:
                raise forbidden(
                    "role.wrong",
                    N_(
                        "This page belongs to another role. "
                        "Switch your role at the top of the page."
                    ),
                )
            return view(*args, **kwargs)

        guarded.access = "signed_in"  # type: ignore[attr-defined]  # the mark that the route test reads
        guarded.roles = roles  # type: ignore[attr-defined]  # the mark that the route test reads
        return guarded

    return mark


def platform() -> Platform:
    """The installation that this request runs on."""
    return cast(Platform, current_app.extensions["platform"])


def now() -> datetime:
    """The time of this request, read once, so that one request sees one moment."""
    if "now" not in g:
        g.now = platform().clock.now()
    return cast(datetime, g.now)


def db() -> Session:
    """This request's session: under the write lock for acts, a snapshot for pages."""
    if "session" not in g:
        g.stack = ExitStack()
        database = platform().database
        g.session = g.stack.enter_context(
            database.read() if request.method in SAFE else database.write()
        )
    return cast(Session, g.session)


def cookie_name() -> str:
    """The session's cookie; by https bound to this host, so that no neighbour can set it."""
    return f"__Host-{COOKIE}" if platform().settings.https else COOKIE


def session_token() -> str:
    """The token of the session that this request comes with, or an empty text."""
    return request.cookies.get(cookie_name(), "")


def actor_or_none() -> Actor | None:
    """Who is signed in, if anybody, and from where (O20 art. 49)."""
    if "actor" not in g:
        token = session_token()
        g.actor = None
        if token:
            identify = cast(Identify, current_app.extensions["identify"])
            with platform().database.read() as session:
                found = identify(session, token, now())
                g.actor = found and replace(found, address=request.remote_addr)
            if g.actor is not None:
                _note_use(g.actor, token)
    return cast("Actor | None", g.actor)


def _note_use(who: Actor, token: str) -> None:
    """Note that the session is in use, now and then: each note takes the write lock."""
    touch = cast("Touch | None", current_app.extensions["touch"])
    if touch and who.seen_at and now() - who.seen_at > NOTED_EVERY:
        afterwards(partial(touch, token=token, now=now()))


def actor() -> Actor:
    """Who is signed in; DomainError `not_signed_in` (401) otherwise."""
    who = actor_or_none()
    if who is None:
        raise DomainError(Kind.NOT_SIGNED_IN, "not_signed_in", N_("Please sign in first."))
    return who


def afterwards(write: Callable[[Session], None]) -> None:
    """Run a small write after a page was read (access log, last-seen), in its own transaction."""
    g.setdefault("afterwards", []).append(write)


def page(template: str, status: int = 200, **context: Any) -> ResponseReturnValue:
    """Render a template of `templates/`."""
    return render_template(template, **context), status


def wants_json() -> bool:
    """Whether the client is a program: API paths and JSON callers get JSON errors."""
    return request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json"


def _finish(response: Response) -> Response:
    session = g.get("session")
    if session is not None:
        enqueued = session.info.pop("enqueued", [])
        if response.status_code >= 400:
            session.rollback()
            enqueued = []
        g.stack.close()
        if enqueued:
            jobs.hurry(platform().settings, enqueued)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure or platform().settings.https:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static" and session_token():
        # Also on the way in: those pages show a second factor's secret and recovery codes.
        response.headers["Cache-Control"] = "no-store"
    writes = g.pop("afterwards", [])
    if writes and response.status_code < 400:
        with platform().database.write() as session:
            for write in writes:
                write(session)
    return response


def _abandon(error: BaseException | None) -> None:
    stack = g.pop("stack", None)
    session = g.pop("session", None)
    if session is not None and stack is not None:
        session.rollback()
        stack.close()


def refuse(error: DomainError) -> ResponseReturnValue:
    """Map a refusal to an answer and log it.

    A stranger's mistyped address goes to the process log only, and of what strangers send only
    some refusals a minute are kept: nobody may keep the write lock busy or fill the disk by it.
    """
    _abandon(error)
    who = g.get("actor")
    log.info("request.refused", code=error.code, **told_of_request(), person=who and who.person_id)
    if who is not None or (request.method not in SAFE and _kept_of_strangers()):
        _keep_refusal(error, who)
    if wants_json():
        body = {"error": {"code": error.code, "message": error.text(), "fields": error.fields}}
        return jsonify(body), error.status
    if error.kind is Kind.NOT_SIGNED_IN and request.method in SAFE:
        return page("core/sign_in_first.html", 401, next=request.full_path.rstrip("?"))
    return page("core/refused.html", error.status, error=error)


def _kept_of_strangers() -> bool:
    allowance = cast(Allowance, current_app.extensions["strangers"])
    return allowance.take(platform().clock.now())


def _keep_refusal(error: DomainError, who: Actor | None) -> None:
    """Log a refusal before it is answered; on a full disk the process log must do."""
    kept = cast(RefusalLog, current_app.extensions["refusals"])
    try:
        kept.keep(
            code=error.code,
            message=without_values(error),
            endpoint=request.endpoint or "-",
            person_id=who.person_id if who else None,
            address=request.remote_addr,
            now=platform().clock.now(),
        )
    except DomainError as failure:
        log.warning("refusal.not_kept", code=error.code, failure=failure.code)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, Exception):  # What fails in the commit, after the view, comes wrapped.
        return _crash(cause)
    kinds = {404: Kind.NOT_FOUND, 405: Kind.INVALID, 413: Kind.TOO_LARGE, 429: Kind.TOO_MANY}
    messages = {
        404: N_("There is nothing at this address. Check it, or go on from the front page."),
        405: N_("This address does not take that kind of request. Go back and use the button."),
        413: N_("What was sent is too large."),
        429: N_("Too many requests from here. Wait a minute and try again."),
    }
    code = error.code or 500
    if code not in messages:
        return (
            page("core/refused.html", code, error=None)
            if not wants_json()
            else (
                jsonify({"error": {"code": f"http.{code}", "message": str(error.name)}}),
                code,
            )
        )
    return refuse(DomainError(kinds[code], f"http.{code}", messages[code]))


def _csrf_error(error: CSRFError) -> ResponseReturnValue:
    return refuse(
        forbidden("csrf", N_("This form has expired. Reload the page and send it again."))
    )


def _crash(error: Exception) -> ResponseReturnValue:
    refusal = error if isinstance(error, DomainError) else storage_refusal(error)
    if refusal is not None:
        return refuse(refusal)
    log.exception("request.crashed", **told_of_request(), method=request.method)
    _abandon(error)
    if wants_json():
        return jsonify({"error": {"code": "internal", "message": gettext(CRASH)}}), 500
    return page("core/refused.html", 500, error=None)


CRASH = N_("Something failed on our side. Nothing was saved. It has been logged; please try again.")


CHOICES = {"lang": i18n.LANGUAGES, "type": ("normal", "large")}


def _choose() -> None:
    """Take the reader's language and size of type from the address, else from the cookies."""
    for name, choices in CHOICES.items():
        chosen = request.args.get(name) or request.cookies.get(name)
        setattr(g, name, chosen if chosen in choices else choices[0])
    i18n.set_language(g.lang)


def _keep_choices(response: Response) -> Response:
    for name, choices in CHOICES.items():
        if request.args.get(name) in choices:
            response.set_cookie(name, request.args[name], max_age=31536000, samesite="Lax")
    return response


def here(**changes: str) -> str:
    """This page's address with some arguments changed: for switches that keep the rest."""
    kept = {name: value for name, value in request.args.items() if name not in CHOICES}
    return f"{request.path}?{urlencode(kept | changes)}"


def _check_access() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if view is not None and getattr(view, "access", None) is None and request.endpoint != "static":
        raise RuntimeError(f"route {request.endpoint} is marked neither public nor signed-in")


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-form" if settings.https else "form",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=110 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        RATELIMIT_STORAGE_URI="memory://",
        RATELIMIT_ENABLED=not settings.sandbox,
    )
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]  # as Flask's documentation has it
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=0
        )


def create_app(
    platform: Platform,
    *,
    identify: Identify,
    blueprints: list[Blueprint],
    context: dict[str, Any],
    touch: Touch | None = None,
) -> Flask:
    """Join the frame, the rooms' blueprints and their template names into one application.

    `context` maps names to values or functions that every template may use. `touch` notes that
    a session is in use.
    """
    app = Flask("tender", template_folder=str(TEMPLATES), static_folder=str(STATIC))
    _configure(app, platform.settings)
    app.extensions["platform"] = platform
    app.extensions["identify"] = identify
    app.extensions["touch"] = touch
    app.extensions["refusals"] = RefusalLog(platform.database)
    app.extensions["strangers"] = Allowance(STRANGERS, timedelta(minutes=1))
    csrf.init_app(app)
    limiter.init_app(app)
    app.logger.disabled = True  # It would print paths and values; `_crash` tells what it may.
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
        i18n.gettext, i18n.ngettext, newstyle=True
    )
    app.jinja_env.filters.update(presenting.FILTERS)
    app.jinja_env.globals.update(context)
    app.context_processor(
        lambda: {
            "actor": actor_or_none(),
            "now": now(),
            "language": i18n.language(),
            "mode": platform.settings.mode.value,
            "large_type": g.get("type") == "large",
            "here": here,
        }
    )
    _guard(app)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app


def _guard(app: Flask) -> None:
    app.before_request(_choose)
    app.before_request(_check_access)
    app.after_request(_keep_choices)
    app.after_request(_finish)
    app.teardown_request(_abandon)
    app.register_error_handler(DomainError, refuse)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _crash)
