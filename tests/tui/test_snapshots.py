"""Each screen as a picture: 80×24 and 140×40, light and dark."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from studyapp.config import Current, Settings
from studyapp.memory.state import Rating
from studyapp.store import log
from studyapp.study import library, review
from tests_support import Clock, question, questionnaire

SIZES = [(80, 24), (140, 40)]
THEMES = ["textual-dark", "textual-light"]

RICH = r"""## How does SGD step, for a loss $L(\theta)$ and a rate $\eta$? {#sgd}

Each weight moves against its gradient:

$$\theta_{t+1} = \theta_t - \eta \nabla L(\theta_t)$$

| rate | what happens |
|---|---|
| too small | slow, not broken |
| too large | the loss diverges |

```python
with torch.no_grad():
    w -= rate * w.grad
```

- [ ] against the gradient, times the rate
- [ ] extra: the gradient is set to zero afterwards, or it adds up

<!-- section: 1.1, as-of: 2026 -->
<!-- source: Robbins and Monro 1951, A stochastic approximation method -->
"""


@pytest.fixture
def rich_pack(only_pack: Path) -> Path:
    """Three chapters; the very first card has maths, a table and code."""
    for path in (only_pack / "1").glob("*.md"):
        if path.name != "reading.md":
            path.unlink()
    (only_pack / "1" / "questionnaire.md").write_text(
        questionnaire(RICH, *(question(f"q{number:02}") for number in range(30)))
    )
    (only_pack / "3.md").write_text(
        questionnaire(question("r9", chapter=3), chapter=3).replace(
            "title: Chapter 3", "title: A chapter whose title is rather long for a narrow terminal"
        )
    )
    return only_pack


@pytest.fixture(
    params=[(size, theme) for size in SIZES for theme in THEMES],
    ids=lambda p: f"{p[0][0]}x{p[0][1]}-{p[1].split('-')[1]}",
)
def look(request, rich_pack: Path, make_app, open_today, snap_compare):
    """Compare the app, after some keys, with its picture."""
    size, theme = request.param

    def compare(*keys: str, settings: Settings | None = None, **options: object) -> bool:
        chosen = settings or Settings()
        chosen = Settings(
            new_a_day=chosen.new_a_day, minutes_a_day=chosen.minutes_a_day, theme=theme
        )

        async def run(pilot: Pilot[None]) -> None:
            await open_today(pilot)
            await pilot.press(*keys)
            await open_today(pilot)

        app = make_app(settings=chosen, **options)
        return snap_compare(app, terminal_size=size, run_before=run)

    return compare


def study(folder: Path, clock: Clock, days: int) -> None:
    """Some weeks of an ordinary learner."""
    desk, _ = library.open_study(str(folder / "app.db"), Current(Settings()), clock, None)
    clock.forward(days=-days)
    for day in range(days):
        with desk.writing() as connection:
            for card in range(1, 2 + min(day * 3, 25)):
                memory = log.read_memory(connection, card, learner=1)
                due = memory.due is None or memory.due <= (clock() - timedelta(hours=4)).date()
                if due:
                    rating = Rating.AGAIN if (card + day) % 7 == 0 else Rating.GOOD
                    review.answer(
                        connection,
                        card,
                        memory.last_review,
                        rating,
                        clock(),
                        duration=timedelta(seconds=20),
                        learner=1,
                    )
        clock.forward(days=1)
    desk.close()


def test_today_on_the_first_run(look) -> None:
    assert look()


def test_today_in_use(look, tmp_path: Path, clock: Clock) -> None:
    study(tmp_path, clock, 21)
    assert look()


def test_today_with_nothing_due(look) -> None:
    assert look(settings=Settings(new_a_day=0))


def test_today_without_content(look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "installed_roots", list)
    assert look()


def test_today_that_cannot_open(look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    assert look(db="folder")


def test_review_question(look) -> None:
    assert look("enter")


def test_review_answer(look) -> None:
    assert look("enter", "enter", "x", "down")


def test_review_with_a_typed_answer(look) -> None:
    assert look("enter", "t", *"It steps.", "enter", *"Downhill")


def test_review_of_a_short_card(look) -> None:
    assert look("enter", "enter", "1", "enter", "x")


def test_summary(look) -> None:
    assert look("enter", *["enter", "3", "enter", "1", "enter", "2"], "escape")


def test_help(look) -> None:
    assert look("enter", "enter", "question_mark")


def test_find(look) -> None:
    assert look("slash", *"sgd")


def test_new_card(look) -> None:
    assert look("n", *"Why?", "tab", *"Because.")


@pytest.mark.parametrize("size", [(20, 5), (40, 12)])
def test_small_terminals(make_app, open_today, rich_pack: Path, snap_compare, size) -> None:
    async def run(pilot: Pilot[None]) -> None:
        await open_today(pilot)
        await pilot.press("enter", "enter")

    assert snap_compare(make_app(), terminal_size=size, run_before=run)


def test_without_colour(
    make_app, open_today, rich_pack: Path, snap_compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def run(pilot: Pilot[None]) -> None:
        await open_today(pilot)
        await pilot.press("enter", "enter", "x")

    assert snap_compare(make_app(), terminal_size=(80, 24), run_before=run)
