"""Publishing: versions of the book side by side, tags, workflows, clouds."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
PUBLISH = ROOT / ".ci" / "publish.py"
TAG = ROOT / ".ci" / "tag.py"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def git(where: Path, *words: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@localhost")
    done = subprocess.run(
        ["git", *who, *words],
        cwd=where,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture
def clone(tmp_path) -> Path:
    """A clone of an empty repository, with one commit of its own."""
    git(tmp_path, "init", "-q", "--bare", "origin.git")
    git(tmp_path, "clone", "-q", "origin.git", "clone")
    (tmp_path / "clone" / "file").write_text("code\n", "utf-8")
    git(tmp_path / "clone", "add", "file")
    git(tmp_path / "clone", "commit", "-q", "-m", "one")
    return tmp_path / "clone"


def publish(clone: Path, name: str, said: str, **environment):
    """Build a book that says one sentence, and publish it."""
    html = clone.parent / "html"
    (html / "_static").mkdir(parents=True, exist_ok=True)
    (html / "index.html").write_text(f"<p>{said}</p>", "utf-8")
    (html / "404.html").write_text(f"<p>{said}: not here</p>", "utf-8")
    (html / "_static" / "book.css").write_text("p {}", "utf-8")
    return subprocess.run(
        [sys.executable, PUBLISH, html, name],
        cwd=clone,
        capture_output=True,
        text=True,
        env=os.environ | environment,
    )


def site(clone: Path) -> dict[str, str]:
    """Every file that readers can ask for."""
    origin = clone.parent / "origin.git"
    names = git(origin, "ls-tree", "-r", "--name-only", "gh-pages").split()
    return {n: git(origin, "show", f"gh-pages:{n}") for n in names}


def leads_to(served: dict[str, str]) -> str:
    (target,) = re.findall(r"url=([^\"]+)\"", served["index.html"])
    return target


def test_two_tags_stay_and_the_root_leads_to_the_newest(clone):
    assert publish(clone, "latest", "draft").returncode == 0
    served = site(clone)
    assert leads_to(served) == "latest/"
    for name in ("v1.9", "v1.10"):
        assert publish(clone, name, f"this is {name}").returncode == 0
    done = publish(clone, "latest", "second draft")
    assert "readers find v1.10, v1.9, latest" in done.stdout
    served = site(clone)
    assert served["v1.9/index.html"] == "<p>this is v1.9</p>"
    assert served["v1.10/index.html"] == "<p>this is v1.10</p>"
    assert served["latest/index.html"] == "<p>second draft</p>"
    assert served["v1.9/_static/book.css"] == "p {}"
    assert leads_to(served) == "v1.10/"
    assert served["404.html"] == "<p>this is v1.10: not here</p>"
    assert ".nojekyll" in served
    listed = re.findall(r'<li><a href="([^"]+)/">', served["versions.html"])
    assert listed == ["v1.10", "v1.9", "latest"]


def test_an_old_release_published_again_does_not_become_the_newest(clone):
    for name in ("v2.0", "v1.0", "v1.0"):
        assert publish(clone, name, name).returncode == 0
    served = site(clone)
    assert leads_to(served) == "v2.0/"
    assert served["404.html"] == "<p>v2.0: not here</p>"


def test_a_version_is_replaced_whole(clone):
    publish(clone, "latest", "one")
    (clone.parent / "html" / "gone.html").write_text("old", "utf-8")
    publish(clone, "latest", "two")
    assert "latest/gone.html" in site(clone)
    (clone.parent / "html" / "gone.html").unlink()
    publish(clone, "latest", "three")
    assert "latest/gone.html" not in site(clone)


def test_the_branch_is_one_commit_and_the_clone_is_left_alone(clone):
    before = git(clone, "status", "--porcelain=v2", "--branch")
    for said in ("one", "two"):
        publish(clone, "latest", said)
    assert git(clone, "status", "--porcelain=v2", "--branch") == before
    assert git(clone, "branch", "--format=%(refname)").count("refs") == 1
    origin = clone.parent / "origin.git"
    assert git(origin, "rev-list", "--count", "gh-pages").strip() == "1"


def test_a_push_in_between_is_not_overwritten(clone, tmp_path):
    """A hook pushes another version just before ours arrives."""
    publish(clone, "v1.0", "one")
    (clone / ".git" / "hooks" / "pre-push").write_text(
        "#!/bin/sh\ngit push -q -f origin HEAD:refs/heads/gh-pages "
        "--no-verify\n"
    )
    (clone / ".git" / "hooks" / "pre-push").chmod(0o755)
    done = publish(clone, "v1.1", "two")
    assert done.returncode == 1
    assert "publish: git push failed." in done.stderr
    assert "v1.1/index.html" not in site(clone)


@pytest.mark.parametrize("name", ["main", "1.0", "v1", "v1.0rc1", "../x"])
def test_a_version_nobody_would_look_for_is_refused(clone, name):
    done = publish(clone, name, "x")
    assert done.returncode == 1
    assert done.stderr == (
        f"publish: a version is called latest, or like v1.0; not {name!r}.\n"
    )


def test_a_book_that_was_not_built_is_refused(clone, tmp_path):
    done = subprocess.run(
        [sys.executable, PUBLISH, tmp_path / "none", "latest"],
        cwd=clone,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "holds no index.html: run make book first." in done.stderr


# Tags


@pytest.fixture
def release(tmp_path) -> Path:
    """What the commit of a release must hold, and the tool that looks."""
    (tmp_path / ".ci").mkdir()
    for name, text in {
        ".ci/tag.py": TAG.read_text("utf-8"),
        "pyproject.toml": '[project]\nversion = "1.2"\n',
        "CITATION.cff": "title: nnbcd\nversion: 1.2\n",
        "_config.yml": "repository:\n  url: x\n  branch: v1.2\n",
        "CHANGELOG.md": (
            "# Changelog\n\n## [Unreleased]\n\n## [1.2] - 2027-01-02\n\n"
            "### Added\n\n- A thing.\n\n## [1.1]\n\n- Old.\n"
        ),
    }.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def look(release: Path, tag: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, release / ".ci" / "tag.py", tag]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_tag_that_fits_prints_its_notes(release):
    done = look(release, "v1.2")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "### Added\n\n- A thing.\n"


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("pyproject.toml", 'needs the line version = "1.2"'),
        ("CITATION.cff", "needs the line version: 1.2"),
        ("_config.yml", "needs the line   branch: v1.2"),
        ("CHANGELOG.md", "needs a section ## [1.2]"),
    ],
)
def test_a_tag_that_does_not_fit_is_refused(release, file, words):
    text = (release / file).read_text("utf-8")
    (release / file).write_text(text.replace("1.2", "1.3"), "utf-8")
    done = look(release, "v1.2")
    assert done.returncode == 1
    assert done.stderr == f"tag: {file} {words}\n"


def test_this_repository_is_asked_the_right_questions():
    """Today's tree passes once the four places carry one number."""
    done = subprocess.run(
        [sys.executable, TAG, "v999.0"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 4
    for line in ("version = ", "version: ", "  branch: "):
        texts = ("pyproject.toml", "CITATION.cff", "_config.yml")
        assert any(
            re.search(rf"^{line}\S", (ROOT / name).read_text("utf-8"), re.M)
            for name in texts
        )


# Workflows, Codespaces, Binder


def steps(path: Path):
    jobs = yaml.safe_load(path.read_text("utf-8"))["jobs"]
    for job in jobs.values():
        yield from job["steps"]


def commands(text: str) -> list[str]:
    return re.findall(r"\bmake ([a-z-]+)", text)


def target_exists(target: str) -> bool:
    return bool(re.search(rf"^{target}:", MAKEFILE, re.M))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.stem)
def test_a_workflow_says_what_it_may_do_and_calls_what_exists(path):
    # YAML reads the key `on` as true.
    flow = yaml.safe_load(path.read_text("utf-8"))
    assert set(flow) >= {"name", True, "permissions", "jobs"}
    for job in flow["jobs"].values():
        assert job["timeout-minutes"] <= 90
        assert set(job.get("needs", "").split()) <= set(flow["jobs"])
    for step in steps(path):
        assert ("uses" in step) != ("run" in step)
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[\w./-]+", step["uses"])
            continue
        run = step["run"]
        assert "${{" not in run, "pass it through env: it may hold anything"
        for target in commands(run):
            assert target_exists(target), target
        for file in re.findall(r"\S+\.py\b|\.ci/\w+(?![\w.])", run):
            assert (ROOT / file).is_file(), file


def test_the_workflows_are_those_we_describe():
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    for path in WORKFLOWS:
        assert f"`{path.name}`" in text


def test_pages_names_the_repository_it_runs_in():
    (text,) = [p.read_text("utf-8") for p in WORKFLOWS if p.stem == "pages"]
    assert "URL: ${{ github.server_url }}/${{ github.repository }}" in text
    order = ("make set-repository", "--site", "make book", ".ci/publish.py")
    places = [text.rindex(words) for words in order]
    assert places == sorted(places)


def test_a_codespace_builds_the_book_and_opens_the_lab():
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8")
    settings = json.loads(text)
    assert commands(settings["onCreateCommand"]) == ["book"]
    assert commands(settings["postAttachCommand"]) == ["lab"]
    assert target_exists("book")
    assert target_exists("lab")
    features = settings["features"]
    assert any("node" in name for name in features)  # npm for make book


def test_binder_installs_what_the_package_needs():
    folder = ROOT / ".binder"
    listed = yaml.safe_load((folder / "environment.yml").read_text("utf-8"))
    has = {
        Requirement(line.replace("python=", "python==")).name: line
        for line in listed["dependencies"]
    }
    has["torch"] = has["pytorch-cpu"].replace("pytorch-cpu", "torch")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for need in project["project"]["dependencies"]:
        name = Requirement(need).name
        assert has[name] == need
    script = folder / "postBuild"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    assert "pip install --no-cache-dir --no-deps ." in script.read_text()
