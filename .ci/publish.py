"""Put a built book beside its older versions, where GitHub Pages serves it.

    python .ci/publish.py _build/html latest
    python .ci/publish.py _build/html v1.0 --remote origin --branch gh-pages

The branch holds one folder a version: ``latest`` for the main branch, the
name of the tag for a release. Publishing replaces one folder and leaves the
others as they are. At the root, ``index.html`` leads to the newest release
(to ``latest`` before there is one), ``versions.html`` lists all, and
``404.html`` is that of the newest. The branch is one commit, written anew
each time: the repository would otherwise grow by a whole book a push.

It needs only the standard library and git, and leaves branches and files of
the clone it runs in alone.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LATEST = "latest"
RELEASE = re.compile(r"v\d+(\.\d+)+", re.ASCII)
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title>{head}
<style>body {{ font: 1.1rem/1.6 sans-serif; margin: 3rem auto;
max-width: 36rem; padding: 0 1rem }}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""


def order(name: str) -> tuple[int, ...]:
    """Numbers of a release, so that v1.10 comes after v1.9."""
    return tuple(int(part) for part in name[1:].split("."))


def versions(site: Path) -> list[str]:
    """The folders that hold a book: releases from the newest, then latest."""
    names = [p.name for p in site.iterdir() if (p / "index.html").is_file()]
    releases = sorted(filter(RELEASE.fullmatch, names), key=order)
    return releases[::-1] + [name for name in names if name == LATEST]


def write_root(site: Path) -> None:
    """What stands above the versions."""
    names = versions(site)
    newest = names[0]
    notes = {LATEST: ", what is being written"}
    if newest != LATEST:
        notes[newest] = ", the newest release"
    lines = [
        f'<li><a href="{name}/">{name}</a>{notes.get(name, "")}</li>'
        for name in names
    ]
    every = "<ul>\n" + "\n".join(lines) + "\n</ul>"
    refresh = (
        f'\n<meta http-equiv="refresh" content="0; url={newest}/">'
        f'\n<link rel="canonical" href="{newest}/">'
    )
    lead = (
        f'<p><a href="{newest}/">Read {newest}</a>, or choose '
        '<a href="versions.html">another version</a>.</p>'
    )
    for file, title, head, body in (
        ("index.html", "The book", refresh, lead),
        ("versions.html", "Versions of this book", "", every),
    ):
        page = PAGE.format(title=title, head=head, body=body)
        (site / file).write_text(page, "utf-8")
    if (site / newest / "404.html").is_file():
        shutil.copy(site / newest / "404.html", site)
    (site / ".nojekyll").touch()  # or folders like _static would be dropped


def add(html: Path, name: str, site: Path) -> None:
    """Put one built book into the site.

    Raises
    ------
    ValueError
        If there is no built book, or the version has no name a reader knows.
    """
    if name != LATEST and not RELEASE.fullmatch(name):
        msg = f"a version is called latest, or like v1.0; not {name!r}."
        raise ValueError(msg)
    if not (html / "index.html").is_file():
        msg = f"{html} holds no index.html: run make book first."
        raise ValueError(msg)
    part = site / f".{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(html, part)
    shutil.rmtree(site / name, ignore_errors=True)
    part.rename(site / name)
    write_root(site)


class Git:
    """The repository we are in, with a folder and an index of its own."""

    def __init__(self, tree: Path, index: Path) -> None:
        top = ["git", "rev-parse", "--absolute-git-dir"]
        done = subprocess.run(top, capture_output=True, text=True, check=True)
        folder = done.stdout.strip()
        self._git = ["git", f"--git-dir={folder}", f"--work-tree={tree}"]
        # Runners have no identity; a commit needs one.
        people = ("GIT_AUTHOR", "GIT_COMMITTER")
        self._env = {
            **os.environ,
            **{f"{who}_NAME": "pages" for who in people},
            **{f"{who}_EMAIL": "pages@localhost" for who in people},
            "GIT_INDEX_FILE": str(index),
        }
        self._tree = tree

    def __call__(self, *words: str) -> str:
        """Run a command; what it says to stderr is shown when it fails."""
        done = subprocess.run(
            [*self._git, *words],
            cwd=self._tree,
            env=self._env,
            stdout=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            msg = f"git {words[0]} failed."
            raise ValueError(msg)
        return done.stdout.strip()


def publish(html: Path, name: str, remote: str, branch: str) -> list[str]:
    """Add the book to a branch of the remote; the versions it then has.

    What another publication has pushed in the meantime is not overwritten:
    the push is refused instead.
    """
    ref = f"refs/heads/{branch}"
    with tempfile.TemporaryDirectory(prefix="nnbcd-") as folder:
        site = Path(folder, "site")
        site.mkdir()
        git = Git(site, Path(folder, "index"))
        held = git("ls-remote", remote, ref).partition("\t")[0]
        if held:
            git("fetch", "-q", "--depth=1", remote, held)
            git("read-tree", held)
            git("checkout-index", "-q", "-a")
        add(html, name, site)
        git("add", "-A", "-f", ".")
        commit = git(
            "commit-tree", git("write-tree"), "-m", f"Publish {name}"
        )
        lease = f"--force-with-lease={ref}:{held}"
        git("push", "-q", lease, remote, f"{commit}:{ref}")
        return versions(site)


def main() -> int:
    """Command line: 0 when the version is published."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("html", type=Path, help="the built book")
    parser.add_argument("name", help="latest, or the tag of a release")
    parser.add_argument("--remote", default="origin")
    parser.add_argument("--branch", default="gh-pages")
    said = parser.parse_args()
    try:
        names = publish(
            said.html.resolve(), said.name, said.remote, said.branch
        )
    except ValueError as error:
        print(f"publish: {error}", file=sys.stderr)
        return 1
    print(f"published {said.name}; readers find {', '.join(names)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
