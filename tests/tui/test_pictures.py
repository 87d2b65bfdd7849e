"""Pictures and sounds by keys: drawn where that can be, else named, and opened outside."""

from __future__ import annotations

import gc
import sys
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from PIL import Image
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from screen import NARROW, PATIENCE, WIDE, arrives, hides, lines, settled, shows, tells, until
from studyapp.config import Settings
from studyapp.errors import StudyError
from studyapp.notes.media import Shelf
from studyapp.notes.raster import unpacked
from studyapp.study import library
from studyapp.tui.screens.today import TodayScreen
from studyapp.tui.viewer import view
from studyapp.tui.widgets import picture
from studyapp.tui.widgets.picture import Gallery, Way, fitted, with_palette_first
from studyapp.tui.widgets.prose import Prose

# Of the one version of textual-image for Python 3.11, about a Pillow that it is not given.
pytestmark = pytest.mark.filterwarnings("ignore:Image.Image.getdata:DeprecationWarning")
DECK = (
    "---\npack: birds\ndeck: Birds\nkind: questionnaire\n---\n\n"
    "## Which bird? {#which}\n\n![a wing](media/wing.png)\n\n<!-- answer -->\n\n"
    "A heron.\n\n![the whole bird](media/bird.jpg)\n\nIt calls: [call](media/call.mp3)\n\n"
    "![torn](media/torn.png)\n\n![out](../../../secret.png)\n"
)


def drawn_as(form: str, width: int, height: int) -> bytes:
    made = BytesIO()
    Image.radial_gradient("L").resize((width, height)).convert("RGB").save(made, form)
    return made.getvalue()


@pytest.fixture
def opened(only_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deck with pictures and a sound, as the only content; the file in which the learner's
    program notes what it has opened."""
    folder = library.own_packs() / "birds" / "media"
    folder.mkdir(parents=True)
    (folder.parent / "birds.md").write_text(DECK)
    for old in only_pack.rglob("*.md"):
        old.unlink()
    (folder / "wing.png").write_bytes(drawn_as("PNG", 300, 200))
    (folder / "bird.jpg").write_bytes(drawn_as("JPEG", 60, 10))
    (folder / "torn.png").write_bytes(drawn_as("PNG", 90, 4)[:150])
    (folder / "call.mp3").write_bytes(b"ID3")
    noted, program = tmp_path / "opened", tmp_path / "open it"
    noted.touch()
    program.write_text(f'#!/bin/sh\nbasename "$1" >> "{noted}"\n')
    program.chmod(0o700)
    monkeypatch.setenv("OPENER", f'"{program}"')
    return noted


def drawn(pilot: Pilot[None]) -> int:
    """How many lines of the screen have something of a picture."""
    return sum("▀▀▀▀" in line for line in lines(pilot).splitlines())


async def test_pictures_are_drawn_and_opened_and_an_answer_stays_hidden(
    make_app, open_today, opened, monkeypatch
) -> None:
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: drawn(pilot) == NARROW[1] // 2)
        await shows(pilot, "U open outside", "esc back")
        await hides(pilot, "the whole bird", "call")
        await pilot.press("U", "U")  # the answer's picture is not the next one
        await until(pilot, lambda: opened.read_text() == "wing.png\nwing.png\n")
        await pilot.press("enter")
        await shows(pilot, "A heron.", "It calls: [sound: call]", "[image: torn, damaged]")
        await shows(pilot, "[image: out, not in its pack]")
        await until(pilot, lambda: drawn(pilot) >= 10 // 2)
        await pilot.press("U")
        await tells(pilot, "Opened: the whole bird (")
        await pilot.press("U")
        await until(pilot, lambda: opened.read_text().endswith("bird.jpg\ncall.mp3\n"))
        monkeypatch.setenv("OPENER", "no-such-program")
        await pilot.press("U")
        await tells(pilot, "'no-such-program' could not be started: No such file")
        await pilot.resize_terminal(*WIDE)
        await pilot.press("pageup", "pageup")
        await until(pilot, lambda: drawn(pilot) >= WIDE[1] // 2)
        await pilot.press("escape", "escape")
        await arrives(pilot, TodayScreen)
        await until(pilot, nothing_is_left)


def nothing_is_left() -> bool:
    """Whether the memory has no picture that was unpacked."""
    gc.collect()
    return not any(isinstance(one, Image.Image) for one in gc.get_objects())


async def test_without_what_draws_them_they_are_named(
    make_app, open_today, opened, monkeypatch
) -> None:
    monkeypatch.setitem(sys.modules, "textual_image", None)
    app = make_app()
    async with app.run_test(size=NARROW) as pilot:
        await open_today(pilot)
        await pilot.press("slash", *"heron", "enter")
        await shows(pilot, "[image: a wing, 300×200]", "[image: the whole bird, 60×10]")
        await shows(pilot, "[image: torn, 90×4]", "U open outside")
        assert not drawn(pilot)
        await pilot.press("U", "U", "U")
        await until(pilot, lambda: opened.read_text() == "wing.png\nbird.jpg\ncall.mp3\n")


class OnePicture(App[None]):
    def __init__(self, gallery: Gallery) -> None:
        super().__init__()
        self.gallery = gallery

    def compose(self) -> ComposeResult:
        yield Prose()

    def on_mount(self) -> None:
        self.query_one(Prose).show("Seen:\n\n- ![](a.png)", self.gallery)


@pytest.mark.parametrize("way", [Way.KITTY, Way.SIXEL])
async def test_what_a_terminal_gets_stands_where_the_text_has_room(
    tmp_path: Path, monkeypatch, way: Way
) -> None:
    (tmp_path / "a.png").write_bytes(drawn_as("PNG", 80, 60))
    terminal = StringIO()
    monkeypatch.setattr("sys.__stdout__", terminal)
    app = OnePicture(Gallery(Shelf(tmp_path / "a.md", tmp_path), way))
    async with app.run_test(size=(40, 20)) as pilot:
        await until(pilot, lambda: app.query("Picture > *"))
        await settled(pilot)
        shown = app.query_one("Picture > *")
        assert shown.region == (2, 2, 8, 3)
        rows = shown.render_lines(Region(0, 0, 8, 3))
        assert [row.cell_length for row in rows] == [8, 8, 8]
        if way is Way.KITTY:
            assert {row.text[0] for row in rows} == {"\U0010eeee"}
            assert ",c=8,r=3," in terminal.getvalue()
        else:
            *blank, last = rows
            assert "".join(row.text for row in blank).isspace()
            assert last.text.startswith(" " * 8 + "\x1b7\x1b[3;3H\x1bP")
            assert last.text.endswith("\x1b\\\x1b8")


def test_colours_are_all_there_before_one_is_used() -> None:
    assert with_palette_first("\x1bPq#0;2;1;2;3!9~-#1;2;0;0;0~#0?") == (
        "\x1bPq#0;2;1;2;3#1;2;0;0;0#0!9~-#1~#0?"
    )


@pytest.mark.parametrize(
    ("way", "environment"),
    [
        (Way.KITTY, {"TERM": "xterm-kitty"}),
        (Way.KITTY, {"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}),
        (Way.BLOCKS, {"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1", "TMUX": "/tmp/tmux"}),
        (Way.SIXEL, {"TERM": "foot-extra"}),
        (Way.SIXEL, {"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}),
        (Way.BLOCKS, {"TERM": "xterm-256color"}),
        (Way.BLOCKS, {}),
    ],
)
def test_the_environment_says_what_a_terminal_draws(
    monkeypatch, way: Way, environment: dict[str, str]
) -> None:
    monkeypatch.setattr("sys.__stdout__", _Terminal())
    assert picture.told_by(environment) is way
    monkeypatch.setattr("sys.__stdout__", BytesIO())
    assert picture.told_by(environment) is Way.BLOCKS


class _Terminal:
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("wanted", ["auto", "none", "sixel"])
def test_who_wants_no_colours_gets_no_pictures(make_app, monkeypatch, wanted: str) -> None:
    assert picture.way_of(make_app(), wanted) is (Way.BLOCKS if wanted == "auto" else Way(wanted))
    monkeypatch.setenv("NO_COLOR", "1")
    assert picture.way_of(make_app(), wanted) is Way.NONE


@pytest.mark.parametrize(
    ("size", "cell", "room", "fits"),
    [
        ((300, 200), (10, 20), (78, 12), (30, 10)),
        ((3000, 2000), (10, 20), (78, 12), (36, 12)),
        ((3000, 20), (10, 20), (78, 12), (78, 1)),
        ((1, 9000), (1, 2), (78, 12), (1, 12)),
        ((8, 8), (1, 2), (78, 12), (8, 4)),
    ],
)
def test_a_picture_keeps_its_shape_and_is_never_blown_up(size, cell, room, fits) -> None:
    assert fitted(size, cell, room) == fits


def test_what_is_drawn_is_small_upright_and_on_white(tmp_path: Path) -> None:
    photograph = Image.new("RGB", (400, 100), "red")
    turned = photograph.getexif()
    turned[0x0112] = 6  # by a quarter
    photograph.save(tmp_path / "a.jpg", exif=turned)
    assert unpacked(tmp_path / "a.jpg", (40, 40)).size == (10, 40)
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "b.png")
    assert unpacked(tmp_path / "b.png", (40, 40)).getpixel((0, 0)) == (255, 255, 255)
    (tmp_path / "c.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0")  # which would start a program
    for name, why in (("c.png", "damaged"), ("gone.png", "No such file or directory")):
        with pytest.raises(StudyError, match=why):
            unpacked(tmp_path / name, (40, 40))


def test_a_program_that_fails_is_one_sentence(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("studyapp.tui.viewer._SOON", PATIENCE)  # however late it is to start
    for opener, told in (
        ("false", "'false' could not open a.png: it ended with 1."),
        ("'", 'OPENER is "\'", which is no command'),
        ("", "No program to open it was found; set OPENER to one."),
    ):
        monkeypatch.setenv("OPENER", opener)
        monkeypatch.setenv("BROWSER", "")
        monkeypatch.setattr("shutil.which", lambda name: None)
        with pytest.raises(StudyError, match=told):
            view(tmp_path / "a.png")
    monkeypatch.setenv("BROWSER", "true %s:lynx")
    view(tmp_path / "a.png")
    assert Settings().pictures == "auto"
