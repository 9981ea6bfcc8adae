// Accuracy against what it takes, a target at a time, with the Pareto front of each pair.
const measures = [
  { title: 'Flash', axis: 'flash', value: reading => reading.flashBytes, format: format.bytes },
  { title: 'Latency', axis: 'latency an image', value: reading => reading.latencyMs, format: format.milliseconds,
    low: reading => reading.low, high: reading => reading.high },
  { title: 'Energy', axis: 'energy an image', value: reading => reading.energyMicrojoules, format: format.microjoules },
];
const fileMeasure = {
  title: 'File, entropy-coded', axis: 'file, coded', value: (_, row) => row.size.codedBytes, format: format.bytes,
};

/** The points of a measure: rows with a reading, smallest first. */
function pointsOf(measure, target) {
  return rows.flatMap(row => {
    const reading = target == null ? { fits: true } : row.targets[target];
    const x = reading && measure.value(reading, row);
    if (!(x > 0)) return [];
    const bounds = measure.low ? [measure.low(reading), measure.high(reading)] : [x, x];
    return [{ x, y: row.accuracy.mean * 100, low: bounds[0], high: bounds[1], row, fits: reading.fits }];
  }).sort((first, second) => first.x - second.x || second.y - first.y);
}

/** Students that fit and that no smaller one beats. */
function frontOf(points) {
  let best = -Infinity;
  return points.filter(point => {
    if (!point.fits || point.row.role !== 'student' || point.y <= best) return false;
    best = point.y;
    return true;
  });
}

/** The accuracy axis: from the lowest student or the teacher to the highest, in round steps, never above 100 %. */
function accuracyScale(points) {
  const kept = points.filter(point => point.row.role !== 'control');
  const bounds = (kept.length ? kept : points).flatMap(({ row }) => [row.accuracy.low, row.accuracy.mean, row.accuracy.high])
    .filter(Number.isFinite).map(rate => rate * 100);
  const [low, high] = [Math.max(0, Math.min(...bounds)), Math.min(100, Math.max(...bounds))];
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10].find(step => (high - low) / step <= 7) || 20;
  const min = Math.max(0, Math.floor(low / step) * step);
  return { min, max: Math.min(100, Math.max(Math.ceil(high / step), Math.round(min / step) + 1) * step), step };
}

/** Rows that lie below the accuracy axis, worst first. */
function belowScale(points) {
  const { min } = accuracyScale(points);
  return points.filter(point => point.y < min).sort((first, second) => first.y - second.y);
}

/** Whiskers of the accuracy's interval and of the latency's, and the names of the points on the front. */
const annotations = {
  id: 'annotations',
  beforeDatasetsDraw(chart, _, options) {
    const { ctx, chartArea: area, scales: { x, y } } = chart;
    ctx.save();
    ctx.beginPath();
    ctx.rect(area.left, area.top, area.right - area.left, area.bottom - area.top);
    ctx.clip();
    ctx.strokeStyle = options.rule;
    ctx.lineWidth = 1;
    for (const point of options.points) {
      const [across, up] = [x.getPixelForValue(point.x), y.getPixelForValue(point.y)];
      ctx.beginPath();
      ctx.moveTo(across, y.getPixelForValue(point.row.accuracy.low * 100));
      ctx.lineTo(across, y.getPixelForValue(point.row.accuracy.high * 100));
      ctx.moveTo(x.getPixelForValue(point.low), up);
      ctx.lineTo(x.getPixelForValue(point.high), up);
      ctx.stroke();
    }
    ctx.restore();
  },
  afterDatasetsDraw(chart, _, options) {
    const { ctx, chartArea: area, scales: { x, y } } = chart;
    const taken = options.points.map(point => {
      const [across, up] = [x.getPixelForValue(point.x), y.getPixelForValue(point.y)];
      return { left: across - 6, right: across + 6, top: up - 6, bottom: up + 6 };
    });
    ctx.save();
    ctx.font = `11px ${Chart.defaults.font.family}`;
    ctx.fillStyle = options.ink;
    ctx.strokeStyle = options.paper;
    ctx.lineWidth = 3;
    ctx.lineJoin = 'round';
    ctx.textBaseline = 'middle';
    for (const point of options.labelled) {
      const name = point.row.name.length > 24 ? point.row.name.slice(0, 23) + '…' : point.row.name;
      const width = ctx.measureText(name).width;
      const [across, up] = [x.getPixelForValue(point.x), y.getPixelForValue(point.y)];
      const places = [[8, -9], [8, 9], [-8 - width, -9], [-8 - width, 9], [9, 0], [-width / 2, -16], [-width / 2, 16]];
      for (const [dx, dy] of places) {
        const box = { left: across + dx, right: across + dx + width, top: up + dy - 6, bottom: up + dy + 6 };
        const isFree = taken.every(other => box.right + 5 < other.left || box.left - 5 > other.right
          || box.bottom < other.top || box.top > other.bottom);
        if (!isFree || box.left < area.left || box.right > area.right || box.top < area.top || box.bottom > area.bottom) {
          continue;
        }
        ctx.strokeText(name, box.left, up + dy);
        ctx.fillText(name, box.left, up + dy);
        taken.push(box);
        break;
      }
    }
    ctx.restore();
  },
};

function tradeoffConfig(measure, target, colors) {
  const all = pointsOf(measure, target);
  const scale = accuracyScale(all);
  const points = all.filter(point => point.y >= scale.min);
  const front = frontOf(points);
  const families = [...new Set(points.map(point => familyOf(point.row)))];
  const datasets = families.map(family => {
    const { style, rotation = 0 } = familySigns[family] || familySigns.other;
    const color = colors.family[family] || colors.family.other;
    const isLine = style === 'cross' || style === 'star';
    const own = points.filter(point => familyOf(point.row) === family);
    return {
      label: family, data: own, pointStyle: style, rotation, borderColor: color, borderWidth: isLine ? 2.5 : 1.5,
      backgroundColor: own.map(point => point.fits && family !== 'control' ? color : colors.paper),
      radius: 5, hoverRadius: 7, clip: 8, order: family === 'control' ? 5 : 1,
    };
  });
  datasets.push({
    label: 'front', type: 'line', data: front, stepped: 'before', pointRadius: 0, pointHitRadius: 0, borderWidth: 1.5,
    borderColor: colors.ink, order: 10,
  });
  const lows = points.map(point => Math.min(point.low, point.x));
  const highs = points.map(point => Math.max(point.high, point.x));
  return {
    type: 'scatter', data: { datasets }, plugins: [annotations],
    options: {
      maintainAspectRatio: false,
      scales: {
        x: axis(measure.axis + ', log scale', logTicks(measure.format), {
          type: 'logarithmic', min: Math.min(...lows) / 1.25, max: Math.max(...highs) * 1.25,
        }),
        y: axis('top-1, %', value => String(Number(value.toFixed(1))), {
          min: scale.min, max: scale.max, ticks: { stepSize: scale.step },
        }),
      },
      plugins: {
        legend: { display: false },
        annotations: { points, labelled: front.concat(points.filter(point => point.row.role === 'teacher')),
          rule: colors.muted + '80', ink: colors.ink, paper: colors.paper },
        tooltip: {
          filter: item => item.dataset.label !== 'front',
          callbacks: {
            title: items => items.length ? items[0].raw.row.name : '',
            label: item => {
              const { row, x, low, high, fits } = item.raw;
              const deviation = row.accuracy.sd == null ? '' : ` ± ${format.percent(row.accuracy.sd)}`;
              return [`top-1 ${format.percent(row.accuracy.mean)}${deviation} %`, `${measure.title}: ${measure.format(x)}`]
                .concat(low < high ? [`${measure.format(low)} to ${measure.format(high)}`] : [])
                .concat(fits ? [] : ['does not fit']);
            },
          },
        },
      },
    },
  };
}

sections.tradeoffs = section => {
  const body = section.querySelector('.body');
  if (!hasCharts) { body.append(element('p', { className: 'note' }, report.missingCharts)); return; }
  const state = { target: targetNames[0] };
  const families = [...new Set(rows.map(familyOf))];
  const legend = element('ul', { className: 'legend' }, ...families.map(family =>
    element('li', { className: 'family-' + (familySigns[family] ? family : 'other') },
      element('i', {}, (familySigns[family] || familySigns.other).sign), family)));
  legend.append(element('li', {}, element('i', { className: 'line' }), 'front of students that fit'));
  if (targetNames.length) legend.append(element('li', {}, element('i', {}, '◇'), 'hollow: does not fit, or a control'));

  const charts = (targetNames.length ? measures : []).map(measure => [measure, () => state.target])
    .concat([[fileMeasure, () => null]])
    .map(([measure, target]) => ({ title: measure.title,
      chart: chart(`Accuracy against ${measure.title}`, colors => tradeoffConfig(measure, target(), colors)) }));
  const words = element('p', { className: 'quiet' });
  const left = belowScale(pointsOf(fileMeasure, null));
  const leftOut = left.length ? element('p', { className: 'quiet' }, 'Below the picture, which follows the students: '
    + left.map(({ row }) => `${row.name} (${format.percent(row.accuracy.mean)} %)`).join(', ') + '.') : '';
  function show() {
    const summary = new Map(Object.entries(report.ranking.targets)).get(state.target);
    words.textContent = [state.target && `${state.target}: ${new Map(report.basis).get(state.target)}.`,
      summary && summary.best + '.',
      summary && `The front dominates ${(summary.hypervolume * 100).toFixed(0)} % of the space (hypervolume).`,
      summary && summary.energyRanksAsLatency && 'Energy ranks the rows exactly as latency does.']
      .filter(Boolean).join(' ');
    for (const { chart } of charts) chart.draw();
  }
  if (targetNames.length) body.append(tabs(targetNames, name => { state.target = name; show(); }));
  body.append(words, legend, element('div', { className: 'charts' }, ...charts.map(({ title, chart }) =>
    element('figure', {}, element('figcaption', {}, title), chart.box))), leftOut);
  show();
};

/** Buttons of which one is pressed. */
function tabs(names, chosen) {
  const buttons = names.map((name, index) => element('button', {
    type: 'button', 'aria-pressed': String(index === 0), onclick: () => {
      buttons.forEach((button, other) => button.setAttribute('aria-pressed', String(other === index)));
      chosen(name, index);
    },
  }, name));
  return element('div', { className: 'tabs', role: 'group' }, ...buttons);
}
