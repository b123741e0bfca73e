import pickle
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from faces_on_disk import MAGIC, jpeg, record, write_rec

from facesearch.data.decode import decode_image
from facesearch.data.layouts import read_layout, records
from facesearch.data.layouts.pair_pickle import read_bin
from facesearch.data.layouts.records import read_faces, read_records, unpack_bin
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


def test_each_file_of_pairs_is_a_list_with_ten_folds_of_its_own(tmp_path: Path) -> None:
    write_rec(tmp_path)
    for name in ("agedb_30", "lfw"):
        same = [True, False] * 11
        content = pickle.dumps(([jpeg(n) for n in range(44)], same))
        (tmp_path / f"{name}.bin").write_bytes(content)
    pairs = read_layout(tmp_path).pairs
    assert list(pairs.is_same) == 2 * same
    # two stretches of three pairs, then eight of two
    of_one = [0, 0, 0, 1, 1, 1] + [fold for fold in range(2, 10) for _ in range(2)]
    assert list(pairs.folds) == 2 * of_one
    assert list(pairs.lists) == ["agedb_30"] * 22 + ["lfw"] * 22
    assert pairs.second[0].read_bytes() == jpeg(1)


def face(label: float, picture: bytes = b"picture") -> bytes:
    return struct.pack("<IfQQ", 0, label, 1, 0) + picture


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([record(b"abc")], "record 1: 3 bytes; a face has 24 before"),
        ([record(struct.pack("<IfQQ", 9, 0, 0, 0) + b"pic")], "record 1: promises 9 labels"),
        ([record(face(float("nan")))], "record 1: label nan"),
        ([record(face(float("inf")))], "record 1: label inf"),
        ([record(face(-1))], "record 1: label -1; allowed are whole numbers from 0"),
        ([record(face(1.5))], "record 1: label 1.5"),
        ([record(face(2.0**24))], "record 1: label 1.67772e\\+07"),
        ([record(face(1), 1)], "record 1: the file ends inside it"),
        ([record(face(1), 2), record(face(2), 3)], "record 1: a part .* where a first part"),
        ([record(face(1), 1), record(face(2))], "record 1: a part .* where its next part"),
        ([MAGIC + struct.pack("<I", (1 << 29) - 1) + b"a"], "torn near byte"),
    ],
)
def test_a_record_that_is_no_face_is_named_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, records: list[bytes], message: str
) -> None:
    monkeypatch.setenv("FACESEARCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "train.rec").write_bytes(record(face(0)) + b"".join(records))
    with pytest.raises(InputError, match=rf"train\.rec.*{message}"):
        read_layout(tmp_path)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (b"\xff\xfe\n", "not an index in UTF-8"),
        (b"0\t0\nhello\n", "line 2: must be 'key<TAB>offset', found 'hello'"),
        (b"0\t-5\n", "line 1: must be"),
        (b"0\t0\n", r"21 records, but train\.idx has 1 lines"),
    ],
)
def test_an_index_must_be_one_and_fit(tmp_path: Path, index: bytes, message: str) -> None:
    write_rec(tmp_path)
    (tmp_path / "train.idx").write_bytes(index)
    with pytest.raises(InputError, match=message):
        read_layout(tmp_path)


def test_the_training_file_is_read_once_and_its_lost_pictures_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = write_rec(tmp_path)
    read = read_layout(tmp_path).train
    calls: list[Path] = []

    def counted(path: Path) -> Iterator[bytes]:
        calls.append(path)
        return read_records(path)

    monkeypatch.setattr(records, "read_records", counted)
    assert read_layout(tmp_path).train == read and calls == []
    read.paths[3].unlink()
    assert [path.read_bytes() for path in read_layout(tmp_path).train.paths] == pictures
    assert len(calls) == 1


def write_bin(path: Path, pictures: list[bytes], same: list[bool]) -> None:
    path.write_bytes(pickle.dumps((pictures, same)))


def test_a_file_of_pairs_is_unpickled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def read(path: Path) -> tuple[list[bytes], list[bool]]:
        asked.append(path)
        return read_bin(path)

    monkeypatch.setattr(records, "read_bin", read)
    path = tmp_path / "lfw.bin"
    write_bin(path, [jpeg(n) for n in range(4)], [True, False])
    before = unpack_bin(path)
    assert unpack_bin(path) == before and read_layout(tmp_path).pairs.first == before.first
    assert asked == [path]
    (before.first[0].parent / "pairs.json").unlink()
    assert unpack_bin(path) == before and len(asked) == 2, "what is lost of it is made again"
    write_bin(path, [jpeg(n) for n in range(6)], [True, False, False])
    assert len(unpack_bin(path)) == 3 and len(asked) == 3


def test_an_image_of_several_pairs_is_one_file(tmp_path: Path) -> None:
    a, b, c = (jpeg(n) for n in range(3))
    write_bin(tmp_path / "lfw.bin", [a, b, a, c, a, a, b, a, b, c, c, b], [1, 0, 1, 1, 0, 1])
    whole = unpack_bin(tmp_path / "lfw.bin")
    assert [path.read_bytes() for path in whole.first] == [a, a, a, b, b, c]
    assert len({*whole.first, *whole.second}) == 3
    folder = read_layout(tmp_path)
    assert len(folder.pairs) == 2, "a with b, and a with c; b with c is said to be both"
    told = " ".join(folder.reading)
    assert (
        "1 of 6 are left out, of an image with itself, or with a copy of it: pair 3 of lfw" in told
    )
    assert (
        "2 of 6 are left out, which are said to be of one identity and of two: pair 5 of lfw"
        in told
    )
