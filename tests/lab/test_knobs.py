"""Knobs: laws of checking, and the one sentence of a refusal."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studyapp.errors import SettingError
from studyapp.lab.knobs import canonical, check, describe, parse
from studyapp.lab.protocol import Knob

N = Knob("n", "int", 64, 32, 1024)
FLIPS = Knob("flips", "float", 0.2, 0, 0.4)
DATA = Knob("data", "choice", "digits", choices=("digits", "pets", "folder:"))
SEEDS = Knob("seeds", "int", 32, 1, 512, gpu=256)
KNOBS = (N, FLIPS, DATA, SEEDS)
DEFAULTS = {"n": 64, "flips": 0.2, "data": "digits", "seeds": 32}

fitting = st.fixed_dictionaries(
    {},
    optional={
        "n": st.integers(32, 1024),
        "flips": st.floats(0, 0.4),
        "data": st.sampled_from(["digits", "pets", "folder:/a:b c", "folder:~/x"]),
        "seeds": st.integers(1, 512),
    },
)


@given(fitting)
def test_what_is_allowed_comes_back_unchanged_with_defaults(values: dict[str, object]) -> None:
    checked = check(KNOBS, values)
    assert list(checked) == list(DEFAULTS)
    for name, value in checked.items():
        if not str(value).startswith("folder:"):
            assert value == values.get(name, DEFAULTS[name])
    assert check(KNOBS, checked) == checked


@given(fitting)
def test_typing_a_value_is_the_same_as_giving_it(values: dict[str, object]) -> None:
    assert parse(KNOBS, {name: str(value) for name, value in values.items()}) == check(
        KNOBS, values
    )


def taken_or_refused(values: dict[str, object]) -> object:
    """Return the one value after checking, or the sentence of its refusal."""
    ((name, value),) = values.items()
    try:
        return (
            parse(KNOBS, {name: value})[name]
            if isinstance(value, str)
            else check(KNOBS, values)[name]
        )
    except SettingError as error:
        return str(error)


@given(st.one_of(st.integers(), st.floats(), st.booleans(), st.text(), st.none(), st.just([1])))
def test_a_value_is_taken_as_it_is_or_refused_with_name_and_range(value: object) -> None:
    taken = taken_or_refused({"n": value})
    if isinstance(taken, str):
        assert taken.startswith("n = ")
        assert taken.endswith(" is not allowed; it must be a whole number from 32 to 1024.")
        assert isinstance(value, bool) or value not in range(32, 1025)
    else:
        assert taken == float(value)  # type: ignore[arg-type]
        assert type(taken) is int


@given(st.one_of(st.text(), st.floats().map(str), st.floats(0, 0.4).map(str)))
def test_text_is_read_as_a_number_in_range_or_refused(text: str) -> None:
    taken = taken_or_refused({"flips": text})
    if isinstance(taken, str):
        assert taken.endswith("it must be a number from 0 to 0.4.")
    else:
        assert taken == float(text.replace("−", "-"))
        assert 0 <= taken <= 0.4


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ({"n": "31"}, "n = 31 is not allowed; it must be a whole number from 32 to 1024."),
        ({"n": "64.5"}, "n = 64.5 is not allowed; it must be a whole number from 32 to 1024."),
        (
            {"n": "1" * 5000},
            "n = 111111111111… is not allowed; it must be a whole number from 32 to 1024.",
        ),
        ({"n": ""}, "n = '' is not allowed"),
        ({"n": "6\n4"}, "n = 6 4 is not allowed"),
        ({"flips": "0.50"}, "flips = 0.50 is not allowed"),
        ({"n": "\x1b[31m64"}, "n = [31m64 is not allowed"),
        ({"flips": "nan"}, "flips = nan is not allowed; it must be a number from 0 to 0.4."),
        ({"flips": "inf"}, "flips = inf is not allowed"),
        ({"flips": "0,2"}, "flips = 0,2 is not allowed"),
        ({"data": "cats"}, "data = cats is not allowed; it must be digits, pets or folder:…."),
        ({"data": "folder:"}, "data = folder: is not allowed"),
        ({"data": "digits:3"}, "data = digits:3 is not allowed"),
        ({"epochs": "3"}, "There is no knob 'epochs'; there is n, flips, data, seeds."),
    ],
)
def test_a_refusal_is_one_sentence(texts: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingError) as caught:
        parse(KNOBS, texts)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", [math.nan, math.inf, 10**400, True, "64", None])
def test_numbers_that_are_none_are_refused(bad: object) -> None:
    for name in ("n", "flips"):
        with pytest.raises(SettingError, match=f"^{name} = "):
            check(KNOBS, {name: bad})


def test_whole_numbers_may_be_typed_as_people_do() -> None:
    assert parse((Knob("worlds", "int", 1, 1, 10**8),), {"worlds": "1e6"}) == {"worlds": 10**6}
    assert parse(KNOBS, {"n": " 64 "})["n"] == 64


def test_a_number_may_be_typed_as_the_app_writes_it() -> None:
    knobs = (Knob("slope", "float", 0.0, -0.1, 0.1), Knob("worlds", "int", 1, 1, 10**8))
    typed = {"slope": "−0.023", "worlds": "1,000,000"}
    assert parse(knobs, typed) == {"slope": -0.023, "worlds": 10**6}
    for bad in ("1,00", "0,100", "1,0000", "−−1", ",100"):
        with pytest.raises(SettingError, match="is not allowed"):
            parse(knobs, {"worlds": bad})


def test_a_folder_is_kept_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ada")
    assert parse(KNOBS, {"data": "folder:my pets"})["data"] == f"folder:{tmp_path}/my pets"
    assert parse(KNOBS, {"data": "folder:~/pets"})["data"] == "folder:/home/ada/pets"


@given(fitting)
def test_equal_experiments_have_equal_texts(values: dict[str, object]) -> None:
    text = canonical(KNOBS, values)
    assert text == canonical(KNOBS[::-1], check(KNOBS, values))
    assert text == canonical(KNOBS, values | {"seeds": 7})
    assert (text == canonical(KNOBS, {})) == (
        {k: v for k, v in check(KNOBS, values).items() if k != "seeds"}
        == {k: v for k, v in DEFAULTS.items() if k != "seeds"}
    )


def test_canonical_text_ignores_how_a_number_was_written() -> None:
    assert canonical(KNOBS, {"flips": 0}) == canonical(KNOBS, {"flips": -0.0})
    assert canonical(KNOBS, {"n": 64.0}) == '{"data": "digits", "flips": 0.2, "n": 64}'


@pytest.mark.parametrize(
    ("knob", "words"),
    [
        (Knob("a", "int", 1), "a whole number"),
        (Knob("a", "int", 1, low=1), "a whole number from 1"),
        (Knob("a", "float", 1, high=0.5), "a number up to 0.5"),
        (Knob("a", "int", 1, 1, 100_000_000), "a whole number from 1 to 100000000"),
        (Knob("a", "choice", "b", choices=("b",)), "b"),
    ],
)
def test_ranges_in_words(knob: Knob, words: str) -> None:
    assert describe(knob) == words
