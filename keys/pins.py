"""The custodians that somebody trusts by name, learned outside the platform (pinned identities).

A platform that could choose the custodians' keys could read every bid. So the sealing page, the
kit and the agents hold a list that came to them on paper, in the county's printed notice:

    {"platform": "ets.example", "custodians": [{"name": "...", "identity": "<base64url>"}, ...]}
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keys import fields
from keys.encoding import unb64u
from keys.errors import Malformed
from keys.statements import ed25519_public


@dataclass(frozen=True)
class Pins:
    """The platform's name and the pinned custodians, `identity` (base64url) to name."""

    platform: str
    custodians: Mapping[str, str]

    @classmethod
    def from_json(cls, data: bytes) -> "Pins":
        """Read pins.json, or raise Malformed.

        The file is written by people and neither hashed nor signed, so any JSON layout will do;
        names may repeat, identities may not.
        """
        try:
            value = json.loads(data.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise Malformed("pins", "the pins are not JSON in UTF-8") from error
        top = fields.exact(value, ("platform", "custodians"), "pins")
        custodians: dict[str, str] = {}
        for entry in fields.listing(top["custodians"], "pins.custodians"):
            name, identity = _pin(entry)
            if identity in custodians:
                raise Malformed("pins", f"the identity of {name} is pinned twice")
            custodians[identity] = name
        return cls(fields.text(top["platform"], "pins.platform"), custodians)


def _pin(value: Any) -> tuple[str, str]:
    entry = fields.exact(value, ("name", "identity"), "a pinned custodian")
    ed25519_public(unb64u(entry["identity"], 32))
    return fields.text(entry["name"], "a pinned name"), entry["identity"]
