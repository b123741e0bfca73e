from facesearch.errors import (
    ClusterError,
    Fault,
    InputError,
    KilledError,
    MachineError,
    NoResultError,
    StorageError,
    capped,
    count_of,
    did_you_mean,
    first_names,
    no_sweep,
    printable,
    without_secrets,
)


def test_a_near_word_is_proposed() -> None:
    assert did_you_mean("marginrad", ["margin_rad", "scale"]) == (
        "; did you mean 'margin_rad'? Known: margin_rad, scale."
    )


def test_a_far_word_only_lists_what_is_known() -> None:
    assert did_you_mean("zzz", ["lr"]) == ". Known: lr."


def test_a_word_is_near_in_whichever_case_and_never_near_itself() -> None:
    assert did_you_mean("ArcFace", ["arcface"]) == "; did you mean 'arcface'? Known: arcface."
    assert did_you_mean("arcface", ["arcface"]) == ". Known: arcface."


def test_exit_codes() -> None:
    assert (InputError.exit_code, NoResultError.exit_code) == (2, 4)


def test_a_long_list_of_names_ends_in_dots() -> None:
    assert first_names(["a", "b"]) == "a, b" and first_names([]) == ""
    assert first_names(["a", "b", "c", "d"]) == "a, b, c, ..."
    assert first_names(["a", "b", "c"], shown=2) == "a, b, ..."


def test_a_word_that_names_no_sweep_is_told_what_does() -> None:
    known = [f"arcface-000{n}" for n in range(7, 0, -1)]
    told = no_sweep("arcfase", known, "runs")
    assert told.startswith("'arcfase' is no sweep in runs; did you mean 'arcface'? Known: ")
    assert told.endswith(
        "Known: arcface-0007, arcface-0006, arcface-0005, arcface-0004, arcface-0003 and 2 more."
    )
    assert no_sweep("zzz", ["arcface-0001"], "runs").endswith("runs. Known: arcface-0001.")
    assert no_sweep("zzz", [], "runs") == "'zzz' is no sweep: there is none yet in runs."


def test_a_few_lines_stay_as_they_are_each_once() -> None:
    lines = [f"line {n}: wrong" for n in (3, 1, 2)]
    assert capped([*lines, lines[0]]) == lines
    assert capped([], 3) == []


def test_many_lines_of_one_kind_are_a_few_and_a_count() -> None:
    lines = [f"a.csv: line {n}: no such picture: 'x/{n} y.jpg'" for n in range(2, 12_002)]
    assert capped(lines) == [*lines[:10], "... and 11,990 more"]
    assert capped(lines, shown=30)[-1] == "... and 11,970 more"


def test_the_commonest_kind_comes_first_and_each_kind_is_seen() -> None:
    rare = ["the header is odd", "b.csv: line 7: no identity; write one"]
    lines = [*rare, *(f"b.csv: line {n}: same is 'x{n}'; write 0 or 1" for n in range(100))]
    told = capped(lines, shown=9)
    assert told[:3] == lines[2:5] and told[3] == "... and 97 more like this" and told[4:] == rare


def test_kinds_beyond_what_is_shown_are_counted() -> None:
    words = [f"{letter * 4} is wrong" for letter in "abcdefghijklmnop"]
    assert capped(words, shown=4) == [*words[:4], "... and 12 more"]


def test_a_line_that_stands_for_many_counts_as_many() -> None:
    cause = Fault("a.csv: 500 of 500 paths name no image", 500)
    others = [f"a.csv: line {n}: no identity" for n in range(20)]
    assert capped([*others, cause])[0] is cause
    assert count_of(cause) == 500 and count_of(others[0]) == 1


def test_bytes_that_are_no_text_can_be_printed() -> None:
    assert printable("Jos\udce9/\x1b[1m").encode() == b"Jos?/?[1m"


def test_what_failed_of_the_machine_has_a_name_and_one_exit_code() -> None:
    kinds = (StorageError, ClusterError, KilledError)
    assert all(issubclass(kind, MachineError) and kind.exit_code == 4 for kind in kinds)
    assert not any(issubclass(kind, StorageError) for kind in kinds[1:])


def test_secrets_of_addresses_become_stars() -> None:
    told = without_secrets("no 'https://me:a/b@c@host/x?token=abc&n=1' nor https://abc@host/y")
    assert told == "no 'https://me:***@host/x?token=***&n=1' nor https://***@host/y"
    plain = "http://host:5000/a@b models:/name@champion sqlite:////a@b/c.db key=1 ssh://me@host"
    assert without_secrets(plain).replace("host:***@b", "host:5000/a@b") == plain
