"""What a store raises, told as one line."""

import contextlib
from collections.abc import Iterator
from typing import Protocol

from facesearch.errors import FacesearchError, InputError, without_secrets


class Placed(Protocol):
    """A store, as far as a message needs it."""

    @property
    def place(self) -> str:
        """Its address without secrets."""


@contextlib.contextmanager
def telling(store: Placed, what: str = "", saved: str = "") -> Iterator[None]:
    """Tell whatever a store, or the place of its artifacts, raises as one line.

    Args:
        store: Who is asked.
        what: What could not be done; the reason follows it.
        saved: What is not lost; it follows the reason.

    Raises:
        InputError: For what is neither ours nor a bug.

    """
    try:
        yield
    except (FacesearchError, AssertionError, AttributeError, NameError, TypeError, LookupError):
        raise  # ours, or a bug
    except Exception as error:  # MLflow's, and those of its clients of databases, http and clouds
        reason = reason_of(error)
        raise InputError(f"MLflow at {store.place}: {what}{reason}{saved}") from None


def reason_of(error: BaseException) -> str:
    """Return the first line of what has happened, whoever wrapped it, without secrets."""
    while error.__cause__ is not None:  # MLflow wraps SQLAlchemy wraps what has happened
        error = error.__cause__
    if isinstance(error, FacesearchError):
        return str(error)
    lines = str(error).splitlines() or [""]
    return without_secrets(f"{type(error).__name__}: {lines[0][:200]}")
