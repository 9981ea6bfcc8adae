// How the trials trained: loss and validation accuracy by epoch, and accuracy by the weights that pruning left.
sections.curves = section => {
  const body = section.querySelector('.body');
  const curves = report.curves.filter(curve => curve.epochs.length);
  if (!curves.length) { body.append(element('p', { className: 'note' }, 'No trial kept its metrics.')); return; }
  if (!hasCharts) { body.append(element('p', { className: 'note' }, report.missingCharts)); return; }
  const names = [...new Set(curves.map(curve => curve.name))];
  const seeds = [...new Set(curves.map(curve => curve.seed))].sort((a, b) => a - b);
  const state = { shown: new Set(names.slice(0, 5)), seed: seeds[0], isAll: false };
  const dashes = [[], [6, 3], [2, 3], [8, 3, 2, 3]];

  const byEpoch = {
    scale: axis('epoch, all stages', value => Number.isInteger(value) ? value : '', { min: 0 }),
    place: (epoch, index) => index + 1, isShown: () => true,
  };
  // 1, 2 and 5 of each power of ten: all that a logarithmic axis offers would overlap.
  const isRound = value => [1, 2, 5].includes(Number(value.toExponential(1).split('e')[0]));
  const byWeights = {
    scale: axis('weights that are not zero', value => isRound(value) ? format.count(value) : null, { type: 'logarithmic', reverse: true }),
    place: epoch => epoch.weights,
    isShown: curve => new Set(curve.epochs.map(epoch => epoch.weights)).size > 1,
  };

  function datasets(colors, value, horizontal) {
    return curves.filter(curve => state.shown.has(curve.name) && (state.isAll || curve.seed === state.seed)
      && horizontal.isShown(curve))
      .map(curve => {
        const place = names.indexOf(curve.name);
        const data = curve.epochs.map((epoch, index) => ({
          x: horizontal.place(epoch, index), y: value(epoch), epoch,
        })).filter(point => point.x != null && point.y != null);
        return { label: curve.name, seed: curve.seed, data, borderColor: colors.palette[place % 8], borderWidth: 1.75,
          borderDash: dashes[Math.floor(place / 8) % 4], pointRadius: 0, pointHitRadius: 6, showLine: true };
      });
  }

  const config = (title, value, tick, more = {}, horizontal = byEpoch) => colors => ({
    type: 'scatter', data: { datasets: datasets(colors, value, horizontal) },
    options: {
      maintainAspectRatio: false, interaction: { mode: 'nearest', axis: 'xy', intersect: false },
      scales: {
        x: horizontal.scale,
        y: axis(title, tick, more),
      },
      plugins: {
        legend: { display: false },
        tooltip: { callbacks: {
          title: items => items.length ? `${items[0].dataset.label}, seed ${items[0].dataset.seed}` : '',
          label: ({ raw }) => `${raw.epoch.stage ? raw.epoch.stage + ', ' : ''}epoch ${raw.epoch.epoch}: ${raw.y.toFixed(3)}`
            + (horizontal === byWeights ? ` with ${format.count(raw.x)} weights` : ''),
        } },
      },
    },
  });
  const accuracy = epoch => epoch.validation == null ? null : epoch.validation * 100;
  const tick = value => String(Number(value.toFixed(1)));
  const charts = [
    ['Training loss', chart('Training loss by epoch', config('loss', epoch => epoch.loss, value => digits(value)))],
    ['Validation accuracy', chart('Validation accuracy by epoch', config(`${report.metric}, %`, accuracy, tick, { max: 100 }))],
  ];
  if (curves.some(byWeights.isShown)) {
    charts.push(['Validation accuracy by weights that are left', chart('Validation accuracy by weights that are left',
      config(`${report.metric}, %`, accuracy, tick, { max: 100 }, byWeights))]);
  }
  const redraw = () => charts.forEach(([, chart]) => chart.draw());
  const keys = element('div', { className: 'keys' }, ...names.map((name, place) => {
    const input = element('input', { type: 'checkbox', checked: state.shown.has(name), onchange: () => {
      if (input.checked) state.shown.add(name); else state.shown.delete(name);
      redraw();
    } });
    return element('label', { className: 'check' }, input, element('i', { className: `stroke series-${place % 8 + 1}` }), name);
  }));
  const seedNames = seeds.map(seed => `seed ${seed}`).concat(seeds.length > 1 ? ['all seeds'] : []);
  body.append(
    element('div', { className: 'controls' }, choice('Seed', seedNames, '', (_, index) => {
      state.isAll = index >= seeds.length;
      if (!state.isAll) state.seed = seeds[index];
      redraw();
    })), keys,
    element('div', { className: 'charts two' }, ...charts.map(([title, chart]) =>
      element('figure', {}, element('figcaption', {}, title), chart.box))));
  redraw();
};
