"""Explorers with a kernel: widgets that draw what their values say."""

import asyncio
import json
import re
from html import unescape

import pytest
from demo_explorer import demo_explorer
from pages import ROOT, contents

from nnbcd.explore import (
    GridExplorer,
    Line,
    Panel,
    Picture,
    Slider,
    catalogue,
)
from nnbcd.explore.drawn import DrawnExplorer
from nnbcd.explore.latest import Latest

pytest.importorskip("ipywidgets")

EXPLORERS = {"demo_explorer": demo_explorer} | {
    name: make
    for name, make in catalogue().items()
    if isinstance(make(), DrawnExplorer)
}


def text(widget) -> str:
    return unescape(re.sub("<[^>]*>", "", widget.value)).strip()


def parts(explorer):
    _, *inputs, status, image, caption, goal = explorer.live().children
    return inputs, status, image, caption, goal


def line(y) -> Picture:
    panel = Panel(marks=(Line((0, 1), (0, y)),), title="A line")
    return Picture((panel,), f"y = {y:g} < 5", y > 2)


def lines(draw=line, **settings) -> GridExplorer:
    slider = Slider("y", "y, height", 0, 3, 0.5, 1)
    return GridExplorer(
        title="Lines",
        goal="Go up.",
        controls=(slider,),
        draw=draw,
        **settings,
    )


@pytest.mark.parametrize("name", EXPLORERS)
def test_it_draws_between_the_positions(name):
    explorer = EXPLORERS[name]()
    inputs, status, image, caption, goal = parts(explorer)
    pictures = {image.value}
    for control, widget in zip(explorer.controls, inputs, strict=True):
        assert widget.description == control.label
        before = widget.value
        if hasattr(widget, "options"):
            last = widget.options[-1]
            widget.value = last[1] if isinstance(last, tuple) else last
        else:
            widget.value = widget.min + widget.step
        values = {
            c.name: w.value
            for c, w in zip(explorer.controls, inputs, strict=True)
        }
        said = explorer.draw(**values)
        assert text(status) == ""
        assert text(caption) == said.caption
        assert 'aria-live="polite"' in caption.value
        state = "Reached." if said.reached else "Not yet."
        assert text(goal) == f"Goal. {explorer.goal} {state}"
        assert "data:image/png;base64,iVBORw0KGgo" in image.value
        (alt,) = re.findall(r'alt="([^"]+)"', image.value)
        assert said.panels[0].title in unescape(alt) or said.panels[0].alt
        pictures.add(image.value)
        widget.value = before
    assert len(pictures) > 1


def test_a_slider_moves_finer_and_shows_what_it_is_set_to():
    (slider,), *_ = parts(lines())
    assert slider.step == pytest.approx(0.05)
    assert slider.readout_format == ".2f"
    assert slider.continuous_update


@pytest.fixture
def drawn():
    """The heights that were drawn, and an explorer that notes them."""
    heights: list[float] = []

    def draw(y) -> Picture:
        heights.append(y)
        return line(y)

    return heights, lines(draw)


def test_a_drag_draws_its_end_and_not_every_step(drawn):
    heights, explorer = drawn

    async def drag() -> None:
        (slider,), status, image, caption, _ = parts(explorer)
        assert heights == [1]
        for k in range(1, 21):
            slider.value = k / 10
            assert text(status) == "Computing \u2026"
            assert 'aria-busy="true"' in status.value
            assert "nnbcd-late" in image._dom_classes
        await asyncio.sleep(0.3)
        assert heights == [1, 2.0]
        assert text(caption) == "y = 2 < 5"
        assert text(status) == ""
        assert "aria-busy" not in status.value
        assert "nnbcd-late" not in image._dom_classes

    asyncio.run(drag())


def test_a_long_drag_shows_pictures_on_its_way(drawn):
    heights, explorer = drawn

    async def drag() -> None:
        (slider,), *_ = parts(explorer)
        for k in range(1, 30):
            slider.value = k / 10
            await asyncio.sleep(0.03)
        await asyncio.sleep(0.3)

    asyncio.run(drag())
    assert heights[-1] == 2.9
    assert len(heights) >= 3


def test_changes_during_slow_work_are_drawn_once():
    seen: list[int] = []
    state = 0

    async def run() -> None:
        nonlocal state

        def work() -> None:
            seen.append(state)

        latest = Latest(work, rest=0.02, patience=0.1)
        for state in range(1, 4):  # noqa: B007
            latest.request()
        await asyncio.sleep(0.06)
        assert seen == [3]
        state = 4
        latest.request()
        await asyncio.sleep(0.06)

    asyncio.run(run())
    assert seen == [3, 4]


def test_without_a_kernel_it_draws_at_once(drawn):
    heights, explorer = drawn
    (slider,), _, _, caption, _ = parts(explorer)
    slider.value = 2.5
    assert heights == [1, 2.5]
    assert text(caption) == "y = 2.5 < 5"


def test_an_error_is_told_in_words_and_passes():
    def draw(y) -> Picture:
        if 0.5 < y < 1.5:
            msg = "y must not lie between 0.5 & 1.5."
            raise ValueError(msg)
        if y > 2.5:
            raise ZeroDivisionError
        return line(y)

    (slider,), status, image, caption, _ = parts(lines(draw))
    told = "This setting could not be drawn: "
    assert text(status) == told + "y must not lie between 0.5 & 1.5."
    assert 'role="alert"' in status.value
    assert image.value == caption.value == ""
    slider.value = 2
    assert text(status) == ""
    assert text(caption) == "y = 2 < 5"
    slider.value = 1
    assert text(status) == (
        f"{told}y must not lie between 0.5 & 1.5. "
        "Below is the last one that could."
    )
    assert text(caption) == "y = 2 < 5"
    assert "nnbcd-late" in caption._dom_classes
    slider.value = 3
    assert text(status).startswith(f"{told}ZeroDivisionError")
    slider.value = 2
    assert text(status) == ""
    assert "nnbcd-late" not in caption._dom_classes


@pytest.mark.parametrize(
    "path",
    [p for page in contents() if (p := ROOT / f"{page}.ipynb").is_file()],
    ids=lambda path: path.stem,
)
def test_a_chapter_tells_how_to_open_the_live_form(path):
    cells = json.loads(path.read_text("utf-8"))["cells"]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    shows = [
        (name, text)
        for text in code
        for name in re.findall(r"\b(\w+_explorer)\(\)", text)
        if name in EXPLORERS
    ]
    for name, text in shows:
        assert re.search(rf"({name}\(\)|\bexplorer)\.live\(\)", text)
    assert shows or path.stem in ("reading", "u_update")
