import os
from pathlib import Path

import pytest

from facesearch.errors import InputError
from facesearch.yaml_text import parse_yaml, read_yaml


def test_numbers_and_words_are_those_of_yaml_1_2() -> None:
    text = "a: 1e-3\nb: no\nc: 0.5\nd: 12\ne: true\nf: null\ng: '1'\nh: on"
    assert parse_yaml(text, "x").value == {
        "a": 0.001, "b": "no", "c": 0.5, "d": 12, "e": True, "f": None, "g": "1", "h": "on",
    }  # fmt: skip


def test_every_path_knows_its_line() -> None:
    document = parse_yaml("a:\n  b: 1\n  c: [2,\n 3]\n", "x")
    assert document.line(("a", "b")) == 2
    assert document.line(("a", "c", 1)) == 4
    assert document.line(("a", "b", "nothing")) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("a:\n\tb: 1", "a tab cannot indent YAML"),
        ("lr: 1\nlr: 2", "line 2: 'lr' stands here again, first on line 1"),
        ("a: !!python/object/apply:os.system ['true']", "tags .* are not allowed"),
        ("a: &x [1]\nb: *x", "aliases"),
        ("[" * 2000, "nested deeper than 20"),
        ("a: [1", "not valid YAML"),
        ("a: [" + "1, " * 30_000 + "1]", "more than 20000 values"),
        ("a: 1\n? [b, c]\n: 2", "line 2: a key must be one plain word"),
        ("? {a: b}\n: 2", "line 1: a key must be one plain word"),
    ],
)
def test_what_lies_outside_the_subset_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_yaml(text, "space.yaml")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"\xff\xfea\x00", "not UTF-8"), (b"a: 1\n" * 300_000, "at most 1000000")],
)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "space.yaml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_yaml(path)


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    (tmp_path / "near.yaml").write_text("a: 1")
    with pytest.raises(InputError, match="is a folder"):
        read_yaml(tmp_path)
    with pytest.raises(InputError, match=r"no such file. There is: .*near\.yaml"):
        read_yaml(tmp_path / "neer.yaml")


@pytest.mark.timeout(20)
@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "pipe"])
def test_what_has_no_end_is_not_read(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with pytest.raises(InputError, match=f"{path}: is a device or a pipe; name a YAML file"):
        read_yaml(Path(path))


def test_no_more_is_read_of_a_file_than_a_space_may_have(tmp_path: Path) -> None:
    path = tmp_path / "sparse.yaml"
    with path.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(InputError, match="1000000000000 bytes; a space file has at most 1000000"):
        read_yaml(path)
