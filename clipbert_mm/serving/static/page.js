'use strict';

const results = document.getElementById('results');
const status = document.getElementById('status');
const template = document.getElementById('card');
let answersQuestions = false;

async function call(path, values) {
  const options = values === undefined ? {} : {
    method: 'POST',
    headers: {'Content-Type': 'application/json'},
    body: JSON.stringify(values),
  };
  const response = await fetch(path, options);
  const found = await response.json();
  if (!response.ok) throw new Error(found.error || response.statusText);
  return found;
}

function play(video, id, start, end) {
  video.src = `api/videos/${id}/moment.mp4?start=${start}&end=${end}`;
  video.play().catch(() => {});
}

function drawTimeline(row, video, match) {
  const most = Math.max(...match.clips.map((clip) => clip[2]), 1e-9);
  match.clips.forEach(([start, end, score], i) => {
    const bar = document.createElement('button');
    bar.style.setProperty('height', `${100 * score / most}%`);
    bar.title = `${start.toFixed(1)}-${end.toFixed(1)} s: ${score.toFixed(3)}`;
    bar.classList.toggle('best', i === match.clip);
    bar.addEventListener('click', () => play(video, match.id, start, end));
    row.append(bar);
  });
}

function addVotes(card, query, match) {
  for (const [name, vote] of [['.good', 1], ['.bad', -1]]) {
    const button = card.querySelector(name);
    button.hidden = !query;
    button.addEventListener('click', async () => {
      await report(async () => {
        await call('api/feedback', {query, id: match.id, vote});
        button.disabled = true;
        status.textContent = 'Thank you, noted.';
      });
    });
  }
}

function addQuestion(card, match) {
  const form = card.querySelector('.question');
  form.hidden = !answersQuestions;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const question = form.querySelector('input').value;
    await report(async () => {
      const found = await call('api/ask', {id: match.id, question});
      form.querySelector('output').textContent = found.answers
        .map(([answer, score]) => `${answer} (${score.toFixed(2)})`)
        .join(', ');
    });
  });
}

function makeCard(query, match) {
  const card = template.content.cloneNode(true).querySelector('article');
  const video = card.querySelector('video');
  video.poster = `api/videos/${match.id}/clips/${match.clip}.jpg`;
  for (const event of ['mouseenter', 'click']) {
    video.addEventListener(event, () => {
      if (!video.src) play(video, match.id, match.start, match.end);
    });
  }
  if (match.clips) drawTimeline(card.querySelector('.timeline'), video, match);
  card.querySelector('h2').textContent = match.name;
  const value = match.score ?? match.cosine;
  card.querySelector('.facts').textContent =
    `${value.toFixed(3)}, ${match.start.toFixed(1)}-${match.end.toFixed(1)} s`;
  card.querySelector('.similar').addEventListener('click', () => {
    show(`Like ${match.name}`, '', () => call(
      `api/videos/${match.id}/similar`,
    ));
  });
  const why = card.querySelector('.why');
  why.hidden = !query;
  why.addEventListener('click', () => {
    const image = card.querySelector('.explanation');
    image.src = `api/videos/${match.id}/explanation?query=`
      + encodeURIComponent(query);
    image.hidden = false;
  });
  addVotes(card, query, match);
  addQuestion(card, match);
  return card;
}

async function report(work) {
  try {
    await work();
  } catch (error) {
    status.textContent = error.message;
  }
}

async function show(title, query, find) {
  status.textContent = 'Searching…';
  await report(async () => {
    const found = await find();
    results.replaceChildren(
      ...found.matches.map((match) => makeCard(query, match)),
    );
    const cost = found.tier ? ` (${found.tier}, ${found.passes} passes)` : '';
    status.textContent = found.matches.length
      ? `${title}: ${found.matches.length} videos${cost}`
      : `${title}: no video matches.`;
  });
}

document.getElementById('search').addEventListener('submit', (event) => {
  event.preventDefault();
  const query = document.getElementById('query').value;
  show(query, query, () => call('api/search', {query}));
});

report(async () => {
  const about = await call('api/about');
  answersQuestions = about.answers_questions;
  status.textContent = `${about.videos} videos, model ${about.model}`;
});
