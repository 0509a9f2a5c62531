// Before a page is printed: light colours, and the addresses of links that
// lead elsewhere; long code may break, short code stays whole. After it:
// everything as it was. (togglebutton.js opens the solutions.)
(function () {
  var LONG = 22; // lines
  var undo = [];

  function set(element, name, value) {
    var before = element.getAttribute(name);
    undo.push(function () {
      if (before === null) element.removeAttribute(name);
      else element.setAttribute(name, before);
    });
    element.setAttribute(name, value);
  }

  function prepare() {
    restore();
    set(document.documentElement, "data-theme", "light");
    document.querySelectorAll(".bd-article pre").forEach(function (code) {
      if (code.textContent.split("\n").length > LONG) {
        set(code, "data-long", "");
      }
    });
    // In a table there is no room.
    var links = ".bd-article a.external[href^='http']:not(td a)";
    document.querySelectorAll(links).forEach(function (link) {
      var bare = link.href.replace(/^https?:\/\//, "").replace(/\/$/, "");
      // A text such as doi:10.1137/1 or arXiv:2303.1 says it already.
      var name = bare.replace(/^(doi\.org|arxiv\.org\/abs)\//, "");
      if (link.textContent.indexOf(name) < 0) {
        set(link, "data-address", bare);
      }
    });
  }

  function restore() {
    while (undo.length) undo.pop()();
  }

  window.addEventListener("beforeprint", prepare);
  window.addEventListener("afterprint", restore);
})();
