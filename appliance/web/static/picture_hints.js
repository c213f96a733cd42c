// What could be better about the candidate's picture, told before the exam: light, sharpness,
// and whether they sit in the middle. A small grey copy of the picture is measured and nothing else:
// no face is looked for in the browser.

export const WIDTH = 160;
export const HEIGHT = 120;
const DARK = 45;
const BRIGHT = 225;
const BACKLIT_BEHIND = 120; // the edges are at least so bright,
const BACKLIT_FACE = 0.5; // and the middle at most this share of it
// Energy of the Laplacian over the variance of the picture. Portraits at this size measured 0.16
// to 0.72 sharp, 0.002 to 0.009 behind a Gaussian blur of 9 pixels at 640 x 480.
const BLURRED = 0.006;
// Of 255: more than a camera's noise.
const MOVED = 14;
const FORGET = 0.9; // per look: what moved some seconds ago counts little
const ENOUGH_MOVED = 250; // pixels; less says nothing about where somebody sits
const OFF_CENTRE = 0.24; // of the width or height, from the middle

const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });

/** Remembers where something moved: a person does, the wall behind does not. */
export class PictureHints {
  #before = null;
  #moved = { weight: 0, x: 0, y: 0 };

  /** `dark`, `bright`, `backlit`, `blurred`, `off_centre` or `good`; null without a picture. */
  look(video) {
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(video, 0, 0, WIDTH, HEIGHT);
    return this.judge(grey(context.getImageData(0, 0, WIDTH, HEIGHT).data));
  }

  /** `picture`: WIDTH x HEIGHT values of 0 to 255. */
  judge(picture) {
    this.#follow(picture);
    const mean = average(picture, () => true);
    if (mean < DARK) return "dark";
    if (mean > BRIGHT) return "bright";
    const edges = average(picture, (x, y) => !inMiddle(x, y));
    const middle = average(picture, inMiddle);
    if (edges > BACKLIT_BEHIND && middle < BACKLIT_FACE * edges) return "backlit";
    if (sharpness(picture, mean) < BLURRED) return "blurred";
    return this.#offCentre() ? "off_centre" : "good";
  }

  #follow(picture) {
    const moved = this.#moved;
    for (const name of ["weight", "x", "y"]) moved[name] *= FORGET;
    for (let i = 0; this.#before !== null && i < picture.length; i += 1) {
      if (Math.abs(picture[i] - this.#before[i]) <= MOVED) continue;
      moved.weight += 1;
      moved.x += i % WIDTH;
      moved.y += Math.floor(i / WIDTH);
    }
    this.#before = picture;
  }

  #offCentre() {
    const { weight, x, y } = this.#moved;
    if (weight < ENOUGH_MOVED) return false;
    const aside = Math.abs(x / weight / WIDTH - 0.5);
    const above = Math.abs(y / weight / HEIGHT - 0.5);
    return aside > OFF_CENTRE || above > OFF_CENTRE;
  }
}

function inMiddle(x, y) {
  return x > WIDTH / 3 && x < (2 * WIDTH) / 3 && y > HEIGHT / 5 && y < (4 * HEIGHT) / 5;
}

/** BT.601 luma. */
function grey(data) {
  const picture = new Float32Array(WIDTH * HEIGHT);
  for (let i = 0, p = 0; i < data.length; i += 4, p += 1) {
    picture[p] = 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2];
  }
  return picture;
}

function average(picture, counts) {
  let sum = 0;
  let count = 0;
  for (let i = 0; i < picture.length; i += 1) {
    if (!counts(i % WIDTH, Math.floor(i / WIDTH))) continue;
    sum += picture[i];
    count += 1;
  }
  return sum / count;
}

function sharpness(picture, mean) {
  let energy = 0;
  let variance = 0;
  for (let i = 0; i < picture.length; i += 1) variance += (picture[i] - mean) ** 2;
  for (let y = 1; y < HEIGHT - 1; y += 1) {
    for (let x = 1; x < WIDTH - 1; x += 1) {
      const i = y * WIDTH + x;
      const around = picture[i - 1] + picture[i + 1] + picture[i - WIDTH] + picture[i + WIDTH];
      energy += (4 * picture[i] - around) ** 2;
    }
  }
  const inside = (WIDTH - 2) * (HEIGHT - 2);
  return energy / inside / (variance / picture.length + 25);
}
