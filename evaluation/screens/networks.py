"""Networks of bidders (投标人关系网络): N1, N2, N3, N4 and N6 as one set of Ibis expressions.

The same expressions run in DuckDB, embedded, for a county, and in PySpark when a province outgrows
one machine; neither is named here. Each stage reads the one before it; `keep` stores a stage, and
is the only thing that an engine decides.

Co-bidding by itself is worthless or reversed: firms that meet often are the ordinary local market.
So everything is counted inside a market (an area and a kind of work), and N1 inside a stratum
(market, size and year). Only pairs that met at least `LEAST` times in a market are looked at:
fewer meetings prove nothing, and their number is what makes the count slow.

Tables given: `bids` (tender, bidder, price, won 0/1) and `tenders` (tender, area, kind, size, year,
day), all integers but the price; `size` is a class, `day` grows with time. One bid a bidder and
tender. For a disposal nothing changes, since `won` says who won.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ibis

# Ibis tables have no static types.
Table = Any
LEAST = 5
_RATIO = 1000
# With fewer wins of each no order is remarkable among as many pairs as a county has.
_TURNS = 6
# A pair's ratios are first counted in so many slots, several counters packed in one number that a
# double holds exactly; only pairs with a slot that is full enough are counted ratio by ratio.
_NUMBERS, _COUNTERS, _FULL = 4, 8, 64


@dataclass(frozen=True)
class Stages:
    """The stored stages that the screens read.

    facts: a row a tender. strata, markets: how many tenders each holds. activity: a firm's bids and
    wins in a stratum. firms: a firm in a market, numbered `no` by bidder and market. active: the
    bids of firms that bid `LEAST` times in the market. pairs: two such firms a < b. ratios: prices
    a to b in thousandths that came `LEAST` times.
    """

    facts: Table
    strata: Table
    markets: Table
    activity: Table
    firms: Table
    active: Table
    pairs: Table
    ratios: Table


Keep = Callable[[str, Table], Table]


def stages(bids: Table, tenders: Table, keep: Keep) -> Stages:
    """Compute every stage over all bids; `keep(name, stage)` stores a stage and returns it."""
    facts = keep("facts", facts_of(bids, tenders))
    strata = keep("strata", facts.group_by(facts.stratum).agg(tenders=facts.count()))
    markets = keep("markets", facts.group_by(facts.market).agg(tenders=facts.count()))
    return stages_among(bids, facts, strata, markets, keep)


def stages_among(bids: Table, facts: Table, strata: Table, markets: Table, keep: Keep) -> Stages:
    """Compute the stages over some bidders' bids, against facts of all tenders.

    With the bids of a new tender's bidders alone this is the incremental screen: a pair's numbers
    depend on the two firms' bids and on the strata's sizes only.
    """
    activity = keep("activity", _activity(bids, facts))
    firms = keep("firms", _firms(activity))
    active = keep("active", _active(bids, facts, firms))
    pairs = keep("pairs", _pairs(active))
    ratios = keep("ratios", _ratios(active, pairs))
    return Stages(facts, strata, markets, activity, firms, active, pairs, ratios)


def facts_of(bids: Table, tenders: Table) -> Table:
    """Return a row a tender: number of bids, market, stratum, day."""
    counts = bids.group_by(bids.tender).agg(bids=bids.count())
    joined = counts.join(tenders, "tender")
    market = joined.area * 64 + joined.kind
    return joined.select(
        joined.tender,
        joined.bids,
        market=market,
        stratum=(market * 16 + joined.size) * 4096 + joined.year,
        day=joined.day,
    )


def _activity(bids: Table, facts: Table) -> Table:
    """Return each firm's bids, wins and chances of winning in each stratum."""
    joined = bids.join(facts.select("tender", "market", "stratum", facts_bids=facts.bids), "tender")
    share = 1 / joined.facts_bids.cast("float64")
    return joined.group_by(["bidder", "market", "stratum"]).agg(
        bids=joined.count(),
        wins=joined.won.sum(),
        expected=share.sum(),
        variance=(share * (1 - share)).sum(),
    )


def _firms(activity: Table) -> Table:
    """Number the firms that bid often enough in a market."""
    totals = activity.group_by(["bidder", "market"]).agg(
        bids=activity.bids.sum(),
        wins=activity.wins.sum(),
        expected=activity.expected.sum(),
        variance=activity.variance.sum(),
    )
    often = totals.filter(totals.bids >= LEAST)
    order = ibis.window(order_by=[often.bidder, often.market])
    return often.mutate(no=ibis.row_number().over(order).cast("int32"))


def _active(bids: Table, facts: Table, firms: Table) -> Table:
    """Return the numbered firms' bids, with what the pairs need."""
    joined = bids.join(facts.select("tender", "market", "day"), "tender")
    numbered = joined.join(firms.select("bidder", "market", "no"), ["bidder", "market"])
    # Wins as doubles: whole numbers would be summed in 128 bits, one and a half times as slow.
    won = numbered.won.cast("float64")
    return numbered.select("tender", "no", "day", "price", won=won, line=numbered.price.ln())


def _thousandths(a_price: Table, b_price: Table) -> Table:
    """Return a price ratio to three decimals."""
    return (a_price / b_price * _RATIO + 0.5).floor().cast("int32")


def _pairs(active: Table) -> Table:
    """Return the pairs that met often: meetings, wins, and the spread of their price ratio."""
    a = active
    b = active.view()
    met = a.join(b, [a.tender == b.tender, a.no < b.no]).select(
        a=a.no,
        b=b.no,
        a_won=a.won,
        b_won=b.won,
        apart=a.line - b.line,
        slot=_thousandths(a.price, b.price) % (_NUMBERS * _COUNTERS),
    )
    counted = met.group_by(["a", "b"]).agg(
        met=met.count(),
        a_wins=met.a_won.sum(),
        b_wins=met.b_won.sum(),
        apart=met.apart.sum(),
        apart2=(met.apart * met.apart).sum(),
        **{f"slots{number}": _tally(met.slot, number) for number in range(_NUMBERS)},
    )
    return counted.filter(counted.met >= LEAST)


def _tally(slot: Table, number: int) -> Table:
    """Count the slots of one number: each in its own digit of base `_FULL`."""
    place = slot - number * _COUNTERS
    here = (place >= 0) & (place < _COUNTERS)
    return ibis.ifelse(here, ibis.literal(float(_FULL)) ** place, 0.0).sum()


def _repeating(pairs: Table) -> Table:
    """Return the pairs that may have repeated a ratio; no pair that has is missing.

    A digit that ran over can only belong to a pair that met `_FULL` times.
    """
    often = pairs.met >= _FULL
    for number in range(_NUMBERS):
        for place in range(_COUNTERS):
            digit = (pairs[f"slots{number}"] / float(_FULL**place)).floor().cast("int64") % _FULL
            often = often | (digit >= LEAST)
    return pairs.filter(often).select("a", "b")


def _ratios(active: Table, pairs: Table) -> Table:
    """Return the price ratios, to three decimals, that a pair repeated."""
    mine = active.select("tender", a="no", a_price="price")
    theirs = active.select("tender", b="no", b_price="price")
    met = _repeating(pairs).join(mine, "a").join(theirs, ["b", "tender"])
    met = met.select("a", "b", thousandths=_thousandths(met.a_price, met.b_price))
    counted = met.group_by(["a", "b", "thousandths"]).agg(times=met.count())
    return counted.filter(counted.times >= LEAST)


def _named(stages: Stages, pairs: Table) -> Table:
    """Join both firms' bidder, market and totals to pairs, as a_... and b_..."""
    firms = stages.firms
    for side in ("a", "b"):
        columns = {
            f"{side}_bidder": firms.bidder,
            f"{side}_bids": firms.bids,
            f"{side}_all_wins": firms.wins,
            f"{side}_expected": firms.expected,
            f"{side}_variance": firms.variance,
        }
        extra = {"market": firms.market} if side == "a" else {}
        pairs = pairs.join(firms.select(**{side: firms.no}, **columns, **extra), side)
    return pairs


def lifted(stages: Stages) -> Table:
    """N1: pairs that meet more often than their strata explain, one row a pair and stratum.

    A row says that of `tenders` in the stratum one firm bid in `a_n`, the other in `b_n`; `met` is
    the pair's meetings in all strata. Pairs within three standard deviations of the hypergeometric
    expectation are left out: what is likely needs no exact count.
    """
    named = _named(stages, stages.pairs).join(
        stages.markets.select(market="market", market_tenders="tenders"), "market"
    )
    plain = named.a_bids * named.b_bids / named.market_tenders.cast("float64")
    often = named.filter(named.met - plain > 2 * plain.sqrt())
    key = often.select("a", "b", "met", "market", "a_bidder", "b_bidder")
    mine = stages.activity.select("bidder", "market", "stratum", a_n="bids")
    theirs = stages.activity.select("bidder", "market", "stratum", b_n="bids")
    both = key.join(mine, [key.a_bidder == mine.bidder, key.market == mine.market]).select(
        "a", "b", "met", "market", "a_bidder", "b_bidder", "stratum", "a_n"
    )
    both = both.join(
        theirs, [both.b_bidder == theirs.bidder, both.stratum == theirs.stratum]
    ).select("a", "b", "met", "market", "a_bidder", "b_bidder", "stratum", "a_n", "b_n")
    both = both.join(stages.strata, "stratum")
    size = both.tenders.cast("float64")
    share = both.a_n / size
    rest = ibis.ifelse(size > 1, (size - both.b_n) / (size - 1), 0.0)
    both = both.mutate(mean=both.b_n * share, variance=both.b_n * share * (1 - share) * rest)
    pair = ibis.window(group_by=["a", "b"])
    both = both.mutate(mean=both.mean.sum().over(pair), variance=both.variance.sum().over(pair))
    far = both.filter(both.met - both.mean > 3 * both.variance.sqrt())
    return far.drop("mean", "variance", "a", "b")


def alternating(stages: Stages) -> Table:
    """N2: pairs that each won six times against the other: wins and runs of winners in time.

    Two firms of a rotation take turns whatever the others do. Fewer wins can show no order.
    """
    pairs = stages.pairs.filter((stages.pairs.a_wins >= _TURNS) & (stages.pairs.b_wins >= _TURNS))
    pairs = _named(stages, pairs).select("a", "b", "met", "market", "a_bidder", "b_bidder")
    bids = stages.active.select("tender", "no", "day", "won")
    mine = bids.select("tender", "day", a="no", a_won="won")
    theirs = bids.select("tender", b="no", b_won="won")
    met = pairs.join(mine, "a").join(theirs, ["tender", "b"])
    met = met.filter(met.a_won + met.b_won == 1)
    order = ibis.window(group_by=["a", "b"], order_by=["day", "tender"])
    met = met.mutate(before=met.a_won.lag().over(order))
    new = ibis.ifelse(met.before.isnull() | (met.before != met.a_won), 1, 0)
    return met.group_by(["a", "b", "met", "market", "a_bidder", "b_bidder"]).agg(
        a_wins=met.a_won.sum(), b_wins=met.b_won.sum(), runs=new.sum()
    )


def covering(stages: Stages) -> Table:
    """N3: a firm that wins less than its chances, beside a partner that wins when it is there.

    One row a direction: `cover` seldom wins; `partner` won `partner_wins` of the `met` tenders.
    """
    named = _named(stages, stages.pairs)
    sides = []
    for one, other in (("a", "b"), ("b", "a")):
        sides.append(
            named.select(
                "market",
                "met",
                cover=named[f"{one}_bidder"],
                partner=named[f"{other}_bidder"],
                cover_bids=named[f"{one}_bids"],
                cover_wins=named[f"{one}_all_wins"],
                cover_expected=named[f"{one}_expected"],
                cover_variance=named[f"{one}_variance"],
                partner_wins=named[f"{other}_wins"],
                partner_bids=named[f"{other}_bids"],
                partner_all_wins=named[f"{other}_all_wins"],
            )
        )
    both = sides[0].union(sides[1])
    elsewhere = (both.partner_all_wins - both.partner_wins + 1) / (
        both.partner_bids - both.met + 2
    ).cast("float64")
    both = both.mutate(rate=elsewhere)
    chance = both.met * both.rate
    often = (both.partner_wins >= LEAST) & (
        both.partner_wins - chance > 3 * (chance * (1 - both.rate)).sqrt()
    )
    seldom = both.cover_expected - both.cover_wins > both.cover_variance.sqrt()
    return both.filter(often & seldom)


def allotted(stages: Stages) -> Table:
    """N4: pairs that met in two or more markets: who of the two won, market by market."""
    named = _named(stages, stages.pairs)
    named = named.filter(named.a_wins + named.b_wins > 0)
    cells = named.select("market", "a_bidder", "b_bidder", "a_wins", "b_wins", "met")
    sums = cells.group_by(["a_bidder", "b_bidder"]).agg(
        cells=cells.count(),
        a_sum=cells.a_wins.sum(),
        b_sum=cells.b_wins.sum(),
        best=ibis.greatest(cells.a_wins, cells.b_wins).sum(),
    )
    wins = sums.a_sum + sums.b_sum
    split = (sums.cells >= 2) & (ibis.least(sums.a_sum, sums.b_sum) >= 3)
    sums = sums.filter(split & (sums.best * 5 >= wins * 4))
    return cells.join(sums.select("a_bidder", "b_bidder"), ["a_bidder", "b_bidder"])


def repeated(stages: Stages) -> Table:
    """N6: price ratios that a pair repeated, with the pair's meetings and spread of ratios."""
    named = _named(stages, stages.pairs)
    named = named.select("a", "b", "market", "a_bidder", "b_bidder", "met", "apart", "apart2")
    return stages.ratios.join(named, ["a", "b"])


def meetings(stages: Stages, a: Table) -> Table:
    """Return the tenders in which pairs (columns `a`, `b`: bidders) met, as evidence."""
    names = stages.firms.select("bidder", "no")
    bids = stages.active.join(names, "no").select("tender", "bidder", "price")
    mine = bids.select("tender", a="bidder", a_price="price")
    theirs = bids.select("tender", b="bidder", b_price="price")
    return a.join(mine, "a").join(theirs, ["tender", "b"])
