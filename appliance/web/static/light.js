// Is there enough light on the picture? A small copy of it is averaged, nothing more: no face is
// looked for in the browser.

const WIDTH = 32;
const HEIGHT = 24;
const DARK = 45;
const BRIGHT = 225;

const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });

/** `dark`, `bright` or `good`; null while there is no picture. */
export function lightOf(video) {
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(video, 0, 0, WIDTH, HEIGHT);
  const { data } = context.getImageData(0, 0, WIDTH, HEIGHT);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) {
    sum += 0.299 * data[i] + 0.587 * data[i + 1] + 0.114 * data[i + 2]; // BT.601 luma
  }
  const mean = sum / (WIDTH * HEIGHT);
  if (mean < DARK) return "dark";
  return mean > BRIGHT ? "bright" : "good";
}
