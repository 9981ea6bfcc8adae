// The pictures, a target at a time. They are drawn already: without scripts all targets stand below each other.
sections.tradeoffs = section => {
  const parts = [...section.querySelectorAll('.pictures-of')];
  if (parts.length < 2) return;
  const show = name => { for (const part of parts) part.hidden = part.dataset.name !== name; };
  const names = parts.map(part => part.dataset.name);
  section.querySelector('.body').prepend(tabs(names, show));
  show(names[0]);
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
