// One row held against others: the difference, its interval and p-value. Any two students are compared; a pair that is among the
// run's own questions has its p-value from these.
sections.comparisons = section => {
  const body = section.querySelector('.body');
  const asked = report.ranking.comparisons;
  const both = pair => pair.first + '\n' + pair.second;
  const known = new Set(asked.map(both));
  const pairs = asked.concat(report.ranking.studentPairs.filter(pair => !known.has(both(pair))));
  if (!pairs.length) { body.append(element('p', { className: 'note' }, 'There are no two rows to compare.')); return; }
  const names = rows.map(row => row.name).filter(name => pairs.some(pair => pair.first === name || pair.second === name));
  const roles = new Map(rows.map(row => [row.name, row.role]));
  const parts = element('div');
  function show(name) {
    const lines = pairs.filter(pair => pair.first === name || pair.second === name).map(pair => pair.first === name
      ? { other: pair.second, mean: pair.mean, low: pair.low, high: pair.high, pValue: pair.pValue }
      : { other: pair.first, mean: -pair.mean, low: -pair.high, high: -pair.low, pValue: pair.pValue })
      .sort((first, second) => second.mean - first.mean);
    const kept = lines.filter(line => roles.get(line.other) !== 'control');
    const reach = Math.max(...(kept.length ? kept : lines)
      .map(line => Math.max(Math.abs(line.low), Math.abs(line.high)))) || 1;
    const heads = [['against'], ['worse ← points → better'], ['difference', 1], ['95 % interval', 1], ['p (Holm)', 1], ['']]
      .map(([title, number]) => ({ title, number: Boolean(number) }));
    parts.replaceChildren(table(heads, lines.map(line => [line.other, interval(line, reach), format.points(line.mean),
      `${format.points(line.low)} to ${format.points(line.high)}`, format.pValue(line.pValue), verdict(line)])));
  }
  body.append(element('div', { className: 'controls' }, choice('Hold', names, names[0], show)), parts);
  show(names[0]);
};

function verdict(line) {
  if (line.pValue == null) return 'indicative';
  if (line.pValue >= 0.05) return 'not told apart';
  return line.mean > 0 ? 'better' : 'worse';
}

/** The interval on a line with zero in its middle and `reach` at its ends; an arrow where the mean lies beyond them. */
function interval(line, reach) {
  const place = value => 150 + Math.max(-1, Math.min(1, value / reach)) * 145;
  const side = Math.sign(line.mean);
  const mean = Math.abs(line.mean) > reach
    ? drawing('path', { d: `M${150 + side * 149} 8l${-side * 8} -4.5v9z` })
    : drawing('circle', { cx: place(line.mean).toFixed(1), cy: 8, r: 3.5 });
  return drawing('svg', { viewBox: '0 0 300 16', class: 'interval ' + verdict(line) },
    drawing('line', { x1: 150, x2: 150, y1: 0, y2: 16, class: 'zero' }),
    drawing('line', { x1: place(line.low).toFixed(1), x2: place(line.high).toFixed(1), y1: 8, y2: 8 }), mean);
}
