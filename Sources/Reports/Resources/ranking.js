// The ranking: sorts by a click on a head, filters by text and family, shows one target's columns at a time. A row and the
// controls that stand under it are a group and stay together.
sections.ranking = section => {
  const body = section.querySelector('table');
  const groups = [...body.tBodies];
  const lines = groups.map(group => group.rows[0]);
  const state = { text: '', family: 'all families' };
  const shown = element('output', { className: 'quiet' });

  function filter() {
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    for (const [index, line] of lines.entries()) {
      const text = line.textContent.toLowerCase();
      groups[index].hidden = !(words.every(word => text.includes(word))
        && (state.family === 'all families' || line.dataset.families.split('\n').includes(state.family)));
    }
    shown.textContent = `${groups.filter(group => !group.hidden).length} of ${lines.length} rows`;
  }

  function sort(head) {
    const descending = head.getAttribute('aria-sort') === (head.dataset.first || 'ascending')
      ? head.dataset.first !== 'descending' : head.dataset.first === 'descending';
    for (const other of section.querySelectorAll('th[aria-sort]')) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
    const key = line => line.cells[head.cellIndex].dataset.sort ?? line.cells[head.cellIndex].textContent;
    const sign = descending ? -1 : 1;
    const compare = (first, second) => {
      const [a, b] = [key(first), key(second)];
      if (a === '' || b === '') return (a === '') - (b === '');
      return head.classList.contains('number') ? sign * (a - b) : sign * a.localeCompare(b);
    };
    body.append(...[...lines].sort(compare).map(line => line.parentElement));
  }

  for (const head of section.querySelectorAll('thead th')) {
    const button = element('button', { type: 'button', onclick: () => sort(head) }, ...head.childNodes);
    head.append(button);
  }

  function showTarget(name) {
    for (const cell of section.querySelectorAll('[data-target]')) cell.hidden = cell.dataset.target !== name;
    for (const words of section.querySelectorAll('[data-words-of]')) words.hidden = words.dataset.wordsOf !== name;
  }

  const all = (property) => [...new Set(lines.flatMap(line => line.dataset[property].split('\n')))].filter(Boolean);
  const controls = section.querySelector('.controls');
  controls.append(
    element('label', { className: 'choice grow' }, element('span', {}, 'Filter'),
      element('input', {
        type: 'search', placeholder: 'name, method, bits', oninput: event => { state.text = event.target.value; filter(); },
      })),
    choice('Family', ['all families', ...all('families').sort()], '', name => { state.family = name; filter(); }));
  if (targetNames.length > 1) controls.append(choice('Target', targetNames, '', showTarget));
  controls.append(
    element('label', { className: 'check' },
      element('input', { type: 'checkbox', onchange: event => section.classList.toggle('wide', event.target.checked) }),
      'all columns'), shown);
  filter();
};
