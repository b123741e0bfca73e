"""Which file a list means: its paths are read as other systems and tools write them.

Backslashes, blanks around a path, another Unicode form and another suffix of an image are read if
they mean one file, and told. Of paths that mean none the cause is told once for all lines alike.
"""

import os
import re
from collections import defaultdict
from pathlib import Path
from types import TracebackType

from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.name_index import NameIndex, folded, stem_of
from facesearch.data.layouts.names import plain
from facesearch.errors import Fault

# Of Windows or of this system.
_ABSOLUTE = re.compile(r"[A-Za-z]:[\\/]|[\\/]")
# How a path is read that names no file as it stands.
_BACKSLASHES = "are written with backslashes and read with slashes"
_SPELLED = "are read without the blanks around them, or in another Unicode form"
_SUFFIX = "have another suffix than the image that is there, which is read"
# Why a path names none.
_ELSEWHERE = "they begin in another place"
_ABOVE = "they begin above the folder that is read"
_CASE = "upper and lower case differ"
# From so many lines on a cause is told once for all.
_ALIKE = 3


class Lookup:
    """The images that a list names, looked up; what is to be told of all is told at the end."""

    def __init__(self, root: Path, file: str, faults: Faults) -> None:
        """Begin a list.

        Args:
            root: The folder that paths begin at, and do not leave.
            file: The name of the list.
            faults: Where faults and notes are added.

        """
        self.root, self.file, self.faults = root, file, faults
        self._inside = root.resolve()
        self._index = NameIndex()
        self._asked = 0
        self._read: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._lost: dict[str, list[tuple[str, str, str]]] = defaultdict(list)

    def __enter__(self) -> "Lookup":
        """Return itself, to be asked."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Tell how paths were read, and of those that name nothing."""
        for how, names in self._read.items():
            written, found = names[0]
            self.faults.notes.append(
                f"{self.file}: {len(names):,} of {self._asked:,} paths {how}: "
                f"{short(written)!r} is {found!r}"
            )
        for cause, lines in self._lost.items():
            self._tell_lost(cause, lines)

    def find(self, name: str, where: str) -> Path | None:
        """Return the file that a path means, in one spelling; or None and a fault.

        Args:
            name: The path, as it is written.
            where: The list, and the line in it.

        """
        self._asked += 1
        path = self.root / name
        try:
            if self._is_inside(path) and path.is_file():
                return self._spelled(path, name)
            meant = self._meant(name)
            if meant is None:
                self._miss(name, where)
            return meant
        except (OSError, RuntimeError, ValueError):
            # too long, a link to itself, or with characters that no path has
            self.faults.append(f"{where}: no path of a picture: {short(name)!r}")
        return None

    def find_image(self, folder: str, stem: str, where: str) -> Path | None:
        """Return the image of this name in a folder, whatever its suffix; see `find`."""
        home = self._index.only(self.root, folder, plain)
        path = self._index.only(home, stem, stem_of) if home is not None else None
        if path is not None and self._is_inside(path) and path.is_file():
            self._asked += 1
            return path
        return self.find(f"{folder}/{stem}.jpg", where)

    def _spelled(self, path: Path, name: str) -> Path:
        """Return the one spelling of a path inside the folder, as its images are listed.

        Links in it stay as they are, but for paths that only lead back through one.
        """
        written = Path(name)
        if not written.is_absolute() and ".." not in written.parts:
            return path
        plain_path = os.path.normpath(path)
        is_below = Path(plain_path).is_relative_to(os.path.normpath(self.root))
        if is_below and os.path.realpath(plain_path) == os.path.realpath(path):
            return self.root / os.path.relpath(plain_path, self.root)
        return self.root / path.resolve().relative_to(self._inside)

    def _is_inside(self, path: Path) -> bool:
        return path.resolve().is_relative_to(self._inside)

    def _meant(self, name: str) -> Path | None:
        """Return the file that is meant if the path is only written in another way."""
        *folders, last = _parts(name) or [""]
        home = self._index.walk(self.root, folders, plain)
        if home is None:
            return None
        path, how = self._index.only(home, last, plain), _SPELLED
        if path is None and stem_of(last):
            path, how = self._index.only(home, Path(last).stem, stem_of), _SUFFIX
        elif "\\" in name:
            how = _BACKSLASHES
        if path is None or not self._is_inside(path) or not path.is_file():
            return None
        self._read[how].append((name, path.relative_to(self.root).as_posix()))
        return path

    def _miss(self, name: str, where: str) -> None:
        written, is_absolute = self._tail(name), bool(_ABSOLUTE.match(name))
        cause = _ELSEWHERE if is_absolute else _ABOVE if written else ""
        other = None if written else self._index.walk(self.root, _parts(name), folded)
        if other is not None and other.is_file() and self._is_inside(other):
            cause, written = _CASE, other.relative_to(self.root).as_posix()
        if written is None and not self._is_inside(self.root / name):
            self.faults.append(
                f"{where}: '{short(name)}' leaves {self.root}; write a path inside it"
            )
        else:
            self._lost[cause].append((where, name, written or ""))

    def _tail(self, name: str) -> str | None:
        """Return the end of a path that names a file from the folder on."""
        parts = _parts(name)
        for start in range(1, len(parts)):
            path = self._index.walk(self.root, parts[start:], plain)
            if path is not None and path.is_file() and self._is_inside(path):
                return path.relative_to(self.root).as_posix()
        return None

    def _tell_lost(self, cause: str, lines: list[tuple[str, str, str]]) -> None:
        if cause and len(lines) >= _ALIKE:
            # a line whose image is there says best what to write
            where, name, written = next((line for line in lines if line[2]), lines[0])
            help_ = (
                f"write '{written}', and the others alike"
                if written
                else (f"write paths from {self.root} on")
            )
            text = (
                f"{self.file}: {len(lines):,} of {self._asked:,} paths name no image, as {cause}: "
                f"{where} has '{short(name)}'; {help_}"
            )
            self.faults.insert(0, Fault(text, len(lines)))
            return
        for where, name, written in lines:
            meant = f"; did you mean '{written}'?" if written else ""
            self.faults.append(f"{where}: no such picture: '{short(name)}'{meant}")


def short(name: str) -> str:
    """Return a name for a message; the beginning of a very long one."""
    return name if len(name) <= 200 else f"{name[:200]}... ({len(name)} characters)"


def _parts(name: str) -> list[str]:
    return [part for part in re.split(r"[\\/]+", name.strip()) if part not in ("", ".")]
