from facesearch.errors import InputError, NoResultError, did_you_mean, first_names


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
