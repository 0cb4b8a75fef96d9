"""What builders put into their bids for the works tender: plan, bid statement, scanned pages.

Two of them can be one hand: a plan that is partly copied, a person who is on both teams, and the
stamp of one on a page of the other.
"""

from __future__ import annotations

from demo import papers, scans
from demo.bidders import builder_name
from demo.people import BUILDERS, company_name, credit_code, id_number, person_name
from keys.bid_statement import NAME, BidStatement, Member, Partner, new_salt

JOINT, HANDS_ON = 0, 1  # builders: one bids with two partners, one names a subcontractor
_TEAM = 120  # the number of the first builder's first person; all are namesakes of nobody
_POSTS = (
    ("项目经理", "建造师注册号 湘2432020{:05d}"),
    ("技术负责人", "工程师证 湘43{:06d}"),
    ("专职安全员", "安全生产考核证 湘建安C{:07d}"),
)
_MEMBERS = (
    Partner(company_name(57, BUILDERS), credit_code(557), "涵洞接长与排水边沟"),
    Partner(company_name(58, BUILDERS), credit_code(558), "护栏、标志与标线"),
)
_SUBCONTRACTS = (Partner(company_name(59, BUILDERS), credit_code(559), "道路交通标线"),)

File = tuple[str, bytes]


def bid_files(number: int, pair: tuple[int, ...] = ()) -> list[File]:
    """The files of a builder's bid; `pair` are the two whose bids are from one hand, if any."""
    name = builder_name(number)
    files = [papers.construction_plan(name, number, copied=number in pair)]
    files.append((NAME, statement(number, pair).to_bytes()))
    if number == JOINT:
        files.append(_agreement(name))
    if pair[-1:] == (number,):
        files.append(_authorisation(name, stamp=builder_name(pair[0])))
    return files


def statement(number: int, pair: tuple[int, ...] = ()) -> BidStatement:
    """What a builder states; of the pair, the second names a person of the first's team."""
    team = [_member(3 * number + place, *post) for place, post in enumerate(_POSTS)]
    if pair[-1:] == (number,):
        team[2] = _member(3 * pair[0] + 1, *_POSTS[2])
    return BidStatement(
        new_salt(),
        team=tuple(team),
        consortium=_MEMBERS if number == JOINT else (),
        subcontracts=_SUBCONTRACTS if number == HANDS_ON else (),
    )


def _member(number: int, role: str, certificate: str) -> Member:
    person = _TEAM + number
    return Member(person_name(person), id_number(person), certificate.format(person), role)


def _agreement(leader: str) -> File:
    """The partners' agreement (联合体协议书) with the stamps of all: no sign of anything."""
    names = [leader, *(each.name for each in _MEMBERS)]
    lines = [
        f"牵头人：{leader}",
        *(f"成员：{each.name}（{each.work}）" for each in _MEMBERS),
        "各方自愿组成联合体，共同参加柳河镇农村公路改造工程的投标。",
        "牵头人承担路面施工并代表各方递交投标文件，各方承担连带责任。",
        "各方签章：",
        "",
    ]
    return "联合体协议书（扫描件）.jpg", scans.scanned_page("联合体协议书", lines, names)


def _authorisation(bidder: str, *, stamp: str) -> File:
    """A letter of authority (授权委托书) in one bidder's name, with the stamp of `stamp` on it."""
    lines = [
        "致：清源县交通运输局",
        "　　我公司授权本公司经办人办理农村公路改造工程的投标、答疑和",
        "签订合同等事宜，其签署的文件我公司均予承认，期限至合同签订时止。",
        f"　　委托人：{bidder}",
        "　　（盖单位章）",
    ]
    return "授权委托书（扫描件）.jpg", scans.scanned_page("授权委托书", lines, [stamp])
