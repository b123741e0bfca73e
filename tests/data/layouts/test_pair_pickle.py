import pickle
import resource
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faces_on_disk import Call, Name, jpeg, opcodes

from facesearch.data.decode import MAX_BYTES
from facesearch.data.layouts.pair_pickle import read_bin
from facesearch.errors import InputError

PICTURES = [jpeg(n) for n in range(6)]


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "lfw.bin"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "kind", [list, np.array, lambda same: list(np.array(same)), lambda same: np.array(same, ">i8")]
)
def test_a_file_of_pairs_is_read(tmp_path: Path, protocol: int, kind: Any) -> None:
    content = pickle.dumps((PICTURES, kind([True, False, True])), protocol)
    assert read_bin(written(tmp_path, content)) == (PICTURES, [True, False, True])


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize(
    "kind",
    [
        lambda faces: [np.frombuffer(face, np.uint8) for face in faces],
        lambda faces: [np.frombuffer(face, np.uint8).copy() for face in faces],
        lambda faces: np.array(faces, dtype=object),
    ],
)
def test_pictures_may_be_arrays_of_numpy(tmp_path: Path, protocol: int, kind: Any) -> None:
    content = pickle.dumps((kind(PICTURES), [1, 0, 1]), protocol)
    assert read_bin(written(tmp_path, content)) == (PICTURES, [True, False, True])


def test_names_of_numpy_1_are_known(tmp_path: Path) -> None:
    content = pickle.dumps((PICTURES, np.array([True, False, True])), 2)
    older = content.replace(b"numpy._core.", b"numpy.core.")
    assert older != content
    assert read_bin(written(tmp_path, older)) == (PICTURES, [True, False, True])


def test_files_of_python_2_are_read(tmp_path: Path) -> None:
    # as pickled by Python 2: bytes are short strings in protocol 2, quoted ones in protocol 0
    one, two = b"\xff\xd8one", b"\xff\xd8'\n\x00two"
    body = b"".join(b"U" + bytes([len(p)]) + p for p in (one, two))
    path = written(tmp_path, b"\x80\x02](" + body + b"e](\x88e\x86.")
    assert read_bin(path) == ([one, two], [True])
    content = b"((lp0\nS'\\xff\\xd8one'\np1\naS\"\\xff\\xd8'\\n\\x00two\"\np2\na(lp3\nI01\natp4\n."
    assert read_bin(written(tmp_path, content)) == ([one, two], [True])


def dtype(code: str, *state: Any) -> Call:
    return Call(Name("numpy", "dtype"), (code, False, True), state or None)


def array(count: int, kind: Call, raw: Any) -> Call:
    make = Name("numpy._core.multiarray", "_reconstruct")
    start = (Name("numpy", "ndarray"), (0,), b"b")
    return Call(make, start, (1, (count,), kind, False, raw))


ADDRESS = b"A" * 8
OBJECT = dtype("O8", 3, "|", None, None, None, -1, -1, 0)
NDARRAY = Name("numpy", "ndarray")
ENCODE = Name("_codecs", "encode")
FACES = [b"a", b"b"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ((FACES, Call(NDARRAY, ((1,), OBJECT, ADDRESS))), "found ndarray where a list belongs"),
        ((array(2, OBJECT, ADDRESS * 2), [True]), "_reconstruct where a list"),
        ((FACES, array(1, OBJECT, ADDRESS)), "allowed are b1, u1"),
        ((FACES, array(1, dtype("V8", 3, "|", None, ("a",), (), 8, 1, 0), ADDRESS)), "allowed are"),
        ((array(2, dtype("S8", 3, "|", None, None, None, 1 << 30, 1, 0), ADDRESS), [1]), "a list"),
        ((Call(NDARRAY, ((1 << 33,), dtype("u1"), b"a", 0, (0,))), [True]), "where a list belongs"),
        (([array(1 << 40, dtype("u1"), b"a"), b"b"], [True]), "1 values is not in one row"),
        (([array(2, dtype("u2"), b"abcd"), b"b"], [True]), "allowed are u1"),
        (([4 * 10**9, 20], [True]), "found int where bytes belong"),
        (([b"a", "b"], [True]), "found str where bytes belong"),
        ((FACES, [7]), "a truth is 7"),
        ((FACES, [b"yes"]), "found bytes where a truth belongs"),
        (([Call(ENCODE, (b"a", "hex")), b"b"], [True]), "found encode where bytes"),
        (([Call(ENCODE, (Call(ENCODE, ("a", "latin1")), "latin1")), b"b"], [True]), "found encode"),
        (([bytes(MAX_BYTES + 1), b"b"], [True]), "a picture has at most"),
    ],
)
def test_what_no_pair_needs_is_refused_and_never_made(
    tmp_path: Path, content: Any, message: str
) -> None:
    path = written(tmp_path, b"\x80\x03" + opcodes(content) + b".")
    with pytest.raises(InputError, match=message):
        read_bin(path)


def test_a_picture_may_serve_many_pairs(tmp_path: Path) -> None:
    face = b"B" + struct.pack("<I", 1000) + bytes(1000)
    content = b"\x80\x03](" + face + b"q\x00" + b"h\x00" * 99 + b"e](" + b"I01\n" * 50 + b"e\x86."
    assert read_bin(written(tmp_path, content)) == ([bytes(1000)] * 100, [True] * 50)
    shared = [PICTURES[0], PICTURES[1], PICTURES[0], PICTURES[2]]
    assert read_bin(written(tmp_path, pickle.dumps((shared, [0, 1]), 4)))[0] == shared


def test_pictures_are_never_larger_together_than_their_file(tmp_path: Path) -> None:
    text = b"X" + struct.pack("<I", 1000) + b"a" * 1000 + b"q\x00"
    encode = opcodes(ENCODE) + b"q\x01"
    one = b"h\x01h\x00" + opcodes("latin1") + b"\x86R"
    start = text + b"0" + encode + b"0"
    content = b"\x80\x03" + start + b"](" + one * 100 + b"e](" + b"I01\n" * 50 + b"e\x86."
    with pytest.raises(InputError, match="larger than the file"):
        read_bin(written(tmp_path, content))


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(
    "kind",
    [
        lambda same: list(map(float, same)),
        lambda same: np.array(same, np.float32),
        lambda same: np.array(same, np.float64)[:, None],
        lambda same: list(np.array(same, np.float16)),
        lambda same: list(np.array(same)[:, None]),
        lambda same: np.array(same)[None],
    ],
)
def test_truths_may_be_floats_and_columns(tmp_path: Path, protocol: int, kind: Any) -> None:
    content = pickle.dumps((PICTURES, kind([True, False, True])), protocol)
    assert read_bin(written(tmp_path, content)) == (PICTURES, [True, False, True])


@pytest.mark.parametrize("wrong", [0.5, float("nan"), -1.0])
def test_another_float_is_no_truth(tmp_path: Path, wrong: float) -> None:
    for truths in ([0.0, 1.0, wrong], np.array([0.0, 1.0, wrong])):
        with pytest.raises(InputError, match="it must be 0 or 1"):
            read_bin(written(tmp_path, pickle.dumps((PICTURES, truths))))


def test_pictures_may_be_columns(tmp_path: Path) -> None:
    columns = [np.frombuffer(face, np.uint8)[:, None] for face in PICTURES]
    content = pickle.dumps((columns, [1, 0, 1]), 4)
    assert read_bin(written(tmp_path, content)) == (PICTURES, [True, False, True])
    grid = [np.zeros((2, 3), np.uint8)] * 2
    with pytest.raises(InputError, match="an array of 6 values is not in one row or column"):
        read_bin(written(tmp_path, pickle.dumps((grid, [1]))))


READ = """
import sys, resource
from pathlib import Path
from facesearch.data.layouts.pair_pickle import read_bin
from facesearch.errors import InputError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try: read_bin(Path(sys.argv[1]))
except InputError: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x02Nr" + struct.pack("<I", 0x7FFFFFFF) + b".",
        b"\x80\x05\x96" + struct.pack("<Q", 1 << 34) + b"N.",
        b"\x80\x04\x8e" + struct.pack("<Q", 1 << 34) + b"N.",
    ],
)
def test_no_room_is_made_for_what_a_file_only_claims(tmp_path: Path, content: bytes) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))

    command = [sys.executable, "-c", READ, str(written(tmp_path, content))]
    done = subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)
    assert done.returncode == 0 and int(done.stdout) < 100_000, done.stderr


class Hostile:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        import os

        return os.system, ("touch owned",)


@pytest.mark.parametrize("content", [Hostile(), ([Hostile()], [True]), ([b"a", b"b"], Hostile())])
def test_a_hostile_pickle_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"asks for \w+\.system, which no pair needs"):
        read_bin(written(tmp_path, pickle.dumps(content)))
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    "content", [b"", b"junk", pickle.dumps([1, 2, 3]), pickle.dumps(([b"a"], [True]))]
)
def test_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match=r"file of pairs|needs two each"):
        read_bin(written(tmp_path, content))
