"""The sealing page's words: what its script asks for exists, in Chinese and in English."""

import re
from pathlib import Path

from tender.bids.sealing_messages import SEALING_MESSAGES, sealing_messages
from tender.core.i18n import speaking

ROOT = Path(__file__).parents[3]
SOURCES = {
    path.name: path.read_text(encoding="utf-8") for path in (ROOT / "static/sealing").glob("*.js")
}
SCRIPT = "\n".join(SOURCES.values())


def test_every_message_that_the_script_asks_for_exists():
    asked = set(re.findall(r'\bt\("(\w+)"', SCRIPT))
    asked |= set(re.findall(r'"((?:file|missing)_\w+)"', SCRIPT)) - {"file_changed"}
    asked |= {f"problem_{code}" for code in re.findall(r'new Stopped\("(\w+)"', SCRIPT)}
    asked |= {f"problem_{code}" for code in re.findall(r'code: "(\w+)"', SCRIPT)}
    asked |= {f"step_{step}" for step in re.findall(r'step: "(\w+)"', SCRIPT)}
    assert len(asked) > 50
    assert asked - set(SEALING_MESSAGES) == set()


def test_no_message_is_left_over():
    words = set(re.findall(r'"(\w+)"', SCRIPT))
    left_over = {key for key in SEALING_MESSAGES if key not in words}
    assert {re.sub("^(problem|step)_", "", key) for key in left_over} - words == set()


def test_every_message_is_chinese_in_chinese_and_english_in_english():
    with speaking("zh"):
        chinese = sealing_messages()
    with speaking("en"):
        english = sealing_messages()
    for key in SEALING_MESSAGES:
        assert re.search(r"[\u4e00-\u9fff]", chinese[key]), key
        assert english[key].isascii(), key
        places = re.findall(r"\{\w+\}", english[key])
        assert set(places) == set(re.findall(r"\{\w+\}", chinese[key])), key


def test_the_script_itself_speaks_no_language():
    for name, source in SOURCES.items():
        if name != "amount.js":  # Amounts in capitals are Chinese in every language.
            code = re.sub(r"/\*.*?\*/|//[^\n]*", "", source, flags=re.DOTALL)
            assert not re.search(r"[\u4e00-\u9fff]", code), name
