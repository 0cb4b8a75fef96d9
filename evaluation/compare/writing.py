"""What is written in pictures (文字识别), read with the PP-OCR models that RapidOCR brings along.

The models lie in the package: nothing is fetched, and no picture leaves the machine. What a machine
reads has mistakes, so what rests on it is told as such. To be called in a limited process only.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Grey = NDArray[np.uint8]
_SIDE = 1280  # Points of the longer side on which lines are looked for.
_SURE = 0.5
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


def read_page(image: Image.Image) -> str:
    """Return the lines that are written in a picture, top down; raises MemoryError."""
    found = _asked(np.asarray(image.convert("RGB"))[..., ::-1], lines=True)
    return "\n".join(found.txts or ())


def read_line(strip: Grey) -> str:
    """Return the one line, dark on light, that a strip shows, "" if it cannot be read."""
    found = _asked(np.repeat(strip[..., None], 3, axis=2), lines=False)
    sure = zip(found.txts or (), found.scores or (), strict=True)
    return "".join(text for text, score in sure if score >= _SURE)


def _asked(image: NDArray[np.uint8], *, lines: bool) -> Any:
    """Return what the models see: looking for lines first, or taking the image for one line."""
    try:
        # All steps are named each time: the engine keeps what it was last told.
        return _engine()(np.ascontiguousarray(image), use_det=lines, use_cls=lines, use_rec=True)
    except Exception as error:
        # The runtime has errors of its own for memory that is not there.
        if "alloc" in str(error):
            raise MemoryError from error
        raise


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR

    return RapidOCR(params=_SETTINGS)
