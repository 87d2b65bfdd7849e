"""The table of keys: laws that hold for it, and other keys that a learner wants."""

from __future__ import annotations

import pytest

from screen import NARROW, hides, shows, tells
from studyapp.config import Settings
from studyapp.errors import SettingError
from studyapp.tui.keys import TABLE, keymap

CHANGES = ("bury", "suspend", "know", "edit", "ask", "flag", "sure", "done")


def test_no_two_actions_of_a_page_have_a_key_in_common() -> None:
    assert keymap({}) == {}


def test_no_small_letter_changes_a_card() -> None:
    assert [
        name for name in CHANGES if TABLE[name].keys.islower() and len(TABLE[name].keys) == 1
    ] == []


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        ({"bury": "B"}, {"bury": "B"}),
        ({"bury": "!"}, {"bury": "exclamation_mark"}),
        ({"undo": "ctrl+z, f5"}, {"undo": "ctrl+z,f5"}),
        ({"undo": "M", "maths": "u"}, {"undo": "M", "maths": "u"}),  # changed over
        ({"plot": "u", "undo": "p"}, None),  # the exam day's page has p, too
        ({"watch": "v"}, {"watch": "v"}),  # no page has both
    ],
)
def test_keys_that_can_be_had(wanted: dict[str, str], keys: dict[str, str] | None) -> None:
    if keys is None:
        with pytest.raises(SettingError):
            keymap(wanted)
    else:
        assert keymap(wanted) == keys


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"bury": "u"}, "bury and undo cannot both have the key 'u'"),
        ({"bury": "a"}, "bury and ticking a point cannot both have the key 'a'"),
        ({"burry": "B"}, "there is no action 'burry'; did you mean bury"),
        ({"bury": "spacee"}, "'spacee' is no key; give one such as"),
        ({"bury": ""}, "'' is no key"),
        ({"bury": "\x1b"}, "is no key"),
    ],
)
def test_keys_that_cannot_be_had_are_refused_with_a_sentence(
    wanted: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SettingError, match=sentence) as refused:
        keymap(wanted)
    assert "\x1b" not in str(refused.value)


async def test_another_key_is_the_one_that_works_and_is_shown(make_app, open_today) -> None:
    app = make_app(settings=Settings(keys=(("bury", "B"), ("write", "i"))))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "minus", "t")
        await shows(pilot, "1 of 10", "B bury", "i type")
        await hides(pilot, "- bury")
        await pilot.press("B")
        await tells(pilot, "Buried until tomorrow")
        await shows(pilot, "1 of 9")
