"""The two submission files of the course (HW2P2), in its formats."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from facesearch.training.checkpoint import write_atomically


def write_classification(path: Path, files: Sequence[str], labels: Iterable[int]) -> None:
    """Write ``id,label``: the picture's own file name, and the number of its identity."""
    _write(path, zip(files, (int(label) for label in labels), strict=True))


def write_verification(path: Path, names: Iterable[str]) -> None:
    """Write ``id,label``: the picture's position from 0, and the name of its identity."""
    _write(path, enumerate(names))


def _write(path: Path, rows: Iterable[tuple[object, object]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("id", "label"))
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())
