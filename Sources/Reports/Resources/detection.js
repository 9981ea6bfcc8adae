// What is shown of a detector: the mean of what each class came to, each class with its curve, and pictures with boxes.
tasks.detection = {
  facts: ({ details }) => [['mean average precision', format.percent(details.map) + ' %'], ['judged by', details.rule]],
  closeUps: [classByClass, boxedPictures],
};

function classByClass(trial) {
  const { perClass, boxes, curves } = trial.accuracy.details;
  const figures = perClass.map((value, label) => element('figure', { className: 'curve' },
    curveDrawing(curves[label], `Precision by recall of ${trial.classes[label]}`),
    element('figcaption', {}, element('b', {}, trial.classes[label]), element('small', {}, value == null ? 'no boxes'
      : `average precision ${format.percent(value)} %, ${boxes[label].toLocaleString('en')} boxes`))));
  figures.forEach((figure, label) => figure.style.setProperty('--series', `var(--series-${label % 8 + 1})`));
  return [element('h3', {}, 'Class by class'),
    element('p', { className: 'quiet' }, 'Precision by recall, both from 0 to 1, at an overlap of 0.5: the best precision at a recall or beyond it.'),
    element('div', { className: 'small-charts' }, ...figures)];
}

/** Steps: a precision holds from the recall before up to its own. */
function curveDrawing(points, title) {
  const [across, down] = [recall => (4 + recall * 132).toFixed(1), precision => (4 + (1 - precision) * 92).toFixed(1)];
  let path = '', before = 0;
  for (const [recall, precision] of points) {
    path += `${path ? 'L' : 'M'}${across(before)},${down(precision)}L${across(recall)},${down(precision)}`;
    before = recall;
  }
  if (points.length) path += `L${across(before)},${down(0)}`;
  const grid = [0, 0.5, 1].flatMap(share => [
    drawing('line', { x1: across(0), x2: across(1), y1: down(share), y2: down(share) }),
    drawing('line', { x1: across(share), x2: across(share), y1: down(0), y2: down(1) }),
  ]);
  return drawing('svg', { viewBox: '0 0 140 100', role: 'img', 'aria-label': title }, drawing('title', {}, title),
    drawing('g', { class: 'grid' }, ...grid), drawing('path', { d: path }));
}

function boxedPictures(trial) {
  if (!trial.pictures.length) return [];
  const boxed = (picture, things, words) => element('figure', {}, boxedDrawing(trial, picture, things, words),
    element('figcaption', {}, words, element('small', {}, picture.file)));
  return [element('h3', {}, 'What it finds'),
    element('p', { className: 'quiet' }, 'Test images: what is there, and beside it what was found with a probability of 0.5 or more, or the surest box.'),
    element('div', { className: 'boxed' }, ...trial.pictures.map(picture => element('div', {},
      boxed(picture, picture.truth, 'the truth'), boxed(picture, picture.found, 'found'))))];
}

function boxedDrawing(trial, { width, height, png }, things, words) {
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(png);
  const size = Math.max(width, height);
  const marks = things.flatMap(thing => {
    const name = trial.classes[thing.label] + (thing.confidence == null ? '' : ` ${(thing.confidence * 100).toFixed(0)} %`);
    const box = drawing('rect', { x: thing.left, y: thing.top, width: Math.max(0, thing.right - thing.left),
      height: Math.max(0, thing.bottom - thing.top), 'stroke-width': size / 110 }, drawing('title', {}, name));
    box.style.setProperty('--series', `var(--series-${thing.label % 8 + 1})`);
    const word = drawing('text', { x: thing.left + size / 90, y: Math.max(thing.top + size / 17, size / 17),
      'font-size': size / 19, 'stroke-width': size / 90 }, name);
    return [box, word];
  });
  return drawing('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `${words}: ${things.length} boxes` },
    ...(isBase64 ? [drawing('image', { href: 'data:image/png;base64,' + png, width, height })] : []), ...marks);
}
