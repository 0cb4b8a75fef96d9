"""What is written in pictures (文字识别), read with the PP-OCR models that RapidOCR brings along.

The models lie in the package: nothing is fetched, and no picture leaves the machine. What a machine
reads has mistakes, so what rests on it is told as such. To be called in a limited process only.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from evaluation.compare.extracted import DOUBT

Grey = NDArray[np.uint8]
_SIDE = 1280  # Points of the longer side on which lines are looked for.
_SURE = 0.5
_CLEAR = 0.9  # Of letters that are misread in stamps, one in five is surer than this.
_ALL = {"use_det": True, "use_cls": True, "use_rec": True, "return_word_box": False}
_LIES = {"use_det": False, "use_cls": True, "use_rec": False, "return_word_box": False}
_TELLING, _TALL = 7, 2.0  # Lines that tell how a page lies; how much taller than wide they are.
_SETTINGS = {
    "Global.log_level": "critical",
    "Global.text_score": _SURE,
    "Global.max_side_len": 4000,
    "Det.limit_type": "max",
    "Det.limit_side_len": _SIDE,
    "Rec.rec_batch_num": 1,  # Several lines are padded to the longest: slower, and more memory.
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}


class Line(NamedTuple):
    """A line as it reads, and the same with DOUBT for each letter that may be another."""

    text: str
    clear: str


def read_page(image: Image.Image) -> str:
    """Return the lines that are written in a picture, top down; raises MemoryError.

    A page that lies on its side or its head is turned and read anew: its lines would come in
    another order than those of its text.
    """
    shown = image.convert("RGB")
    found = _asked(_points(shown), **_ALL)
    degrees = _turned(shown, found.boxes) if found.txts else 0
    if degrees:
        found = _asked(_points(shown.rotate(degrees, expand=True)), **_ALL)
    return "\n".join(found.txts or ())


def _turned(image: Image.Image, boxes: NDArray[np.float32]) -> int:
    """Return by how many degrees, against the clock, a page has to be turned to stand upright.

    Its longest lines tell: whether they are tall, and what the model that turns lines says of them.
    """
    lows, highs = boxes.min(axis=1), boxes.max(axis=1)
    sides = highs - lows
    longest = np.argsort(-sides.max(axis=1), kind="stable")[:_TELLING]
    wide, tall = sides[longest].sum(axis=0).tolist()
    sideways, heads = tall > _TALL * wide, 0
    for number in longest.tolist():
        line = image.crop((*np.floor(lows[number]).tolist(), *np.ceil(highs[number]).tolist()))
        line = line.rotate(90, expand=True) if sideways else line
        found = _asked(_points(line), **_LIES)
        heads += int(found.cls_res[0][0] == "180")
    return (90 if sideways else 0) + (180 if 2 * heads > len(longest) else 0)


def _points(image: Image.Image) -> NDArray[np.uint8]:
    """Return the points of a picture in the order of the models: blue, green, red."""
    return np.ascontiguousarray(np.asarray(image)[..., ::-1])


def read_line(strip: Grey) -> Line:
    """Return the one line, dark on light, that a strip shows, "" if it cannot be read."""
    points = np.repeat(strip[..., None], 3, axis=2)
    found = _asked(points, use_det=False, use_cls=False, use_rec=True, return_word_box=True)
    if not found.txts or found.scores[0] < _SURE:
        return Line("", "")
    text: str = found.txts[0]
    letters = zip(text, found.word_results[0].confs, strict=True)
    return Line(text, "".join(letter if sure >= _CLEAR else DOUBT for letter, sure in letters))


def _asked(points: NDArray[np.uint8], **steps: bool) -> Any:
    """Return what the models see: where lines are, how they lie, what they say.

    All steps are to be named each time: the engine keeps what it was last told.
    """
    try:
        return _engine()(points, **steps)
    except Exception as error:
        # The runtime has errors of its own for memory that is not there.
        if "alloc" in str(error):
            raise MemoryError from error
        raise


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(params=_SETTINGS)
