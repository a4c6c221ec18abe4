
'use strict';
const { rows, selfies } = JSON.parse(document.getElementById('data').textContent);
const byId = (id) => document.getElementById(id);
const make = (name, text, className) => {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};
const decisions = new Map();
const steps = [];
let saved = true;
const cards = rows.map((row, place) => {
  const card = make('article');
  card.tabIndex = 0;
  card.dataset.tag = row.tag;
  const pair = make('div', undefined, 'pair');
  for (const [picture, words] of [[row.face, 'In photo ' + row.picture], [row.selfie === null ? null : selfies[row.selfie], 'Selfie of ' + row.person]]) {
    const figure = make('figure');
    if (picture) {
      const image = make('img');
      image.src = picture;
      image.alt = words;
      figure.append(image);
    } else {
      figure.append(make('div', 'no picture', 'none'));
    }
    figure.append(make('figcaption', words));
    pair.append(figure);
  }
  const other = row.other ? ', then ' + row.other[0] + ' ' + row.other[1].toFixed(3) : '';
  const buttons = make('div', undefined, 'buttons');
  for (const [words, decision] of [['Confirm', 'confirmed'], ['Reject', 'rejected'], ['Leave open', null]]) {
    const button = make('button', words);
    button.type = 'button';
    button.tabIndex = -1;
    button.addEventListener('click', () => { decide([place], decision); card.focus(); });
    buttons.append(button);
  }
  card.append(pair, make('p', row.person + ' · ' + row.project), make('p', 'Score ' + row.score.toFixed(3) + other), make('p', 'open', 'said'), buttons);
  byId('list').append(card);
  return card;
});
const people = [...new Set(rows.map((row) => row.person))];
for (const [value, text] of [['', 'everybody'], ...people.map((person) => [person, person])]) {
  const option = make('option', text);
  option.value = value;
  byId('person').append(option);
}
function show() {
  const [person, least, most, open] = [byId('person').value, Number(byId('least').value), Number(byId('most').value), byId('open').checked];
  cards.forEach((card, place) => {
    const row = rows[place];
    const decision = decisions.get(place);
    card.className = decision || '';
    card.querySelector('.said').textContent = decision || 'open';
    card.hidden = (person && row.person !== person) || row.score < least || row.score > most || (open && decision !== undefined);
  });
  const said = (word) => [...decisions.values()].filter((decision) => decision === word).length;
  byId('counts').textContent = said('confirmed') + ' confirmed, ' + said('rejected') + ' rejected, ' + (rows.length - decisions.size) + ' open';
}
function decide(places, decision) {
  steps.push(places.map((place) => [place, decisions.get(place)]));
  for (const place of places) decision ? decisions.set(place, decision) : decisions.delete(place);
  saved = false;
  show();
}
function undo() {
  for (const [place, before] of steps.pop() || []) before ? decisions.set(place, before) : decisions.delete(place);
  saved = false;
  show();
}
const shown = () => cards.filter((card) => !card.hidden);
function go(by) {
  const list = shown();
  const at = list.indexOf(document.activeElement);
  const next = list[Math.min(Math.max(at < 0 ? 0 : at + by, 0), list.length - 1)];
  if (next) { next.focus(); next.scrollIntoView({ block: 'nearest' }); }
}
function across() {
  const list = shown();
  return list.filter((card) => list[0].offsetTop === card.offsetTop).length || 1;
}
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
  const place = cards.indexOf(document.activeElement);
  const said = { c: 'confirmed', r: 'rejected', s: null }[event.key];
  if (said !== undefined) {
    if (place >= 0) {
      const list = shown();
      const next = list[list.indexOf(cards[place]) + 1];
      decide([place], said);
      if (next) { next.focus(); next.scrollIntoView({ block: 'nearest' }); }
    } else {
      go(0);
    }
  } else if (event.key === 'u') {
    undo();
  } else if (event.key.startsWith('Arrow')) {
    go({ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across(), ArrowDown: across() }[event.key]);
  } else {
    return;
  }
  event.preventDefault();
});
for (const id of ['person', 'least', 'most', 'open']) byId(id).addEventListener('input', show);
byId('all').addEventListener('click', () => {
  decide(shown().map((card) => cards.indexOf(card)).filter((place) => !decisions.has(place)), 'confirmed');
});
byId('save').addEventListener('click', () => {
  const lines = [...decisions].sort((a, b) => a[0] - b[0]).map(([place, decision]) => {
    const row = rows[place];
    return [row.tag, row.photo, row.user, decision, row.seen].join(',');
  });
  const text = ['tag_id,photo_id,user_id,decision,seen', ...lines, ''].join('\r\n');
  const link = make('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  link.download = 'decisions.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  saved = true;
});
window.addEventListener('beforeunload', (event) => { if (!saved) event.preventDefault(); });
show();
go(0);
