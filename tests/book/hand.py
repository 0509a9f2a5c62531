"""A hand at the controls of an explorer, and an eye that compares."""

import json
import random

from said import said

from nnbcd.explore import Choice, Slider, Stops
from nnbcd.explore.encode import encode

# The picture is of masks, which do not depend on the values that are kept;
# how well these do stands in the caption.
ONLY_SAID = {("Cutting a trained network", "values")}
THUMB = 16  # pixels, of a slider in Chromium
STATE = """(box) => ({
  values: Object.fromEntries(
    [...box.querySelectorAll("[data-control]")].map((c) => [
      c.dataset.control,
      c.type !== "range" ? c.value
        : c.dataset.values ? JSON.parse(c.dataset.values)[Number(c.value)]
        : Number(c.value),
    ])),
  caption: box.querySelector(".nnbcd-caption").textContent,
  goal: box.querySelector(".nnbcd-goal output").textContent,
  picture: box.querySelector(".nnbcd-stage").innerHTML,
})"""
# All controls, then one event, as when a page restores a form.
SET = """(box, values) => {
  const fields = [...box.querySelectorAll("[data-control]")];
  fields.forEach((c) => { c.value = values[c.dataset.control]; });
  fields[0].dispatchEvent(new Event("input", { bubbles: true }));
}"""


class Hand:
    """Moves the controls of one explorer and compares after each move."""

    def __init__(self, tab, box, explorer) -> None:
        self.tab, self.box, self.explorer = tab, box, explorer
        self.moves = 0
        self.pictures: dict[str, set[str]] = {}

    def look(self, control=None) -> dict:
        """What the settings are; what is said must follow from them."""
        state = self.box.evaluate(STATE)
        values = {
            c.name: nearest(c, state["values"][c.name])
            for c in self.explorer.controls
        }
        caption, reached = said(self.explorer, values)
        assert state["caption"] == caption, values
        goal = "Reached." if reached else "Not yet."
        assert state["goal"] == goal, values
        for word in ("NaN", "undefined", "Infinity"):
            assert word not in state["picture"], values
        if control:
            name = control.name
            self.pictures.setdefault(name, set()).add(state["picture"])
        self.moves += 1
        return values

    def set(self, values: dict) -> None:
        """All controls at once."""
        places = {
            c.name: c.values.index(values[c.name])
            if isinstance(c, Stops)
            else values[c.name]
            for c in self.explorer.controls
        }
        self.box.evaluate(SET, places)
        assert self.look() == values

    def field(self, control):
        return self.box.locator(f'[data-control="{control.name}"]')

    def move(self, control, values: dict) -> None:
        """Through its range, by mouse and by keyboard, from a setting.

        Where the picture stays the same, say because the number of zeros is
        no matter to a dense layer, it is moved again from another setting.
        """
        self.set(values)
        self._move(control)
        if (self.explorer.title, control.name) in ONLY_SAID:
            return
        if len(self.pictures[control.name]) == 1:
            self.set(elsewhere(self.explorer, control))
            self._move(control)
        still = len(self.pictures[control.name]) == 1
        assert not still, f"{control.name} of {self.explorer.title}"

    def _move(self, control) -> None:
        if isinstance(control, Choice):
            self.choose(control)
        else:
            self.drag(control)
            self.step(control)

    def drag(self, control) -> None:
        """With the mouse, to both ends and to places between them."""
        track = self.field(control).bounding_box()
        low, width = track["x"] + THUMB / 2, track["width"] - THUMB
        y = track["y"] + track["height"] / 2
        every = control.every()
        last = len(every) - 1
        now = every.index(self.look()[control.name])
        mouse = self.tab.mouse
        mouse.move(low + width * now / last, y)
        mouse.down()
        slack = max(1, 3 * last / width)  # pixels are coarser than steps
        for share in (0.17, 0.5, 0.83, 1.2, 0.66, 0.33, -0.2):
            mouse.move(low + width * share, y)
            found = every.index(self.look(control)[control.name])
            wanted = min(max(share, 0), 1) * last
            ends = share in (1.2, -0.2)
            assert abs(found - wanted) <= (0 if ends else slack)
        mouse.up()

    def step(self, control) -> None:
        """With the keyboard, to both ends and step by step."""
        field = self.field(control)
        every = control.every()
        field.focus()
        field.press("Home")
        assert self.look(control)[control.name] == every[0]
        for position in every[1:7]:
            field.press("ArrowRight")
            assert self.look(control)[control.name] == position
        field.press("End")
        assert self.look(control)[control.name] == every[-1]
        field.press("ArrowLeft")
        assert self.look(control)[control.name] == every[-2]
        field.press("PageDown")
        assert self.look(control)[control.name] in every

    def choose(self, control: Choice) -> None:
        """From the list, and with the keyboard."""
        field = self.field(control)
        for option in reversed(control.options):
            field.select_option(option)
            assert self.look(control)[control.name] == option
        field.focus()
        for option in control.options[1:]:
            field.press("ArrowDown")
            assert self.look(control)[control.name] == option


def nearest(control: Slider | Stops | Choice, value):
    """The position meant by what the page holds: 0.3 for 0.30000001."""
    if isinstance(control, Choice):
        return value
    found = min(control.every(), key=lambda position: abs(position - value))
    assert abs(found - value) < 1e-9
    return found


def elsewhere(explorer, control) -> dict:
    """A setting at which the two ends of a control look different."""
    chance = random.Random(control.name)
    every = control.every()
    for _ in range(500):
        values = {c.name: chance.choice(c.every()) for c in explorer.controls}
        first, last = (
            encode([explorer.draw(**{**values, control.name: end})])["marks"]
            for end in (every[0], every[-1])
        )
        if json.dumps(first) != json.dumps(last):
            return values
    msg = f"{control.name} of {explorer.title} never changes the picture"
    raise AssertionError(msg)
