// What the prox explorer draws: the sub-problem on the left, the map from
// the centre m to the minimiser on the right.
function nnbcdNumber(x) {
  var text = nnbcdFixed(x, 3);
  return (text === "-0.000" ? "0.000" : text).replace("-", "\u2212");
}

function nnbcdRange(window, count, f) {
  var points = [];
  for (var k = 0; k <= count; k += 1) {
    var x = window[0] + ((window[1] - window[0]) * k) / count;
    points.push([x, f(x)]);
  }
  return points;
}

function nnbcdNames(pieces) {
  if (pieces.length === 1) return ["u"];
  if (pieces.length === 2) return ["u\u207b", "u\u207a"];
  return pieces.map(function (_, k) {
    return "u" + "\u2081\u2082\u2083\u2084"[k];
  });
}

function nnbcdObjectivePanel(pieces, values, all, best, window) {
  var v = values.v;
  var m = values.m;
  var c = values.c;
  var high = Math.max.apply(null, all.map(function (a) { return a.value; }));
  var top = Math.ceil(Math.max(2, 1.25 * high));
  var panel = nnbcdPanel({
    x: window,
    y: [0, top],
    ticks: [0, top / 2, top],
    xlabel: "u",
    title: "F(u) = \u00bd(\u03c3(u) \u2212 v)\u00b2 + (c/2)(u \u2212 m)\u00b2",
    label: "Curve of the sub-problem; the caption gives its numbers.",
  });
  panel.curve(nnbcdRange(window, 280, function (u) {
    return 0.5 * Math.pow(nnbcdProx.sigma(pieces, u) - v, 2);
  }), "fit");
  panel.curve(nnbcdRange(window, 280, function (u) {
    return 0.5 * c * (u - m) * (u - m);
  }), "pull");
  panel.curve(nnbcdRange(window, 280, function (u) {
    return nnbcdProx.value(pieces, u, v, m, c);
  }), "total");
  panel.line(best.u, 0, best.u, best.value, "drop");
  all.forEach(function (a) {
    panel.dot(a.u, a.value, "candidate", 6);
  });
  panel.dot(best.u, best.value, "best", 5);
  return panel.svg();
}

function nnbcdMapPanel(pieces, values, best, window) {
  var panel = nnbcdPanel({
    x: [-3, 3],
    y: window,
    ticks: [-3, -2, -1, 0, 1, 2, 3],
    xlabel: "m",
    title: "u* as a function of m, for this v and c",
    label: "The map from m to the minimiser, with its jumps.",
  });
  panel.line(-3, -3, 3, 3, "pull");
  // A new path begins where the winning piece changes: the map jumps there.
  var run = [];
  var last = null;
  nnbcdRange([-3, 3], 600, function (m) {
    return nnbcdProx.prox(pieces, values.v, m, values.c);
  }).forEach(function (point) {
    var now = point[1];
    if (last && Math.abs(now.u - last.u) > 0.05) {
      panel.curve(run, "total");
      run = [];
    }
    run.push([point[0], now.u]);
    last = now;
  });
  panel.curve(run, "total");
  panel.line(values.m, window[0], values.m, best.u, "drop");
  panel.dot(values.m, best.u, "best", 5);
  return panel.svg();
}

function view(values, data) {
  var pieces = data.pieces[values.activation];
  var all = nnbcdProx.candidates(pieces, values.v, values.m, values.c);
  var best = nnbcdProx.prox(pieces, values.v, values.m, values.c);
  var names = nnbcdNames(pieces);
  var listed = all.map(function (a) {
    var where = a.clipped ? ", clipped to the end of its piece" : "";
    return names[a.piece] + " = " + nnbcdNumber(a.u) + " (value " +
      nnbcdNumber(a.value) + where + ")";
  });
  var rivals = all.filter(function (a) {
    return Math.abs(a.u - best.u) > 0.05;
  });
  var gap = Math.min.apply(null, rivals.map(function (a) {
    return a.value - best.value;
  }).concat([Infinity]));
  var caption = "u* = " + nnbcdNumber(best.u) + ", value " +
    nnbcdNumber(best.value) + ". Candidates: " + listed.join("; ") + ". ";
  caption += pieces.length === 1
    ? "One piece, one parabola."
    : "The winner is " + names[best.piece] + ", on piece " +
      (best.piece + 1) + " of " + pieces.length + " from the left.";
  if (values.activation === "ReLU") {
    var at = nnbcdProx.reluThreshold(values.v, values.c);
    caption += " The threshold for m is " + nnbcdNumber(at) + ": m lies " +
      (values.m >= at ? "at or above it." : "below it.");
  }
  return {
    panels: [
      nnbcdObjectivePanel(pieces, values, all, best, data.window),
      nnbcdMapPanel(pieces, values, best, data.window),
    ],
    caption: caption,
    reached: gap < 0.02,
  };
}
