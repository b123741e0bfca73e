import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_on_disk import MAGIC, jpeg, record, write_rec

from facesearch.data.decode import decode_image
from facesearch.data.layouts import read_layout
from facesearch.data.layouts.records import read_bin, read_faces, read_records
from facesearch.errors import InputError


def test_a_training_file_becomes_faces_of_people(tmp_path: Path) -> None:
    pictures = write_rec(tmp_path)
    folder = read_layout(tmp_path)
    assert folder.layout == "insightface" and len(folder.train) == 15
    assert [path.read_bytes() for path in folder.train.paths] == pictures
    assert folder.train.identities[::3] == tuple(f"{n:07d}" for n in range(5))
    assert decode_image(folder.train.paths[0], 16).shape == (16, 16, 3)
    times = [path.stat().st_mtime_ns for path in folder.train.paths]
    again = read_layout(tmp_path).train.paths
    assert [path.stat().st_mtime_ns for path in again] == times


def test_a_record_that_holds_the_magic_is_put_together(tmp_path: Path) -> None:
    path = tmp_path / "a.rec"
    path.write_bytes(record(b"abcd", 1) + record(b"efgh", 2) + record(b"ij", 3) + record(b"kl"))
    assert list(read_records(path)) == [b"abcd" + MAGIC + b"efgh" + MAGIC + b"ij", b"kl"]


def test_a_label_may_stand_before_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.rec"
    path.write_bytes(record(struct.pack("<IfQQ2f", 2, 0.0, 1, 0, 7.0, 1.0) + b"picture"))
    assert list(read_faces(path)) == [("0000007", b"picture")]


@pytest.mark.parametrize("cut", [3, 30, 200])
def test_a_torn_or_foreign_file_is_refused(tmp_path: Path, cut: int) -> None:
    write_rec(tmp_path)
    whole = (tmp_path / "train.rec").read_bytes()
    (tmp_path / "train.rec").write_bytes(whole[:-cut])
    with pytest.raises(InputError, match=r"torn near byte|records, but train\.idx has"):
        read_layout(tmp_path)
    (tmp_path / "train.rec").write_bytes(b"x" * 64)
    with pytest.raises(InputError, match="not a RecordIO file"):
        read_layout(tmp_path)


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("kind", [list, np.array])
def test_a_file_of_pairs_is_read(tmp_path: Path, protocol: int, kind: Any) -> None:
    pictures = [jpeg(n) for n in range(6)]
    content = pickle.dumps((pictures, kind([True, False, True])), protocol)
    (tmp_path / "lfw.bin").write_bytes(content)
    found, same = read_bin(tmp_path / "lfw.bin")
    assert found == pictures and same == [True, False, True]


def test_a_file_of_python_2_is_read(tmp_path: Path) -> None:
    # as pickled by Python 2, protocol 2: bytes are short strings there
    body = b"".join(b"U" + bytes([len(p)]) + p for p in (b"\xff\xd8one", b"\xff\xd8two"))
    (tmp_path / "a.bin").write_bytes(b"\x80\x02](" + body + b"e](\x88e\x86.")
    assert read_bin(tmp_path / "a.bin") == ([b"\xff\xd8one", b"\xff\xd8two"], [True])


def test_the_pairs_of_a_folder_have_a_fold_a_file(tmp_path: Path) -> None:
    write_rec(tmp_path)
    for name in ("agedb_30", "lfw"):
        content = pickle.dumps(([jpeg(n) for n in range(4)], [True, False]))
        (tmp_path / f"{name}.bin").write_bytes(content)
    pairs = read_layout(tmp_path).pairs
    assert pairs.is_same == (True, False, True, False) and pairs.folds == (0, 0, 1, 1)
    assert pairs.second[0].read_bytes() == jpeg(1)


class Hostile:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        import os

        return os.system, ("touch owned",)


@pytest.mark.parametrize("content", [Hostile(), ([Hostile()], [True]), ([b"a", b"b"], Hostile())])
def test_a_hostile_pickle_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lfw.bin").write_bytes(pickle.dumps(content))
    with pytest.raises(InputError, match=r"asks for \w+\.system, which no pair needs"):
        read_bin(tmp_path / "lfw.bin")
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    "content", [b"", b"junk", pickle.dumps([1, 2, 3]), pickle.dumps(([b"a"], [True]))]
)
def test_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "lfw.bin").write_bytes(content)
    with pytest.raises(InputError, match=r"file of pairs|needs two each"):
        read_bin(tmp_path / "lfw.bin")
