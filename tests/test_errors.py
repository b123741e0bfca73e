from facesearch.errors import (
    ClusterError,
    InputError,
    KilledError,
    MachineError,
    NoResultError,
    StorageError,
    did_you_mean,
    first_names,
    no_sweep,
    without_secrets,
)


def test_a_near_word_is_proposed() -> None:
    assert did_you_mean("marginrad", ["margin_rad", "scale"]) == (
        "; did you mean 'margin_rad'? Known: margin_rad, scale."
    )


def test_a_far_word_only_lists_what_is_known() -> None:
    assert did_you_mean("zzz", ["lr"]) == ". Known: lr."


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


def test_what_failed_of_the_machine_has_a_name_and_one_exit_code() -> None:
    kinds = (StorageError, ClusterError, KilledError)
    assert all(issubclass(kind, MachineError) and kind.exit_code == 4 for kind in kinds)
    assert not any(issubclass(kind, StorageError) for kind in kinds[1:])


def test_secrets_of_addresses_become_stars() -> None:
    told = without_secrets("no 'https://me:a/b@c@host/x?token=abc&n=1' nor https://abc@host/y")
    assert told == "no 'https://me:***@host/x?token=***&n=1' nor https://***@host/y"
    plain = "http://host:5000/a@b models:/name@champion sqlite:////a@b/c.db key=1 ssh://me@host"
    assert without_secrets(plain).replace("host:***@b", "host:5000/a@b") == plain
