"""Words that can name nothing are refused before any command sees them: one place for all."""

from collections.abc import Sequence

from facesearch.errors import InputError, printable

# Of Linux and macOS alike: bytes of a name in a folder, and of a whole path.
_MOST_NAME, _MOST_PATH = 255, 4095
_SHOWN = 60


def refuse_unusable(words: Sequence[str]) -> None:
    """Refuse a command line with a word that is empty, too long, or holds a NUL.

    An empty one is mostly a variable of the shell that is not set, and as a path it would stand for
    the folder in which the command runs.

    Raises:
        InputError: For the first such word.

    """
    for place, word in enumerate(words):
        value = word.partition("=")[2] if word.startswith("--") and "=" in word else word
        why = _why_unusable(value)
        if why:
            behind = f" behind '{_short(words[place - 1])}'" if place else ""
            raise InputError(f"the word '{_short(value)}'{behind} {why}.")


def _why_unusable(text: str) -> str:
    if not text.strip():
        return "is empty; leave it out, or write a name"
    if "\0" in text:
        return "holds a NUL, which no name can"
    path = text.encode("utf-8", "surrogatepass")
    is_address = "://" in text  # may be longer, and is no path
    if not is_address and max(map(len, path.split(b"/"))) > _MOST_NAME:
        return f"is too long: a name has at most {_MOST_NAME} bytes"
    if len(path) > _MOST_PATH:
        return f"is too long: a path has at most {_MOST_PATH} bytes"
    return ""


def _short(word: str) -> str:
    """Return the beginning of a word, on one line, as it can be printed anywhere."""
    shown = printable(word).replace("\n", "?").encode("utf-8", "replace").decode()
    return f"{shown[:_SHOWN]}..." if len(shown) > _SHOWN else shown
