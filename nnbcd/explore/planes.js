// Block coordinate descent on the functions of nnbcd.explore.planes, operation
// by operation: a test runs both on random points and compares them.
var nnbcdPlanes = (function () {
  // The neuron: see `_neuron` in planes.py.
  var GAMMA = 1;
  var RHO = 0.5;
  var IMAGE = -0.45;

  function square(t) {
    return t * t;
  }

  // The steps of a function with f(x, y) = f(y, x).
  function mirrored(step) {
    return [step, function (x, y, alpha) { return step(y, x, alpha); }];
  }

  function tilted(x, y, alpha) {
    return (alpha * x - 0.8 * y) / (1 + alpha);
  }

  function creased(x, y, alpha) {
    var c = 1 + alpha;
    return Math.min(Math.max(y, (alpha * x - 1) / c), (alpha * x + 1) / c);
  }

  // The nearer well; without a pull both tie: take the farther one.
  function well(x, y, alpha) {
    var side = x > 0 || Object.is(x, 0) ? 1 : -1;
    return alpha === 0 ? -side : (side + alpha * x) / (1 + alpha);
  }

  function neuronU(u, v, alpha) {
    var c = (RHO + alpha) / GAMMA;
    var m = (RHO * IMAGE + alpha * u) / (RHO + alpha);
    var kappa = Math.sqrt(1 + 1 / c) - 1;
    return m >= -kappa * Math.max(v, 0)
      ? Math.max(0, (v + c * m) / (1 + c))
      : m;
  }

  function neuronV(u, v, alpha) {
    return (1 + GAMMA * Math.max(u, 0) + alpha * v) / (1 + GAMMA + alpha);
  }

  var all = {
    "tilted bowl": {
      value: function (x, y) {
        return 0.5 * (x * x + 1.6 * x * y + y * y);
      },
      steps: mirrored(tilted),
    },
    "creased bowl": {
      value: function (x, y) {
        return Math.abs(x - y) + 0.5 * (x * x + y * y);
      },
      steps: mirrored(creased),
    },
    "four wells": {
      value: function (x, y) {
        return 0.5 * square(Math.abs(x) - 1) + 0.5 * square(Math.abs(y) - 1);
      },
      steps: mirrored(well),
    },
    "one neuron": {
      value: function (u, v) {
        var fit = 0.5 * square(v - 1) +
          0.5 * GAMMA * square(v - Math.max(u, 0));
        return fit + 0.5 * RHO * square(u - IMAGE);
      },
      steps: [neuronU, neuronV],
    },
  };

  // The points of the descent; order is [0, 1] or [1, 0].
  function path(plane, start, alpha, sweeps, order) {
    var point = start.slice();
    var out = [start];
    for (var k = 0; k < sweeps * order.length; k += 1) {
      var j = order[k % order.length];
      point[j] = plane.steps[j](point[0], point[1], alpha);
      out.push(point.slice());
    }
    return out;
  }

  function distance(a, b) {
    return Math.sqrt(square(a[0] - b[0]) + square(a[1] - b[1]));
  }

  return { all: all, path: path, distance: distance };
})();
if (typeof module !== "undefined" && module.exports) {
  module.exports = nnbcdPlanes;
}
