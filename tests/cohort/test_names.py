"""Finding a council by name."""

from datetime import date

import pytest

from cohort.names import find_councils
from cohort.services.register import OWN_FILE, load_register

CLOSING_DAY = date(2019, 7, 15)


@pytest.fixture(autouse=True)
def own_register(db: None) -> None:
    load_register(data=OWN_FILE.read_bytes(), by=None)


def found(text: str, day: date = CLOSING_DAY) -> list[str]:
    matches = find_councils(text, day)
    assert not (matches.exact and matches.near)
    return [council.code for council in matches.exact]


def near(text: str, day: date = CLOSING_DAY) -> list[str]:
    return [council.code for council in find_councils(text, day).near]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Oxford", "OXO"),
        ("Oxfordshire", "OXF"),
        ("Gloucester", "GLO"),
        ("Gloucestershire", "GLS"),
        ("  oxford   city COUNCIL ", "OXO"),
        ("Hammersmith & Fulham", "HMF"),
        ("St. Helens", "SHN"),
        ("Stoke on Trent", "STE"),
        ("Greater Manchester", "GMCA"),
    ],
)
def test_a_whole_name_finds_that_council_and_no_other(text, code):
    assert found(text) == [code]


def test_a_name_means_the_council_that_bore_it_on_the_day():
    assert found("Buckinghamshire", date(2020, 3, 31)) == ["BKM"]
    assert found("Buckinghamshire", date(2020, 4, 1)) == ["BUC"]


def test_a_body_that_did_not_exist_yet_is_not_found():
    assert found("Buckinghamshire Council") == []
    assert near("Buckinghamshire Council")[0] == "BKM"


def test_the_name_of_a_council_that_ended_leads_to_its_successor():
    assert found("Christchurch") == []
    assert near("Christchurch")[0] == "BPC"


def test_a_slip_of_the_pen_or_a_missing_word_gives_near_matches():
    assert near("Oxfrod")[0] == "OXO"
    assert near("Barking")[0] == "BDG"
    assert near("Manchester Council")[0] == "MAN"


def test_few_near_matches_are_given_each_once():
    codes = near("the council")
    assert len(codes) == len(set(codes)) <= 6


def test_words_that_are_like_no_council_find_nothing():
    assert find_councils("Xyzzyx", CLOSING_DAY) == ([], [])
    assert find_councils(" ! ", CLOSING_DAY) == ([], [])
