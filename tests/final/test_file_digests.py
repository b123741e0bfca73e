import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from faces_on_disk import people
from models import CONFIG

from facesearch.config import RunConfig
from facesearch.data.faces import load_all_faces as loaded
from facesearch.errors import InputError
from facesearch.final import file_digests as module
from facesearch.final.choice import Choice, options_of, plan_final
from facesearch.final.file_digests import file_digests
from facesearch.final.finalists import Finalist
from facesearch.final.plan import Plan
from facesearch.final.retrain import Listener, Workshop


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files whose bytes are hashed, one by one."""
    found: list[Path] = []
    digest = module._digest

    def counting(path: Path) -> bytes:
        found.append(path)
        return digest(path)

    monkeypatch.setattr(module, "_digest", counting)
    return found


def test_a_file_is_told_by_the_beginning_of_its_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    (tmp_path / "b").write_bytes(b"")
    wanted = [hashlib.sha256(text).digest()[:8] for text in (b"", b"one", b"")]
    assert file_digests([tmp_path / name for name in "bab"]) == wanted
    assert file_digests([]) == []


def test_a_list_is_read_once_and_again_when_a_file_is_another(
    tmp_path: Path, read: list[Path]
) -> None:
    paths = [tmp_path / name for name in "ab"]
    for path in paths:
        path.write_bytes(b"one")
    assert file_digests(paths) == file_digests(paths) and len(read) == 2
    before = paths[0].stat()
    paths[0].write_bytes(b"two")  # as long as before
    os.utime(paths[0], ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    first, second = file_digests(paths)
    assert len(read) == 4 and first != second


def test_what_cannot_be_read_is_told_and_is_not_remembered(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="absent: cannot be read"):
        file_digests([tmp_path / "absent"])
    (tmp_path / "absent").write_bytes(b"here")
    assert len(file_digests([tmp_path / "absent"])) == 1


def finalist(number: int, root: Path, **data: Any) -> Finalist:
    config = RunConfig.model_validate(
        {**CONFIG, "data": {"root": str(root), "image_px": 16, **data}}
    )
    return Finalist(f"{number}f2b91c0" * 4, f"trial {number:03d}", config, {}, 2, 3)


def test_finalize_reads_and_lists_the_faces_once_whatever_the_number_of_finalists(
    tmp_path: Path, read: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = people(tmp_path / "faces", [f"p{i:02d}" for i in range(40)], each=4)
    finalists = [finalist(0, root), finalist(1, root), finalist(2, root, image_px=24)]
    choice = Choice(Plan(seeds=3), top_k=3)
    planned = plan_final(finalists, choice, Listener())
    # of 160 images each was trained on or is reserved, in one set
    assert len(read) == len(set(read)) == 160
    listed = []
    monkeypatch.setattr(
        "facesearch.final.retrain.load_all_faces", lambda data: listed.append(data) or loaded(data)
    )
    options_of(planned, choice)
    assert [data.image_px for data in listed] == [16, 24]
    listed.clear()
    workshop = Workshop(tmp_path / "final")
    workshop.take_over([stages for of_one in planned.stages for stages in of_one])
    workshop.take_over([stages for of_one in planned.stages for stages in of_one])
    assert [data.image_px for data in listed] == [16, 24]
