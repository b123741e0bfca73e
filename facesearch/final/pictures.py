"""Picture files that somebody names, and a folder of people who are known: listed and read.

Not here: the sets of a training, which are decoded once into a cache (`facesearch.data.pack`).

Shapes: N pictures, H and W pixels.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from operator import itemgetter
from pathlib import Path

import numpy as np

from facesearch.data.box import Box
from facesearch.data.layouts import FaceList
from facesearch.data.layouts.account import Account, account, num_nested
from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.folder import by_identity, flat
from facesearch.data.layouts.names import case_twins, plain, undecodable
from facesearch.errors import InputError, capped
from facesearch.final.file_digests import file_digests
from facesearch.final.images_in import Images, OneImage, each_image, names_of, to_pixels
from facesearch.progress import track

BATCH = 128


def list_pictures(places: Sequence[Path]) -> list[Path]:
    """Return the files as they are given, and for a folder every picture in it.

    Of a folder these are the pictures in it and in all folders below, sorted; what is passed over
    is told by `accounts_of`. A file is taken whatever its name is.

    Raises:
        InputError: If a folder cannot be listed or holds no picture.

    """
    found: list[Path] = []
    for place in places:
        found += _inside(place, Faults())[1] if _is_folder(place) else [place]
    return found


def list_gallery(folder: Path) -> FaceList:
    """List the known people of a folder, by identity, then by file name.

    ``<folder>/<identity>/<picture>`` is a picture of the folder's identity and
    ``<folder>/<name>.jpg`` one of the identity ``name``. Both may stand side by side: ``anna.jpg``
    beside ``anna/`` is one more picture of anna. What lies in folders below an identity's is the
    identity's too; what is passed over is told by `accounts_of`.

    Raises:
        InputError: If there is no such folder, it cannot be listed, or holds no picture; or if
            names of identities differ in upper and lower case only, or are not in UTF-8.

    """
    if not _is_folder(folder):
        what = "is a file; give the folder" if folder.exists() else "no such folder. Give one"
        raise InputError(f"{folder}: {what} with the pictures of the known people.")
    names, paths = _inside(folder, Faults())
    refuse_names(names, f"{folder}: ")
    found = sorted(zip(names, paths, strict=True))
    return FaceList(tuple(path for _, path in found), tuple(name for name, _ in found))


def named_images(known: Mapping[str, Images]) -> tuple[FaceList, list[OneImage]]:
    """Return a list of those who are known, by name, and their images; files keep their path.

    Raises:
        InputError: If there is no image, or for names as `list_gallery` has it.

    """
    found = [(plain(name), one) for name, images in known.items() for one in each_image(images)]
    if not found:
        raise InputError("the gallery is empty: give an identity with an image at least.")
    found.sort(key=itemgetter(0))
    names, images = zip(*found, strict=True)
    if "" in names:
        raise InputError("the gallery: a name of blanks only; give the identity another.")
    refuse_names(names, "the gallery: ")
    places = [
        Path(image) if isinstance(image, (str, Path)) else Path(f"{name}[{number}]")
        for number, (name, image) in enumerate(found)
    ]
    return FaceList(tuple(places), names), list(images)


def refuse_names(names: Iterable[str], where: str = "") -> None:
    """Refuse names of a gallery that may be one identity's, or cannot be told.

    Args:
        names: Of identities, spelled as `plain` has it.
        where: What a message begins with.

    Raises:
        InputError: For names that differ in upper and lower case only, or are not in UTF-8.

    """
    known = set(names)
    if faults := [f"{where}{fault}" for fault in (*case_twins(known), *undecodable(known))]:
        raise InputError("\n".join(capped(faults)))


def without_images(gallery: FaceList, told: Account) -> tuple[str, ...]:
    """Return who of a gallery's folder has no image that is read, by name.

    Args:
        gallery: From `list_gallery`.
        told: The account of the same folder, from `accounts_of`.

    """
    owners = [_owner(path, told.root, is_folder=True) for path in told.silent]
    for one in told.left_out:
        owners.append(_owner(one.path, told.root, is_folder=one.path.is_dir()))
    return tuple(sorted(set(owners) - set(gallery.identities)))


def doubles_of(faces: FaceList) -> list[tuple[int, int]]:
    """Return the rows that are the same file as an earlier one, byte by byte, each with that one.

    Raises:
        InputError: If a file cannot be read.

    """
    first: dict[bytes, int] = {}
    rows = enumerate(file_digests(faces.paths))
    return [(row, first[d]) for row, d in rows if first.setdefault(d, row) != row]


def _owner(path: Path, root: Path, *, is_folder: bool) -> str:
    """Return the identity that a place in a gallery's folder is of."""
    top, *inside = path.relative_to(root).parts
    return plain(top if inside or is_folder else Path(top).stem)


def accounts_of(places: Sequence[Path]) -> list[Account]:
    """Return what is read and what is passed over of each folder, of a gallery or of probes.

    Raises:
        InputError: As `list_pictures`.

    """
    found = []
    for place in filter(_is_folder, places):
        faults = Faults()
        names, paths = _inside(place, faults)
        nested = num_nested(place, FaceList(tuple(paths), tuple(names)))
        told = account(place, set(paths), "gallery", nested)
        found.append(replace(told, reading=tuple(faults.notes)))
    return found


def read_pictures(images: Sequence[OneImage], image_px: int) -> np.ndarray:
    """Return all images, RGB uint8 [N, H, W, 3]; what is raised is as of `picture_batches`."""
    nothing = np.empty((0, image_px, image_px, 3), np.uint8)
    return np.concatenate([nothing, *picture_batches(images, image_px)])


def picture_batches(
    images: Sequence[OneImage], image_px: int, batch_size: int = BATCH, box: Box | None = None
) -> Iterator[np.ndarray]:
    """Yield the images in order, ``batch_size`` at a time; no more are held in memory.

    Args:
        images: Files, or what else `to_pixels` takes.
        image_px: Side in pixels.
        batch_size: Images at a time, a count.
        box: The part of each that is taken; None: the centre square.

    Yields:
        RGB uint8 [batch_size or fewer, H, W, 3].

    Raises:
        InputError: With all images that cannot be read, when the last one was looked at.

    """
    faults: list[InputError] = []
    names = names_of(images)
    with ThreadPoolExecutor(min(os.cpu_count() or 1, batch_size)) as pool:
        for start in track(range(0, len(images), batch_size), "reading pictures"):
            part = slice(start, start + batch_size)
            results = pool.map(partial(_decode, image_px, box), images[part], names[part])
            pictures: list[np.ndarray] = []
            for result in results:
                if isinstance(result, InputError):
                    faults.append(result)
                else:
                    pictures.append(result)
            if not faults:
                yield np.stack(pictures)
    if faults:
        raise _unreadable(faults, len(images))


def _decode(image_px: int, box: Box | None, image: OneImage, name: str) -> np.ndarray | InputError:
    try:
        return to_pixels(image, image_px, name, box)
    except InputError as error:
        return error


def _unreadable(faults: Sequence[InputError], num_pictures: int) -> InputError:
    if num_pictures == 1:
        return faults[0]
    head = f"{len(faults):,} of {num_pictures:,} pictures cannot be read:"
    return InputError("\n  ".join([head, *capped(map(str, faults))]))


def _is_folder(place: Path) -> bool:
    try:
        return place.is_dir()
    except OSError as error:
        raise InputError(f"{place}: cannot be read ({error.strerror}).") from None


def _inside(folder: Path, faults: Faults) -> tuple[list[str], list[Path]]:
    """Return identity and path of every picture in a folder: its own, then the others'.

    The names of probes say nothing, so they may be any: see `refuse_names` for a gallery's.
    """
    own = flat(folder, folder, faults)
    others = by_identity(folder, folder, faults)
    if faults:
        raise InputError("\n".join(capped(faults)))
    paths = [*own.paths, *others.paths]
    if not paths:
        raise InputError(
            f"{folder}: no pictures. Expected {folder.name}/<identity>/<picture>.jpg or "
            f"{folder.name}/<name>.jpg."
        )
    return [*(plain(path.stem) for path in own.paths), *others.identities], paths
