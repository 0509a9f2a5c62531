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

function nnbcdDrawn(panel, all) {
  var marks = panel.marks.map(function (k) { return all[k]; });
  var plot = nnbcdPanel({
    x: panel.x.ends, y: panel.y.ends,
    xlog: panel.x.log, ylog: panel.y.log,
    xticks: panel.x.ticks, yticks: panel.y.ticks,
    xlabel: panel.x.label, ylabel: panel.y.label,
    title: panel.title, label: panel.alt, square: panel.square,
  });
  marks.forEach(function (mark) { nnbcdMarks.draw(plot, mark); });
  return plot.svg(nnbcdMarks.legend(plot, marks) - 250);
}

function view(values, data) {
  var frame = nnbcdFrame(values, data);
  return {
    panels: frame.slice(0, -2).map(function (k) {
      return nnbcdDrawn(data.panels[k], data.marks);
    }),
    caption: data.captions[frame[frame.length - 2]],
    reached: frame[frame.length - 1] === 1,
  };
}
