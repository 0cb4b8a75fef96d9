"""People and money in common, and the namesakes, guarantors and branches that explain it."""

from evaluation.screens.people import (
    Firm,
    Holder,
    Payment,
    Person,
    Shared,
    Tie,
    bond_signs,
    people_signs,
    tie_signs,
)

WEI = Person("王伟", id_number="110101199001011237", certificate="E1101", record="team-a")


def signs(found):
    return [(sign.code, sign.strength) for sign in found]


def pair(**fields):
    return [Firm(name, **fields) for name in ("a", "b")]


def test_same_team_member_by_number_certificate_and_name_is_a_b_and_c():
    assert signs(people_signs(pair(team=(WEI,)))) == [("P1", "A")]
    paper = Person("王伟", certificate="E1101")
    assert signs(people_signs(pair(team=(paper,)))) == [("P1", "B")]
    assert signs(people_signs(pair(team=(Person("王伟"),)))) == [("P1", "C")]


def test_namesakes_with_different_numbers_are_two_persons():
    other = Person("王伟", id_number="110101198507024321")
    assert people_signs([Firm("a", team=(WEI,)), Firm("b", team=(other,))]) == []


def test_same_agent_is_a_and_a_shared_telephone_alone_is_b():
    agent = Person("李芳", phone="+86 139-0000-1234", mailbox="li@example.cn")
    same = Person("李芳", phone="13900001234")
    other = Person("赵强", phone="139 0000 1234")
    assert signs(people_signs([Firm("a", agents=(agent,)), Firm("b", agents=(same,))])) == [
        ("P2", "A")
    ]
    one = [Firm("a", agents=(agent,)), Firm("b", agents=(other,))]
    assert signs(people_signs(one)) == [("P2", "B")]
    assert people_signs(one, Shared(contacts=frozenset({"13900001234"}))) == []


def test_a_telephone_of_agent_and_contact_is_one_sign_of_the_pair():
    people = [Person(name, phone="13900001234") for name in ("李芳", "赵强", "陈军", "何静")]
    firms = [Firm("a", agents=tuple(people[:2])), Firm("b", agents=tuple(people[2:]))]
    assert signs(people_signs(firms)) == [("P2", "B")]
    firms = [Firm("a", agents=tuple(people[:2])), Firm("b", agents=(people[0], people[3]))]
    assert signs(people_signs(firms)) == [("P2", "A")]


def test_same_name_without_a_shared_number_is_no_contact_sign():
    firms = [Firm("a", agents=(Person("李芳"),)), Firm("b", agents=(Person("李芳"),))]
    assert people_signs(firms) == []


def test_same_head_and_control_by_the_register_are_a():
    assert signs(people_signs(pair(head=WEI))) == [("P3", "A")]
    owned = Firm("b", number="B1", holders=(Holder("A1", 0.51),))
    assert signs(people_signs([Firm("a", number="A1"), owned])) == [("P3", "A")]
    sisters = [Firm(n, number=n, holders=(Holder("Z9", 0.6),)) for n in ("a", "b")]
    assert signs(people_signs(sisters)) == [("P3", "A")]
    half = Firm("b", number="B1", holders=(Holder("A1", 0.3),))
    assert people_signs([Firm("a", number="A1"), half]) == []


def test_branch_and_parent_are_asked_and_not_deemed():
    firms = [Firm("a", number="A1", head=WEI), Firm("b", number="B1", head=WEI, branch_of="A1")]
    assert signs(people_signs(firms)) == [("P3", "B")]


def test_members_of_one_consortium_are_not_compared():
    shared = Shared(pairs=frozenset({frozenset({"a", "b"})}))
    assert people_signs(pair(team=(WEI,), head=WEI), shared) == []


def test_bonds_from_one_account_are_a_but_not_from_a_guarantor():
    paid = [Payment("a", "6222 0001", record="p1"), Payment("b", "62220001", record="p2")]
    (found,) = bond_signs(paid, [])
    assert (found.code, found.strength, found.legal) == ("D1", "A", "REG 40(6)")
    assert {piece.record for piece in found.evidence} == {"p1", "p2"}
    assert bond_signs(paid, [], Shared(accounts=frozenset({"62220001"}))) == []


def test_bond_paid_by_another_bidder_is_a_and_by_its_namesake_person_b():
    firms = [Firm("a", name="甲公司"), Firm("b", name="乙公司", team=(WEI,))]
    assert signs(bond_signs([Payment("a", "1", payer="乙公司")], firms)) == [("D1", "A")]
    assert signs(bond_signs([Payment("a", "1", payer="王伟")], firms)) == [("D1", "B")]
    assert bond_signs([Payment("b", "1", payer="王伟")], firms) == []


def test_contract_shared_with_a_loser_is_b_unless_declared_before():
    ties = [Tie("w", "l1", record="c1"), Tie("w", "l2", declared=True), Tie("w", "stranger")]
    (found,) = tie_signs(["l1", "l2"], ties)
    assert (found.code, found.strength, found.bidders) == ("N5", "B", ("w", "l1"))
