// Draws the marks of nnbcd.explore.picture into a panel of plot.js. Every
// colour has a dash and a hatching of its own, for prints in grey.
var nnbcdMarks = (function () {
  var DASH = {
    blue: "", vermillion: "7 4", green: "8 3 2 3", purple: "2 3",
    orange: "12 3", sky: "1 2", ink: "", grey: "4 3",
  };
  var NAMED = { solid: "", dashed: "7 4", dotted: "2 3", dashdot: "8 3 2 3" };
  // Distance of lines across and along a bar; 0 for none.
  var HATCH = {
    blue: [0, 0], vermillion: [5, 0], green: [0, 5], purple: [6, 6],
    orange: [9, 0], sky: [0, 9], ink: [0, 0], grey: [3, 0],
  };

  function stroke(mark) {
    var dash = mark.dash ? NAMED[mark.dash] : DASH[mark.c];
    return 'class="s c-' + mark.c + '" stroke-width="' + (mark.w || 2) + '"' +
      (dash ? ' stroke-dasharray="' + dash + '"' : "");
  }

  // Inside the axes only.
  function clipped(panel, inner) {
    var b = panel.box;
    var size = [b.right - b.left, b.bottom - b.top];
    var view = [b.left, b.top].concat(size).join(" ");
    panel.add(
      '<svg x="' + b.left + '" y="' + b.top + '" width="' + size[0] +
        '" height="' + size[1] + '" viewBox="' + view + '">' + inner + "</svg>"
    );
  }

  function path(panel, mark) {
    var pen = false;
    return mark.x.map(function (x, k) {
      var y = mark.y[k];
      if (x === null || y === null) {
        pen = false;
        return "";
      }
      var move = pen ? "L" : "M";
      pen = true;
      return move + panel.px(x) + " " + panel.py(y);
    }).join("");
  }

  function rect(x1, y1, x2, y2, rest) {
    return '<rect x="' + Math.min(x1, x2) + '" y="' + Math.min(y1, y2) +
      '" width="' + Math.abs(x2 - x1) + '" height="' + Math.abs(y2 - y1) +
      '" ' + rest + "/>";
  }

  function hatched(x1, y1, x2, y2, colour) {
    var out = rect(x1, y1, x2, y2, 'class="f bar c-' + colour + '"');
    var low = [Math.min(x1, x2), Math.min(y1, y2)];
    var high = [Math.max(x1, x2), Math.max(y1, y2)];
    var at;
    var every = HATCH[colour];
    for (at = low[1] + every[0]; every[0] && at < high[1]; at += every[0]) {
      out += '<path class="hatch" d="M' + low[0] + " " + at + "H" + high[0] +
        '"/>';
    }
    for (at = low[0] + every[1]; every[1] && at < high[0]; at += every[1]) {
      out += '<path class="hatch" d="M' + at + " " + low[1] + "V" + high[1] +
        '"/>';
    }
    return out;
  }

  function marker(kind, x, y, r, colour) {
    var d;
    if (kind === "dot" || kind === "ring") {
      return '<circle class="' + (kind === "dot" ? "f" : "s thick") + " c-" +
        colour + '" cx="' + x + '" cy="' + y + '" r="' + r + '"/>';
    }
    if (kind === "square") {
      return rect(x - r, y - r, x + r, y + r, 'class="f c-' + colour + '"');
    }
    d = kind === "cross"
      ? "M" + (x - r) + " " + (y - r) + "L" + (x + r) + " " + (y + r) +
        "M" + (x - r) + " " + (y + r) + "L" + (x + r) + " " + (y - r)
      : "M" + (x - r) + " " + y + "H" + (x + r) + "M" + x + " " + (y - r) +
        "V" + (y + r);
    return '<path class="s thick c-' + colour + '" d="' + d + '"/>';
  }

  // Pixels of the head of an arrow from a to b.
  function head(a, b, colour) {
    var length = Math.hypot(b[0] - a[0], b[1] - a[1]);
    if (length < 3) return "";
    var u = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
    var s = Math.min(8, 0.6 * length);
    var back = [b[0] - s * u[0], b[1] - s * u[1]];
    var side = [-0.45 * s * u[1], 0.45 * s * u[0]];
    return '<path class="f c-' + colour + '" d="M' + b.join(" ") + "L" +
      (back[0] + side[0]) + " " + (back[1] + side[1]) + "L" +
      (back[0] - side[0]) + " " + (back[1] - side[1]) + 'Z"/>';
  }

  function shade(level, diverging) {
    var stops = diverging
      ? [[166, 62, 0], [247, 247, 247], [8, 81, 156]]
      : [[240, 244, 249], [86, 160, 211], [8, 40, 96]];
    var t = (level / 35) * 2;
    var k = t < 1 ? 0 : 1;
    return "rgb(" + stops[k].map(function (low, j) {
      return Math.round(low + (t - k) * (stops[k + 1][j] - low));
    }).join(",") + ")";
  }

  function cells(panel, mark) {
    var e = mark.edges;
    var count = [mark.rows[0].length, mark.rows.length];
    var out = "";
    mark.rows.forEach(function (row, i) {
      // The first row is at the top, that is at edges[3].
      var y1 = panel.py(e[3] + ((e[2] - e[3]) * i) / count[1]);
      var y2 = panel.py(e[3] + ((e[2] - e[3]) * (i + 1)) / count[1]);
      row.split("").forEach(function (letter, j) {
        if (letter === ".") return;
        var level = parseInt(letter, 36);
        var x1 = panel.px(e[0] + ((e[1] - e[0]) * j) / count[0]);
        var x2 = panel.px(e[0] + ((e[1] - e[0]) * (j + 1)) / count[0]);
        var mid = [(x1 + x2) / 2, (y1 + y2) / 2];
        var dark = mark.scale ? level < 8 || level > 27 : level > 17;
        var ink = dark ? "#fff" : "#111";
        out += rect(x1, y1, x2, y2, 'fill="' + shade(level, mark.scale) +
          '" class="cell"');
        if (mark.t) {
          out += '<text style="fill:' + ink + '" text-anchor="middle" x="' +
            mid[0] + '" y="' + (mid[1] + 4) + '">' +
            nnbcdEscape(mark.t[i][j]) + "</text>";
        } else if (mark.scale && level < 17 && Math.abs(x2 - x1) > 6) {
          // Below the middle: a minus, for prints in grey.
          out += '<path style="stroke:' + ink + '" d="M' + (mid[0] - 2) +
            " " + mid[1] + 'h4"/>';
        }
      });
    });
    return out;
  }

  function draw(panel, mark) {
    var out = "";
    if (mark.is === "line") {
      clipped(panel, "<path " + stroke(mark) + ' d="' + path(panel, mark) +
        '"/>');
    } else if (mark.is === "points") {
      mark.x.forEach(function (x, k) {
        if (x === null || mark.y[k] === null) return;
        var at = [panel.px(x), panel.py(mark.y[k])];
        var b = panel.box;
        if (at[0] < b.left - 1 || at[0] > b.right + 1) return;
        if (at[1] < b.top - 1 || at[1] > b.bottom + 1) return;
        panel.add(marker(mark.m, at[0], at[1], mark.r, mark.c));
      });
    } else if (mark.is === "arrows") {
      var last = null;
      mark.x.forEach(function (x, k) {
        var at = [panel.px(x), panel.py(mark.y[k])];
        if (last) {
          out += '<path class="s c-' + mark.c + '" stroke-width="' + mark.w +
            '" d="M' + last.join(" ") + "L" + at.join(" ") + '"/>' +
            head(last, at, mark.c);
        }
        last = at;
      });
      clipped(panel, out);
    } else if (mark.is === "bars") {
      mark.x.forEach(function (x, k) {
        var a = [x - mark.w / 2, x + mark.w / 2];
        if (mark.lo[k] === null || mark.hi[k] === null) return;
        out += mark.across
          ? hatched(panel.px(mark.lo[k]), panel.py(a[0]),
            panel.px(mark.hi[k]), panel.py(a[1]), mark.c)
          : hatched(panel.px(a[0]), panel.py(mark.lo[k]),
            panel.px(a[1]), panel.py(mark.hi[k]), mark.c);
      });
      clipped(panel, out);
    } else if (mark.is === "cells") {
      clipped(panel, cells(panel, mark));
    } else if (mark.is === "words") {
      panel.text(panel.px(mark.x), panel.py(mark.y) + 4, mark.t, mark.a,
        "said c-" + mark.c);
    } else if (mark.is === "box") {
      clipped(panel, rect(
        panel.px(mark.x[0]), panel.py(mark.y[0]),
        panel.px(mark.x[1]), panel.py(mark.y[1]),
        'class="' + (mark.f ? "shaded" : "s") + " c-" + mark.c + '"'
      ));
    } else if (mark.is === "rule") {
      var b = panel.box;
      clipped(panel, "<path " + stroke(mark) + ' d="' + (mark.v
        ? "M" + panel.px(mark.at) + " " + b.top + "V" + b.bottom
        : "M" + b.left + " " + panel.py(mark.at) + "H" + b.right) + '"/>');
    }
  }

  // Entries in rows below the axes; returns the height they need.
  function legend(panel, marks) {
    var x = 12;
    var y = panel.box.bottom + 50;
    var named = marks.filter(function (mark) { return mark.label; });
    named.forEach(function (mark) {
      var room = 38 + 6.2 * mark.label.length;
      if (x > 12 && x + room > 356) {
        x = 12;
        y += 16;
      }
      if (mark.is === "points") {
        panel.add(marker(mark.m, x + 11, y - 4, mark.r, mark.c));
      } else if (mark.is === "bars") {
        panel.add(hatched(x, y - 11, x + 22, y + 2, mark.c));
      } else if (mark.is === "box") {
        panel.add(rect(x, y - 11, x + 22, y + 2, 'class="' +
          (mark.f ? "shaded" : "s") + " c-" + mark.c + '"'));
      } else {
        panel.add("<path " + stroke(mark) + ' d="M' + x + " " + (y - 4) +
          'h22"/>');
        if (mark.is === "arrows") {
          panel.add(head([x, y - 4], [x + 24, y - 4], mark.c));
        }
      }
      panel.text(x + 27, y, mark.label, "start", "tick");
      x += room;
    });
    return named.length ? y + 8 : panel.box.bottom + 36;
  }

  // A panel as encode.py describes it, with its marks, as SVG.
  function panel(described, marks) {
    var plot = nnbcdPanel({
      x: described.x.ends, y: described.y.ends,
      xlog: described.x.log, ylog: described.y.log,
      xticks: described.x.ticks, yticks: described.y.ticks,
      xlabel: described.x.label, ylabel: described.y.label,
      title: described.title, label: described.alt,
      square: described.square,
    });
    marks.forEach(function (mark) { draw(plot, mark); });
    return plot.svg(legend(plot, marks) - 250);
  }

  return { panel: panel };
})();
