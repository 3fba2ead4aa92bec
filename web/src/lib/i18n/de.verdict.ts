// Texte dazu, was ein Vorfall war, auf Deutsch.

import type { enVerdict } from './en.verdict';

export const deVerdict: Record<keyof typeof enVerdict, string> = {
  'event.assessed.false_alarm': 'Bewertet als Fehlalarm',
  'event.assessed.genuine': 'Bewertet als echtes Ereignis',
  'help.verdict': 'Sagen, was es war',
  'verdict.ask': 'Was war es? (kann offen bleiben)',
  'verdict.by': 'gesagt von {name}, {at}',
  'verdict.false_alarm': 'Fehlalarm',
  'verdict.genuine': 'Echtes Ereignis',
  'verdict.open': 'Noch hat es niemand gesagt.',
  'verdict.sentence': 'Wird eine Regel an der Vergangenheit erprobt, beruhen ihre Zahlen darauf: wie viele ihrer Alarme echt waren und wie viele echte Ereignisse sie fand.',
  'verdict.title': 'Was es war',
};
