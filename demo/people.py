"""Invented people and organisations of the demo county; places of the village cases are real."""

from __future__ import annotations

from tender.core.actor import Role

PLATFORM = "qingyuan.example"
PASSWORD = "qingyuan-demo-2026"  # noqa: S105 - public on purpose: a sandbox's only password
COUNTY = "清源县公共资源交易中心"
CUSTODIANS = (
    "清源县公证处",
    "清源县农业农村局",
    "清源县审计局",
    "清源县公共资源交易中心",
    "清源县公共资源交易监督管理局",
)

# role -> (login, name); township agents belong to the townships of the cases
STAFF: tuple[tuple[Role, str, str], ...] = (
    (Role.ADMINISTRATOR, "admin", "管理员小周"),
    (Role.COUNTY_CLERK, "clerk", "经办员林芳"),
    (Role.COUNTY_CLERK, "reviewer", "复核员郑毅"),
    (Role.SUPERVISOR, "supervisor", "监督员方正"),
    (Role.AUDITOR, "auditor", "审计员沈明"),
    (Role.FINANCE, "finance", "会计员何静"),
)
AGENTS = ("agent", "代理员老吴"), ("agent2", "代理员小陈")

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
GIVEN = (
    *("建国", "志强", "秀英", "桂兰", "海涛", "文静", "德贵", "春梅", "金生", "玉珍"),
    *("立新", "小军", "国庆", "冬梅", "长青", "庆丰", "雪莲", "永福", "凤英", "大伟"),
)
TRADES = (
    *("丰收", "绿源", "山水", "恒信", "金桥", "青禾", "百川", "新农", "众和", "顺达"),
    *("宏图", "润泽", "东升", "兴业", "瑞祥", "天成", "广源", "德润", "仁和", "长风"),
)
FORMS = ("种养专业合作社", "生态农业有限公司", "农业发展有限公司", "文化旅游有限公司")
BUILDERS = ("建设工程有限公司", "路桥工程有限公司", "建筑安装有限公司", "市政工程有限公司")
SUPPLIERS = ("医疗器械有限公司", "医疗设备有限公司", "健康科技有限公司")


def person_name(number: int) -> str:
    """An invented name, the same for the same number."""
    return SURNAMES[number % len(SURNAMES)] + GIVEN[(number * 7 + number // 13) % len(GIVEN)]


def company_name(number: int, forms: tuple[str, ...] = FORMS) -> str:
    """An invented company, the same for the same number."""
    trade = TRADES[number % len(TRADES)]
    return f"清源县{trade}{forms[(number // len(TRADES) + number) % len(forms)]}"


def agent_login(case: int, *, second: bool = False) -> str:
    """The login of a township's first or second agent, by the number of the village case."""
    return ("agent2" if second else "agent") + ("" if case == 0 else f"-{case + 1}")


def credit_code(number: int) -> str:
    """A well-formed 统一社会信用代码 of no real company (GB 32100-2015 check digit)."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = f"91430999MA9{number:06d}"[:17].ljust(17, "0")
    weights = [pow(3, place, 31) for place in range(17)]
    total = sum(
        alphabet.index(letter) * weight for letter, weight in zip(body, weights, strict=True)
    )
    return body + alphabet[(31 - total % 31) % 31]


def id_number(number: int) -> str:
    """A well-formed identity number of nobody (GB 11643-1999 check digit)."""
    body = (
        f"430524{1950 + number % 50}{1 + number % 12:02d}{1 + number % 28:02d}{number % 1000:03d}"
    )
    weights = [pow(2, 17 - place, 11) for place in range(17)]
    total = sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True))
    return body + "10X98765432"[total % 11]
