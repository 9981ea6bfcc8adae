// What is shown of a detector: the mean of what each class came to, and each class.
tasks.detection = {
  facts: ({ details }) => [['mean average precision', format.percent(details.map) + ' %'], ['judged by', details.rule]],
  closeUps: [trial => {
    const { perClass } = trial.accuracy.details;
    const lines = perClass.map((value, label) => [trial.classes[label], value == null ? '–' : format.percent(value)]);
    return [element('h3', {}, 'Class by class'),
      table([{ title: 'class' }, { title: 'average precision, %', number: true }], lines)];
  }],
};
