"""Each screen as a picture: 80×24 and 140×40, light and dark."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from pictures import Pictures
from screen import NARROW, SIZES
from studyapp.config import Current, Settings
from studyapp.memory.state import Rating
from studyapp.store.memory import read_memory
from studyapp.study import library, review
from tests_support import Clock, question, questionnaire

Look = Callable[..., Awaitable[None]]

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


@pytest.fixture
def look(rich_pack: Path, make_app, open_today, pictures: Pictures) -> Look:
    """Compare the app, after some keys, with its pictures; *then* has further keys and what is
    narrow after them, by name."""

    async def compare(
        *keys: str,
        sizes: Sequence[tuple[int, int]] = SIZES,
        light: bool = False,
        settings: Settings | None = None,
        then: Mapping[str, Sequence[str]] | None = None,
        **options: object,
    ) -> None:
        app = make_app(settings=settings or Settings(), **options)
        async with app.run_test(size=sizes[0], notifications=True) as pilot:
            await open_today(pilot)
            await pilot.press(*keys)
            await pictures(pilot, sizes=sizes, light=light)
            for name, more in (then or {}).items():
                await pilot.press(*more)
                await pictures(pilot, sizes=[NARROW], name=f"{name}-")

    return compare


def study(folder: Path, clock: Clock, days: int) -> None:
    """Some weeks of an ordinary learner."""
    desk, _ = library.open_study(str(folder / "app.db"), Current(Settings()), clock, None)
    clock.forward(days=-days)
    for day in range(days):
        with desk.writing() as connection:
            for card in range(1, 2 + min(day * 3, 25)):
                memory = read_memory(connection, card, learner=1)
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


async def test_today_on_the_first_run(look) -> None:
    await look(sizes=(*SIZES, (60, 20)))


async def test_today_in_use(look, tmp_path: Path, clock: Clock) -> None:
    study(tmp_path, clock, 21)
    await look(light=True)


async def test_today_with_nothing_due(look) -> None:
    await look(settings=Settings(new_a_day=0))


async def test_today_without_content(look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "installed_roots", list)
    await look(sizes=(*SIZES, (60, 20)))


async def test_today_that_cannot_open(
    look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    await look(db="folder", sizes=(*SIZES, (60, 20)))


async def test_review_question(look) -> None:
    await look("enter")


async def test_review_answer(look) -> None:
    await look("enter", "enter", "x", "down", light=True)


async def test_review_with_a_typed_answer(look) -> None:
    then = {"revealed": ("ctrl+s", "tab")}  # and gone into again, to be read
    await look("enter", "t", *"It steps.", "enter", *"Downhill", then=then)


async def test_review_of_a_short_card(look) -> None:
    await look("enter", "enter", "1", "enter", "x")


async def test_summary(look) -> None:
    await look("enter", *["enter", "3", "enter", "1", "enter", "2"], "escape")


async def test_help(look) -> None:
    await look("enter", "enter", "question_mark")


async def test_find(look) -> None:
    await look("slash", *"sgd")


async def test_new_card(look) -> None:
    await look("n", *"Why?", "tab", *"Because.")


async def test_new_card_before_its_answer(look) -> None:
    await look("n", *"Why", sizes=[(80, 24)])


async def test_palette(look) -> None:
    await look("ctrl+p", "t", sizes=[(80, 24)])


async def test_small_terminals(look) -> None:
    await look("enter", "enter", sizes=[(40, 12), (20, 5)])


async def test_without_colour(look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    await look("enter", "enter", "x", sizes=[(80, 24)])
