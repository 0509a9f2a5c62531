// What an explorer written in Python shows: looks up the frame that belongs
// to the positions of the controls, and draws it.
function nnbcdFrame(values, data) {
  return data.frames[data.axes.reduce(function (index, axis) {
    var wanted = values[axis[0]];
    var best = 0;
    axis[1].forEach(function (value, k) {
      // A slider adds up its steps, so its value is near a position.
      var near = typeof value === "string"
        ? value === wanted
        : Math.abs(value - wanted) < Math.abs(axis[1][best] - wanted);
      if (near) best = k;
    });
    return index * axis[1].length + best;
  }, 0)];
}

function view(values, data) {
  var frame = nnbcdFrame(values, data);
  return {
    panels: frame.slice(0, -2).map(function (k) {
      var panel = data.panels[k];
      return nnbcdMarks.panel(panel, panel.marks.map(function (j) {
        return data.marks[j];
      }));
    }),
    caption: data.captions[frame[frame.length - 2]],
    reached: frame[frame.length - 1] === 1,
  };
}
