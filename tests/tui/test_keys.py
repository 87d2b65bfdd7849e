"""The table of keys: laws that hold for it, and other keys that a learner wants."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from textual.binding import BindingsMap

from screen import NARROW, hides, settled, shows, tells
from studyapp.config import Settings
from studyapp.errors import SettingError
from studyapp.tui.keys import TABLE, keymap
from studyapp.tui.screens.page import Page

CHANGES = ("bury", "suspend", "know", "edit", "rewrite", "ask", "flag", "sure", "done")


def test_no_two_actions_of_a_page_have_a_key_in_common() -> None:
    assert keymap({}) == {}


def test_no_small_letter_changes_a_card() -> None:
    assert [
        name for name in CHANGES if TABLE[name].keys.islower() and len(TABLE[name].keys) == 1
    ] == []


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        ({"bury": "Z"}, {"bury": "Z"}),
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
    app = make_app(settings=Settings(keys=(("bury", "Z"), ("write", "y"))))
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter", "minus", "t")
        await shows(pilot, "1 of 10", "Z bury", "y type")
        await hides(pilot, "- bury")
        await pilot.press("Z")
        await tells(pilot, "Buried until tomorrow")
        await shows(pilot, "What does Term 1 mean?")


def pages() -> list[type[Page]]:
    """All screens that there are."""
    import studyapp.tui.screens as screens

    for module in pkgutil.iter_modules(screens.__path__):
        importlib.import_module(f"{screens.__name__}.{module.name}")
    found, new = [], [Page]
    while new:
        found += (new := [one for kind in new for one in kind.__subclasses__()])
    return found


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.__name__)
def test_a_key_of_the_table_means_on_a_page_what_the_table_says(page: type[Page]) -> None:
    """However the page came by its binding: a card cannot be changed by a key of something else."""
    owners = {one: name for name in CHANGES for one in TABLE[name].keys.split(",")}
    for binding in BindingsMap(page.BINDINGS).key_to_bindings.values():
        for one in binding:
            if one.id is not None:
                assert one.key in TABLE[one.id].keys.split(",")
            elif one.key in owners:
                pytest.fail(f"{one.key} is {one.action}, elsewhere {owners[one.key]}")


async def test_the_palette_has_each_action_once_with_its_key(make_app, open_today) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        for keys in ((), ("t",), ("escape", "enter", "enter")):
            await pilot.press(*keys)
            await settled(pilot)
            titles = [command.title for command in app.get_system_commands(app.screen)]
            assert len(titles) == len(set(titles))
            assert not {title.split("  ")[0] for title in titles} & {"Choose", "Move", "Page down"}
            assert len([title for title in titles if title.startswith("Quit")]) == 1
            assert {"Quiz  c", "Done  x", "Bury  -"} & set(titles)
