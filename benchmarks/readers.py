"""Broken files for each reader of foreign formats.

    python benchmarks/readers.py N SEED [FOLDER]

N files of each format are broken at random. A reader may refuse one with a sentence; it may not
fail otherwise, take longer than five seconds or write anything. What is not read as it should is
kept in FOLDER, if there is one.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

from mangling import Files, faults
from studyapp.notes.formats import FORMATS

LONGEST = 5.0  # seconds that a file of this size may take


def main(count: int, seed: int, kept: Path | None = None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = Files(Path(folder), seed)
        for name in FORMATS:
            begun, wrong = perf_counter(), Counter[str]()
            for number in range(count):
                before = perf_counter()
                found = list(faults(files, name))
                if perf_counter() - before > LONGEST:
                    found.append(f"{name}: longer than {LONGEST:.0f} s")
                for fault in found:
                    wrong[fault[:160]] += 1
                    if kept is not None:
                        kept.mkdir(exist_ok=True)
                        shutil.copy(Path(folder) / f"a.{name}", kept / f"{number}.{name}")
            spent = perf_counter() - begun
            print(f"{name}: {count:,} files in {spent:.0f} s, {sum(wrong.values())} faults")
            for fault, times in wrong.most_common(5):
                print(f"  {times} × {fault}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
