// Deutsche Texte dazu, was in einem Vorfall geschah und was in der Nähe ist.

import type { enHappened } from './en.happened';

export const deHappened: Record<keyof typeof enHappened, string> = {
  'alarm.earlier': '{n:den früheren zeigen|die # früheren zeigen}',
  'alarm.further': '{n:Ein weiterer Zustand|# weitere Zustände}',
  'alarm.latest': 'zuletzt {ago}',
  'alarm.times': '{n:einmal|#-mal}',
  'merge.short': 'Zusammenführen …',
  'moment.at.hint': 'Jahr-Monat-Tag Stunde:Minute, oder nur Stunde:Minute des gezeigten Tages',
  'nav.more': 'Mehr',
  'near.readings': '{n:1 Messwert|# Messwerte} von {of:1 Ort und Art|# Orten und Arten}',
  'near.readings.count': '{n:1 Messwert|# Messwerte}',
  'split.short': 'Teilen …',
  'task.technical': 'Einzelheiten zum Einrichten',
};
