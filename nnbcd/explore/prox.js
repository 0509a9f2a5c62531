// The scalar U sub-problem, for every piecewise linear activation:
//   minimise over u   1/2 (sigma(u) - v)^2 + c/2 (u - m)^2.
// The same rule as nnbcd.activations.PiecewiseLinear.prox; a test runs both
// on random points and compares them to 1e-9.
// A piece is {lo, hi, slope, intercept}; null stands for infinity.
var nnbcdProx = (function () {
  function lower(piece) {
    return piece.lo === null ? -Infinity : piece.lo;
  }

  function upper(piece) {
    return piece.hi === null ? Infinity : piece.hi;
  }

  function sigma(pieces, u) {
    for (var k = pieces.length - 1; k > 0; k -= 1) {
      if (u >= lower(pieces[k])) break;
    }
    return pieces[k].slope * u + pieces[k].intercept;
  }

  function value(pieces, u, v, m, c) {
    var miss = sigma(pieces, u) - v;
    return 0.5 * miss * miss + 0.5 * c * (u - m) * (u - m);
  }

  // One candidate a piece: the parabola's minimiser, clipped to the piece.
  function candidates(pieces, v, m, c) {
    return pieces.map(function (piece, index) {
      var s = piece.slope;
      var t = piece.intercept;
      var free = (s * (v - t) + c * m) / (s * s + c);
      var u = Math.min(Math.max(free, lower(piece)), upper(piece));
      var miss = s * u + t - v;
      return {
        piece: index,
        u: u,
        value: 0.5 * miss * miss + 0.5 * c * (u - m) * (u - m),
        clipped: u !== free,
      };
    });
  }

  // The lowest candidate; at a tie the rightmost, always.
  function prox(pieces, v, m, c) {
    return candidates(pieces, v, m, c).reduce(function (best, next) {
      return next.value <= best.value ? next : best;
    });
  }

  // ReLU only: the map jumps at m = -kappa max(v, 0).
  function reluThreshold(v, c) {
    return -(Math.sqrt(1 + 1 / c) - 1) * Math.max(v, 0);
  }

  return {
    sigma: sigma,
    value: value,
    candidates: candidates,
    prox: prox,
    reluThreshold: reluThreshold,
  };
})();
if (typeof module !== "undefined" && module.exports) {
  module.exports = nnbcdProx;
}
