// A tiny plotting helper: a panel with axes, written as SVG text.
function nnbcdPanel(options) {
  var width = 360;
  var height = 250;
  var box = { left: 38, right: 350, top: 26, bottom: 214 };
  var xs = options.x;
  var ys = options.y;
  var parts = [];

  function px(x) {
    var at = box.left + ((x - xs[0]) / (xs[1] - xs[0])) * (box.right - box.left);
    return Math.round(at * 100) / 100;
  }

  function py(y) {
    var far = (y - ys[0]) / (ys[1] - ys[0]);
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
        '" text-anchor="' + (anchor || "middle") + '">' + words + "</text>"
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
    for (k = Math.ceil(xs[0]); k <= xs[1]; k += 1) {
      line(k, ys[0], k, ys[1], "grid");
      text(px(k), box.bottom + 15, k);
    }
    (options.ticks || []).forEach(function (y) {
      line(xs[0], y, xs[1], y, "grid");
      text(box.left - 5, py(y) + 4, y, "end");
    });
    text((box.left + box.right) / 2, height - 4, options.xlabel);
    text(box.left - 30, 14, options.title, "start", "head");
  }

  frame();
  return {
    line: line,
    curve: curve,
    dot: dot,
    svg: function () {
      return (
        '<svg viewBox="0 0 ' + width + " " + height + '" role="img" ' +
        'aria-label="' + options.label + '">' + parts.join("") + "</svg>"
      );
    },
  };
}
