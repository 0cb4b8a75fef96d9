"""`./manage demo`: the county with its past, running until Ctrl-C."""

from __future__ import annotations

import json
import shutil
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyotp
import segno

from demo import plans
from demo.county import Agent, County, running_county
from demo.history import play_history
from demo.people import CUSTODIANS, PASSWORD, STAFF
from demo.seed import Seeded, seed_county
from demo.tls import make_certificate, own_address
from tender.core.processes import require_port, until_signalled
from tender.core.servers import web_program

VILLAGES = 517


def live(data: Path, port: int, tls_port: int) -> int:
    """Bring the county up, its past played at the first start, and keep it until a signal."""
    require_port("0.0.0.0", port)  # noqa: S104 - telephones of the same network try the demo
    require_port("0.0.0.0", tls_port)  # noqa: S104 - as above
    ready = data / "demo-ready.json"
    if data.exists() and not ready.exists() and (data / "sandbox").exists():
        shutil.rmtree(data)  # a past that was cut off half-way
    began = time.monotonic()
    with until_signalled() as ended, running_county(data, port=port, host="0.0.0.0") as county:  # noqa: S104 - as above
        logins = _again(county, ready) if ready.exists() else _first(county, ready)
        address = own_address()
        authority = _https(county, tls_port, address)
        _greet(county, logins, address, tls_port, authority, time.monotonic() - began)
        county.supervisor.watch(lambda: _follow_clock(county) or ended(), every=0.5)
    sys.stderr.write("stopped\n")
    return 0


def _first(county: County, ready: Path) -> list[dict[str, str]]:
    sys.stderr.write("first start: playing sixty days of the county's past\n")
    start = datetime.now(UTC)
    county.set_clock(start)
    county.start_agents()
    seeded = seed_county(county.platform, plans.places(), now=start, villages_more=VILLAGES)
    play_history(county, seeded, start)
    logins = _logins(seeded)
    (county.data / "sandbox-logins.json").write_text(json.dumps(logins), "utf-8")
    agents = [{"name": each.name, "identity": each.identity} for each in county.agents]
    ready.write_text(json.dumps({"logins": logins, "agents": agents}), "utf-8")
    return logins


def _again(county: County, ready: Path) -> list[dict[str, str]]:
    kept = json.loads(ready.read_text("utf-8"))
    for number, (name, row) in enumerate(zip(CUSTODIANS, kept["agents"], strict=True), start=1):
        home = county.data / "custodians" / str(number)
        county.agents.append(Agent(number, name, home, row["identity"]))
    county.run_agents()
    logins: list[dict[str, str]] = kept["logins"]
    return logins


def _logins(seeded: Seeded) -> list[dict[str, str]]:
    rows = [(role.value, login) for role, login, _ in STAFF]
    rows += [("township_agent", "agent"), ("township_agent", "agent2")]
    rows += [("bidder", login) for login in ("bidder1", "builder1", "builder3", "builder5")]
    rows += [("expert", "expert4")]  # sits on the panel of the works tender
    return [
        {"role": role, "login": login, "password": PASSWORD, "totp": seeded.totp.get(login, "")}
        for role, login in rows
    ]


def _https(county: County, port: int, address: str) -> Path:
    authority, chain, key = make_certificate(county.data / "tls", ["127.0.0.1", address])
    program = web_program(
        "wsgi:application", host="0.0.0.0", port=port, certificate=(chain, key),  # noqa: S104 - as above
        environment={**county.environment, "TENDER_URL": f"https://{address}:{port}"},
        name="web-https",
    )  # fmt: skip
    county.supervisor.start(replace(program, restarts=3))
    return authority


def _follow_clock(county: County) -> bool:
    """Move the custodians' clocks after the platform's, as their own watches would go."""
    source = county.platform.settings.clock_file
    text = source.read_text() if source.exists() else ""
    for agent in county.agents:
        path = agent.home / "clock.json"
        if text and (not path.exists() or path.read_text() != text):
            temporary = path.with_suffix(".new")
            temporary.write_text(text)
            temporary.replace(path)
    return False


def _greet(
    county: County,
    logins: list[dict[str, str]],
    address: str,
    tls_port: int,
    authority: Path,
    seconds: float,
) -> None:
    out = sys.stdout
    phone = f"https://{address}:{tls_port}"
    out.write(f"\nThe county is up after {seconds:.0f} s.\n\n  {county.url}\n  {phone}\n\n")
    segno.make(phone, error="m").terminal(out=out, compact=True)
    out.write(
        "\nOn a phone in the same network: open the https address and accept the warning, or\n"
    )
    out.write(
        f"install {authority} as a trusted authority first (browsers seal over https only).\n\n"
    )
    now = county.now()
    for row in logins:
        code = pyotp.TOTP(row["totp"]).at(now) if row["totp"] else "-"
        out.write(f"  {row['role']:<24}{row['login']:<12}{row['password']:<20}{code}\n")
    out.write(f"\nFurther codes, and the control that moves the clock on: {county.url}/sandbox\n")
    out.write("Ctrl-C stops everything that was started here.\n")
    out.flush()
