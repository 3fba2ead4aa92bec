// Texte dazu, was erprobt wurde, und zum Verlassen von Ungespeichertem, auf Deutsch.

import type { enTrial } from './en.trial';

export const deTrial: Record<keyof typeof enTrial, string> = {
  'trial.area': 'Gebiet',
  'trial.area.all': 'Überall',
  'trial.area.label': 'Karte des Gebiets, das erprobt wird; die Pfeiltasten schieben, Plus und Minus ändern den Maßstab',
  'trial.area.map': 'Nur was die Karte zeigt',
  'trial.area.of': 'Breite {south} bis {north}, Länge {west} bis {east}',
  'trial.area.says': 'Es zählen nur Messwerte von Orten auf dieser Karte. Schieben und vergrößern Sie sie, um das Gebiet zu wählen: {area}.',
  'trial.made': 'Erprobt {at}, von {from} bis {to}, {area}.',
  'trial.made.all': 'überall',
  'trial.stale': 'Die Regel wurde seither geändert: {fields}. Erproben Sie sie neu, um zu sehen, was sie jetzt tut.',
  'tried.days': '{n} Tage',
  'tried.facts': 'Erprobt {at}, über {from} bis {to}: {n:ein Messwert|# Messwerte}',
  'tried.facts.by': 'Erprobt von {who} {at}, über {from} bis {to}: {n:ein Messwert|# Messwerte}',
  'tried.live.agree': 'Sie geht unerprobt live.',
  'tried.live.not': 'Diese Bedingung wurde nie an der Vergangenheit erprobt und lief nie im Schatten: Niemand weiß, wie viele Alarme sie auslösen wird. Sie kann dennoch live gehen; ihre Version wird es sagen, mit Ihrem Grund.',
  'tried.looking': 'Es wird nachgesehen, ob sie an der Vergangenheit erprobt wurde …',
  'tried.not': 'Nicht an der Vergangenheit erprobt',
  'tried.on': 'An der Vergangenheit erprobt ({span}): {n:ein Alarm|# Alarme}',
  'tried.part': 'An der Vergangenheit erprobt ({span}, in einem Teil der Stadt): {n:ein Alarm|# Alarme}',
  'unsaved.leave': 'Verlassen und verwerfen',
  'unsaved.stay': 'Hier bleiben',
  'unsaved.text': 'Manche Änderungen auf dieser Seite sind nicht gespeichert. Sie gehen verloren, wenn Sie sie verlassen.',
  'unsaved.title': 'Ohne Speichern verlassen?',
};
