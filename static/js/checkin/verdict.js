// Shows a verdict over the whole screen, with a sound and a vibration for each colour. Nothing of it is stored.

const box = document.querySelector("[data-verdict]");
const announcement = document.querySelector("[data-say]");
const part = (name) => box.querySelector(`[data-${name}]`);
const SIGNALS = {
  green: { notes: [880, 1320], length: 0.09, vibration: [80] },
  amber: { notes: [520, 520], length: 0.14, vibration: [120, 80, 120] },
  red: { notes: [196, 147], length: 0.26, vibration: [400] },
};
// As long as it can be undone with one touch; the next scan replaces it at once.
const SHOWN_FOR = 10000;
const Audio = window.AudioContext || window.webkitAudioContext;
const audio = Audio && new Audio();
let timer;

const play = ({ notes, length }) => {
  notes.forEach((note, index) => {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const from = audio.currentTime + index * length * 1.2;
    tone.frequency.value = note;
    volume.gain.setValueAtTime(0.25, from);
    volume.gain.exponentialRampToValueAtTime(0.001, from + length);
    tone.connect(volume).connect(audio.destination);
    tone.start(from);
    tone.stop(from + length);
  });
};
// Browsers stay silent until the page is touched.
addEventListener("pointerdown", () => audio?.resume());

const fill = (name, text) => {
  part(name).textContent = text || "";
  part(name).hidden = !text;
};
const joined = (separator, ...texts) => texts.filter(Boolean).join(separator);
const setShown = (isShown) => {
  box.hidden = !isShown;
  document.body.classList.toggle("shows-verdict", isShown);
};
export const hide = () => setShown(false);

part("next").addEventListener("click", hide);
addEventListener("keydown", (event) => event.key === "Escape" && hide());

const gradeOf = ({ grade }) => grade && box.dataset.textGrade.replace("{grade}", grade);
const choiceButton = (choice, onChoice) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  if (choice.is_cancelled) button.className = "button is-cancelled";
  const lines = [choice.state, choice.name, joined(", ", gradeOf(choice), choice.school), joined(" · ", choice.event, choice.hall, choice.when)];
  lines.filter(Boolean).forEach((text, index) => {
    button.append(Object.assign(document.createElement(index && text !== choice.name ? "span" : "b"), { textContent: text }));
  });
  button.addEventListener("click", () => onChoice(choice));
  return button;
};

// Changes the verdict that is shown: it stays until it is closed.
export function change({ tone, word, sentence }) {
  clearTimeout(timer);
  box.dataset.tone = tone;
  box.className = `verdict scan-verdict is-${tone}`;
  fill("word", word);
  fill("sentence", sentence);
  for (const name of ["note", "undo"]) part(name).hidden = true;
  announcement.textContent = joined(". ", word, sentence);
}

// Shows an answer; `onChoice` gets what was chosen among several. A green verdict disappears by itself.
export function show(answer, onChoice) {
  change(answer);
  for (const name of ["name", "note"]) fill(name, answer[name]);
  part("reasons").hidden = true;
  fill("pupil", joined(", ", gradeOf(answer), answer.school));
  fill("event", joined(" · ", answer.event, answer.hall));
  part("more").hidden = !answer.url;
  part("more").href = answer.url || "";
  part("choices").replaceChildren(...(answer.choices || []).map((choice) => choiceButton(choice, onChoice)));
  setShown(true);
  announcement.textContent = joined(". ", answer.word, answer.note, answer.name, answer.event, answer.sentence);
  navigator.vibrate?.(SIGNALS[answer.tone].vibration);
  if (audio && !localStorage.checkinMuted) play(SIGNALS[answer.tone]);
  if (answer.tone === "green") timer = setTimeout(hide, SHOWN_FOR);
}
