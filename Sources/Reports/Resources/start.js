// Fills each section; one that fails says so and leaves the others alone.
for (const [name, fill] of Object.entries(sections)) {
  const section = document.getElementById(name);
  if (!section) continue;
  try {
    fill(section);
  } catch (error) {
    section.append(element('p', { className: 'note' }, `This part could not be drawn: ${error.message}`));
    console.error(error);
  }
}

function redrawAll() { for (const entry of drawn) if (entry.chart) draw(entry); }
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawAll);
addEventListener('beforeprint', () => { document.documentElement.classList.add('printing'); redrawAll(); });
addEventListener('afterprint', () => { document.documentElement.classList.remove('printing'); redrawAll(); });
