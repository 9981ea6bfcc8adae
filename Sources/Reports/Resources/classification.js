// What is shown of a classifier: its scores, and what it takes for what.
tasks.classification = {
  facts: ({ details }) => [
    ['top-1', format.percent(details.top1) + ' %'], ['top-5', format.percent(details.top5) + ' %'],
    ['loss', details.loss.toFixed(3)], ['calibration error', details.ece.toFixed(3)],
  ],
  closeUps: [confusion],
};

function confusion(trial) {
  const { classes, accuracy: { details } } = trial;
  if (!details.confusion.length) return [];
  const heading = element('h3', {}, 'What it takes for what');
  const wrong = details.confusion.filter(([truth, called]) => truth !== called).sort((a, b) => b[2] - a[2]);
  const worst = element('ol', { className: 'plain' }, ...wrong.slice(0, 10).map(([truth, called, images]) =>
    element('li', {}, element('b', {}, String(images)), ` ${classes[truth]} taken for ${classes[called]}`)));
  const list = element('div', {}, element('h4', {}, 'Most frequent mistakes'), worst);
  if (classes.length > 30) return [heading, list];
  return [heading, element('div', { className: 'beside' }, matrix(trial), list)];
}

function matrix({ classes, accuracy: { details } }) {
  const counts = classes.map(() => classes.map(() => 0));
  for (const [truth, called, images] of details.confusion) counts[truth][called] = images;
  const most = Math.max(1, ...details.confusion.filter(([truth, called]) => truth !== called).map(entry => entry[2]));
  const body = counts.map((line, truth) => element('tr', {}, element('th', { scope: 'row' }, classes[truth]),
    ...line.map((images, called) => {
      const cell = element('td', { title: `${images} of ${classes[truth]} taken for ${classes[called]}` },
        images ? String(images) : '·');
      if (truth === called) cell.className = 'right';
      else if (images) cell.style.setProperty('--heat', `${Math.round(images / most * 100)}%`);
      return cell;
    })));
  return element('div', { className: 'scroll' }, element('table', { className: 'matrix' },
    element('caption', {}, 'Rows: what it is. Columns: what it was called.'),
    element('thead', {}, element('tr', {}, element('th'),
      ...classes.map(name => element('th', { scope: 'col' }, element('span', {}, name))))),
    element('tbody', {}, ...body)));
}
