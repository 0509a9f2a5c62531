"""Where the site lives.

The address follows from ``repository.url`` in ``_config.yml``, the one place
that holds it: ``https://github.com/OWNER/REPO`` is served by GitHub Pages at
``https://OWNER.github.io/REPO/``. Whoever serves the book from elsewhere, or
a version of it from a folder of its own, sets ``NNBCD_ADDRESS``:

    NNBCD_ADDRESS=https://OWNER.github.io/REPO/v1.0/ make book
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError


def pages_address(repository: str) -> str:
    """The address at which GitHub Pages serves a repository.

    Raises
    ------
    ConfigError
        If it is not of the form ``https://github.com/OWNER/REPO``.
    """
    parts = urlsplit(repository)
    names = parts.path.strip("/").split("/")
    if parts.netloc != "github.com" or len(names) != 2 or not all(names):
        msg = (
            f"repository.url in _config.yml is {repository!r}: write it as "
            "https://github.com/OWNER/REPO, or set NNBCD_ADDRESS to the "
            "address the book is served from."
        )
        raise ConfigError(msg)
    owner, name = names
    host = f"{owner.lower()}.github.io"
    # A repository of that name is the site of its owner, not of a project.
    return f"https://{host}/" + ("" if name.lower() == host else f"{name}/")


def settle(app: Sphinx, config: Config) -> None:
    """Fill in ``html_baseurl``, unless it was chosen by hand."""
    del app
    chosen = os.environ.get("NNBCD_ADDRESS") or config.html_baseurl
    url = chosen or pages_address(repository(config))
    config.html_baseurl = url.rstrip("/") + "/"


def repository(config: Config) -> str:
    """The address of the repository, without a slash at the end."""
    options = config.html_theme_options
    return str(options.get("repository_url", "")).rstrip("/")


def branch(config: Config) -> str:
    """The branch that the launch buttons open."""
    return str(config.html_theme_options.get("repository_branch", "main"))
