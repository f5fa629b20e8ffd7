from vitte.base.diagnostics import Code, Diagnostics
from vitte.base.source import make_span

CODE = Code("V9999", "a test")


def test_errors_are_counted_and_warnings_are_not() -> None:
    sink = Diagnostics("a.vit")
    sink.error(CODE, make_span(5, 6), "wrong")
    sink.warning(CODE, make_span(1, 2), "odd")
    assert sink.error_count == 1
    assert [d.message for d in sink.items] == ["wrong", "odd"]


def test_sorted_is_by_place() -> None:
    sink = Diagnostics("a.vit")
    sink.error(CODE, make_span(5, 6), "second")
    sink.error(CODE, make_span(1, 2), "first")
    assert [d.message for d in sink.sorted()] == ["first", "second"]


def test_the_primary_label_comes_first_and_names_the_file() -> None:
    sink = Diagnostics("a.vit")
    sink.error(CODE, make_span(5, 6), "wrong", "here", labels=((make_span(0, 1), "because"),))
    labels = sink.items[0].labels
    assert [(label.where.file, label.text, label.primary) for label in labels] == [("a.vit", "here", True), ("a.vit", "because", False)]
