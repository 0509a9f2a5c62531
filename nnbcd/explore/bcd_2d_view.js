// What the explorer of the plane shows: `draw` of bcd_2d.py, in the page.
// The axes, the level lines and the minimisers come with the page.
function nnbcdPlace(point) {
  return "(" + point.map(function (t) {
    return nnbcdFixed(t, 2).replace("-", "\u2212");
  }).join(", ") + ")";
}

function nnbcdPath(values, data) {
  var plane = nnbcdPlanes.all[values.function];
  var order = values.first === "x first" ? [0, 1] : [1, 0];
  var start = [values.x, values.y];
  var points = nnbcdPlanes.path(
    plane, start, values.alpha, data.sweeps, order
  );
  var lengths = points.slice(1).map(function (p, k) {
    return nnbcdPlanes.distance(p, points[k]);
  });
  var end = points[points.length - 1];
  return {
    points: points,
    lengths: lengths,
    end: end,
    from: plane.value(start[0], start[1]),
    to: plane.value(end[0], end[1]),
    away: Math.min.apply(null, data.minimisers[values.function].map(
      function (m) { return nnbcdPlanes.distance(end, m); }
    )),
    last: Math.max.apply(null, lengths.slice(-2)),
  };
}

function nnbcdSaid(values, found, least) {
  var still = found.last > least
    ? nnbcdOneDigit(found.last)
    : "less than 0.0001";
  return "alpha = " + values.alpha + ": f goes from " +
    nnbcdFixed(found.from, 2) + " to " + nnbcdFixed(found.to, 2) +
    ", the point from " + nnbcdPlace(found.points[0]) + " to " +
    nnbcdPlace(found.end) + ", " + nnbcdFixed(found.away, 2) +
    " from a minimiser. Longest step of the last sweep: " + still + ".";
}

function view(values, data) {
  var found = nnbcdPath(values, data);
  var least = data.least;
  var moves = found.lengths.map(function (length, k) {
    return length > least ? k + 1 : 0;
  }).filter(Boolean);
  var drawn = [0].concat(moves).map(function (k) { return found.points[k]; });

  function marked(is, c, points, rest) {
    return Object.assign({
      is: is,
      c: c,
      x: points.map(function (p) { return p[0]; }),
      y: points.map(function (p) { return p[1]; }),
    }, rest);
  }

  var dot = { m: "dot", r: 4.5 };
  var frame = data.frames[data.names.indexOf(values.function)];
  var panels = frame.slice(0, 2).map(function (k) { return data.panels[k]; });
  var still = panels[0].marks.map(function (k) { return data.marks[k]; });
  var start = found.points.slice(0, 1);
  var steps = moves.map(function (k) { return [k, found.lengths[k - 1]]; });
  return {
    panels: [
      nnbcdMarks.panel(panels[0], [
        still[0],
        marked("arrows", "vermillion", drawn, { w: 1.6 }),
        still[1],
        marked("points", "ink", start, { m: "ring", r: 4.5, label: "start" }),
        marked("points", "blue", [found.end],
          Object.assign({ label: "end" }, dot)),
      ]),
      nnbcdMarks.panel(panels[1], [marked("points", "blue", steps, dot)]),
    ],
    caption: nnbcdSaid(values, found, least),
    reached: values.function === data.goal && found.away < 0.1 &&
      Math.min(Math.abs(values.x), Math.abs(values.y)) >= data.far,
  };
}
