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

    // The value of a control; beside a slider it is written out, with as
    // many decimals as the slider's step has.
    function value(control) {
      if (control.type !== "range") return control.value;
      var words = control.parentNode.querySelector("output");
      var stops = control.getAttribute("data-values");
      var number = Number(control.value);
      if (stops) {
        number = JSON.parse(stops)[number];
        words.textContent = String(number);
        control.setAttribute("aria-valuetext", String(number));
      } else {
        var step = String(Number(control.step)).split(".")[1] || "";
        words.textContent = number.toFixed(step.length);
      }
      return number;
    }

    function read() {
      var values = {};
      Array.prototype.forEach.call(controls, function (control) {
        values[control.getAttribute("data-control")] = value(control);
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

    // Move a control to its next position, or back to the first.
    function advance(control) {
      var list = control.tagName === "SELECT";
      var last = list ? control.length - 1 : Number(control.max);
      var now = list ? control.selectedIndex : Number(control.value);
      var step = list ? 1 : Number(control.step);
      if (now + step > last + step / 2) {
        now = (list ? 0 : Number(control.min)) - step;
      }
      if (list) control.selectedIndex = now + step;
      else control.value = now + step;
      refresh();
      return now + 1.5 * step <= last;
    }

    // A button that plays a control through; those who asked for less
    // motion get one step a press.
    function playable(button) {
      var name = button.getAttribute("data-play");
      var control = root.querySelector('[data-control="' + name + '"]');
      var words = button.textContent;
      var timer = null;
      var still = window.matchMedia("(prefers-reduced-motion: reduce)");

      function stop() {
        clearInterval(timer);
        timer = null;
        button.textContent = words;
        caption.setAttribute("aria-live", "polite");
      }

      function tick() {
        if (!root.isConnected || !advance(control)) stop();
      }

      root.addEventListener("input", stop);
      button.addEventListener("click", function () {
        if (still.matches) return void advance(control);
        if (timer !== null) return stop();
        button.textContent = "\u25a0 Stop";
        // Nobody wants every frame read aloud.
        caption.setAttribute("aria-live", "off");
        timer = setInterval(tick, 600);
        tick();
      });
    }

    Array.prototype.forEach.call(
      root.querySelectorAll("[data-play]"), playable
    );
    root.addEventListener("input", refresh);
    refresh();
  });
}
