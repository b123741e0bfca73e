import pytest

from facesearch.errors import InputError, NoResultError
from facesearch.tracking.store import Store
from facesearch.tracking.telling import reason_of, telling

STORE = Store("postgresql://me:hush@host/db")


def test_what_a_store_raises_is_one_line_without_secrets() -> None:
    cause = OSError("no route to postgresql://me:hush@host/db\nmore\nlines")
    with (
        pytest.raises(InputError) as told,
        telling(STORE, "not written: ", "; nothing is lost"),
    ):
        raise RuntimeError("wrapped") from cause
    assert str(told.value) == (
        "MLflow at postgresql://me:***@host/db: not written: OSError: no route to "
        "postgresql://me:***@host/db; nothing is lost"
    )


def test_our_own_errors_and_bugs_stay_what_they_are() -> None:
    for error in (NoResultError("none"), TypeError("a bug"), KeyError("x")):
        with pytest.raises(type(error)), telling(STORE):
            raise error


def test_the_reason_is_the_first_cause() -> None:
    assert reason_of(ValueError("a\nb")) == "ValueError: a"
    assert reason_of(InputError("in our words")) == "in our words"
