"""What suppliers put into their bids for the clinics' equipment; the cheapest one bids jointly."""

from __future__ import annotations

from demo.people import SUPPLIERS, company_name, credit_code, id_number, person_name
from keys.bid_statement import NAME, BidStatement, Member, Partner, new_salt

_TEAM = (
    Member(person_name(141), id_number(141), "", "项目负责人"),
    Member(person_name(142), id_number(142), "厂家培训合格证 0142", "安装工程师"),
)
_MEMBERS = (Partner(company_name(81, SUPPLIERS), credit_code(781), "操作培训与影像传输软件"),)
_STATION = Partner("清源县明视影像设备服务有限公司", credit_code(782), "安装及质保期内上门维修")


def bid_files(bidder: str, *, joint: bool) -> list[tuple[str, bytes]]:
    """The files of a supplier's bid: a promise, and the joint one's bid statement."""
    files = [("承诺书.txt", f"{bidder}承诺履约".encode())]
    if joint:
        statement = BidStatement(
            new_salt(), team=_TEAM, consortium=_MEMBERS, subcontracts=(_STATION,)
        )
        files.append((NAME, statement.to_bytes()))
    return files


def contract_rows() -> dict[str, str]:
    """The contract form's row of the subcontractor that the joint bid named."""
    return {
        "tie-1-kind": "subcontract",
        "tie-1-name": _STATION.name,
        "tie-1-code": _STATION.code,
        "tie-1-work": _STATION.work,
        "tie-1-amount": "",
    }
