"""The parts that pages are built of hand on what a page asks of them."""

from pathlib import Path

import wsgi
from tests.tender import factories as make

CALLS = (
    'parts.field("code", "Code", inputmode="decimal", maxlength=22)',
    'parts.textarea("code", "Code", inputmode="decimal", maxlength=22)',
    'parts.select("code", "Code", [], inputmode="decimal", maxlength=22)',
    'parts.file("code", "Code", inputmode="decimal", maxlength=22)',
    'parts.checkbox("code", "Code", inputmode="decimal", maxlength=22)',
)


def test_attributes_reach_the_control(tmp_path: Path) -> None:
    world = make.world(tmp_path)
    app = wsgi.create_app(world.platform)
    with app.test_request_context():
        for call in CALLS:
            text = '{% import "parts.html" as parts %}{{ ' + call + " }}"
            shown = app.jinja_env.from_string(text).render()
            assert shown.count(' inputmode="decimal" maxlength="22"') == 1, call
    world.platform.database.close()
