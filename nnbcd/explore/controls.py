"""The controls of an explorer: sliders and lists."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from json import dumps

__all__ = ["Choice", "Slider", "Stops", "Value"]

Number = float | int
Value = float | int | str


@dataclass(frozen=True)
class Slider:
    """A number between two bounds, moved in steps.

    Raises
    ------
    ValueError
        If the bounds are not in order or the start lies outside them.
    """

    name: str
    label: str
    minimum: Number
    maximum: Number
    step: Number
    start: Number

    def __post_init__(self) -> None:
        if not (self.minimum < self.maximum and self.step > 0):
            msg = f"slider {self.name}: need minimum < maximum and step > 0."
            raise ValueError(msg)
        if not self.minimum <= self.start <= self.maximum:
            msg = (
                f"{self.name} must lie between {self.minimum} and "
                f"{self.maximum}, got {self.start}."
            )
            raise ValueError(msg)

    def positions(self, at_most: int) -> list[Value]:
        """Evenly spread positions on the steps, both ends included."""
        last = round((self.maximum - self.minimum) / self.step)
        count = min(at_most, last + 1)
        chosen = {round(k * last / max(count - 1, 1)) for k in range(count)}
        return [
            round(self.minimum + k * self.step, 10) for k in sorted(chosen)
        ]

    def every(self) -> list[Value]:
        """All positions."""
        return self.positions(10**9)

    def html(self) -> str:
        """A labelled range input, with its value in words beside it."""
        return (
            f"<label><span>{escape(self.label)}</span>"
            f'<input type="range" data-control="{escape(self.name)}" '
            f'min="{self.minimum}" max="{self.maximum}" '
            f'step="{self.step}" value="{self.start}">'
            f"<output>{self.start}</output></label>"
        )


@dataclass(frozen=True)
class Stops:
    """A slider that stops at listed numbers, evenly spaced or not.

    Raises
    ------
    ValueError
        If the numbers do not rise, or the start is not among them.
    """

    name: str
    label: str
    values: tuple[Number, ...]
    start: Number

    def __post_init__(self) -> None:
        pairs = zip(self.values, self.values[1:], strict=False)
        if len(self.values) < 2 or not all(a < b for a, b in pairs):
            msg = f"the values of {self.name} must rise, got {self.values}."
            raise ValueError(msg)
        if self.start not in self.values:
            msg = f"{self.name} must start at one of {self.values}."
            raise ValueError(msg)

    def positions(self, at_most: int) -> list[Value]:
        """Evenly spread stops, both ends included."""
        last = len(self.values) - 1
        count = min(at_most, last + 1)
        chosen = {round(k * last / max(count - 1, 1)) for k in range(count)}
        return [self.values[k] for k in sorted(chosen)]

    def every(self) -> list[Value]:
        """All stops."""
        return list(self.values)

    def html(self) -> str:
        """A labelled range input that counts the stops."""
        values = escape(dumps(list(self.values)))
        return (
            f"<label><span>{escape(self.label)}</span>"
            f'<input type="range" data-control="{escape(self.name)}" '
            f'data-values="{values}" min="0" max="{len(self.values) - 1}" '
            f'step="1" value="{self.values.index(self.start)}" '
            f'aria-valuetext="{self.start}">'
            f"<output>{self.start}</output></label>"
        )


@dataclass(frozen=True)
class Choice:
    """One of several named options.

    Raises
    ------
    ValueError
        If the start is not among the options.
    """

    name: str
    label: str
    options: tuple[str, ...]
    start: str

    def __post_init__(self) -> None:
        if self.start not in self.options:
            known = ", ".join(self.options)
            msg = f"{self.name} must be one of {known}, got {self.start!r}."
            raise ValueError(msg)

    def positions(self, at_most: int) -> list[Value]:
        """The options, all of them: a choice is never thinned out."""
        del at_most
        return list(self.options)

    def every(self) -> list[Value]:
        """All options."""
        return list(self.options)

    def html(self) -> str:
        """A labelled drop-down list."""
        options = "".join(
            f"<option{' selected' if o == self.start else ''}>"
            f"{escape(o)}</option>"
            for o in self.options
        )
        return (
            f"<label><span>{escape(self.label)}</span>"
            f'<select data-control="{escape(self.name)}">{options}</select>'
            "</label>"
        )
