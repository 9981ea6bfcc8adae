'use strict';
// A run while it goes: what stands in the page is drawn at once, then what the server says has changed. Text from data goes into the
// page as text only, never as markup.
const run = JSON.parse(document.getElementById('state').textContent);
const place = document.getElementById('progress').dataset.place;
const trials = new Map();
const curves = new Map();
const chosen = new Set();
const order = ['running', 'stopped', 'failed', 'finished', 'waiting', 'not run'];
let filter = '';

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in made) made[name] = value; else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function drawing(tag, attributes, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const keyOf = trial => JSON.stringify([trial.role === 'candidate' ? trial.id : '', trial.name, trial.seed]);
const percent = value => value == null ? '–' : (value * 100).toFixed(2);
function bytes(value) {
  if (value == null) return '–';
  const units = [[1e9, 'GB'], [1e6, 'MB'], [1e3, 'kB']];
  const [size, name] = units.find(([least]) => value >= least) || [1, 'B'];
  return (value / size).toFixed(size === 1 || value / size >= 100 ? 0 : value / size >= 10 ? 1 : 2) + ' ' + name;
}
const count = value => value == null ? '–' : bytes(value).replace(' B', '').replace('B', '').replace(' ', '');

// MARK: Progress

function drawProgress() {
  const all = [...trials.values()].map(item => item.trial);
  const of = state => all.filter(trial => trial.state === state).length;
  const settled = of('finished') + of('failed') + of('not run');
  const best = all.filter(trial => trial.role === 'student' && trial.value != null)
    .sort((a, b) => b.value - a.value)[0];
  const facts = [['State', run.isActive ? 'running' : settled < all.length ? 'stopped' : 'done'],
    ['Settled', `${settled} of ${all.length}`], ['Running', String(of('running'))], ['Failed', String(of('failed'))],
    ['Best student', best ? `${best.name}, ${percent(best.value)} %` : '–']];
  const bar = element('div', { className: 'progress', role: 'progressbar', 'aria-valuemin': '0', 'aria-valuemax': String(all.length),
    'aria-valuenow': String(settled), 'aria-label': 'Settled trials' }, element('i'));
  bar.firstChild.style.width = all.length ? `${100 * settled / all.length}%` : '0';
  document.querySelector('#progress .body').replaceChildren(bar, element('dl', { className: 'facts' },
    ...facts.map(([word, value]) => element('div', {}, element('dt', {}, word), element('dd', {}, value)))));
}

// MARK: Trials

const columns = [
  ['', trial => trial.epochs || trial.state === 'finished'
    ? element('input', { type: 'checkbox', checked: chosen.has(keyOf(trial)), 'aria-label': 'Curve',
      onchange: event => { event.target.checked ? chosen.add(keyOf(trial)) : chosen.delete(keyOf(trial)); refreshCurves(); } })
    : ''],
  ['Name', trial => element('span', {}, element('b', {}, trial.name || '(no name)'), ' ', element('small', {}, trial.role))],
  ['Seed', trial => trial.seed, true],
  [`${run.metric}, %`, trial => trial.value == null ? '' : percent(trial.value), true],
  ['Validation, %', trial => trial.validation == null ? '' : percent(trial.validation), true],
  ['State', trial => element('span', { className: trial.state.replace(' ', '-'), title: trial.reason || '' },
    trial.state, ...(trial.reason ? [' ', element('small', {}, trial.reason.slice(0, 80))] : []))],
  ['Stage', trial => trial.stage || ''],
  ['Epochs', trial => trial.epochs == null ? '' : String(trial.epochs), true],
  ['Bytes', trial => trial.fileBytes == null ? '' : bytes(trial.fileBytes), true],
  ['Multiply-adds', trial => trial.multiplyAdds == null ? '' : count(trial.multiplyAdds), true],
  ['Model', trial => trial.model
    ? element('a', { href: `${place}/model/${encodeURIComponent(trial.id)}`, download: '' }, 'download') : ''],
];

const body = element('tbody');

function makeRow(trial) {
  return element('tr', {}, ...columns.map(([, cell, isNumber]) =>
    element('td', { className: isNumber ? 'number' : '' }, cell(trial))));
}

function arrange() {
  const words = filter.toLowerCase();
  const items = [...trials.values()].filter(({ trial }) =>
    !words || [trial.name, trial.role, trial.state].some(text => text.toLowerCase().includes(words)));
  items.sort((a, b) => order.indexOf(a.trial.state) - order.indexOf(b.trial.state)
    || (b.trial.value ?? -1) - (a.trial.value ?? -1) || (a.trial.name < b.trial.name ? -1 : a.trial.name > b.trial.name ? 1 : 0)
    || Number(a.trial.seed) - Number(b.trial.seed));
  body.replaceChildren(...items.map(item => item.row));
}

/** Takes over what has changed; gives back whether the order of rows may have. */
function take(changed) {
  let isOrdered = true;
  for (const trial of changed) {
    const known = trials.get(keyOf(trial));
    if (!known || known.trial.state !== trial.state || known.trial.value !== trial.value) isOrdered = false;
    const row = makeRow(trial);
    if (known) known.row.replaceWith(row);
    trials.set(keyOf(trial), { trial, row });
  }
  return !isOrdered;
}

// MARK: Curves

const isShown = trial => chosen.has(keyOf(trial)) || trial.state === 'running';
const palette = index => `series-${index % 8 + 1}`;

/** Fetches the curves that are shown and have grown, then draws. */
async function refreshCurves() {
  const shown = [...trials.entries()].filter(([, { trial }]) => isShown(trial)).slice(0, 16);
  await Promise.all(shown.map(async ([key, { trial }]) => {
    const known = curves.get(key);
    if (known && known.id === trial.id && known.epochs === trial.epochs) return;
    try {
      const answer = await fetch(`${place}/curve/${encodeURIComponent(trial.id)}`);
      if (answer.ok) curves.set(key, { id: trial.id, epochs: trial.epochs, points: await answer.json() });
    } catch { /* The next event tries again. */ }
  }));
  drawCurves(shown.map(([key, { trial }]) => [trial, curves.get(key)]).filter(([, curve]) => curve && curve.points.length));
}

function plot(title, lines, value, name) {
  const [width, height, left, bottom] = [560, 240, 44, 22];
  const points = lines.flatMap(([, { points }]) => points.map(value).filter(Number.isFinite));
  const longest = Math.max(2, ...lines.map(([, { points }]) => points.length));
  if (!points.length) return '';
  let [low, high] = [Math.min(...points), Math.max(...points)];
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const x = index => left + (width - left - 8) * index / (longest - 1);
  const y = number => 8 + (height - bottom - 8) * (high - number) / (high - low);
  const svg = drawing('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': title, class: 'plot' });
  for (let step = 0; step <= 4; step++) {
    const number = low + (high - low) * step / 4;
    svg.append(drawing('line', { x1: left, x2: width - 8, y1: y(number), y2: y(number), class: 'grid' }),
      drawing('text', { x: left - 6, y: y(number) + 4, 'text-anchor': 'end' }, Number(number.toPrecision(3))));
  }
  svg.append(drawing('text', { x: left, y: height - 4 }, 'epoch 1'),
    drawing('text', { x: width - 8, y: height - 4, 'text-anchor': 'end' }, String(longest)));
  lines.forEach(([trial, { points }], index) => {
    const places = points.map((point, step) => [x(step), value(point)]).filter(([, number]) => Number.isFinite(number));
    const made = drawing('polyline', { class: `curve ${palette(index)}`,
      points: places.map(([across, number]) => `${across.toFixed(1)},${y(number).toFixed(1)}`).join(' ') });
    made.append(drawing('title', {}, `${trial.name}, seed ${trial.seed}`));
    svg.append(made);
  });
  return element('figure', {}, element('figcaption', {}, title, name), svg);
}

function drawCurves(lines) {
  const target = document.querySelector('#curves .body');
  if (!lines.length) { target.replaceChildren(element('p', { className: 'quiet' }, 'Nothing is running; tick a trial.')); return; }
  const keys = element('div', { className: 'keys' }, ...lines.map(([trial], index) =>
    element('span', { className: 'check' }, element('i', { className: `stroke ${palette(index)}` }), `${trial.name}, seed ${trial.seed}`)));
  target.replaceChildren(keys, element('div', { className: 'charts two' },
    plot('Training loss', lines, point => point.loss, ''),
    plot(`Validation ${run.metric}, %`, lines, point => point.validation == null ? NaN : point.validation * 100, '')));
}

// MARK: Beginning

const box = element('div', { className: 'scroll' }, element('table', {}, element('thead', {}, element('tr', {},
  ...columns.map(([title, , isNumber]) => element('th', { className: isNumber ? 'number' : '' }, title)))), body));
document.querySelector('#trials .body').append(box);
document.querySelector('#trials .controls').append(element('label', { className: 'choice grow' }, element('span', {}, 'Filter'),
  element('input', { type: 'search', oninput: event => { filter = event.target.value; arrange(); } })));
take(run.trials);
arrange();
drawProgress();
refreshCurves();

const source = new EventSource(`${place}/events`);
source.addEventListener('run', event => {
  const change = JSON.parse(event.data);
  run.isActive = change.isActive;
  for (const gone of change.gone) trials.delete(JSON.stringify(gone));
  if (take(change.trials) || change.gone.length) arrange();
  drawProgress();
  refreshCurves();
});
source.addEventListener('error', () => document.body.classList.add('offline'));
source.addEventListener('open', () => document.body.classList.remove('offline'));
