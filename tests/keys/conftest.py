"""Fixtures of the keys: a county online with custodians, and a true county's plain files."""

import shutil
from pathlib import Path

import pytest

from tests.keys.http_county import Desk, HttpCounty, rounds, serving
from tests.keys.lively_county import lively_county
from tests.keys.plain_faults import failures


@pytest.fixture
def county():
    made = HttpCounty()
    made.add("platform.started")
    made.sign()
    return made


@pytest.fixture
def desks(county, tmp_path):
    """Three custodians with deposited keys."""
    with serving(county) as address:
        made = [Desk(county, address, tmp_path, f"保管人{number}") for number in (1, 2, 3)]
        for desk in made:
            desk.deposit()
        rounds(made)
        yield made
        for desk in made:
            desk.stop()


@pytest.fixture(scope="session")
def true_county(tmp_path_factory):
    county = lively_county()
    folder = county.export(tmp_path_factory.mktemp("county") / "true")
    assert failures(folder) == []
    return county, folder


@pytest.fixture
def lively(true_county):
    """The county whose files `folder` holds."""
    return true_county[0]


@pytest.fixture
def folder(true_county, tmp_path):
    """A copy of the true county's files, to be tampered with."""
    return Path(shutil.copytree(true_county[1], tmp_path / "copy", symlinks=True))
