// How well words and marks stand out: contrast ratios as WCAG 2 defines them.
// nnbcdContrast.words() and .marks() list what falls short.
var nnbcdContrast = (function () {
  // "rgb(1, 2, 3)" or "rgba(1, 2, 3, 0.5)" to four numbers.
  function parsed(colour) {
    var found = colour.match(/[\d.]+(e-\d+)?/g).map(Number);
    return found.length === 3 ? found.concat(1) : found;
  }

  // A colour on top of an opaque one.
  function over(top, below, opacity) {
    var share = top[3] * opacity;
    return [0, 1, 2].map(function (k) {
      return share * top[k] + (1 - share) * below[k];
    }).concat(1);
  }

  function luminance(rgb) {
    var linear = rgb.slice(0, 3).map(function (c) {
      c /= 255;
      return c <= 0.04045 ? c / 12.92 : Math.pow((c + 0.055) / 1.055, 2.4);
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  }

  function ratio(a, b) {
    var both = [luminance(a), luminance(b)].sort(function (x, y) {
      return x - y;
    });
    return (both[1] + 0.05) / (both[0] + 0.05);
  }

  // The paper behind an element: the backgrounds of it and its ancestors.
  var papers = new Map();
  function paper(element) {
    if (!element) return [255, 255, 255, 1];
    if (!papers.has(element)) {
      var own = parsed(getComputedStyle(element).backgroundColor);
      papers.set(element, own[3] === 1
        ? own
        : over(own, paper(element.parentElement), 1));
    }
    return papers.get(element);
  }

  var shares = new Map();
  function opacity(element) {
    if (!element) return 1;
    if (!shares.has(element)) {
      var own = Number(getComputedStyle(element).opacity);
      shares.set(element, own * opacity(element.parentElement));
    }
    return shares.get(element);
  }

  // Colours change with the theme.
  function forget() {
    papers.clear();
    shares.clear();
  }

  function seen(element) {
    return element.checkVisibility({
      opacityProperty: true, visibilityProperty: true,
    });
  }

  function spoken(element) {
    return Array.prototype.some.call(element.childNodes, function (node) {
      return node.nodeType === 3 && node.data.trim();
    });
  }

  function told(element, colour, found) {
    var text = element.textContent.trim().slice(0, 30);
    return element.tagName + "." + (element.getAttribute("class") || "") +
      " " + colour + " " + found.toFixed(2) + " " + text;
  }

  // Words that are hard to read. Formulas are drawn by MathJax in the colour
  // of the element that holds them; the words of a drawing have a fill.
  function words(among) {
    forget();
    var poor = [];
    document.querySelectorAll(among || "body *").forEach(function (e) {
      var formula = e.tagName === "MJX-CONTAINER";
      if (!formula && (!spoken(e) || e.closest("mjx-container, script"))) {
        return;
      }
      if (/^(STYLE|SCRIPT|TITLE|NOSCRIPT|OPTION)$/i.test(e.tagName)) return;
      if (e.disabled || !seen(e)) return;
      var style = getComputedStyle(e);
      var drawn = e.tagName === "text";
      var colour = drawn ? style.fill : style.color;
      var behind = paper(drawn ? e.closest("svg").parentElement : e);
      var cell = drawn && e.previousElementSibling;
      if (cell && cell.getAttribute("class") === "cell") {
        behind = parsed(getComputedStyle(cell).fill);
      }
      var size = parseFloat(style.fontSize);
      var large = size >= 24 || (size >= 18.6 && style.fontWeight >= 700);
      var front = over(parsed(colour), behind, opacity(e));
      var found = ratio(front, behind);
      if (found < (large && !drawn ? 3 : 4.5)) {
        poor.push(told(e, colour, found));
      }
    });
    return poor;
  }

  // Marks of explorers that are hard to see. Left out: the grid, which only
  // guides the eye; hatching, drawn in the colour of the paper; and the
  // cells of a matrix, whose lightest shade is meant to be near the paper.
  function marks() {
    forget();
    var poor = [];
    var all = ".nnbcd-stage :is(path, line, circle, rect)";
    document.querySelectorAll(all).forEach(function (e) {
      if (e.matches(".grid, .hatch, .cell, .cell ~ path")) return;
      var style = getComputedStyle(e);
      var behind = paper(e.closest(".nnbcd-stage"));
      var strength = ["fill", "stroke"].map(function (part) {
        if (style[part] === "none") return 1;
        var alpha = Number(style[part + "Opacity"]);
        return ratio(over(parsed(style[part]), behind, alpha), behind);
      });
      var found = Math.max(strength[0], strength[1]);
      if (found < 3) poor.push(told(e, style.fill + style.stroke, found));
    });
    return poor;
  }

  return { words: words, marks: marks };
})();
