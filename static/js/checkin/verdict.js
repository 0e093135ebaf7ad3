"use strict";

// The verdict fills the screen: drawn from an answer, never kept; with a sound and a tremble of its own.
const verdict = (() => {
  const box = document.querySelector("[data-verdict]");
  const say = document.querySelector("[data-say]");
  const part = (name) => box.querySelector(`[data-${name}]`);
  const LOOKS = {
    green: { notes: [880, 1320], length: 0.09, tremble: [80] },
    amber: { notes: [520, 520], length: 0.14, tremble: [120, 80, 120] },
    red: { notes: [196, 147], length: 0.26, tremble: [400] },
  };
  const audio = new AudioContext();
  let leaves;

  const sound = ({ notes, length }) => {
    notes.forEach((note, number) => {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      const from = audio.currentTime + number * length * 1.2;
      tone.frequency.value = note;
      volume.gain.setValueAtTime(0.25, from);
      volume.gain.exponentialRampToValueAtTime(0.001, from + length);
      tone.connect(volume).connect(audio.destination);
      tone.start(from);
      tone.stop(from + length);
    });
  };
  // Browsers are silent until the page was touched once.
  addEventListener("pointerdown", () => audio.resume());

  const fill = (name, text) => {
    part(name).textContent = text || "";
    part(name).hidden = !text;
  };
  const hide = () => (box.hidden = true);

  part("next").addEventListener("click", hide);
  addEventListener("keydown", (event) => event.key === "Escape" && hide());

  return {
    hide,
    show(card, choose) {
      clearTimeout(leaves);
      box.dataset.tone = card.tone;
      box.className = `verdict scan-verdict is-${card.tone}`;
      for (const name of ["word", "name", "sentence", "note"]) fill(name, card[name]);
      fill("pupil", [card.grade && box.dataset.textGrade.replace("{grade}", card.grade), card.school].filter(Boolean).join(", "));
      fill("event", [card.event, card.hall].filter(Boolean).join(" · "));
      part("more").hidden = !card.url;
      part("more").href = card.url || "";
      part("choices").replaceChildren(...(card.choices || []).map((one) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "button";
        button.textContent = [one.event, one.hall, one.when].filter(Boolean).join(" · ");
        button.addEventListener("click", () => choose(one.registration));
        return button;
      }));
      box.hidden = false;
      say.textContent = [card.word, card.note, card.name, card.event, card.sentence].filter(Boolean).join(". ");
      navigator.vibrate?.(LOOKS[card.tone].tremble);
      if (!localStorage.doorMuted) sound(LOOKS[card.tone]);
      if (card.tone === "green") leaves = setTimeout(hide, 4000);
    },
  };
})();
