"""Celebrities in Frontal-Profile (CFP): images listed by number, and two lists of pairs."""

import os
from collections.abc import Iterator
from pathlib import Path

from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.folder import FaceFolder, FaceList, FacePairs, identity_faults
from facesearch.data.layouts.lookup import Lookup
from facesearch.data.layouts.text_file import read_text

# The list of pairs, and which of the lists of images its two numbers count in.
_PROTOCOLS = {"FF": ("F", "F"), "FP": ("F", "P")}
_TRUTHS = {"same.txt": True, "diff.txt": False}
_Images = dict[int, Path]
_Pair = tuple[Path, Path, bool, int, str]


def recognises(root: Path) -> bool:
    """Whether the protocol of CFP is there."""
    return all((root / f"Protocol/Pair_list_{name}.txt").is_file() for name in "FP")


def read(root: Path, faults: Faults) -> FaceFolder:
    """Read ``Protocol/Pair_list_{F,P}.txt`` and ``Protocol/Split/{FF,FP}/NN/{same,diff}.txt``.

    A line of the first is ``number ../Data/Images/<identity>/<pose>/<image>``, of the others
    ``number,number``; NN is a fold. FF and FP are lists of their own.
    """
    images = {name: _images(root, f"Pair_list_{name}.txt", faults) for name in "FP"}
    paths = tuple(dict.fromkeys(path for listed in images.values() for path in listed.values()))
    faces = FaceList(paths, tuple(path.parent.parent.name for path in paths))
    faults += identity_faults(faces, root / "Protocol")
    pairs = [pair for name in _PROTOCOLS for pair in _pairs(root, name, images, faults)]
    first, second, same, folds, lists = zip(*pairs, strict=True) if pairs else ((),) * 5
    return FaceFolder(root, "cfp", train=faces, pairs=FacePairs(first, second, same, folds, lists))


def _images(root: Path, name: str, faults: Faults) -> _Images:
    """Return the images of a list by their numbers."""
    found: _Images = {}
    with Lookup(root, name, faults) as images:
        for where, line in _lines(root / "Protocol" / name, faults):
            number, _, place = line.partition(" ")
            path = images.find(_from_root(place), where)
            if not number.isdecimal():
                faults.append(f"{where}: must be 'number path', found '{line[:40]}'")
            elif path is not None:
                found[int(number)] = path
    return found


def _from_root(place: str) -> str:
    """Return a path of the protocol, which begins at its own folder, from the root on."""
    return os.path.normpath(f"Protocol/{place.strip()}".replace("\\", "/"))


def _pairs(
    root: Path, protocol: str, images: dict[str, _Images], faults: Faults
) -> Iterator[_Pair]:
    split = root / "Protocol/Split" / protocol
    one, other = (images[name] for name in _PROTOCOLS[protocol])
    folds = sorted(path for path in split.glob("*") if path.is_dir())
    if not folds:
        faults.append(f"{split}: no folds in it; unpack the archive again, whole")
    for fold, folder in enumerate(folds):
        for name, is_same in _TRUTHS.items():
            for where, line in _lines(folder / name, faults):
                first, _, second = line.partition(",")
                numbers = [int(word) if word.strip().isdecimal() else 0 for word in (first, second)]
                if numbers[0] in one and numbers[1] in other:
                    yield one[numbers[0]], other[numbers[1]], is_same, fold, protocol
                else:
                    faults.append(f"{where}: must be two numbers of images, found '{line[:40]}'")


def _lines(path: Path, faults: Faults) -> list[tuple[str, str]]:
    """Return the lines of a file that say something, each with where it is."""
    text = read_text(path, "a file of the protocol", faults, f"{path}")
    place = f"{path.parent.name}/{path.name}"
    lines = enumerate((text or "").splitlines(), start=1)
    return [(f"{place}: line {n}", line) for n, line in lines if line.strip()]
