"""Draw the card that programs show when somebody passes on a link.

    .venv/bin/python book/_tools/social_card.py

Opens the drawing below in Chromium and writes ``book/_static/card.png``, 1200
by 630 points. The text is set in the fonts that `make book` fetches for the
formulas, so that it looks the same on every machine. The picture remembers
what it was drawn from; a test says when it is out of date.
"""

from __future__ import annotations

import io
from hashlib import sha256
from pathlib import Path

import yaml
from browser import chromium
from PIL import Image, PngImagePlugin

STATIC = Path(__file__).resolve().parents[1] / "_static"
CONFIG = STATIC.parents[1] / "_config.yml"
TARGET = STATIC / "card.png"
FONTS = STATIC / "vendor/mathjax/output/chtml/fonts/woff-v2"
WIDTH, HEIGHT = 1200, 630
COLOURS = 96  # flat areas and soft edges: a palette is enough

PAGE = """\
<!DOCTYPE html>
<meta charset="utf-8">
<style>
@font-face {{ font-family: Main;
  src: url("{fonts}/MathJax_Main-Regular.woff"); }}
* {{ margin: 0; }}
body {{ width: {width}px; height: {height}px; background: #fff;
  overflow: hidden; position: relative; color: #24292f; }}
.logo {{ position: absolute; left: 72px; top: 64px; height: 92px; }}
h1 {{ position: absolute; left: 72px; top: 214px; width: 760px;
  font: 68px/1.15 Main; font-weight: normal; }}
p {{ position: absolute; left: 72px; bottom: 56px; width: 900px;
  font: 30px/1.45 Main; color: #4a525b; }}
.stairs {{ position: absolute; right: 0; top: 0; height: 100%; }}
</style>
<img class="logo" src="{logo}">
<h1>{title}</h1>
<p>A book of notebooks and a Python package.<br>
Each step solves one small problem; the objective never rises.</p>
<svg class="stairs" viewBox="0 0 380 630" width="380">
  <path d="M76 62H220V206H364V350H440" fill="none" stroke="#d55e00"
    stroke-width="20" stroke-linejoin="round"/>
  <g fill="#0072b2">
    <rect x="20" y="6" width="112" height="112" rx="22"/>
    <rect x="164" y="150" width="112" height="112" rx="22"/>
    <rect x="308" y="294" width="112" height="112" rx="22"/>
  </g>
</svg>
"""


def source() -> str:
    """The drawing, with paths that do not depend on the machine."""
    config = yaml.safe_load(CONFIG.read_text("utf-8"))
    return PAGE.format(
        fonts=FONTS.relative_to(STATIC).as_posix(),
        width=WIDTH,
        height=HEIGHT,
        logo="logo.svg",
        title=config["title"],
    )


def digest() -> str:
    """What the picture was drawn from, the logo included."""
    whole = source() + (STATIC / "logo.svg").read_text("utf-8")
    return sha256(whole.encode()).hexdigest()


def main() -> None:
    """Draw, shrink, and write down the source."""
    page = STATIC / "card.html"
    page.write_text(source(), "utf-8")
    try:
        with chromium() as browser:
            size = {"width": WIDTH, "height": HEIGHT}
            tab = browser.new_page(viewport=size)
            tab.goto(page.as_uri())
            tab.evaluate("document.fonts.ready")
            picture = Image.open(io.BytesIO(tab.screenshot()))
    finally:
        page.unlink()
    note = PngImagePlugin.PngInfo()
    note.add_text("Source", digest())
    picture.convert("RGB").quantize(COLOURS).save(
        TARGET, optimize=True, pnginfo=note
    )
    print(f"{TARGET.name}: {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
