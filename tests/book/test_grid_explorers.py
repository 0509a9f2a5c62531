"""Explorers written in Python: what the page shows is what `draw` says."""

import json
import re
from itertools import product

import pytest
from demo_explorer import demo_explorer
from hand import Hand

from nnbcd.explore import (
    Bars,
    Cells,
    GridExplorer,
    Line,
    Panel,
    Picture,
    Slider,
    Stops,
    catalogue,
    read_table,
    write_table,
)
from nnbcd.explore.axes import axes_of

EXPLORERS = {"demo_explorer": demo_explorer} | {
    name: make
    for name, make in catalogue().items()
    if isinstance(make(), GridExplorer)
}
each = pytest.mark.parametrize("name", EXPLORERS)


@pytest.fixture(scope="module")
def made():
    """Every explorer and its HTML, drawn once."""
    explorers = {name: make() for name, make in EXPLORERS.items()}
    return {name: (e, e.html()) for name, e in explorers.items()}


def stored(html: str) -> dict:
    (text,) = re.findall(r'nnbcdStart\("[\w-]+", view, (.*)\);\n', html)
    return json.loads(text)


@each
def test_every_frame_holds_the_caption_and_goal_of_draw(name, made):
    explorer, html = made[name]
    data = stored(html)
    settings = product(*(values for _, values in data["axes"]))
    names = [axis for axis, _ in data["axes"]]
    assert names == [c.name for c in explorer.controls]
    count = 0
    for values, frame in zip(settings, data["frames"], strict=True):
        *panels, caption, reached = frame
        picture = explorer.draw(**dict(zip(names, values, strict=True)))
        assert data["captions"][caption] == picture.caption
        assert bool(reached) == picture.reached
        titles = [data["panels"][k]["title"] for k in panels]
        assert titles == [panel.title for panel in picture.panels]
        count += 1
    assert count > 1


@each
def test_html_is_the_same_every_time(name, made):
    assert EXPLORERS[name]().html() == made[name][1]


@each
def test_html_needs_no_network_and_fits(name, made):
    html = made[name][1]
    for word in ("http:", "https:", "src=", "href=", "import(", "fetch("):
        assert word not in html
    assert len(html.encode()) < 1_600_000


@each
def test_the_goal_can_be_reached_but_is_not_at_the_start(name, made):
    explorer, _ = made[name]
    start = {c.name: c.start for c in explorer.controls}
    assert explorer.goal
    reached = [s for s, picture in explorer.frames if picture.reached]
    assert reached
    assert start not in reached


@each
def test_the_start_is_one_of_the_frames(name, made):
    explorer, _ = made[name]
    start = {c.name: c.start for c in explorer.controls}
    assert start in [setting for setting, _ in explorer.frames]


@each
def test_the_figure_has_the_same_panels(name, made):
    _, picture = made[name][0].frames[-1]
    figure = picture.figure()
    titles = [ax.get_title() for ax in figure.axes]
    assert titles == [panel.title for panel in picture.panels]
    for ax, panel in zip(figure.axes, picture.panels, strict=True):
        x, y = axes_of(panel)
        assert ax.get_xlim() == pytest.approx(x.limits)
        assert ax.get_ylim() == pytest.approx(y.limits)


def one_line(y) -> Picture:
    panel = Panel(marks=(Line((0, 1), (0, y)),), title="A line")
    return Picture((panel,), f"y = {y}")


def test_too_much_is_refused_in_words():
    def wide(y) -> Picture:
        xs = [0.001234 * k for k in range(4000)]
        panel = Panel(marks=(Line(xs, [y * x for x in xs]),), title="Many")
        return Picture((panel,), "many")

    many = Slider("y", "y", 0, 4000, 1, 0)
    with pytest.raises(ValueError, match="4001 frames, more than 4000"):
        GridExplorer(title="t", controls=(many,), draw=one_line)
    some = GridExplorer(
        title="t", controls=(Slider("y", "y", 0, 99, 1, 0),), draw=wide
    )
    with pytest.raises(ValueError, match="MB, more than 1.5 MB"):
        some.html()


def test_what_does_not_change_is_stored_once():
    def draw(y) -> Picture:
        xs = [0.01234 * k for k in range(500)]
        still = Line(xs, [x * x for x in xs])
        panel = Panel(
            marks=(still, Line((0, 6), (0, y))), title="t", y_limits=(0, 9)
        )
        return Picture((panel,), f"y = {y}")

    few, many = (
        GridExplorer(
            title="t", controls=(Slider("y", "y", 0, last, 1, 0),), draw=draw
        )
        for last in (1, 40)
    )
    assert len(many.html()) < len(few.html()) + 40 * 400


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Line((0, 1), (0,)), "x has 2, y has 1"),
        (lambda: Bars((0, 1), (1, 2), (0,)), "base has 1"),
        (lambda: Cells(((1, 2), (3,)), 0, 1), "rows of one length"),
        (lambda: Cells(((1, 2),), 1, 1), "low < high"),
        (lambda: Picture((), "nothing"), "1 to 3 panels"),
        (lambda: Picture((Panel(marks=(), title="t"),), " "), "caption"),
        (
            lambda: Panel(marks=(), title="t", x_limits=(0, 1), x_log=True),
            "positive on a log axis",
        ),
        (lambda: Stops("s", "s", (1, 1), 1), "must rise"),
        (lambda: Stops("s", "s", (1, 2), 3), "must start at one of"),
        (
            lambda: GridExplorer(
                title="t",
                controls=(Stops("s", "s", (1, 2), 1),),
                draw=one_line,
                play="y",
            ),
            "play must name one of s",
        ),
    ],
)
def test_a_wrong_description_is_refused_in_words(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_axes_fit_their_marks_and_carry_round_numbers():
    panel = Panel(
        marks=(Line((1, 1000), (-0.02, 0.03)),), title="t", x_log=True
    )
    x, y = axes_of(panel)
    assert x.limits[0] < 1 < 1000 < x.limits[1]
    assert [at for at, _ in x.ticks] == [1, 10, 100, 1000]
    assert [words for _, words in y.ticks][:2] == ["\u22120.02", "\u22120.01"]
    matrix = Panel(marks=(Cells(((1, 2), (3, 4)), 0, 4),), title="t")
    assert axes_of(matrix)[1].limits == (1.5, -0.5)  # row 0 at the top


def test_a_table_comes_back_rounded(tmp_path):
    module = str(tmp_path / "chapter.py")
    write_table(module, {"b": [1.23456789, 2], "a": "word"})
    assert read_table(module) == {"a": "word", "b": [1.2346, 2]}
    first = (tmp_path / "chapter.json").read_bytes()
    write_table(module, {"a": "word", "b": [1.23456789, 2]})
    assert (tmp_path / "chapter.json").read_bytes() == first
    with pytest.raises(ValueError, match="at most 200,000"):
        write_table(module, list(range(100_000)))


# In a browser: the explorer with every mark. Those of the pages are moved in
# test_site_explorers.py.


@pytest.fixture
def open_demo(tmp_path, visit):
    def run(**options):
        page = tmp_path / "page.html"
        head = '<!doctype html><meta charset="utf-8"><title>t</title>'
        page.write_text(head + demo_explorer().html(), "utf-8")
        tab = visit(page, **options)
        return tab, tab.locator(".nnbcd-explorer")

    return run


@pytest.mark.site
def test_every_mark_is_drawn_and_follows_the_hand(open_demo):
    tab, box = open_demo()
    explorer = demo_explorer()
    hand = Hand(tab, box, explorer)
    start = hand.look()
    for control in explorer.controls:
        hand.move(control, start)
        panels = explorer.draw(**hand.look()).panels
        assert box.locator(".nnbcd-stage > svg").count() == len(panels)


@pytest.mark.site
def test_the_button_plays_to_the_end_and_stops(open_demo):
    _, box = open_demo()
    button = box.locator(".nnbcd-play")
    caption = box.locator(".nnbcd-caption")
    button.click()
    assert button.inner_text() == "\u25a0 Stop"
    assert caption.get_attribute("aria-live") == "off"
    button.filter(has_text="Play").wait_for()
    assert caption.inner_text().startswith("k = 3")
    assert caption.get_attribute("aria-live") == "polite"


@pytest.mark.site
def test_with_less_motion_the_button_takes_one_step(open_demo):
    _, box = open_demo(reduced_motion="reduce")
    button = box.locator(".nnbcd-play")
    for k in (2, 3, 1):  # after the end it begins again
        button.click()
        assert button.inner_text() == "\u25b6 Play k"
        caption = box.locator(".nnbcd-caption").inner_text()
        assert caption.startswith(f"k = {k}")
