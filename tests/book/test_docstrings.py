"""Docstrings reach the API page as they are written."""

from pathlib import Path

import pytest

EXTENSIONS = Path(__file__).parents[2] / "book" / "_ext"


@pytest.fixture
def keep_signs(monkeypatch):
    monkeypatch.syspath_prepend(str(EXTENSIONS))
    from nnbcd_book import keep_signs

    return keep_signs


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Rows (N, *shape).", r"Rows (N, \*shape)."),
        ("|u|, of the shape of ``u``.", r"\|u|, of the shape of ``u``."),
        ("Not *this* one, nor **that**.", "Not *this* one, nor **that**."),
        ("``*args`` stays, *rest goes", r"``*args`` stays, \*rest goes"),
        (":math:`|u|` and str | None", ":math:`|u|` and str | None"),
        ("||w - G||^2", "||w - G||^2"),
        (">>> print(*names)", ">>> print(*names)"),
    ],
)
def test_signs_of_python_are_not_marks(keep_signs, written, shown) -> None:
    lines = [written]
    keep_signs(None, "class", "name", None, None, lines)
    assert lines == [shown]
