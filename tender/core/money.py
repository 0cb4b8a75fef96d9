"""Money as whole fen, written as digits and in Chinese capitals (大写).

Amounts are `int` fen everywhere (house rule: no float decides anything). A document states an
amount twice, in digits and in capitals, because capitals cannot be altered by a stroke; where
the two differ, the capitals prevail (政府采购货物和服务招标投标管理办法 art. 59). The capitals
follow 《支付结算办法》 annex 1 (正确填写票据和结算凭证的基本规定) and are made from integers
digit by digit, with no library in between.
"""

from __future__ import annotations

import re

MAX_FEN = 10**18 - 1  # Below ten quadrillion yuan; every amount fits a signed BIGINT.

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万")  # The fourth is 万 of 亿: its 亿 comes with the third.
_YUAN = re.compile(
    r"(?P<yuan>0|[1-9][0-9]{0,2}(?:,[0-9]{3})*|[1-9][0-9]*)(?:\.(?P<fen>[0-9]{1,2}))?"
)


def parse_yuan(text: str) -> int:
    """Fen of a yuan amount as a person types it: `12,345.6` is 1234560.

    Thousands separators (also the full-width comma), surrounding spaces and a yuan sign are
    allowed; a third decimal is refused, never rounded, because an amount is what was typed.
    Raises `ValueError` for anything else, a negative amount included.
    """
    cleaned = text.strip().replace("，", ",").replace("．", ".")
    cleaned = cleaned.removeprefix("¥").removeprefix("￥").removesuffix("元").strip()
    match = _YUAN.fullmatch(cleaned)
    if match is None or not cleaned.isascii():
        raise ValueError("not an amount in yuan with at most two decimals")
    fen = int(match["yuan"].replace(",", "")) * 100 + int((match["fen"] or "").ljust(2, "0"))
    return _checked(fen)


def format_yuan(fen: int) -> str:
    """Yuan with thousands separators and always two decimals: 1234560 is `12,345.60`."""
    sign = "-" if fen < 0 else ""
    yuan, rest = divmod(abs(fen), 100)
    return f"{sign}{yuan:,}.{rest:02d}"


def capitals(fen: int) -> str:
    """The amount in Chinese capitals: 1234560 is 壹万贰仟叁佰肆拾伍元陆角整.

    Rules: one 零 for any run of zeros between digits; none before a 万 or 亿 that follows
    directly; 整 after 元 or 角, never after 分; 零 between 元 and 分 when there is no 角; no 零元
    for an amount below one yuan. Zero itself is 零元整. A negative amount is 负 and the amount.
    Raises `ValueError` beyond `MAX_FEN`.
    """
    if fen < 0:
        return "负" + capitals(-fen)
    yuan, rest = divmod(_checked(fen), 100)
    jiao, cents = divmod(rest, 10)
    if not yuan and not rest:
        return "零元整"
    whole = _integer(yuan) + "元" if yuan else ""
    if not rest:
        return whole + "整"
    if not cents:
        return whole + _DIGITS[jiao] + "角整"
    if not jiao:
        return whole + ("零" if yuan else "") + _DIGITS[cents] + "分"
    return whole + _DIGITS[jiao] + "角" + _DIGITS[cents] + "分"


def _checked(fen: int) -> int:
    if abs(fen) > MAX_FEN:
        raise ValueError("the amount is too large")
    return fen


def _integer(number: int) -> str:
    """A positive integer in capitals, by groups of four digits."""
    groups: list[int] = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    text = ""
    gap = False
    for index in range(len(groups) - 1, -1, -1):
        group = groups[index]
        if not group:
            gap = bool(text)
            # 壹万亿: an empty group of 亿 below 万 still bears the name 亿.
            if index == 2 and text.endswith("万"):
                text += "亿"
            continue
        if text and (gap or group < 1000):
            text += "零"
        text += _group(group) + _GROUPS[index]
        gap = False
    return text


def _group(group: int) -> str:
    """One to 9999 in capitals, inner runs of zeros as one 零."""
    text = ""
    gap = False
    for place in (3, 2, 1, 0):
        digit = group // 10**place % 10
        if not digit:
            gap = bool(text)
            continue
        text += ("零" if gap else "") + _DIGITS[digit] + _PLACES[place]
        gap = False
    return text
