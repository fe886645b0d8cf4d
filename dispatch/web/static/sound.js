/*
 * What the board sounds like. Made by the browser itself: no file can be missing, no codec unknown.
 *
 * urgent: five quick pulses · fault: two slow tones · lost: a falling tone. In the manner of IEC 60601-1-8: the more
 * pulses and the quicker, the more urgent. A browser is silent until somebody clicked: whether it sounds is measured.
 */

const MUTE_MS = 120000;
const LOCK = "anling-sound";

export class Sound {
  constructor() {
    this.context = null;
    this.onDuty = false;
    this.mutedUntil = 0;
    this.leads = false;
    this.rings = 0;
    this.release = null;
  }

  /** To be called in a click: makes the browser willing, and tells whether it is. */
  async unlock() {
    this.context ??= new AudioContext();
    if (this.context.state !== "running") await Promise.race([this.context.resume(), pause(1000)]);
    return this.running;
  }

  get running() {
    return this.context?.state === "running";
  }

  get muted() {
    return Date.now() < this.mutedUntil;
  }

  /** Whether an alarm would be heard here right now. */
  get heard() {
    return this.onDuty && this.running && !this.muted;
  }

  /** One window of this browser rings and the others show: whoever holds the lock. Without locks every window rings. */
  lead() {
    if (!navigator.locks) {
      this.leads = true;
      return;
    }
    navigator.locks.request(LOCK, () => new Promise((release) => {
      this.leads = true;
      this.release = release;
    }));
  }

  leave() {
    this.onDuty = false;
    this.leads = false;
    this.release?.();
    this.release = null;
  }

  mute() {
    this.mutedUntil = this.muted ? 0 : Date.now() + MUTE_MS;
  }

  test() {
    this.play([[0, 660, 0.25], [0.3, 880, 0.35]], 0.4);
  }

  /** The alarm itself. `first` is the first ring of a new alarm, which no muting keeps back. `level` 0 to 1. */
  urgent(level, first = false) {
    if (!this.onDuty || !this.leads || !this.running || (this.muted && !first)) return;
    this.rings += 1;
    this.play([[0, 880, 0.14], [0.2, 880, 0.14], [0.4, 1175, 0.14], [0.75, 880, 0.14], [0.95, 1175, 0.2]], level);
  }

  fault() {
    this.signal([[0, 520, 0.5], [0.7, 390, 0.6]]);
  }

  lost() {
    this.signal([[0, 700, 0.2], [0.25, 550, 0.2], [0.5, 400, 0.4]]);
  }

  signal(tones) {
    if (this.leads && this.heard) this.play(tones, 0.5);
  }

  play(tones, level) {
    if (!this.running) return;
    for (const [start, hertz, length] of tones) {
      const begin = this.context.currentTime + 0.02 + start;
      const tone = new OscillatorNode(this.context, { type: "triangle", frequency: hertz });
      const loudness = new GainNode(this.context, { gain: 0 });
      loudness.gain.setValueAtTime(0, begin);
      loudness.gain.linearRampToValueAtTime(level, begin + 0.02);
      loudness.gain.setValueAtTime(level, begin + length - 0.03);
      loudness.gain.linearRampToValueAtTime(0, begin + length);
      tone.connect(loudness).connect(this.context.destination);
      tone.start(begin);
      tone.stop(begin + length);
    }
  }
}

function pause(milliseconds) {
  return new Promise((done) => setTimeout(done, milliseconds));
}
