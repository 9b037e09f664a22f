// The last half minute of a number: minimum, maximum and last of each half second.

const STEP = 500;
const PLACES = 60;
const drawn = new WeakMap();
let ink = null;

/** After the colours changed. */
export const newInk = () => (ink = null);

export class Spark {
  #from = new Float64Array(PLACES).fill(NaN);
  #to = new Float64Array(PLACES).fill(NaN);
  #last = new Float64Array(PLACES).fill(NaN);
  #newest = 0;
  #places = 0;

  add(at, min, max, last) {
    const place = Math.floor(at / STEP);
    // Time goes back in a recording.
    if (place < this.#newest) this.#from.fill(NaN);
    for (let gap = Math.max(this.#newest + 1, place - PLACES + 1); gap <= place; gap++) this.#from[gap % PLACES] = NaN;
    const index = place % PLACES;
    const isNew = Number.isNaN(this.#from[index]);
    this.#places += isNew;
    this.#from[index] = isNew ? min : Math.min(this.#from[index], min);
    this.#to[index] = isNew ? max : Math.max(this.#to[index], max);
    this.#last[index] = last;
    this.#newest = place;
  }

  /** One place makes no line. */
  get isEmpty() {
    return this.#places < 2;
  }

  /** Draws itself, four times a second at most on each canvas. */
  draw(canvas) {
    const now = performance.now();
    canvas.hidden = this.isEmpty;
    if (this.isEmpty || now - (drawn.get(canvas) ?? 0) < 250) return;
    drawn.set(canvas, now);
    const scale = devicePixelRatio;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const known = (list) => Array.from(list).filter((_, index) => !Number.isNaN(this.#from[index]));
    const low = Math.min(...known(this.#from));
    const span = Math.max(...known(this.#to)) - low || 1;
    const pen = canvas.getContext('2d');
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    ink ??= getComputedStyle(document.documentElement).getPropertyValue('--accent');
    pen.strokeStyle = pen.fillStyle = ink;
    const y = (value) => height - 2 - ((value - low) / span) * (height - 4);
    let isOn = false;
    pen.beginPath();
    for (let step = 0; step < PLACES; step++) {
      const index = (this.#newest + 1 + step) % PLACES;
      // What did not change in between is what it was.
      if (Number.isNaN(this.#from[index])) continue;
      const x = (step / (PLACES - 1)) * (width - 2) + 1;
      const [top, bottom] = [y(this.#to[index]), y(this.#from[index])];
      pen.globalAlpha = 0.2;
      pen.fillRect(x - 1, top, 2, Math.max(bottom - top, 1));
      if (isOn) pen.lineTo(x, y(this.#last[index]));
      else pen.moveTo(x, y(this.#last[index]));
      isOn = true;
    }
    pen.globalAlpha = 1;
    pen.lineWidth = 1.5;
    pen.stroke();
  }
}
