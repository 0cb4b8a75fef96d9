"""What the tests of `verify` share: checking a directory in place, and editing its files."""

import io
import json

from keys import encoding
from keys.verify import verify
from keys.verify_report import Report


def failures(folder, **options):
    """The failed checks of a directory."""
    report = Report(out=io.StringIO())
    verify(folder, report, **options)
    return report.failures


def main_opening(county):
    return next(each for each in county.openings.values() if each.releases)


def place(county, folder):
    return folder / "openings" / main_opening(county).id


def edit(path, change):
    path.write_bytes(change(path.read_bytes()))


def edit_json(path, change):
    value = json.loads(path.read_bytes())
    path.write_bytes(encoding.canonical(change(value)))


def set_in(name, new):
    def change(value):
        value[name] = new
        return value

    return change
