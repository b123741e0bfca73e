"""Files of a model's answers: the two submissions of the course (HW2P2), and embeddings.

Shapes: N pictures, D embedding.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from facesearch.errors import InputError
from facesearch.training.checkpoint import write_atomically


def write_classification(path: Path, files: Sequence[str], labels: Iterable[int]) -> None:
    """Write ``id,label``: the picture's own file name, and the number of its identity."""
    rows = zip(files, (int(label) for label in labels), strict=True)
    _write(path, [("id", "label"), *rows])


def write_verification(path: Path, names: Iterable[str]) -> None:
    """Write ``id,label``: the picture's position from 0, and the name of its identity."""
    _write(path, [("id", "label"), *enumerate(names)])


def embeddings_writer(path: Path) -> Callable[[Sequence[str], np.ndarray], None]:
    """Return what writes names and embeddings float32 [N, D] into a file, by its suffix.

    ``.npz`` holds the arrays ``names`` (text) and ``embeddings``; no pickle is in it. ``.csv`` has
    the columns ``name``, ``e0``, ``e1`` ..., with digits enough to read the same float32 again.

    Raises:
        InputError: If the suffix is another.

    """
    writers = {".npz": _write_npz, ".csv": _write_embeddings_csv}
    if path.suffix not in writers:
        raise InputError(f"{path}: embeddings are written as .npz or .csv; name it so.")
    return lambda names, embeddings_ND: writers[path.suffix](path, names, embeddings_ND)


def _write_npz(path: Path, names: Sequence[str], embeddings_ND: np.ndarray) -> None:
    content = io.BytesIO()
    np.savez(content, names=np.array(names, dtype=np.str_), embeddings=embeddings_ND)
    write_atomically(path, content.getvalue())


def _write_embeddings_csv(path: Path, names: Sequence[str], embeddings_ND: np.ndarray) -> None:
    header = ("name", *(f"e{column}" for column in range(embeddings_ND.shape[1])))
    rows = ((name, *map(str, row)) for name, row in zip(names, embeddings_ND, strict=True))
    _write(path, [header, *rows])


def _write(path: Path, rows: Iterable[Sequence[object]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    # a file's name may hold bytes that are no text
    write_atomically(path, text.getvalue().encode("utf-8", "surrogateescape"))
