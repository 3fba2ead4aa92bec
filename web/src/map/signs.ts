// Signs for the map, drawn once from the same paths as the icons of the page.

import type { Map } from 'maplibre-gl';
import { icons, type IconName } from '../shell/icons';
import { shapes } from '../shell/shapes';
import type { Severity } from '../lib/wire';
import type { Colours } from './colours';

const RATIO = 2;

function draw(size: number, paint: (context: CanvasRenderingContext2D) => void): ImageData | null {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = size * RATIO;
  const context = canvas.getContext('2d');
  if (!context) return null;
  context.scale((size * RATIO) / 24, (size * RATIO) / 24);
  context.lineCap = context.lineJoin = 'round';
  paint(context);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** The sign of an exercise: smaller, within a dashed square, so that it differs by shape. */
function drawDrill(context: CanvasRenderingContext2D, severity: Severity, colours: Colours): void {
  const frame = new Path2D('M1.5 1.5h21v21h-21Z');
  context.fillStyle = colours.halo;
  context.fill(frame);
  context.strokeStyle = colours.text;
  context.lineWidth = 1.7;
  context.setLineDash([3.2, 2.6]);
  context.stroke(frame);
  context.setLineDash([]);
  context.translate(5.4, 5.4);
  context.scale(0.55, 0.55);
  context.fillStyle = colours[severity];
  context.fill(new Path2D(shapes[severity].outline));
  context.strokeStyle = colours.onSeverity[severity];
  context.lineWidth = 2.6;
  context.stroke(new Path2D(shapes[severity].mark));
}

const glyphs: IconName[] = ['camera', 'air', 'loop', 'signal', 'sound', 'water', 'weather', 'light', 'person', 'report', 'vehicle', 'station', 'room', 'section', 'dot'];

/** Adds every sign; called again after each change of style, which forgets them. */
export function addSigns(map: Map, colours: Colours): void {
  const add = (name: string, image: ImageData | null) => {
    if (image && !map.hasImage(name)) map.addImage(name, image, { pixelRatio: RATIO });
  };
  for (const glyph of glyphs) {
    add(`asset-${glyph}`, draw(13, (context) => {
      context.strokeStyle = colours.onDisc;
      context.lineWidth = 2.4;
      context.stroke(new Path2D(icons[glyph]));
    }));
  }
  for (const severity of Object.keys(shapes) as Severity[]) {
    for (const size of [28, 18]) {
      add(`severity-${severity}-${size}`, draw(size, (context) => {
        const outline = new Path2D(shapes[severity].outline);
        context.translate(2.4, 2.4);
        context.scale(0.8, 0.8);
        context.strokeStyle = colours.halo;
        context.lineWidth = 5;
        context.stroke(outline);
        context.fillStyle = colours[severity];
        context.fill(outline);
        context.strokeStyle = colours.onSeverity[severity];
        context.lineWidth = 2.6;
        context.stroke(new Path2D(shapes[severity].mark));
      }));
      add(`drill-${severity}-${size}`, draw(size + 12, (context) => drawDrill(context, severity, colours)));
    }
  }
}
