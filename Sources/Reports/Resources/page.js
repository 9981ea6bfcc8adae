'use strict';
// What all sections share: the data, elements, numbers, colours and charts. Text from the data goes into the page as
// text only, never as markup.
const report = JSON.parse(document.getElementById('report-data').textContent);
const rows = (report.ranking.teacher ? [report.ranking.teacher] : []).concat(report.ranking.students);
const targetNames = report.targets;
const sections = {};
// What each task shows of a trial: facts, and close-ups of its details.
const tasks = {};

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in made && name !== 'list') made[name] = value; else made.setAttribute(name, value);
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

function choice(label, names, chosen, changed) {
  const options = names.map((name, index) => element('option', { value: String(index) }, name));
  const select = element('select', { onchange: () => changed(names[Number(select.value)], Number(select.value)) },
    ...options);
  select.value = String(Math.max(0, names.indexOf(chosen)));
  return element('label', { className: 'choice' }, element('span', {}, label), select);
}

function table(heads, lines, className = '') {
  const cell = (content, tag, isNumber) =>
    element(tag, { className: isNumber ? 'number' : '' }, ...(Array.isArray(content) ? content : [content]));
  return element('div', { className: 'scroll' },
    element('table', { className },
      element('thead', {}, element('tr', {}, ...heads.map(head => cell(head.title, 'th', head.number)))),
      element('tbody', {}, ...lines.map(line =>
        element('tr', {}, ...line.map((content, index) => cell(content, 'td', heads[index].number)))))));
}

// MARK: Numbers

function digits(value) {
  if (Number.isInteger(value) && Math.abs(value) < 1000) return String(value);
  const size = Math.abs(value);
  return value.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
}

function scaled(value, unit, prefixes) {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return unit ? `0 ${unit}` : '0';
  const fitting = prefixes.filter(([factor]) => Number(digits(Math.abs(value) / factor)) >= 1);
  const [factor, name] = fitting.length ? fitting[fitting.length - 1] : prefixes[0];
  return `${digits(value / factor)} ${name}${unit}`.trim();
}

const small = [[1e-9, 'n'], [1e-6, 'µ'], [1e-3, 'm'], [1, '']];
const large = [[1, ''], [1e3, 'k'], [1e6, 'M'], [1e9, 'G'], [1e12, 'T']];
const format = {
  bytes: value => scaled(value, 'B', large),
  count: value => scaled(value, '', large).replace(' ', ''),
  milliseconds: value => scaled(value / 1e3, 's', small),
  microjoules: value => scaled(value / 1e6, 'J', small.concat(large.slice(1))),
  percent: rate => Number.isFinite(rate) ? (rate * 100).toFixed(2) : '–',
  points: value => (Math.abs(value) < 5e-5 ? '' : value < 0 ? '−' : '+') + Math.abs(value * 100).toFixed(2),
  pValue: value => value == null ? '–' : value < 0.001 ? '< 0.001' : value.toFixed(3),
};

/** How far `after` lies below `before`: `−73 %`. */
function change(before, after) {
  if (!before || after === before) return '';
  const share = (after / before - 1) * 100;
  return `${share < 0 ? '−' : '+'}${Math.abs(share).toFixed(Math.abs(share) < 10 ? 1 : 0)} %`;
}

// MARK: Colours and charts

const hasCharts = typeof Chart === 'function' && Number.parseInt(Chart.version, 10) >= 3;
const drawn = [];

function theme() {
  const style = getComputedStyle(document.documentElement);
  const color = name => style.getPropertyValue('--' + name).trim();
  const palette = [1, 2, 3, 4, 5, 6, 7, 8].map(number => color('series-' + number));
  return { ink: color('ink'), muted: color('muted'), rule: color('rule'), paper: color('paper'), palette };
}

/** A canvas with a chart that is drawn again when the colours change; `configure` makes its settings from a theme. */
function chart(label, configure) {
  const canvas = element('canvas', { role: 'img', 'aria-label': label });
  const entry = { canvas, configure, chart: null };
  drawn.push(entry);
  return { box: element('div', { className: 'canvas' }, canvas), draw: () => draw(entry) };
}

function draw(entry) {
  if (!entry.canvas.isConnected) return;
  if (entry.chart) entry.chart.destroy();
  const colors = theme();
  Chart.defaults.color = colors.muted;
  Chart.defaults.borderColor = colors.rule;
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.animation = false;
  entry.chart = new Chart(entry.canvas, entry.configure(colors));
}

function axis(title, format, more = {}) {
  return Object.assign({
    title: { display: true, text: title, font: { size: 12 } },
    grid: { drawTicks: false, tickLength: 0 },
  }, more, { ticks: Object.assign({ padding: 6, maxRotation: 0, autoSkip: false, callback: format }, more.ticks) });
}
