from vitte.base.source import SourceFile, join_spans, make_span, span_end, span_start


def test_a_span_keeps_both_ends() -> None:
    span = make_span(70_000_000, 70_000_123)
    assert (span_start(span), span_end(span)) == (70_000_000, 70_000_123)


def test_join_covers_both() -> None:
    joined = join_spans(make_span(3, 5), make_span(9, 12))
    assert (span_start(joined), span_end(joined)) == (3, 12)


def test_lines_and_columns_count_from_one_in_code_points() -> None:
    file = SourceFile("a.vit", "é = 1\r\nb\n\nlast")
    assert file.line_col(0) == (1, 1)
    assert file.line_col(2) == (1, 3)
    assert file.line_col(7) == (2, 1)
    assert file.line_col(9) == (3, 1)
    assert file.line_col(14) == (4, 5)
    assert [file.line_text(n) for n in (1, 2, 3, 4)] == ["é = 1", "b", "", "last"]
