from pathlib import Path

from facesearch.config import ReserveConfig
from facesearch.data.layouts import FaceFolder, FaceList
from facesearch.data.reserve import reserve_faces
from facesearch.data.reserve.words import reserve_lines


def reserved(identities: int, images: int) -> list[str]:
    names = tuple(f"p{i:04d}" for i in range(identities) for _ in range(images))
    paths = tuple(Path(f"/f/{name}/{i}.jpg") for i, name in enumerate(names))
    folder = FaceFolder(Path("/f"), "identity-folders", train=FaceList(paths, names))
    return list(reserve_lines(reserve_faces(folder, ReserveConfig())))


def test_each_set_is_told_with_its_size_and_how_well_it_will_be_known() -> None:
    closed, dev, test = reserved(500, 14)
    assert closed.startswith("closed set: 700 images of 350 trained identities")
    assert dev.startswith("dev: 50 held-out identities, thresholds are fitted on them")
    assert test.startswith("test: 100 held-out identities, they are reported on")
    assert all("+-" in line and "points" in line for line in (closed, dev, test))


def test_more_identities_are_promised_a_narrower_interval() -> None:
    def points(lines: list[str]) -> float:
        return float(lines[-1].rpartition("+-")[2].split()[0])

    assert points(reserved(1000, 14)) < points(reserved(100, 14))


def test_too_few_identities_end_with_what_cannot_be_known() -> None:
    lines = reserved(10, 14)
    assert lines[0].startswith("closed set") and "cannot be known" in lines[-1]


def test_generated_faces_have_nothing_to_tell() -> None:
    assert list(reserve_lines(None)) == []
