"""Garbage is searched for again once the last one who wanted none of it has left."""

import gc
from collections.abc import Iterator
from threading import Event, Thread

import pytest

from studyapp.garbage import uncollected


@pytest.fixture(autouse=True)
def as_usual() -> Iterator[None]:
    gc.enable()
    yield
    gc.enable()


def test_nothing_is_searched_for_until_it_ends_or_fails() -> None:
    @uncollected
    def fails() -> None:
        assert not gc.isenabled()
        raise ValueError("on the way")

    with pytest.raises(ValueError, match="on the way"):
        fails()
    assert gc.isenabled()


def test_the_last_of_several_threads_has_it_searched_for_again() -> None:
    begun, go_on = Event(), Event()

    @uncollected
    def other() -> None:
        begun.set()
        go_on.wait()

    thread = Thread(target=other)
    with uncollected:
        thread.start()
        begun.wait()
    assert not gc.isenabled()
    go_on.set()
    thread.join()
    assert gc.isenabled()


def test_who_had_it_off_before_has_it_off_still() -> None:
    gc.disable()
    with uncollected:
        pass
    assert not gc.isenabled()
