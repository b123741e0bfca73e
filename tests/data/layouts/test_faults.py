from facesearch.data.layouts.faults import Faults


def test_notes_are_no_faults() -> None:
    faults = Faults()
    faults.notes.append("to be known")
    assert not faults and faults == [] and faults.notes == ["to be known"]
