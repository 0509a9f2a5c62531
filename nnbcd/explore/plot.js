// A tiny plotting helper: a panel with axes, written as SVG text.
// options: x, y (the ends of the axes; either may fall), xlog, ylog;
//   xticks, yticks ([[at, words], ...]) or ticks (numbers along y);
//   xlabel, ylabel, title, label (read aloud), square (equal units).
function nnbcdEscape(words) {
  return String(words)
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/"/g, "&quot;");
}

// A number with so many decimals, as Python writes it: halfway between two,
// which only a binary fraction can be, the even digit wins.
function nnbcdFixed(x, decimals) {
  var text = x.toFixed(decimals);
  var halves = x * Math.pow(2, decimals + 1);
  if (Math.abs(halves % 2) !== 1 || Number(text.slice(-1)) % 2 === 0) {
    return text;
  }
  var back = Number(text) - Math.sign(x) * Math.pow(10, -decimals);
  return back.toFixed(decimals);
}

// One significant digit, in the same way, for numbers from 0.0001 to 9.
function nnbcdOneDigit(x) {
  var decimals = Math.max(0, -Math.floor(Math.log10(x)));
  return String(Number(nnbcdFixed(x, decimals)));
}

function nnbcdPanel(options) {
  var width = 360;
  var height = 250;
  var left = options.ylabel ? 58 : options.yticks ? 44 : 38;
  var box = { left: left, right: 350, top: 26, bottom: 214 };
  var xs = options.x;
  var ys = options.y;
  var parts = [];

  if (options.square) {
    var unit = Math.min(
      (box.right - box.left) / Math.abs(xs[1] - xs[0]),
      (box.bottom - box.top) / Math.abs(ys[1] - ys[0])
    );
    var rest = (box.right - box.left - unit * Math.abs(xs[1] - xs[0])) / 2;
    box.left += rest;
    box.right -= rest;
    box.bottom = box.top + unit * Math.abs(ys[1] - ys[0]);
  }

  // Where a value lies between the ends of an axis: 0 to 1.
  function share(value, ends, log) {
    if (!log) return (value - ends[0]) / (ends[1] - ends[0]);
    return Math.log(value / ends[0]) / Math.log(ends[1] / ends[0]);
  }

  function px(x) {
    var far = Math.max(-1, Math.min(2, share(x, xs, options.xlog)));
    var at = box.left + far * (box.right - box.left);
    return Math.round(at * 100) / 100;
  }

  function py(y) {
    var far = share(y, ys, options.ylog);
    // A point far outside is kept just outside: huge numbers break renderers.
    far = Math.max(-1, Math.min(2, far));
    return Math.round((box.bottom - far * (box.bottom - box.top)) * 100) / 100;
  }

  function add(text) {
    parts.push(text);
  }

  function line(x1, y1, x2, y2, kind) {
    add(
      '<line class="' + kind + '" x1="' + px(x1) + '" y1="' + py(y1) +
        '" x2="' + px(x2) + '" y2="' + py(y2) + '"/>'
    );
  }

  function text(x, y, words, anchor, kind) {
    add(
      '<text class="' + (kind || "tick") + '" x="' + x + '" y="' + y +
        '" text-anchor="' + (anchor || "middle") + '">' + nnbcdEscape(words) +
        "</text>"
    );
  }

  // points: [[x, y], ...]; parts of a curve outside the box are left out.
  function curve(points, kind) {
    var runs = [];
    var pen = false;
    points.forEach(function (p) {
      var inside = p[1] <= ys[1] && p[1] >= ys[0];
      if (inside || pen) {
        runs.push((pen ? "L" : "M") + px(p[0]) + " " + py(Math.min(p[1], ys[1])));
      }
      pen = inside;
    });
    add('<path class="' + kind + '" d="' + runs.join("") + '"/>');
  }

  function dot(x, y, kind, radius) {
    if (y > ys[1] || y < ys[0]) return;
    add(
      '<circle class="' + kind + '" cx="' + px(x) + '" cy="' + py(y) +
        '" r="' + radius + '"/>'
    );
  }

  function frame() {
    var k;
    var xticks = options.xticks || [];
    if (!options.xticks) {
      for (k = Math.ceil(xs[0]); k <= xs[1]; k += 1) xticks.push([k, k]);
    }
    var yticks = options.yticks || options.ticks.map(function (y) {
      return [y, y];
    });
    xticks.forEach(function (t) {
      line(t[0], ys[0], t[0], ys[1], "grid");
      text(px(t[0]), box.bottom + 15, t[1]);
    });
    yticks.forEach(function (t) {
      line(xs[0], t[0], xs[1], t[0], "grid");
      text(box.left - 5, py(t[0]) + 4, t[1], "end");
    });
    text((box.left + box.right) / 2, box.bottom + 32, options.xlabel || "");
    text(8, 14, options.title, "start", "head");
    if (options.ylabel) {
      var at = [box.left - 45, (box.top + box.bottom) / 2];
      add(
        '<text class="tick" text-anchor="middle" transform="translate(' +
          at[0] + " " + at[1] + ') rotate(-90)">' +
          nnbcdEscape(options.ylabel) + "</text>"
      );
    }
  }

  frame();
  return {
    box: box,
    px: px,
    py: py,
    add: add,
    line: line,
    text: text,
    curve: curve,
    dot: dot,
    // more: room below the panel, for a legend
    svg: function (more) {
      return (
        '<svg viewBox="0 0 ' + width + " " + (height + (more || 0)) +
        '" role="img" aria-label="' + nnbcdEscape(options.label) + '">' +
        parts.join("") + "</svg>"
      );
    },
  };
}
