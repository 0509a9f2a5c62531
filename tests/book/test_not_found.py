"""404.html, served as GitHub Pages serves it: for any wrong address."""

import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from pages import PAGES, SITE, contents, soup

PAGE = SITE / "404.html"
WRONG = ("no_such_page.html", "book/old/deep/name.html")

pytestmark = [
    pytest.mark.site,
    pytest.mark.skipif(not PAGES, reason="needs the built book: make book"),
]


def base() -> str:
    """The folder of the host that holds the site: ``/nnbcd/``."""
    return soup(PAGE).base["href"]


class Handler(SimpleHTTPRequestHandler):
    """The site in its folder; 404.html for everything else."""

    def translate_path(self, path: str) -> str:
        inside = unquote(urlsplit(path).path).removeprefix(base())
        return str(SITE / inside)

    def send_error(self, code, message=None, explain=None) -> None:
        body = PAGE.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments) -> None:
        pass


@pytest.fixture(scope="module")
def host():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def tab(browser):
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_address_shows_the_page_whole(host, tab, wrong) -> None:
    missing = []
    tab.on(
        "response",
        lambda r: missing.append(r.url) if r.status == 404 else None,
    )
    address = host + base() + wrong
    assert tab.goto(address, wait_until="load").status == 404
    assert missing == [address]  # and nothing that it loads
    assert tab.locator("article h1").inner_text().startswith("This page is")


def test_its_links_are_those_of_the_site(host, tab) -> None:
    tab.goto(host + base() + WRONG[1])
    links = tab.locator("article li a").evaluate_all(
        "all => all.map(a => a.href)"
    )
    pages = [f"{host}{base()}{name}.html" for name in contents()[1:]]
    assert links == pages


def test_its_search_finds_pages(host, tab) -> None:
    tab.goto(host + base() + WRONG[1])
    tab.locator("form input").fill("threshold")
    tab.locator("form button").click()
    tab.wait_for_selector("#search-results li a")
    assert tab.url.startswith(host + base() + "search.html?q=threshold")


@pytest.mark.parametrize(
    ("chosen", "machine", "shown"),
    [
        (None, "dark", "dark"),
        ("light", "dark", "light"),
        ("auto", "light", "light"),
    ],
)
def test_it_follows_the_theme_of_the_reader(
    host, browser, chosen, machine, shown
) -> None:
    context = browser.new_context(color_scheme=machine)
    tab = context.new_page()
    tab.goto(host + base() + WRONG[0])
    if chosen:
        tab.evaluate("mode => localStorage.setItem('mode', mode)", chosen)
        tab.reload()
    theme = tab.evaluate("document.documentElement.dataset.theme")
    context.close()
    assert theme == shown


def test_the_folder_is_that_of_the_site() -> None:
    front = SITE / "book" / "intro.html"
    (link,) = soup(front).select("link[rel=canonical]")
    assert urlsplit(urljoin(link["href"], "../")).path == base()


def test_search_engines_leave_it_out() -> None:
    (robots,) = soup(PAGE).select("meta[name=robots]")
    assert robots["content"] == "noindex"
    assert soup(PAGE).select("link[rel=canonical]") == []


def test_a_copy_on_disk_works_too(visit) -> None:
    tab = visit(PAGE)
    assert tab.locator("base").count() == 0
    tab.locator("article li a").first.click()
    tab.wait_for_url(f"**/{Path(contents()[1]).name}.html")
