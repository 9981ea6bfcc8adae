// One student up close: what each stage did, layer by layer, what its task shows, what it gets wrong.
const closeUps = [lineage, layers, ofTask, mistakes];

sections.student = section => {
  const body = section.querySelector('.body');
  const names = rows.map(row => row.name).filter(name => report.trials.some(trial => trial.name === name));
  if (!names.length) { body.append(element('p', { className: 'note' }, 'No trial left its details.')); return; }
  const best = report.ranking.students.find(row => row.role === 'student' && names.includes(row.name));
  const parts = element('div');
  const seedBox = element('span');
  function show(name, wanted) {
    const trials = report.trials.filter(trial => trial.name === name);
    const trial = trials.find(trial => trial.seed === wanted) || trials[0];
    seedBox.replaceChildren(choice('Seed', trials.map(trial => String(trial.seed)), String(trial.seed),
      (_, index) => show(name, trials[index].seed)));
    parts.replaceChildren(facts(trial), ...closeUps.flatMap(part => part(trial)));
  }
  body.append(element('div', { className: 'controls' },
    choice('Row', names, best ? best.name : names[0], name => show(name)), seedBox), parts);
  show(best ? best.name : names[0]);
};

function facts(trial) {
  const task = trial.accuracy.details && tasks[trial.accuracy.task];
  const entries = [
    ...(task ? task.facts(trial.accuracy) : [[report.metric, format.percent(trial.accuracy.value) + ' %']]),
    ['arithmetic', trial.accuracy.arithmetic], ['test images', trial.accuracy.images.toLocaleString('en')],
    ['file', `${format.bytes(trial.size.fileBytes)}, coded ${format.bytes(trial.size.codedBytes)}`],
    ['trained on', `${format.count(trial.cost.trainingImages)} images in ${digits(trial.cost.seconds)} s`],
  ];
  return element('dl', { className: 'facts' }, ...entries.map(([word, value]) =>
    element('div', {}, element('dt', {}, word), element('dd', {}, value))));
}

function ofTask(trial) {
  const task = trial.accuracy.details && tasks[trial.accuracy.task];
  return task ? task.closeUps.flatMap(part => part(trial)) : [];
}

function lineage(trial) {
  if (!trial.stages.length) return [];
  // Earlier stages may have been read on another target, or on one that has changed since.
  const { energyTarget: target, energyOrigin: origin } = trial.stages.at(-1);
  const heads = ['stage', 'epochs', `validation ${report.metric}, %`, 'file', 'change', 'multiply-adds', 'change', 'non-zeros',
    target ? `energy, ${target}` : 'energy']
    .map((title, index) => ({ title, number: index > 0 }));
  const teacher = report.trials.find(other => other.role === 'teacher' && other.seed === trial.seed && other !== trial);
  const start = teacher && { ...teacher.stages.at(-1), name: 'teacher', epochs: '', warnings: [],
    validation: teacher.validation, fileBytes: teacher.size.fileBytes, multiplyAdds: teacher.multiplyAdds,
    nonZeros: teacher.nonZeros };
  const stages = (start ? [start] : []).concat(trial.stages);
  const lines = stages.map((stage, index) => {
    const before = stages[index - 1];
    const warnings = (stage.warnings || []).map(words => element('small', { className: 'warning' }, words));
    return [[stage.name, ...warnings], String(stage.epochs),
      stage.validation == null ? '–' : format.percent(stage.validation),
      format.bytes(stage.fileBytes), before ? change(before.fileBytes, stage.fileBytes) : '',
      format.count(stage.multiplyAdds), before ? change(before.multiplyAdds, stage.multiplyAdds) : '',
      format.count(stage.nonZeros),
      stage.energyMicrojoules == null || stage.energyTarget !== target || stage.energyOrigin !== origin
        ? '–' : format.microjoules(stage.energyMicrojoules)];
  });
  return [element('h3', {}, 'What each stage did'), table(heads, lines)];
}

/** Before as an outline, after as a filled bar. */
function bars(before, after, most) {
  const width = value => `${Math.max(value > 0 ? 0.6 : 0, most ? value / most * 100 : 0)}%`;
  const outline = element('span', { className: 'bar before' });
  const filled = element('span', { className: 'bar after' });
  outline.style.width = width(before);
  filled.style.width = width(after);
  return element('span', { className: 'bars' }, outline, filled);
}

function layers(trial) {
  if (!trial.layers.length) return [];
  const heads = [['layer'], ['kind'], ['encoding'], ['bytes, before and after'], ['before', 1], ['after', 1], ['change', 1],
    ['multiply-adds, before and after'], ['before', 1], ['after', 1], ['change', 1]]
    .map(([title, number]) => ({ title, number: Boolean(number) }));
  const most = key => Math.max(...trial.layers.map(layer => Math.max(layer[key + 'Before'], layer[key + 'After'])));
  const [bytes, multiplyAdds] = [most('bytes'), most('multiplyAdds')];
  const lines = trial.layers.map(layer => [layer.name, layer.kind, layer.encoding,
    bars(layer.bytesBefore, layer.bytesAfter, bytes), format.bytes(layer.bytesBefore), format.bytes(layer.bytesAfter),
    change(layer.bytesBefore, layer.bytesAfter),
    bars(layer.multiplyAddsBefore, layer.multiplyAddsAfter, multiplyAdds), format.count(layer.multiplyAddsBefore),
    format.count(layer.multiplyAddsAfter), change(layer.multiplyAddsBefore, layer.multiplyAddsAfter)]);
  return [element('h3', {}, 'Layer by layer'), table(heads, lines, 'layers')];
}

function mistakes(trial) {
  if (!trial.mistakes.length) return [];
  return [element('h3', {}, 'Some of its mistakes'),
    element('div', { className: 'pictures' }, ...trial.mistakes.map(mistake => {
      const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(mistake.png);
      const picture = isBase64
        ? element('img', { src: 'data:image/png;base64,' + mistake.png, alt: mistake.truth, loading: 'lazy' })
        : element('span', { className: 'quiet' }, 'no picture');
      return element('figure', { title: mistake.file }, picture,
        element('figcaption', {}, element('b', {}, mistake.truth), ' taken for ', element('b', {}, mistake.predicted),
          element('small', {}, `${(mistake.confidence * 100).toFixed(0)} % sure, ${mistake.file}`)));
    }))];
}
