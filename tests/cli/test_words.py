import pytest

from facesearch.cli.words import refuse_unusable
from facesearch.errors import InputError


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["runs", ""], r"the word '' behind 'runs' is empty; leave it out"),
        (["tune", "a.yaml", "--data", " "], "behind '--data' is empty"),
        (["runs", "--sort="], "is empty"),
        (["show", "a\0b"], r"the word 'a\?b' behind 'show' holds a NUL"),
        (["show", "x" * 256], r"'x{60}\.\.\.' behind 'show' is too long: a name has at most 255"),
        (["show", "é" * 128], "is too long: a name"),
        (["validate", "x/" * 2048], "is too long: a path has at most 4095"),
        (["\udcff\0"], r"the word '\?\?' holds a NUL"),
    ],
)
def test_words_that_can_name_nothing_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        refuse_unusable(words)


def test_other_words_pass() -> None:
    address = "postgresql://user@host/name?options=" + "x" * 400
    words = ["runs", "é" * 127, "x/" * 2000, "--where", "lr<=0.1", "--tracking-uri", address, "--"]
    refuse_unusable([*words, f"--data={'x' * 255}", "-", "a\nb", "\udcff"])
