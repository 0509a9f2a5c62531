"""Print the installed versions as a constraints file.

``make pins`` writes the result to constraints.txt. A pin that an older
interpreter cannot install carries the interpreter it starts from, and a
local version label (torch's ``+cpu``) is dropped, so that the same file
serves every machine.
"""

from importlib.metadata import Distribution, distributions

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

OLDEST = Version("3.10")
ROOT = "nnbcd"

HEADER = """\
# The versions this project was tested with; `make pins` writes this file.
# `make book PINS=` installs the newest ones instead.
"""


def reach(root: str, installed: dict[str, Distribution]) -> set[str]:
    """Names of all that ``root[dev]`` needs on this machine."""
    seen: set[tuple[str, str]] = set()
    todo = [(root, ""), (root, "dev")]
    while todo:
        name, extra = todo.pop()
        if (name, extra) in seen or name not in installed:
            continue
        seen.add((name, extra))
        environment = {**default_environment(), "extra": extra}
        for line in installed[name].requires or ():
            need = Requirement(line)
            if need.marker is None or need.marker.evaluate(environment):
                target = canonicalize_name(need.name)
                todo += [(target, label) for label in ("", *need.extras)]
    return {name for name, _ in seen}


def pin(distribution: Distribution) -> str:
    """One line: the name, the version, the interpreter it starts from."""
    line = f"{distribution.name}=={Version(distribution.version).public}"
    needs = SpecifierSet(distribution.metadata.get("Requires-Python") or "")
    bounds = [Version(s.version) for s in needs if s.operator == ">="]
    first = max(bounds, default=OLDEST)
    if first > OLDEST:
        line += f'; python_full_version >= "{first}"'
    return line


def main() -> None:
    """Print the pins of everything nnbcd's ``dev`` extra reaches."""
    installed = {canonicalize_name(d.name): d for d in distributions()}
    names = reach(ROOT, installed) - {ROOT}
    print(HEADER + "\n".join(pin(installed[name]) for name in sorted(names)))


if __name__ == "__main__":
    main()
