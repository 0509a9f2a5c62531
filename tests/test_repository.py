"""The address of the repository: one source, every place agrees with it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
TOOL = "book/_tools/set_repository.py"
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
URL = CONFIG["repository"]["url"]
REF = CONFIG["repository"]["branch"]
OWNER, NAME = URL.split("/")[-2:]
SITE = f"{OWNER.lower()}.github.io/{NAME}"
# In pieces, or this file would be rewritten too.
OTHER = "/".join(("https://github.com", "Some-One", "their.copy"))


def git(tree: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=t", "-c", "user.email=t@t", *words]
    done = subprocess.run(
        command, cwd=tree, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def changed(tree):
    yield tree
    git(tree, "checkout", "-q", ".")


def run_tool(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(tree / TOOL), *words]
    return subprocess.run(command, capture_output=True, text=True)


def tracked(tree: Path) -> dict[str, str]:
    """Text of every tracked file that has any."""
    found = {}
    for name in git(tree, "ls-files", "-z").split("\0")[:-1]:
        if (tree / name).is_file():
            data = (tree / name).read_bytes()
            if b"\0" not in data:
                found[name] = data.decode("utf-8")
    return found


@pytest.fixture(scope="module")
def whole() -> dict[str, str]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone: which files belong to it is unknown")
    return tracked(ROOT)


@pytest.fixture(scope="module")
def tree(whole, tmp_path_factory):
    """A copy of the repository, committed; a test leaves it as it was."""
    copy = tmp_path_factory.mktemp("copy")
    for name in whole:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, copy / name)
    git(copy, "init", "-q")
    git(copy, "add", "-A", "-f")
    git(copy, "commit", "-q", "-m", "one")
    return copy


def mentions(text: str) -> set[tuple[str, str]]:
    """OWNER, REPO of every link that GitHub, Colab or Binder would open."""
    link = r"(?:github\.com|codespaces\.new|/gh|/github)/([\w-]+)/([\w.-]+)"
    pairs = re.findall(link, text)
    return {(o, r.removesuffix(".git").rstrip(".")) for o, r in pairs}


def test_the_config_names_a_repository_on_github():
    assert re.fullmatch(r"https://github\.com/[\w-]+/[\w.-]+", URL)
    assert re.fullmatch(r"[\w./-]+", REF)


def test_no_file_names_another_owner_of_this_repository(whole):
    owners = {}
    for name, text in whole.items():
        for owner, repository in mentions(text):
            if repository == NAME:
                owners.setdefault(owner, []).append(name)
    assert set(owners) == {OWNER}, owners


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("CITATION.cff", f"repository-code: {URL}\n"),
        ("pyproject.toml", f'Repository = "{URL}"\n'),
        ("pyproject.toml", f'Documentation = "https://{SITE}/"\n'),
        ("book/reading.ipynb", f"git clone {URL}\\n"),
        ("book/_src/reading.md", f"git clone {URL}\n"),
    ],
)
def test_the_place_agrees(name, wanted):
    assert wanted in (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "book" / "_src").glob("*.md")),
    ids=lambda path: path.stem,
)
def test_a_chapter_installs_what_the_config_names(path):
    notebook = json.loads(
        (ROOT / "book" / f"{path.stem}.ipynb").read_text("utf-8")
    )
    code = [c for c in notebook["cells"] if c["cell_type"] == "code"]
    for text in (path.read_text("utf-8"), "".join(code[0]["source"])):
        sources = re.findall(r"git\+https://[^\s\"']+", text)
        assert sources == [f"git+{URL}@{REF}"]


def test_pages_and_tags_are_named_in_no_other_way(whole):
    """A link to a file of ours goes through the configured branch."""
    seen = 0
    for name, text in whole.items():
        for ref in re.findall(
            rf"{re.escape(URL)}(?:@|/blob/|/tree/|/raw/)([\w.-]+)", text
        ):
            assert ref == REF, name
            seen += 1
    assert seen > 16


def test_everything_moves_and_nothing_else(changed):
    settings = (f"URL={OTHER}", "REF=v9.1", f"PYTHON={sys.executable}")
    subprocess.run(
        ["make", "-s", "set-repository", *settings], cwd=changed, check=True
    )
    after = tracked(changed)
    for name, text in after.items():
        assert f"{OWNER}/{NAME}" not in text, name
        assert SITE not in text, name
    config = yaml.safe_load(after["_config.yml"])
    assert config["repository"]["url"] == OTHER
    assert config["repository"]["branch"] == "v9.1"
    chapter = json.loads(after["book/why.ipynb"])
    first = next(c for c in chapter["cells"] if c["cell_type"] == "code")
    assert f"git+{OTHER}@v9.1" in "".join(first["source"])
    host = "https://some-one.github.io"
    assert f'Documentation = "{host}/their.copy/"' in after["pyproject.toml"]
    assert (
        f"/gh/{OTHER.removeprefix('https://github.com/')}/v9.1?"
        in (after["README.md"])
    )
    # Every line that differs says the address, or names the cell after it.
    lines = [
        line
        for line in git(changed, "diff", "-U0").splitlines()
        if re.match(r"[-+](?![-+]{2} )", line)
    ]
    assert len(lines) > 60
    for line in lines:
        assert re.search(
            rf"{OWNER}/{NAME}|Some-One/their\.copy|{re.escape(SITE)}|"
            rf'some-one\.github\.io|^. +"id": "[0-9a-f]|^.  branch: ',
            line,
        ), line


def test_a_second_call_changes_nothing_and_a_third_leads_back(changed):
    for words in ((OTHER,), (OTHER + ".git",), (OTHER + "/",)):
        assert run_tool(changed, *words).returncode == 0
    assert ": 0 files changed" in run_tool(changed, OTHER).stdout
    assert git(changed, "status", "--porcelain") != ""
    assert ": 0 files changed" not in run_tool(changed, URL).stdout
    assert git(changed, "status", "--porcelain") == ""


def test_names_of_cells_are_what_the_notebook_tool_gives(changed):
    sys.path.insert(0, str(ROOT / "book" / "_tools"))
    try:
        from notebooks import normalise
    finally:
        sys.path.pop(0)
    import nbformat

    run_tool(changed, OTHER)
    for path in (
        changed / "book" / "why.ipynb",
        changed / "book" / "reading.ipynb",
    ):
        notebook = nbformat.read(path, as_version=4)
        names = [cell.id for cell in notebook.cells]
        assert [c.id for c in normalise(notebook).cells] == names


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/a/b",
        "https://gitlab.com/a/b",
        "https://github.com/a",
        "https://github.com/a/b/tree/main",
        "https://github.com/-a/b",
        "https://github.com/a/..",
        "https://github.com/a/b c",
        "git@github.com:a/b",
        "a/b",
    ],
)
def test_a_bad_address_is_refused_in_one_sentence(tree, url):
    done = run_tool(tree, url)
    assert done.returncode == 2
    assert done.stderr == (
        "set-repository: URL must look like "
        f"https://github.com/OWNER/REPO, got {url!r}.\n"
    )
    assert git(tree, "status", "--porcelain") == ""


def test_a_bad_branch_is_refused(tree):
    done = run_tool(tree, "--ref", "two words")
    assert done.returncode == 2
    assert "REF must be the name of a branch or tag" in done.stderr
