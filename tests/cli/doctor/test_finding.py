from facesearch.cli.doctor.finding import GIB, gigabytes


def test_memory_is_told_in_powers_of_two() -> None:
    assert gigabytes(1.5 * GIB) == "1.5 GB"
