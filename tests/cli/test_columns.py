from facesearch.cli.columns import Column, fitted, lines, taken


def test_text_is_filled_up_or_cut_to_so_many_places() -> None:
    assert fitted("ab", 4) == "ab  " and fitted("ab", 4, is_right=True) == "  ab"
    assert fitted("abcdef", 4) == "abc…" and fitted("abcd", 4) == "abcd"
    assert fitted("日本語", 4) == "日 …"  # each takes two places


def test_only_the_last_column_is_cut() -> None:
    columns = [Column("run", ["0123", "4567"]), Column("n", ["5", "15"], is_right=True),
               Column("point", ["a long point", "short"])]  # fmt: skip
    assert lines(columns, 80) == ["run    n  point", "0123   5  a long point", "4567  15  short"]
    narrow = lines(columns, 20)
    assert narrow == ["run    n  point", "0123   5  a long po…", "4567  15  short"]
    assert max(map(len, narrow)) == 20
    assert lines(columns, 5)[1] == "0123   5  a long …"
    assert taken(columns[:2]) == 10
