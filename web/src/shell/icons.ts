// The icons of the console: 24x24, drawn with one stroke. One set for buttons and for the signs on the map.

export const icons = {
  map: 'M9 4 3 6.5v13L9 17l6 3 6-2.5v-13L15 7 9 4ZM9 4v13M15 7v13',
  incident: 'M12 3.5 21.5 20h-19L12 3.5ZM12 10v4.5M12 17.2v.3',
  asset: 'M12 21s7-6.2 7-11.5A7 7 0 0 0 5 9.5C5 14.8 12 21 12 21ZM12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z',
  rule: 'M5 4v16M5 6h9l-2 3 2 3H5M15 16h4M15 20h4M10 16h.5M10 20h.5',
  source: 'M4 12h4l2-6 4 12 2-6h4',
  token: 'M14.5 9.5a5 5 0 1 0-4.4 5L12 13h2v-2h2V9l-1.5.5ZM8 10.5h.01M14 13l4 4v2h-3l-3-3',
  account: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4.5 20.5c.8-3.6 3.8-5.5 7.5-5.5s6.7 1.9 7.5 5.5',
  audit: 'M6 3h9l4 4v14H6V3ZM14 3v5h5M9 12h7M9 16h7',
  system: 'M4 5h16v6H4V5ZM4 13h16v6H4v-6ZM7.5 8h.01M7.5 16h.01M11 8h6M11 16h6',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.5 15.5 20.5 20.5',
  close: 'M6 6l12 12M18 6 6 18',
  check: 'M5 12.5 10 17.5 19.5 7',
  plus: 'M12 5v14M5 12h14',
  back: 'M14.5 5.5 8 12l6.5 6.5',
  next: 'M9.5 5.5 16 12l-6.5 6.5',
  down: 'M5.5 9.5 12 16l6.5-6.5',
  play: 'M8 5.5v13l10.5-6.5L8 5.5Z',
  pause: 'M8.5 5.5v13M15.5 5.5v13',
  live: 'M12 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM8.5 8.5a5 5 0 0 0 0 7M15.5 8.5a5 5 0 0 1 0 7M5.5 5.5a9.2 9.2 0 0 0 0 13M18.5 5.5a9.2 9.2 0 0 1 0 13',
  clock: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17ZM12 7.5V12l3 2',
  layers: 'M12 4 3 9l9 5 9-5-9-5ZM4 13.5l8 4.5 8-4.5',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M18.4 5.6 17 7M7 17l-1.4 1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z',
  filter: 'M4 5.5h16l-6 7.5v6l-4-2v-4L4 5.5Z',
  note: 'M5 4h14v11l-5 5H5V4ZM14 20v-5h5M8.5 9h7M8.5 12.5h4',
  merge: 'M6 4v4c0 4 6 4 6 8v4M18 4v4c0 4-6 4-6 8M9 17.5l3 3 3-3',
  split: 'M12 4v4c0 4-6 4-6 8v3M12 8c0 4 6 4 6 8v3M3.5 17 6 19.5 8.5 17M15.5 17l2.5 2.5 2.5-2.5',
  help: 'M9 9.5a3 3 0 1 1 4.3 2.7c-.8.4-1.3 1-1.3 1.9v.4M12 17.5v.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z',
  leave: 'M14 4H5v16h9M10 12h10.5M17 8.5l3.5 3.5-3.5 3.5',
  more: 'M5.5 12h.01M12 12h.01M18.5 12h.01',
  copy: 'M9 9h11v11H9V9ZM15 9V4H4v11h5',
  retry: 'M19 12a7 7 0 1 1-2.2-5.1M19.5 3.5V8h-4.5',
  target: 'M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM12 2.5V6M12 18v3.5M2.5 12H6M18 12h3.5',
  zone: 'M5 6.5 13 4l6.5 5.5-2 9-11 1.5L5 6.5Z',
  playbook: 'M4.5 6.5l1.5 1.5 2.5-3M4.5 12.5l1.5 1.5 2.5-3M4.5 18.5l1.5 1.5 2.5-3M12 7h8M12 13h8M12 19h8',
  kind: 'M4 18.5a8.5 8.5 0 1 1 16 0M12 18.5l4-7M6.5 14.5l1 .5M12 10v1',
  up: 'M5.5 14.5 12 8l6.5 6.5',
  undo: 'M8.5 5 4 9.5 8.5 14M4 9.5h10a5.5 5.5 0 0 1 0 11h-3',
  exercise: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5M9 12l2.2 2.2L15.5 9.5',
  load: 'M4 20h16M6.5 16.5v-5M11 16.5V6M15.5 16.5v-8M20 16.5v-3',
  people: 'M9 11.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM3 19.5c.6-3 3-4.6 6-4.6s5.4 1.6 6 4.6M15.5 5.4a3.2 3.2 0 0 1 0 5.8M17.5 15.2c1.9.7 3.1 2.2 3.5 4.3',
  chat: 'M4 5h12v9H9l-3.5 3v-3H4V5ZM19 9h1.5v8H19v2.5L16 17h-5',
  // Classes of assets.
  camera: 'M3.5 8h11v8h-11V8ZM14.5 11l6-3v8l-6-3',
  air: 'M3 9h10a2.8 2.8 0 1 0-2.8-2.8M3 13h14.5a2.8 2.8 0 1 1-2.8 2.8M3 17h6',
  loop: 'M4 7.5h16M4 16.5h16M8 12h2.5M13.5 12H16',
  signal: 'M8 3h8v18H8V3ZM12 7.5h.01M12 12h.01M12 16.5h.01',
  sound: 'M4 9.5h3.5L12 5.5v13l-4.5-4H4v-5ZM15.5 9a4.5 4.5 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
  water: 'M12 3.5s6 6.5 6 11a6 6 0 0 1-12 0c0-4.5 6-11 6-11Z',
  weather: 'M12 14.5V5a2 2 0 1 0-4 0v9.5a4 4 0 1 0 4 0ZM16 6h3M16 10h3',
  light: 'M9 18h6M10 21h4M12 3a6 6 0 0 0-3.5 10.9V15.5h7v-1.6A6 6 0 0 0 12 3Z',
  person: 'M12 7.5a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4ZM8 21l2-6-1-5.5h6L14 15l2 6',
  report: 'M4 5h16v11H11l-4 4v-4H4V5ZM8 9h8M8 12h5',
  vehicle: 'M4 15v-3.5l2-5h12l2 5V15M3.5 15h17v3h-17v-3ZM7 18v2M17 18v2M7.5 12h9',
  station: 'M4 20V10l8-6 8 6v10M9.5 20v-6h5v6',
  room: 'M5 4h14v16H5V4ZM9 8h2M9 12h2M9 16h2M14 12h.01',
  section: 'M5 19c0-6 14-4 14-14M5 19h.01M19 5h.01M9 20l-4-1 1-4',
  dot: 'M12 15.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Z',
} as const;

export type IconName = keyof typeof icons;

/** Words in the class of an asset that pick its sign, first match wins. */
const classes: [RegExp, IconName][] = [
  [/camera|cctv|video/, 'camera'], [/section|travel/, 'section'], [/hydrant/, 'water'], [/^vehicle|truck|bus$/, 'vehicle'], [/air|pollut|gas/, 'air'], [/loop|traffic|road|vehicle|detector|counter/, 'loop'],
  [/signal|junction|intersection/, 'signal'], [/sound|noise|acoustic|siren/, 'sound'], [/water|flood|river|rain/, 'water'],
  [/weather|temperature|climate/, 'weather'], [/light|lamp/, 'light'], [/pedestrian|people|person|crowd/, 'person'], [/report|request/, 'report'], [/station|post|brigade/, 'station'], [/room|building/, 'room'],
];

export function assetIcon(name: string): IconName {
  return classes.find(([pattern]) => pattern.test(name))?.[1] ?? 'dot';
}
