"""Small folders of faces in every layout, written as others write them."""

import io
import pickle
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from facesearch.data.synthetic import draw_faces

MAGIC = struct.pack("<I", 0xCED7230A)


def noise(seed: int, side_px: int = 24) -> Image.Image:
    """A picture of its seed alone."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side_px, side_px, 3), np.uint8)
    return Image.fromarray(pixels)


def picture(path: Path, seed: int) -> Path:
    """Write a picture; its suffix says how."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise(seed).save(path, quality=95)
    return path


def jpeg(seed: int) -> bytes:
    """A picture as the bytes of its file."""
    out = io.BytesIO()
    noise(seed).save(out, "JPEG")
    return out.getvalue()


def people(root: Path, names: Sequence[str] = "abcdef", each: int = 3) -> Path:
    """One folder a person: ``a/a_0001.jpg``."""
    for person, name in enumerate(names):
        for number in range(1, each + 1):
            picture(root / name / f"{name}_{number:04d}.jpg", 1000 * person + number)
    return root


def image_list(root: Path, names: Sequence[str] = "abcdef", each: int = 3) -> Path:
    """The same in a list."""
    people(root, names, each)
    rows = [f"{n}/{n}_{i:04d}.jpg,{n}" for n in names for i in range(1, each + 1)]
    (root / "faces.csv").write_text("\n".join(["path,identity", *rows]))
    return root


def split_folders(root: Path) -> Path:
    """5 people to learn (a to e), whom val and test hold too, beside 3 others each.

    Of the others v1 and t1 have one image, everybody else three.
    """
    people(root / "train", "abcde")
    for part, extra in (("val", "v"), ("test", "t")):
        for person, name in enumerate("abcde"):
            picture(root / part / name / f"{part}.jpg", 10_000 + 100 * ord(part[0]) + person)
        for number, count in ((1, 1), (2, 3), (3, 3)):
            for image in range(count):
                seed = 50_000 + 100 * ord(extra) + 10 * number + image
                picture(root / part / f"{extra}{number}" / f"{image}.jpg", seed)
    return root


def lfw(root: Path, names: Sequence[str] = "abcdef", each: int = 3) -> Path:
    """The same with two folds of two pairs."""
    people(root / "lfw", names, each)
    a, b, c, d = names[:4]
    lines = ["2\t1", f"{a}\t1\t2", f"{a}\t1\t{b}\t3", f"{c}\t2\t3", f"{c}\t1\t{d}\t1"]
    (root / "pairs.txt").write_text("\n".join(lines))
    return root


def cfp(root: Path) -> Path:
    """5 people, two frontal images and a profile of each; two folds of two pairs a protocol."""
    lists: dict[str, list[str]] = {"frontal": [], "profile": []}
    for person in range(1, 6):
        for pose, count in (("frontal", 2), ("profile", 1)):
            for number in range(1, count + 1):
                name = f"Data/Images/{person:03d}/{pose}/{number:02d}.jpg"
                picture(root / name, 100 * person + 10 * (pose == "profile") + number)
                lists[pose].append(f"{len(lists[pose]) + 1} ../{name}")
    # of the first image of a person, and of the third, which is the first of the next one
    pairs = {"FF": ("1,2", "1,3", "3,4", "3,5"), "FP": ("1,1", "1,2", "3,2", "3,3")}
    for protocol, numbers in pairs.items():
        for place, line in enumerate(numbers):
            path = root / f"Protocol/Split/{protocol}/0{1 + place // 2}"
            path.mkdir(parents=True, exist_ok=True)
            (path / ("diff.txt" if place % 2 else "same.txt")).write_text(f"{line}\n")
    for letter, pose in (("F", "frontal"), ("P", "profile")):
        (root / f"Protocol/Pair_list_{letter}.txt").write_text("\n".join([*lists[pose], ""]))
    return root


def hw2p2(
    root: Path, labels: Sequence[str] = (), csv_name: str = "dev_identities.csv", each: int = 3
) -> Path:
    """A folder of HW2P2: 5 people to learn, 5 known ones (n10000x), 3 queries."""
    for person in range(5):
        train = root / f"classification/train/n00000{person}"
        for number in range(each):
            picture(train / f"{number}.jpg", 10 * person + number)
        picture(root / f"classification/dev/n00000{person}/9.jpg", 100 + person)
        picture(root / f"verification/known/n10000{person}/0.jpg", 200 + person)
    picture(root / "classification/test/000000.jpg", 300)
    for query in range(3):
        picture(root / f"verification/unknown_dev/{query}.jpg", 400 + query)
    picture(root / "verification/unknown_test/0.jpg", 500)
    rows = labels or ["n100000", "n100001", "n100002"]
    (root / "verification" / csv_name).write_text("\n".join(["label", *rows, ""]))
    return root


def hw2p2_s23(root: Path) -> Path:
    """The same of a term whose queries may be strangers."""
    return hw2p2(root, ["n100000", "n000000", "n100002"], "verification_dev.csv")


def record(payload: bytes, part: int = 0) -> bytes:
    """A record of MXNet's RecordIO."""
    return MAGIC + struct.pack("<I", part << 29 | len(payload)) + payload + bytes(-len(payload) % 4)


def write_rec(folder: Path, num_people: int = 5, each: int = 3) -> list[bytes]:
    """A training file as the tools of InsightFace write it; return its pictures."""
    pictures = [jpeg(n) for n in range(num_people * each)]
    count = len(pictures)
    header = struct.pack("<IfQQ2f", 2, 0.0, 0, 0, count + 1, count + 1 + num_people)
    records = [record(header)]
    records += [
        record(struct.pack("<IfQQ", 0, n // each, n + 1, 0) + face)
        for n, face in enumerate(pictures)
    ]
    for person in range(num_people):
        first = 1 + person * each
        header = struct.pack("<IfQQ2f", 2, 0.0, count + 1 + person, 0, first, first + each)
        records.append(record(header))
    (folder / "train.rec").write_bytes(b"".join(records))
    offsets = np.cumsum([0, *map(len, records)])
    index = "".join(f"{n}\t{offset}\n" for n, offset in enumerate(offsets[:-1]))
    (folder / "train.idx").write_text(index)
    return pictures


def insightface(root: Path) -> Path:
    """A training file and a file of two pairs."""
    root.mkdir(parents=True, exist_ok=True)
    write_rec(root)
    content = pickle.dumps(([jpeg(n) for n in range(4)], [True, False]))
    (root / "lfw.bin").write_bytes(content)
    return root


@dataclass(frozen=True)
class Name:
    """A name that a pickle asks for."""

    module: str
    name: str


@dataclass(frozen=True)
class Call:
    """A call that a pickle asks for, and what it then sets."""

    function: Name
    args: tuple[Any, ...]
    state: tuple[Any, ...] | None = None


def opcodes(value: Any) -> bytes:
    """Write what no Python object would be pickled as; without the end."""
    match value:
        case Name(module, name):
            return f"c{module}\n{name}\n".encode()
        case Call(function, args, state):
            called = opcodes(function) + opcodes(args) + b"R"
            return called if state is None else called + opcodes(state) + b"b"
        case tuple():
            return b"(" + b"".join(map(opcodes, value)) + b"t"
        case list():
            return b"](" + b"".join(map(opcodes, value)) + b"e"
        case _:
            return _leaf(value)


def _leaf(value: int | str | bytes | None) -> bytes:
    match value:
        case None:
            return b"N"
        case bool():
            return f"I{value:02d}\n".encode()
        case int():
            return f"L{value}L\n".encode()
        case str():
            return b"X" + struct.pack("<I", len(value.encode())) + value.encode()
        case bytes():
            return b"B" + struct.pack("<I", len(value)) + value


# A name in `facesearch list layouts`, and what writes such a folder.
WRITERS: dict[str, Callable[[Path], Path]] = {
    "hw2p2-f22": hw2p2,
    "hw2p2-s23": hw2p2_s23,
    "split-folders": split_folders,
    "identity-folders": people,
    "image-list": image_list,
    "lfw": lfw,
    "cfp": cfp,
    "insightface": insightface,
}


def drawn_people(root: Path, identities: int, each: int, side_px: int = 24) -> Path:
    """One folder a person, with a space in its name, of generated faces that can be learnt."""
    images, _ = draw_faces(identities, each, side_px, seed=5)
    for row, pixels in enumerate(images):
        path = root / f"person {row // each:03d}" / f"{row % each}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return root
