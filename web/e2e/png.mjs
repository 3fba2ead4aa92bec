// Pictures with a palette: a map of 1440x900 is a third as heavy, and nobody sees the difference.

import { crc32, deflateSync } from 'node:zlib';

/** Colours are told apart by their upper five bits. */
const key = (r, g, b) => ((r >> 3) << 10) | ((g >> 3) << 5) | (b >> 3);

/** The 256 most frequent colours, each with its mean, and for every colour the nearest of them. */
function palette(rgba) {
  const sums = new Map();
  for (let at = 0; at < rgba.length; at += 4) {
    const name = key(rgba[at], rgba[at + 1], rgba[at + 2]);
    const held = sums.get(name) ?? [0, 0, 0, 0];
    sums.set(name, [held[0] + 1, held[1] + rgba[at], held[2] + rgba[at + 1], held[3] + rgba[at + 2]]);
  }
  const means = [...sums].sort((a, b) => b[1][0] - a[1][0]).map(([name, [n, ...sum]]) => [name, sum.map((part) => Math.round(part / n))]);
  const colours = means.slice(0, 256).map(([, mean]) => mean);
  const far = (a, b) => (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2;
  const nearest = (mean) => colours.reduce((best, colour, index) => (far(colour, mean) < far(colours[best], mean) ? index : best), 0);
  return { colours, index: new Map(means.map(([name, mean], at) => [name, at < 256 ? at : nearest(mean)])) };
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}

function encode(width, height, rgba) {
  const { colours, index } = palette(rgba);
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 4;
      rows[y * (width + 1) + 1 + x] = index.get(key(rgba[at], rgba[at + 1], rgba[at + 2]));
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', head), chunk('PLTE', Buffer.from(colours.flat())), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))]);
}

/** A screenshot with a palette; the browser decodes it. */
export async function lighter(browser, png) {
  const page = await browser.newPage();
  const { width, height, text } = await page.evaluate(async (data) => {
    const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
    const canvas = new OffscreenCanvas(picture.width, picture.height);
    const context = canvas.getContext('2d');
    context.drawImage(picture, 0, 0);
    const { data: pixels } = context.getImageData(0, 0, picture.width, picture.height);
    let bytes = '';
    for (let at = 0; at < pixels.length; at += 32_768) bytes += String.fromCharCode(...pixels.subarray(at, at + 32_768));
    return { width: picture.width, height: picture.height, text: btoa(bytes) };
  }, png.toString('base64'));
  await page.close();
  return encode(width, height, Buffer.from(text, 'base64'));
}
