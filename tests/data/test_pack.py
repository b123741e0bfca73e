import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facesearch.data.layouts import FaceList
from facesearch.data.pack import open_pack, pack_arrays
from facesearch.errors import InputError


@pytest.fixture
def faces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FaceList:
    monkeypatch.setenv("FACESEARCH_CACHE", str(tmp_path / "cache"))
    paths = []
    for i in range(6):
        path = tmp_path / f"{i}.png"
        Image.new("RGB", (20, 20), (40 * i, 10, 10)).save(path)
        paths.append(path)
    return FaceList(tuple(paths), tuple("abcabc"))


def test_faces_are_decoded_once_in_order(faces: FaceList) -> None:
    calls: list[tuple[int, int]] = []
    pack = open_pack(faces, 16, on_progress=lambda done, total: calls.append((done, total)))
    again = open_pack(faces, 16, on_progress=lambda done, total: calls.append((done, total)))
    assert calls == [(6, 6)]
    assert pack.images_NHWC[:, 0, 0, 0].tolist() == [0, 40, 80, 120, 160, 200]
    assert isinstance(again.images_NHWC, np.memmap) and not again.images_NHWC.flags.writeable
    assert again.fingerprint == pack.fingerprint


def test_a_changed_picture_gives_another_pack(faces: FaceList) -> None:
    before = open_pack(faces, 16)
    Image.new("RGB", (20, 20), (255, 255, 255)).save(faces.paths[0])
    after = open_pack(faces, 16)
    assert after.fingerprint != before.fingerprint and after.images_NHWC[0].min() == 255


def test_the_fingerprint_is_of_content_not_of_time(faces: FaceList) -> None:
    before = open_pack(faces, 16)
    os.utime(faces.paths[0], (1, 1))
    assert open_pack(faces, 16).fingerprint == before.fingerprint


def test_unreadable_pictures_are_listed_and_left_out_only_if_allowed(faces: FaceList) -> None:
    faces.paths[1].write_bytes(b"")
    faces.paths[4].write_bytes(b"no image")
    with pytest.raises(InputError, match=r"2 of 6 pictures.*--allow-corrupt 2") as caught:
        open_pack(faces, 16)
    assert str(faces.paths[1]) in str(caught.value) and str(faces.paths[4]) in str(caught.value)
    pack = open_pack(faces, 16, allow_corrupt=2)
    assert pack.kept_N.tolist() == [0, 2, 3, 5] and len(pack.images_NHWC) == 4


ASK = """
import sys
from pathlib import Path
from facesearch.data.layouts import FaceList
from facesearch.data.pack import open_pack
paths = tuple(Path(word) for word in sys.argv[1:])
built = []
open_pack(FaceList(paths, ("a",) * len(paths)), 16, on_progress=lambda *_: built.append(1))
print(len(built))
"""


def test_processes_that_ask_at_once_build_once(faces: FaceList) -> None:
    command = [sys.executable, "-c", ASK, *map(str, faces.paths)]
    asking = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    built = sorted(int(process.communicate(timeout=120)[0]) for process in asking)
    assert built == [0, 0, 1]


def test_generated_images_are_kept_by_their_key(faces: FaceList) -> None:
    images = np.full((2, 4, 4, 3), 7, np.uint8)
    first = pack_arrays("sevens", lambda: images)
    second = pack_arrays("sevens", lambda: images + 1)
    assert (second.images_NHWC == 7).all() and first.fingerprint == second.fingerprint
