// Texte dazu, welche Behörde einen Vorfall führt, auf Deutsch.

import type { enLead } from './en.lead';

export const deLead: Record<keyof typeof enLead, string> = {
  'event.lead': 'Führung von der Behörde {from} an {to} übergeben',
  'help.lead': 'Die Führung übergeben',
  'lead.choose': 'Behörde wählen',
  'lead.do': 'Übergeben',
  'lead.done': '#{number} führt jetzt {agency}',
  'lead.involved': 'beteiligt: {agencies}',
  'lead.led': 'Geführt von der Behörde {agency}',
  'lead.nobody': 'Es gibt keine andere Behörde.',
  'lead.part': 'Ihre Behörde hat ihn geführt, oder etwas, das darin aufging: Sie darf Notizen hinzufügen und in seinen gemeinsamen Räumen sprechen.',
  'lead.short': 'Übergeben …',
  'lead.text': 'Über #{number} {title} entscheidet ab jetzt eine andere Behörde. {agency} darf dann noch Notizen hinzufügen und in den gemeinsamen Räumen sprechen.',
  'lead.title': 'Die Führung übergeben',
  'lead.to': 'Übergeben an',
  'lead.why': 'Warum?',
  'merge.given': '#{from} geht in #{into} auf, den weiter die Behörde {agency} führt. Wer #{from} führte, darf dort noch Notizen hinzufügen.',
};
