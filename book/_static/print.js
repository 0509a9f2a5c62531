// Before a page is printed: light colours, and the addresses of links that
// lead elsewhere. After it: everything as it was. (togglebutton.js opens the
// solutions.)
(function () {
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
    var links = ".bd-article a.external[href^='http']";
    document.querySelectorAll(links).forEach(function (link) {
      var bare = link.href.replace(/^https?:\/\//, "").replace(/\/$/, "");
      if (link.textContent.indexOf(bare) < 0) {
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
