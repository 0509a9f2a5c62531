// The runtime shared by all explorers. It reads the controls, calls
//   view(values, data) -> {panels: [svg text], caption: text, reached: bool}
// on every change, and puts the answer on the page.
function nnbcdStart(ident, view, data) {
  // Several outputs may hold the same explorer: start those not yet started.
  var roots = document.querySelectorAll(
    '[data-explorer="' + ident + '"]:not([data-ready])'
  );
  Array.prototype.forEach.call(roots, function (root) {
    root.setAttribute("data-ready", "");
    var controls = root.querySelectorAll("[data-control]");
    var stage = root.querySelector(".nnbcd-stage");
    var caption = root.querySelector(".nnbcd-caption");
    var goal = root.querySelector(".nnbcd-goal output");

    function read() {
      var values = {};
      Array.prototype.forEach.call(controls, function (control) {
        var number = control.type === "range";
        values[control.getAttribute("data-control")] = number
          ? Number(control.value)
          : control.value;
        if (number) {
          control.parentNode.querySelector("output").textContent = Number(
            control.value
          ).toFixed(2);
        }
      });
      return values;
    }

    function refresh() {
      var shown = view(read(), data);
      stage.innerHTML = shown.panels.join("");
      caption.textContent = shown.caption;
      if (goal) {
        goal.textContent = shown.reached ? "Reached." : "Not yet.";
        root.classList.toggle("nnbcd-reached", shown.reached);
      }
    }

    root.addEventListener("input", refresh);
    refresh();
  });
}
