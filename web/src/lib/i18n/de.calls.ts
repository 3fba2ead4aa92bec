// Deutsche Texte zu Anrufen: was vor dem Eröffnen angeboten wird, und was zu einem Vorfall hinzukam.

import type { enCalls } from './en.calls';

export const deCalls: Record<keyof typeof enCalls, string> = {
  'caller.affected': 'ist selbst betroffen',
  'caller.on_behalf': 'spricht für jemand anderen',
  'caller.staff': 'im Dienst',
  'caller.unknown': 'nicht gefragt',
  'caller.witness': 'hat es gesehen oder gehört',
  'calls.detach': 'Anderes Ereignis …',
  'calls.detach.do': 'Herausnehmen',
  'calls.detach.text': 'Der Anruf erhält einen eigenen Vorfall. Alarme, die hier bleiben, kommen nie von selbst dorthin.',
  'calls.detach.title': 'Meint der Anruf ein anderes Ereignis?',
  'calls.detached': 'Der Anruf hat nun den eigenen Vorfall #{number}',
  'calls.title': 'Anrufe',
  'event.call_joined': 'Anruf: {text}',
  'event.call_left': 'Ein Anruf meinte ein anderes Ereignis: Vorfall {incident}',
  'event.related.same_event': 'Dasselbe Ereignis wie Vorfall {incident}',
  'offers.caller': 'Wer anruft',
  'offers.failed': 'Was in der Nähe offen ist, war nicht zu erfahren',
  'offers.foreign': 'Geführt von {agency}: dort Bescheid geben, oder einen eigenen eröffnen und verbinden.',
  'offers.join': 'Es ist #{number}: diesen Anruf hinzufügen',
  'offers.joined': 'Der Anruf steht in #{number}',
  'offers.none': 'Nichts Offenes ist in Raum und Zeit nah.',
  'offers.own': 'Oder einen eigenen eröffnen; er wird dann mit dem verbunden, was nah ist.',
  'offers.title': 'Ist es einer von diesen?',
};
