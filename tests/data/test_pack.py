import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facesearch.data.box import Box
from facesearch.data.layouts import FaceList
from facesearch.data.pack import doubles_in, open_pack, pack_arrays
from facesearch.errors import InputError
from facesearch.progress import heard_by


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
    told: list[tuple[str, int, int]] = []
    with heard_by(lambda *what: told.append(what)):
        pack = open_pack(faces, 16)
        again = open_pack(faces, 16)
    assert told == [("decoding pictures", done, 6) for done in range(7)]
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


def test_the_fingerprint_is_of_whose_the_pictures_are(faces: FaceList) -> None:
    packs = [
        open_pack(faces, 16),
        open_pack(replace(faces, identities=tuple("abcabb")), 16),
        open_pack(replace(faces, groups=tuple("xyxyxy")), 16),
        open_pack(replace(faces, groups=tuple("xyxyxx")), 16),
    ]
    assert len({pack.fingerprint for pack in packs}) == 4
    assert open_pack(faces, 16).fingerprint == packs[0].fingerprint


def test_labels_alone_decode_nothing_again(faces: FaceList) -> None:
    open_pack(faces, 16)
    calls: list[int] = []
    other = replace(faces, identities=tuple("aabbcc"))
    with heard_by(lambda _, done, total: calls.append(done)):
        open_pack(other, 16)
    assert calls == []


@pytest.mark.parametrize("fault", ["npy torn", "npy lost", "json empty", "json of another"])
def test_a_torn_cache_is_built_again(faces: FaceList, tmp_path: Path, fault: str) -> None:
    before = open_pack(faces, 16)
    pixels = np.array(before.images_NHWC)
    (data,), (about,) = (list((tmp_path / "cache").glob(f"*.{kind}")) for kind in ("npy", "json"))
    match fault:
        case "npy torn":
            data.write_bytes(data.read_bytes()[:200])
        case "npy lost":
            data.unlink()
        case "json empty":
            about.write_bytes(b"")
        case _:
            about.write_text('{"kept": [0], "fingerprint": "f", "doubles": []}')
    after = open_pack(faces, 16)
    assert after.fingerprint == before.fingerprint
    assert np.array_equal(after.images_NHWC, pixels)


def test_a_full_disk_is_told_and_nothing_is_left_on_it(
    faces: FaceList, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(path: Path, images: np.ndarray) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", fill)
    with pytest.raises(InputError, match=r"No space left.*4608 bytes are needed.*FACESEARCH_CACHE"):
        open_pack(faces, 16)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]


def test_a_cache_that_cannot_be_a_folder_is_told(
    faces: FaceList, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACESEARCH_CACHE", str(faces.paths[0] / "cache"))
    with pytest.raises(InputError, match=r"cannot be written .*Set FACESEARCH_CACHE"):
        open_pack(faces, 16)


def test_a_picture_that_is_gone_is_told(faces: FaceList) -> None:
    faces.paths[2].unlink()
    with pytest.raises(InputError, match=r"2\.png: cannot be read"):
        open_pack(faces, 16)


def test_pictures_that_are_all_unreadable_cannot_be_left_out(faces: FaceList) -> None:
    for path in faces.paths:
        path.write_bytes(b"")
    with pytest.raises(InputError, match="6 of 6 pictures cannot be read; mend or remove them\n"):
        open_pack(faces, 16, allow_corrupt=6)


ASK = """
import sys
from pathlib import Path
from facesearch.data.layouts import FaceList
from facesearch.data.pack import open_pack
from facesearch.progress import heard_by
paths = tuple(Path(word) for word in sys.argv[1:])
built = []
with heard_by(lambda _, done, total: built.append(1) if done == total else None):
    open_pack(FaceList(paths, ("a",) * len(paths)), 16)
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


def test_a_box_gives_another_pack_beside_the_first(faces: FaceList) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)
    Image.fromarray(noise).save(faces.paths[0])
    plain = open_pack(faces, 16)
    cut = open_pack(replace(faces, box=Box(0.25, 0.25, 0.75, 0.75)), 16)
    other = open_pack(replace(faces, box=Box(0.25, 0.25, 0.75, 0.8)), 16)
    assert len({plain.fingerprint, cut.fingerprint, other.fingerprint}) == 3
    assert (plain.images_NHWC != cut.images_NHWC).any()
    again = open_pack(faces, 16)
    assert again.fingerprint == plain.fingerprint
    assert (again.images_NHWC == plain.images_NHWC).all()


def of_before(cache: Path) -> None:
    """Make the packs of a cache such as did not note which files are the same."""
    for about in cache.glob("*.json"):
        told = json.loads(about.read_text())
        del told["doubles"]
        about.write_text(json.dumps(told))


def test_files_that_are_the_same_are_known_and_of_a_pack_of_before_found_out(
    faces: FaceList, tmp_path: Path
) -> None:
    faces.paths[0].write_bytes(b"no image")
    for number, source in ((3, 1), (5, 1)):
        faces.paths[number].write_bytes(faces.paths[source].read_bytes())
    before = open_pack(faces, 16, allow_corrupt=1)
    assert before.doubles == doubles_in(before, faces) == ((3, 1), (5, 1))
    of_before(tmp_path / "cache")
    after = open_pack(faces, 16, allow_corrupt=1)
    assert after.doubles is None and after.fingerprint == before.fingerprint
    assert doubles_in(after, faces) == before.doubles
    faces.paths[1].unlink()
    with pytest.raises(InputError, match=r"1\.png: cannot be read"):
        doubles_in(after, faces)


def test_a_pack_of_before_is_used_as_it_is_even_where_nothing_can_be_written(
    faces: FaceList, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make() -> np.ndarray:
        return np.full((2, 4, 4, 3), 7, np.uint8)

    packs = [open_pack(faces, 16), pack_arrays("sevens", make)]
    of_before(tmp_path / "cache")

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "replace", refuse)
    told: list[int] = []
    with heard_by(lambda _, done, total: told.append(done)):
        again = [open_pack(faces, 16), pack_arrays("sevens", make)]
    assert told == []
    for one, other in zip(packs, again, strict=True):
        assert one.fingerprint == other.fingerprint
        assert np.array_equal(one.images_NHWC, other.images_NHWC)
