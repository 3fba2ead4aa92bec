// The shape of each severity, shared by the page and the map (24x24).

import type { Severity } from '../lib/wire';

export const shapes: Record<Severity, { outline: string; mark: string }> = {
  unknown: { outline: 'M10.6 2.6a2 2 0 0 1 2.8 0l8 8a2 2 0 0 1 0 2.8l-8 8a2 2 0 0 1-2.8 0l-8-8a2 2 0 0 1 0-2.8l8-8Z', mark: 'M9.8 9.6a2.3 2.3 0 1 1 3.4 2c-.8.5-1.2.9-1.2 1.7M12 16.6v.01' },
  minor: { outline: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z', mark: 'M12 11v5M12 8v.01' },
  moderate: { outline: 'M5.5 3.5h13a2 2 0 0 1 2 2v13a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2v-13a2 2 0 0 1 2-2Z', mark: 'M8 12h8' },
  severe: { outline: 'M10.3 3.2a2 2 0 0 1 3.4 0l8.6 14.8a2 2 0 0 1-1.7 3H3.4a2 2 0 0 1-1.7-3L10.3 3.2Z', mark: 'M12 9v5M12 17.5v.01' },
  extreme: { outline: 'M7.9 2h8.2L22 7.9v8.2L16.1 22H7.9L2 16.1V7.9L7.9 2Z', mark: 'M8.8 8.8l6.4 6.4M15.2 8.8l-6.4 6.4' },
};
