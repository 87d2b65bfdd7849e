"""What the worker does with torch, and what it says of errors."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from studyapp.lab import runner, worker
from studyapp.lab.catalog import Declaration
from studyapp.lab.lines import Failed, Finished
from studyapp.lab.protocol import Remark

Probe = Callable[[str], Declaration]


@pytest.mark.parametrize(
    ("there", "wanted", "device"),
    [
        (["cuda", "cpu"], "auto", "cuda"),
        (["mps", "cpu"], "auto", "mps"),
        (["cpu"], "auto", "cpu"),
        (["cuda", "cpu"], "cpu", "cpu"),
        (["cuda", "mps", "cpu"], "mps", "mps"),
    ],
)
def test_the_device_is_the_wanted_one_or_the_fastest(
    there: list[str], wanted: str, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_devices", lambda: there)
    assert worker.choose_device(wanted, uses_torch=True) == device


def test_a_device_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_devices", lambda: ["mps", "cpu"])
    with pytest.raises(ValueError, match="no device cuda on this machine; there is mps and cpu"):
        worker.choose_device("cuda", uses_torch=True)


def test_a_lesson_without_torch_needs_none_to_find_its_device() -> None:
    assert worker.choose_device("auto", uses_torch=False) == "cpu"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "xor ran out of memory: try smaller knobs, or fewer seeds."),
        (
            RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"),
            "xor ran out of memory: try smaller knobs, or fewer seeds.",
        ),
        (RuntimeError("mat1 and mat2\ndiffer"), "xor stopped: RuntimeError: mat1 and mat2"),
        (ValueError("A folder needs two classes."), "A folder needs two classes."),
        (ValueError(), "xor stopped: ValueError"),
    ],
)
def test_every_error_is_one_sentence(error: Exception, sentence: str) -> None:
    assert worker.sentence(error, "xor") == sentence


def test_on_a_gpu_knobs_that_were_not_set_take_its_default(probe: Probe) -> None:
    lesson = probe("yield Result((Fact('count', knobs['seeds'], '', None, None, 1, 'exact', ''),))")
    lesson.path.with_name("__init__.py").write_text(
        "import sys\nsys.modules['__main__'].choose_device = lambda *_: 'cuda'\n"
    )
    for given, seeds in (({}, 32), ({"seeds": 4}, 4), ({"n": 3}, 32)):
        *_, last = runner.run(lesson, given)
        assert isinstance(last, Finished)
        assert last.device == "cuda"
        assert last.knobs["seeds"] == last.facts[0].value == seeds


@pytest.mark.slow
def test_a_lesson_with_torch_says_so_and_records_it(probe: Probe) -> None:
    lesson = probe(
        """
        import torch
        exact = not (torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32)
        value = torch.tensor(float(exact))
        yield Metric(torch.tensor(1), "loss", torch.tensor(2.0))
        yield Result((Fact("count", value, "", None, None, torch.tensor(3), "exact",
                      str(torch.get_num_threads())),))
        """
    )
    first, *_, last = runner.run(lesson, {}, "cpu")
    assert first == Remark("loading torch")
    assert isinstance(last, Finished)
    assert last.torch is not None
    assert last.torch[0].isdigit()
    fact = last.facts[0]
    assert (fact.value, fact.n, fact.varies) == (1.0, 3, str(last.threads))


@pytest.mark.slow
def test_torch_out_of_memory_is_one_sentence(probe: Probe) -> None:
    lesson = probe("import torch\nyield Remark(str(torch.zeros(1 << 46)))")
    *_, last = runner.run(lesson, {}, "cpu")
    assert isinstance(last, Failed)
    assert last.message == "probe ran out of memory: try smaller knobs, or fewer seeds."
