"""Write the address of the repository wherever it stands.

    python book/_tools/set_repository.py https://github.com/OWNER/REPO
    python book/_tools/set_repository.py --ref v1.0

The address and the branch (or tag) that readers are sent to stand under
``repository`` in ``_config.yml``; all other places repeat them, because
notebooks, badges and citation files are read where no tool can look them up.
This changes every tracked file that repeats them, and nothing else: links to
GitHub, Colab, Binder and Codespaces, what the first cell of a chapter
installs, the address of the site. A second call finds nothing to do.

It needs only the standard library, so that it runs before `make book`.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIG = "_config.yml"
# What stands before OWNER/REPO in a link, and what before the branch.
HOSTS = r"(?:github\.com|codespaces\.new|githubusercontent\.com|/github|/gh)/"
REFS = r"(?:@|/blob/|/tree/|/raw/)"
ADDRESS = re.compile(
    r"https://github\.com/([A-Za-z\d](?:[A-Za-z\d-]{0,37}[A-Za-z\d])?)"
    r"/([\w.-]{1,100}?)(?:\.git)?/?",
    re.ASCII,
)
REF = re.compile(r"\w[\w./-]*", re.ASCII)


@dataclass(frozen=True)
class Place:
    """A repository on GitHub, and the branch or tag to show.

    Raises
    ------
    ValueError
        If the owner, the name or the branch is none GitHub would accept.
    """

    owner: str
    name: str
    ref: str

    @property
    def slug(self) -> str:
        """OWNER/REPO."""
        return f"{self.owner}/{self.name}"

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return f"https://github.com/{self.slug}"

    @property
    def site(self) -> str:
        """Where GitHub Pages serves it, without https:// and the slash."""
        host = f"{self.owner.lower()}.github.io"
        # A repository of that name is the site of its owner.
        return host if self.name.lower() == host else f"{host}/{self.name}"


def parse(url: str, ref: str) -> Place:
    """A place from what a person typed.

    Raises
    ------
    ValueError
        In one sentence, if the address or the branch cannot be right.
    """
    found = ADDRESS.fullmatch(url)
    if found is None or found[2] in (".", ".."):
        msg = (
            f"URL must look like https://github.com/OWNER/REPO, got {url!r}."
        )
        raise ValueError(msg)
    if REF.fullmatch(ref) is None:
        msg = f"REF must be the name of a branch or tag, got {ref!r}."
        raise ValueError(msg)
    return Place(found[1], found[2], ref)


def configured(root: Path = ROOT) -> Place:
    """The place that ``_config.yml`` names."""
    text = (root / CONFIG).read_text("utf-8")
    block = re.search(
        r"^repository:\n  url: (\S+)\n  branch: (\S+)\n", text, re.MULTILINE
    )
    if block is None:
        msg = f"{CONFIG} needs repository: with url: and branch: first."
        raise ValueError(msg)
    return parse(block[1], block[2])


def rewrite(old: Place, new: Place) -> Callable[[str], str]:
    """The function that turns the text of a file into the new one."""
    link = re.compile(
        rf"({HOSTS}){re.escape(old.slug)}(?![\w-])"
        rf"(?:({REFS}){re.escape(old.ref)}(?![\w.-]))?"
    )
    binder = re.compile(
        rf"(/gh/{re.escape(new.slug)}/){re.escape(old.ref)}(?![\w.-])"
    )
    site = re.compile(rf"(?<![\w.-]){re.escape(old.site)}(?![\w-])")

    def one(found: re.Match[str]) -> str:
        ref = found[2] + new.ref if found[2] else ""
        return found[1] + new.slug + ref

    def change(text: str) -> str:
        text = site.sub(new.site, link.sub(one, text))
        return binder.sub(lambda found: found[1] + new.ref, text)

    return change


def notebook(before: str, change: Callable[[str], str]) -> str:
    """A notebook rewritten; a changed cell gets the name of its new source.

    `notebooks.py` names a cell after a hash of what it says.
    """
    after = change(before)
    for cell in json.loads(before)["cells"]:
        source = "".join(cell["source"])
        if change(source) != source:
            old, new = (
                sha256((cell["cell_type"] + text).encode()).hexdigest()[:12]
                for text in (source, change(source))
            )
            after = after.replace(f'"id": "{old}', f'"id": "{new}')
    return after


def files(root: Path) -> list[Path]:
    """Every tracked file that is there, links left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True
    )
    paths = (root / name for name in listed.stdout.decode().split("\0")[:-1])
    return [p for p in paths if p.is_file() and not p.is_symlink()]


def set_repository(new: Place, root: Path = ROOT) -> list[Path]:
    """Rewrite the tree; return the files that changed."""
    old = configured(root)
    change = rewrite(old, new)
    changed = []
    for path in files(root):
        try:
            before = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            continue  # a picture
        if path.suffix == ".ipynb":
            after = notebook(before, change)
        else:
            after = change(before)
        if path == root / CONFIG:
            after = re.sub(
                r"(?m)^(  branch: )\S+$", rf"\g<1>{new.ref}", after, count=1
            )
        if after != before:
            path.write_bytes(after.encode("utf-8"))
            changed.append(path)
    return changed


def main() -> int:
    """Command line: 0 when every place agrees, 2 for a bad address."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("url", nargs="?", metavar="URL")
    parser.add_argument(
        "--ref", help="branch or tag that readers are sent to"
    )
    parser.add_argument(
        "--site", action="store_true", help="print where Pages serves it"
    )
    said = parser.parse_args()
    try:
        now = configured()
        new = parse(said.url or now.url, said.ref or now.ref)
        if said.site:
            print(f"https://{new.site}/")
            return 0
        changed = set_repository(new)
    except ValueError as error:
        print(f"set-repository: {error}", file=sys.stderr)
        return 2
    print(f"{new.url}, {new.ref}: {len(changed)} files changed")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
