"""Messages survive the pipe; nothing else gets through it."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studyapp.errors import printable
from studyapp.lab.lines import (
    LONGEST,
    Cancelled,
    Failed,
    Finished,
    Message,
    Restarted,
    Splitter,
    decode,
    encode,
)
from studyapp.lab.protocol import Fact, Metric, Progress, Remark

number = st.one_of(st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False))
optional = st.none() | number
text = st.text(st.characters(codec="utf-8")).map(printable)
facts = st.builds(Fact, text, number, text, optional, optional, st.integers(), text, text)
messages = st.one_of(
    st.builds(Metric, number, text, number, optional, optional),
    st.builds(Progress, st.integers(), st.integers()),
    st.builds(Remark, text),
    st.builds(Failed, text, text),
    st.just(Cancelled()),
    st.just(Restarted()),
    st.builds(
        Finished,
        lesson=text,
        version=st.integers(),
        facts=st.lists(facts, max_size=3).map(tuple),
        knobs=st.dictionaries(text, number | text, max_size=3),
        seed=st.integers(),
        device=text,
        threads=st.integers(),
        seconds=number,
        python=text,
        torch=st.none() | text,
    ),
)


def readable(line: bytes | str) -> bool:
    try:
        decode(line)
    except ValueError:
        return False
    return True


@given(messages)
def test_a_message_is_one_line_and_comes_back_the_same(message: Message) -> None:
    line = encode(message)
    assert "\n" not in line
    assert decode(line) == decode(line.encode()) == message


@given(st.sampled_from([math.nan, math.inf, -math.inf]))
def test_a_number_that_is_none_cannot_be_sent(bad: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode(Metric(0, "loss", bad))


@given(st.one_of(st.binary(), st.text(), st.recursive(st.none() | st.floats(), st.lists).map(str)))
def test_rubbish_is_refused_and_nothing_worse(line: bytes | str) -> None:
    assert not readable(line)


@pytest.mark.parametrize(
    "line",
    [
        '{"event": "metric", "step": 1, "series": "a"}',
        '{"event": "metric", "step": 1, "series": "a", "value": "1"}',
        '{"event": "metric", "step": 1, "series": "a", "value": true}',
        '{"event": "metric", "step": 1, "series": "a", "value": NaN}',
        '{"event": "metric", "step": 1, "series": "a", "value": 1e999}',
        '{"event": "metric", "step": 1, "series": "a", "value": 1, "colour": "red"}',
        '{"event": "progress", "done": 0.5, "total": 1}',
        '{"event": "result", "facts": [{"name": "gap"}]}',
        '{"event": "results"}',
        '{"event": ["note"], "text": ""}',
        '{"text": ""}',
        '"note"',
        "[" * 100_000,
    ],
)
def test_a_line_that_is_no_message_is_refused(line: str) -> None:
    assert not readable(line)


def test_texts_cannot_steer_the_terminal_or_break_the_database() -> None:
    line = json.dumps({"event": "note", "text": "a\x1b[2J\x9b\u202eb \ud800"})
    assert decode(line) == Remark("a[2Jb \ufffd")


@given(
    st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line), max_size=8),
    st.lists(st.integers(1, 30)),
)
def test_lines_do_not_depend_on_how_the_bytes_arrive(lines: list[bytes], sizes: list[int]) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    splitter, found = Splitter(), []
    for size in [*sizes, len(stream) + 1]:
        found += list(splitter.feed(stream[:size]))
        stream = stream[size:]
    assert found == lines
    assert not splitter.close()


@pytest.mark.parametrize("chunk", [1000, LONGEST + 10, 3 * LONGEST])
def test_a_line_too_long_is_one_gap(chunk: int) -> None:
    stream = b"before\n" + b"x" * (LONGEST + 1) + b"\n" + b"y" * LONGEST + b"\nrest"
    splitter, found = Splitter(), []
    for start in range(0, len(stream), chunk):
        found += list(splitter.feed(stream[start : start + chunk]))
    assert [line if line is None else len(line) for line in found] == [6, None, LONGEST]
    assert splitter.close()
