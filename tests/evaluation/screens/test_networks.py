"""The network screens find planted rings, leave markets alone, and do not depend on the engine."""

import shutil
from importlib.util import find_spec

import numpy as np
import pytest

from bench.generate_markets import generate
from evaluation.screens.engines import (
    embedded,
    keep_in_duckdb,
    keep_in_spark,
    new_tender_screen,
)
from evaluation.screens.network_findings import QUESTIONS, network_signs
from evaluation.screens.networks import stages

# The two libraries are a version apart: the one calls what the other has renamed.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


@pytest.fixture(scope="module")
def ringed():
    drawn = generate(6_000, seed=3)
    connection = embedded()
    bids = connection.create_table("bids", drawn.bids)
    tenders = connection.create_table("tenders", drawn.tenders)
    whole = stages(bids, tenders, keep_in_duckdb(connection))
    return drawn, connection, bids, whole, network_signs(whole)


def rows_of(expression):
    """The rows of an expression in one order, whole numbers first to sort by."""
    table = expression.to_pyarrow()
    names = sorted(table.column_names, key=lambda name: (str(table[name].type)[:3] != "int", name))
    rows = np.column_stack([np.asarray(table[name]).astype(float) for name in names])
    return rows[np.lexsort(np.round(rows.T[::-1], 6))]


def codes_of(signs, firms):
    names = {str(firm) for firm in firms}
    return {found.code for found in signs.findings if set(found.bidders) <= names}


@pytest.mark.parametrize(
    ("ring", "code"),
    [
        ("cobidding", "N1"),
        ("rotation", "N2"),
        ("cover", "N3"),
        ("allocation", "N4"),
        ("ratio", "N6"),
    ],
)
def test_each_planted_ring_is_found_by_its_screen(ringed, ring, code):
    drawn, _, _, _, signs = ringed
    assert code in codes_of(signs, drawn.rings[ring])


def test_findings_name_few_others_are_statistics_only_and_point_at_tenders(ringed):
    drawn, _, _, _, signs = ringed
    planted = {str(firm) for ring in drawn.rings.values() for firm in ring}
    others = [found for found in signs.findings if not set(found.bidders) <= planted]
    assert len(others) <= 0.05 * len(signs.findings) + 1
    assert {found.strength for found in signs.findings} == {"C"}
    assert all(found.evidence and found.innocent for found in signs.findings)
    assert all(found.p <= found.threshold for found in signs.findings)


def test_honest_markets_give_at_most_a_finding_or_two():
    drawn = generate(6_000, seed=4, rings=False)
    connection = embedded()
    bids = connection.create_table("bids", drawn.bids)
    tenders = connection.create_table("tenders", drawn.tenders)
    signs = network_signs(stages(bids, tenders, keep_in_duckdb(connection)))
    assert len(signs.findings) <= 2


def test_bidders_who_never_met_before_give_no_finding(ringed):
    _, connection, bids, whole, signs = ringed
    screen = new_tender_screen(connection, bids, whole, signs)
    assert screen([10**9, 10**9 + 1]).findings == ()


def test_new_tender_alone_says_what_the_whole_run_says_of_its_bidders(ringed):
    drawn, connection, bids, whole, signs = ringed
    screen = new_tender_screen(connection, bids, whole, signs)
    for ring in drawn.rings.values():
        few = screen(ring)
        names = {str(firm) for firm in ring}
        wanted = [found for found in signs.findings if set(found.bidders) <= names]
        assert [(f.code, f.bidders, f.value) for f in few.findings] == [
            (f.code, f.bidders, f.value) for f in wanted
        ]
        assert [f.evidence for f in few.findings] == [f.evidence for f in wanted]


# PySpark is the province's engine; a county's set-up installs neither it nor Java.
if find_spec("pyspark") is not None and shutil.which("java") is not None:

    @pytest.mark.slow
    @pytest.mark.filterwarnings("ignore")
    def test_duckdb_and_pyspark_give_equal_results(tmp_path):
        import ibis
        from pyspark.sql import SparkSession

        drawn = generate(2_000, seed=3)
        connection = embedded()
        bids = connection.create_table("bids", drawn.bids)
        tenders = connection.create_table("tenders", drawn.tenders)
        whole = stages(bids, tenders, keep_in_duckdb(connection))
        builder = SparkSession.builder.master("local[1]").config("spark.driver.host", "127.0.0.1")
        for name, value in {
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "1",
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.warehouse.dir": str(tmp_path / "warehouse"),
        }.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        try:
            spark = ibis.pyspark.connect(session)
            for name, table in (("bids", drawn.bids), ("tenders", drawn.tenders)):
                session.createDataFrame(table.to_pandas()).createOrReplaceTempView(name)
            other = stages(spark.table("bids"), spark.table("tenders"), keep_in_spark)
            found = {}
            for code, ask in QUESTIONS.items():
                one, two = rows_of(ask(whole)), rows_of(ask(other))
                assert one.shape == two.shape, code
                assert np.allclose(one, two), code
                found[code] = len(one)
            assert all(found.values()), found
        finally:
            session.stop()
