import csv
from pathlib import Path

import numpy as np
import pytest

from facesearch.errors import InputError
from facesearch.final.submission import (
    embeddings_writer,
    write_classification,
    write_verification,
)


def test_the_formats_of_the_course(tmp_path: Path) -> None:
    write_classification(tmp_path / "c.csv", ["000000.jpg", "000001.jpg"], np.array([7, 0]))
    assert (tmp_path / "c.csv").read_text() == "id,label\n000000.jpg,7\n000001.jpg,0\n"
    write_verification(tmp_path / "v.csv", ["n000002", "n000001"])
    assert (tmp_path / "v.csv").read_text() == "id,label\n0,n000002\n1,n000001\n"


NAMES = ["a.jpg", "Zoë, x\n.jpg", "b\udcff.jpg"]


@pytest.mark.parametrize("suffix", [".npz", ".csv"])
def test_embeddings_are_read_back_to_the_last_bit(tmp_path: Path, suffix: str) -> None:
    rows = np.random.default_rng(0).standard_normal((3, 5)).astype(np.float32)
    path = tmp_path / f"e{suffix}"
    embeddings_writer(path)(NAMES, rows)
    if suffix == ".npz":
        with np.load(path, allow_pickle=False) as file:
            names, found = file["names"].tolist(), file["embeddings"]
    else:
        with path.open(newline="", encoding="utf-8", errors="surrogateescape") as text:
            header, *lines = csv.reader(text)
        assert header == ["name", "e0", "e1", "e2", "e3", "e4"]
        names, found = [line[0] for line in lines], np.array([r[1:] for r in lines], np.float32)
    assert names == NAMES and found.dtype == np.float32 and np.array_equal(found, rows)


def test_embeddings_go_to_no_other_kind_of_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"written as \.npz or \.csv"):
        embeddings_writer(tmp_path / "e.pkl")
