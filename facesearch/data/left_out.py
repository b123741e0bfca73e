"""What every command says of the images that it does not use: one line, and where to read more.

Not here: how a folder is walked (`layouts.account`), and what of it is to be mended (`check`).
"""

import os
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from facesearch.config import DataConfig
from facesearch.data.faces import read_reserve
from facesearch.data.layouts import FaceFolder, FaceList
from facesearch.data.layouts.account import Account, account_at
from facesearch.data.pack import open_pack
from facesearch.errors import first_names

_SHOWN = 2


def left_out_lines(
    account: Account, unreadable: Sequence[Path] = (), *, is_whole: bool = False
) -> list[str]:
    """Return what is passed over of a folder; nothing if everything was read, in its place.

    Args:
        account: Of the folder.
        unreadable: Images that are left out as they cannot be decoded.
        is_whole: A line for each kind of thing with all names, and not one line with some.

    """
    shown = None if is_whole else _SHOWN
    lines = account.lines(shown)
    if unreadable:
        names = [os.path.relpath(path, account.root) for path in unreadable]
        some = first_names(names, len(names) if is_whole else _SHOWN)
        lines.append(f"left out: {len(names)} that cannot be read ({some})")
    if not lines:
        return []
    place = shlex.quote(str(account.root))
    lines = lines if is_whole else ["; ".join(lines)]
    lines[-1] += f" (more: facesearch data check {place})"
    return [f"{account.root}: {line}" for line in lines]


def left_out_of(data: DataConfig, parts: Iterable[str]) -> list[str]:
    """Return what is passed over of the faces of a config; of generated ones nothing is.

    Args:
        data: Where the faces are, and how many unreadable images may be left out of them.
        parts: Of the folder, those that are read.

    Raises:
        InputError: If the folder cannot be listed.

    """
    if data.root is None:
        return []
    unreadable = unreadable_in(read_reserve(data).folder, parts, data) if data.allow_corrupt else ()
    return left_out_lines(account_at(Path(data.root), data.layout), unreadable)


def unreadable_in(folder: FaceFolder, parts: Iterable[str], data: DataConfig) -> list[Path]:
    """Return the images of some parts that are left out, as so many unreadable ones are allowed."""
    if not data.allow_corrupt:
        return []
    found: list[Path] = []
    for part in parts:
        faces: FaceList = getattr(folder, part)
        if faces.paths:
            pack = open_pack(faces, data.image_px, allow_corrupt=data.allow_corrupt)
            kept = set(pack.kept_N.tolist())
            found += [path for row, path in enumerate(faces.paths) if row not in kept]
    return found
