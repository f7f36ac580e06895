/**
 * The page's loudspeaker. Browsers allow sound once somebody has touched a page; until then it says
 * so. Of several tabs one makes the sounds.
 */

/** @typedef {"locked" | "on" | "elsewhere"} SpeakerState */

const LOCK = "menshen.speaker";
const VOLUME = 0.25;

/** @type {AudioContext | null} */
let audio = null;
let isOurs = false;
/** @type {Set<() => void>} */
const listeners = new Set();

/** @returns {SpeakerState} */
export function speakerState() {
  if (audio?.state !== "running") return "locked";
  return isOurs ? "on" : "elsewhere";
}

/** @param {() => void} listener called when the state is another one */
export function onSpeaker(listener) {
  listeners.add(listener);
}

/**
 * Play tones one after the other, where that is allowed and no other tab does.
 * @param {readonly number[]} tones in hertz; 0 is a silence
 * @param {number} toneS how long each is, in seconds
 * @param {number} [loudness] 0..1
 */
export function play(tones, toneS, loudness = VOLUME) {
  if (!audio || speakerState() !== "on" || loudness <= 0) return;
  const { destination, currentTime } = audio;
  for (const [index, frequency] of tones.entries()) {
    if (frequency === 0) continue;
    const tone = new OscillatorNode(audio, { frequency });
    const volume = new GainNode(audio, { gain: 0 });
    const begin = currentTime + index * toneS;
    volume.gain.setValueAtTime(loudness, begin);
    volume.gain.exponentialRampToValueAtTime(0.001, begin + toneS);
    tone.connect(volume).connect(destination);
    tone.start(begin);
    tone.stop(begin + toneS);
  }
}

function changed() {
  for (const listener of listeners) listener();
}

function allow() {
  if (audio) {
    audio.resume();
    return;
  }
  audio = new AudioContext();
  audio.addEventListener("statechange", changed);
  audio.resume();
  // Over plain HTTP a browser has no locks: each tab sounds by itself then, which is louder and not quieter.
  if (!navigator.locks) {
    isOurs = true;
    return;
  }
  navigator.locks.request(LOCK, () => {
    isOurs = true;
    changed();
    return new Promise(() => {});
  });
}

for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, allow);
