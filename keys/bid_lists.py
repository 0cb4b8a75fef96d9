"""Lists of a bid statement as a bidder's office keeps them: CSV with a header (UTF-8 or GB18030).

Spreadsheets in China save CSV as GB18030 or as UTF-8 with a mark; both are read. Headers may be the
format's own names or the Chinese ones of the tender forms.
"""

import csv
import io
from pathlib import Path

from keys.bid_statement import Member, Partner
from keys.command import read_input
from keys.errors import Malformed

TEAM = {"name": "姓名", "id_number": "身份证号", "certificate": "证书编号", "role": "岗位"}
PARTNERS = {"name": "名称", "code": "统一社会信用代码", "work": "工作内容"}
_LARGEST = 1024 * 1024


def read_team(path: Path) -> tuple[Member, ...]:
    """Return the project team of a CSV file, or raise Malformed that says what and where."""
    return tuple(Member(**row) for row in _rows(path, TEAM, "team"))


def read_partners(path: Path, what: str) -> tuple[Partner, ...]:
    """Return consortium members or subcontractors of a CSV file, or raise Malformed."""
    return tuple(Partner(**row) for row in _rows(path, PARTNERS, what))


def _rows(path: Path, columns: dict[str, str], what: str) -> list[dict[str, str]]:
    text = _decoded(read_input(path, f"{what} list"), path)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise Malformed("csv", f"{path}: not CSV: {error}") from error
    own = {chinese: name for name, chinese in columns.items()}
    header = [own.get(cell.strip(), cell.strip()) for cell in lines[0]] if lines else []
    if sorted(set(header)) != sorted(header) or "name" not in header or set(header) - set(columns):
        allowed = ", ".join(f"{name} ({chinese})" for name, chinese in columns.items())
        raise Malformed(
            "csv_header",
            f"{path}: the header is {', '.join(lines[0]) if lines else 'missing'}; "
            f"it may name {allowed}, and must name name",
        )
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in line):
            continue
        if len(line) != len(header):
            raise Malformed(
                "csv", f"{path}, line {number}: {len(line)} cells under {len(header)} headings"
            )
        rows.append({name: cell.strip() for name, cell in zip(header, line, strict=True)})
    return rows


def _decoded(data: bytes, path: Path) -> str:
    if len(data) > _LARGEST:
        raise Malformed("csv", f"{path}: larger than 1 MiB")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Malformed("csv", f"{path}: neither UTF-8 nor GB18030")
