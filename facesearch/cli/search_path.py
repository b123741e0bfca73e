"""Keeps files of the working directory from being taken for libraries, such as a ``torch.py``.

Importing this module takes the directory off the search path where ``python -m facesearch.cli``
has put it. Not here: the workers of Ray (`facesearch.tuning.cluster`).
"""

import os
import sys
from collections.abc import Iterator
from types import TracebackType

HIDES = "is taken for the library '{}', as its folder is searched first"
_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def _leave_working_directory() -> None:
    """Take it off, unless we are found in it alone, as in a checkout that is not installed."""
    here = _working_directory()
    is_module = any(word.startswith("facesearch") for word in _after("-m", sys.orig_argv))
    if is_module and sys.path and sys.path[0] in ("", here) and here != _PACKAGE:
        del sys.path[0]


def protect_children() -> None:
    """Let the processes that this one starts not look there either."""
    if _working_directory() != _PACKAGE:
        os.environ.setdefault("PYTHONSAFEPATH", "1")


def hidden_libraries() -> dict[str, str]:
    """Return the files that hide a library or a module of Python, by its name."""
    names = {*sys.stdlib_module_names, *_libraries()}
    found: dict[str, str] = {}
    for folder in _folders_of_the_user():
        for name, path in _modules(folder):
            if name in names:
                found.setdefault(name, path)
    return found


def blamed_for(error: BaseException) -> str:
    """Return the message for an error that a hidden library has led to; empty if none has."""
    files = {frame.tb_frame.f_code.co_filename for frame in _frames(error.__traceback__)}
    for name, path in hidden_libraries().items():
        loaded = getattr(sys.modules.get(name), "__file__", None) or ""
        if path in {os.path.abspath(loaded), *map(os.path.abspath, files)}:
            return f"{path} {HIDES.format(name)}: rename it, or mend PYTHONPATH."
    return ""


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return ""


def _after(word: str, words: list[str]) -> list[str]:
    return [words[at + 1] for at, found in enumerate(words[:-1]) if found == word][:1]


def _frames(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _libraries() -> set[str]:
    """Return what we import and what that brings along: all that site-packages holds."""
    folders = [path for path in sys.path if _is_site_packages(path)]
    return {name for folder in folders for name, _ in _modules(folder)}


def _modules(folder: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the file of each module and package in a folder."""
    try:
        entries = sorted(os.listdir(folder))
    except OSError:
        return
    for entry in entries:
        path = os.path.join(folder, entry)
        if entry.endswith(".py") and os.path.isfile(path):
            yield entry.removesuffix(".py"), path
        elif os.path.isfile(os.path.join(path, "__init__.py")):
            yield entry, os.path.join(path, "__init__.py")


def _folders_of_the_user() -> list[str]:
    """Return the folders that are searched before Python's own."""
    own = os.path.dirname(os.path.abspath(os.__file__))
    folders = []
    for path in map(os.path.abspath, sys.path):
        if path == own:
            break
        is_ours = path == _PACKAGE or path.startswith(sys.prefix) or _is_site_packages(path)
        if not is_ours and os.path.isdir(path):
            folders.append(path)
    return folders


def _is_site_packages(path: str) -> bool:
    return os.path.basename(path) in ("site-packages", "dist-packages") and os.path.isdir(path)


_leave_working_directory()
