"""The table of contents, flat, and what counts as elsewhere."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
# Scheme or host: anything a browser would ask the network for.
REMOTE = re.compile(r"^(\w+:)?//|^(https?|ws):")


def contents() -> tuple[str, ...]:
    """Every page in reading order, the front page first."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    parts = toc.get("parts", [toc])
    chapters = [c["file"] for part in parts for c in part["chapters"]]
    return (toc["root"], *chapters)
