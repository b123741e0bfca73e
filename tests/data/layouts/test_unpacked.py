import shutil
from pathlib import Path

import pytest

from facesearch.data.layouts.unpacked import unpacked
from facesearch.errors import InputError


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FACESEARCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "archive").write_bytes(b"content")
    return tmp_path / "archive"


class Writer:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, folder: Path) -> int:
        self.calls += 1
        for name in "ba":
            (folder / name).mkdir()
            (folder / name / "1.jpg").write_bytes(b"picture")
        return 5


def test_an_archive_is_unpacked_once(archive: Path) -> None:
    write = Writer()
    files, records = unpacked(archive, write)
    assert unpacked(archive, write) == (files, records) and write.calls == 1
    assert [f"{path.parent.name}/{path.name}" for path in files] == ["a/1.jpg", "b/1.jpg"]
    assert records == 5
    archive.write_bytes(b"other content")
    unpacked(archive, write)
    assert write.calls == 2


@pytest.mark.parametrize("lost", ["picture", "folder", "counts", "content of counts"])
def test_what_is_no_longer_whole_is_unpacked_again(archive: Path, lost: str) -> None:
    write = Writer()
    files, _ = unpacked(archive, write)
    folder = files[0].parents[1]
    match lost:
        case "picture":
            files[1].unlink()
        case "folder":
            shutil.rmtree(folder)
        case "counts":
            folder.with_suffix(".json").unlink()
        case _:
            folder.with_suffix(".json").write_text("")
    assert unpacked(archive, write)[0] == files and write.calls == 2
    assert all(path.is_file() for path in files)


@pytest.mark.parametrize("error", [InputError("torn"), OSError(28, "No space left on device")])
def test_nothing_is_left_of_what_could_not_be_unpacked(archive: Path, error: Exception) -> None:
    def write(folder: Path) -> int:
        (folder / "half.jpg").write_bytes(b"half")
        raise error

    with pytest.raises(InputError, match=r"torn|7 bytes are needed\. Set FACESEARCH_CACHE"):
        unpacked(archive, write)
    assert [path.suffix for path in (archive.parent / "cache").iterdir()] == [".lock"]
