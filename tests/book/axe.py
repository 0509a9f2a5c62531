"""axe-core, which finds what shuts readers out: for the tests only."""

import importlib.util
import sys
from pathlib import Path

from pages import ROOT

TOOL = ROOT / "book" / "_tools" / "vendor_assets.py"
FOLDER = ROOT / "_build" / "axe"
GRAVE = ("serious", "critical")
# Rules that look at colours only, and so depend on the theme.
COLOURS = ("color-contrast", "link-in-text-block")
# axe builds a model of every node. Code, formulas and drawings are thousands
# of nodes that it either skips or only reads the colour of, which
# contrast.js does; without their insides it takes a tenth of the time.
THIN = """() => {
  const empty = (e) => e.replaceChildren();
  const flat = (e) => { e.textContent = e.textContent; };
  document.querySelectorAll("mjx-container").forEach(empty);
  document.querySelectorAll(".nnbcd-stage > svg").forEach(empty);
  document.querySelectorAll("pre, dt.sig").forEach(flat);
}"""
RUN = """(rules) => axe.run(document, {
  preload: false,
  resultTypes: ["violations"],
  ...(rules.length ? {runOnly: {type: "rule", values: rules}} : {}),
}).then((found) => found.violations.map((v) => ({
  rule: v.id,
  impact: v.impact,
  nodes: v.nodes.map((n) => n.target.join(" ") + ": " + n.failureSummary),
})))"""


def axe_script() -> Path:
    """The script, fetched from npm once and checked."""
    spec = importlib.util.spec_from_file_location("vendor_assets", TOOL)
    tool = importlib.util.module_from_spec(spec)
    sys.modules["vendor_assets"] = tool
    spec.loader.exec_module(tool)
    axe = tool.Package(
        "axe-core",
        "4.14.1",
        "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r7"
        "6ASyFNNtuFooJpZe37OgudVGtQ==",
        (("package/axe.min.js", "axe.min.js"),),
    )
    tool.vendor(FOLDER, packages=(axe,))
    return FOLDER / "axe.min.js"


def barriers(tab, rules: tuple[str, ...] = ()) -> list[str]:
    """Serious and critical violations on a page that has the script."""
    return [
        f"{found['rule']} at {node}"
        for found in tab.evaluate(RUN, rules)
        if found["impact"] in GRAVE
        for node in found["nodes"]
    ]
