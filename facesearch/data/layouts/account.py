"""What is read of a folder, and what is passed over, and why: one account for every command.

Not here: what of it is to be mended (`facesearch.data.check`).
"""

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from facesearch.data.formats import REMEDY, SUFFIXES, UNREAD
from facesearch.data.layouts import FaceFolder, FaceList, scan_layout
from facesearch.data.layouts.folder import leads_into, listing_fault
from facesearch.data.layouts.names import plain
from facesearch.errors import InputError, first_names

# Why something is left out, as it is said of several.
LINK_OUT = "links out of the folder"
DEAD = "neither files nor links to one"
NO_PLACE = "where the layout has no place for images"
UNLISTED = "not in faces.csv"
NOT_READ = "of a kind that is not read"
NESTED_LINK = "links to a folder, which are not followed there"

# Layouts in which a folder is an identity, or holds identities.
BY_FOLDER = ("identity-folders", "split-folders", "lfw", "hw2p2-f22", "hw2p2-s23", "gallery")
# Parts in which a folder is an identity; in the others the labels come from elsewhere, or none.
_NAMED_BY_FOLDER = ("train", "dev", "known", "known_test")


@dataclass(frozen=True)
class LeftOut:
    """A file, or a link to a folder, that is passed over; why is one of the words above."""

    path: Path
    why: str


@dataclass(frozen=True)
class Account:
    """What was read of a folder, and what was not.

    Args:
        root: The folder.
        num_read: Images, a count.
        num_nested: Those of them that lie in a folder below their identity's, a count.
        left_out: What was passed over, folder by folder.
        silent: Folders beside those of identities of which nothing is read.
        reading: As of `FaceFolder`.
        num_pairs_left_out: Pairs of its lists that are not scored, a count.

    """

    root: Path
    num_read: int
    num_nested: int = 0
    left_out: tuple[LeftOut, ...] = ()
    silent: tuple[Path, ...] = ()
    reading: tuple[str, ...] = ()
    num_pairs_left_out: int = 0

    def line(self) -> str:
        """Return all of it in one line; empty if everything was read, in its place."""
        return "; ".join(self.lines(shown=2))

    def lines(self, shown: int | None = None) -> list[str]:
        """Return a line for each kind of thing to be told; ``shown`` names, None for all."""
        found = []
        if self.silent:
            noun = "folder" if len(self.silent) == 1 else "folders"
            names = self._names(self.silent, shown)
            found.append(f"no image is read of {len(self.silent)} {noun}: {names}")
        by_reason: dict[str, list[Path]] = defaultdict(list)
        for one in self.left_out:
            by_reason[one.why].append(one.path)
        for why, paths in by_reason.items():
            help_ = f"; {REMEDY}" if why == NOT_READ else ""
            found.append(f"left out: {len(paths)} {why} ({self._names(paths, shown)}){help_}")
        return [*found, *_nested_words(self.num_nested), *self.reading]

    def _names(self, paths: Collection[Path], shown: int | None) -> str:
        names = [os.path.relpath(path, self.root) for path in paths]
        return first_names(names, len(names) if shown is None else shown)


def _nested_words(count: int) -> list[str]:
    said = "lies in a folder below an identity's, and counts as its"
    plural = "lie in folders below an identity's, and count as its"
    return [f"{count:,} image{'s' if count > 1 else ''} {plural if count > 1 else said}"][:count]


def nested_line(folder: FaceFolder) -> list[str]:
    """Return a line if images lie deeper than the layout says; else none."""
    return _nested_words(_num_nested(folder))


def _num_nested(folder: FaceFolder) -> int:
    if folder.layout not in BY_FOLDER:
        return 0
    return sum(num_nested(folder.root, getattr(folder, name)) for name in _NAMED_BY_FOLDER)


def account_of(folder: FaceFolder) -> Account:
    """Return the account of a folder that a layout has listed.

    Raises:
        OSError: If a folder cannot be listed.

    """
    parts = [getattr(folder, field.name) for field in fields(folder)]
    used = {path for part in parts if isinstance(part, FaceList) for path in part.paths}
    used |= {*folder.pairs.first, *folder.pairs.second}
    if folder.layout == "insightface":  # its images are in the cache
        found = Account(folder.root, len(used))
    else:
        found = account(folder.root, used, folder.layout, _num_nested(folder))
    unscored = folder.pairs.num_left_out
    return replace(found, reading=folder.reading, num_pairs_left_out=unscored)


def account_at(root: Path, layout: str = "auto") -> Account:
    """Return the account of a folder of faces.

    Raises:
        InputError: If there is no such folder or layout, or a folder cannot be listed.

    """
    folder, _ = scan_layout(root, layout)
    try:
        return account_of(folder)
    except OSError as error:
        raise InputError(listing_fault(Path(error.filename), error)) from None


def num_nested(root: Path, faces: FaceList) -> int:
    """Return how many images lie deeper than in their identity's folder, or in ``root``."""
    return sum(
        plain(path.parent.name) != name and path.parent != root
        for path, name in zip(faces.paths, faces.identities, strict=True)
    )


def account(root: Path, used: set[Path], layout: str, nested: int = 0) -> Account:
    """Return the account of a folder.

    Args:
        root: The folder.
        used: Every image that is read.
        layout: Its layout, or ``gallery``.
        nested: Images in folders below an identity's, a count.

    Raises:
        OSError: If a folder cannot be listed.

    """
    seen = Seen(root, used, layout)
    left_out: list[LeftOut] = []
    silent: list[Path] = []
    for here, folders, files in walk(root, _raise):
        left_out += seen.left_out_of(here, folders, files)
        if layout in BY_FOLDER and here != root and seen.is_silent(here):
            silent.append(here)
    return Account(root, len(used), nested, tuple(left_out), tuple(silent))


class Seen:
    """What is read of a folder, to ask of each file in it whether it is passed over."""

    def __init__(self, root: Path, used: Collection[Path], layout: str) -> None:
        """Remember every image that is read, and the folders that hold one at any depth."""
        self.root, self.layout, self.inside = root, layout, root.resolve()
        # as text: a large folder is walked often, and paths are slow to make and to compare
        holders = {path.parent for path in used}
        self._folders = {str(above) for one in holders for above in (one, *one.parents)}
        self._files = {*map(str, used)}

    def holds_read(self, folder: Path) -> bool:
        """Whether an image in the folder, or below it, is read."""
        return str(folder) in self._folders

    def is_silent(self, folder: Path) -> bool:
        """Whether nothing is read of the folder, but of others beside it."""
        is_beside = folder.parent == self.root or self.holds_read(folder.parent)
        return is_beside and not self.holds_read(folder)

    def left_out_of(
        self, here: Path, folders: Sequence[str], files: Sequence[str]
    ) -> Iterator[LeftOut]:
        """Yield what is passed over in one folder: links to folders, then files."""
        is_identity = here != self.root and self.layout in BY_FOLDER
        for name in folders:
            link = here / name
            if not os.path.islink(link):
                continue
            if not leads_into(link, self.inside):
                yield LeftOut(link, LINK_OUT)
            elif is_identity and not self.holds_read(link):
                yield LeftOut(link, NESTED_LINK)
        elsewhere = UNLISTED if self.layout == "image-list" else NO_PLACE
        for name in files:
            if os.path.join(here, name) not in self._files:
                why = _why(here / name, self.inside)
                if why or kind_of(name) in SUFFIXES:
                    yield LeftOut(here / name, why or elsewhere)


def _why(path: Path, inside: Path) -> str | None:
    """Say why a file cannot be read as an image, whatever the layout; None: it can, or is none."""
    kind = kind_of(path.name)
    # os.path, as a Path raises where permission is denied
    if os.path.islink(path) and not os.path.exists(path):
        return DEAD
    if kind in SUFFIXES and os.path.islink(path) and not leads_into(path, inside):
        return LINK_OUT
    if kind in SUFFIXES and not os.path.isfile(path):
        return DEAD
    return NOT_READ if kind in UNREAD else None


def walk(
    root: Path, refused: Callable[[OSError], None]
) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Yield folder, folders in it and files in it, sorted; hidden folders are left out."""
    for here, folders, files in os.walk(root, onerror=refused):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield Path(here), folders, sorted(files)


def kind_of(name: str) -> str:
    """Return the suffix of a file, or ``hidden``."""
    if name.startswith(".") or name.lower() == "thumbs.db":
        return "hidden"
    return Path(name).suffix.lower()


def counted(kinds: Counter[str]) -> str:
    """Return how many files there are of each kind."""
    return ", ".join(f"{count} {kind or 'without suffix'}" for kind, count in sorted(kinds.items()))


def _raise(error: OSError) -> None:
    raise error
