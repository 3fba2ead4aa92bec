// Texts of what an incident turned out to be, in English.

export const enVerdict = {
  'event.assessed.false_alarm': 'Said to be a false alarm',
  'event.assessed.genuine': 'Said to be a real event',
  'help.verdict': 'Say what it turned out to be',
  'verdict.ask': 'What was it? (may be left out)',
  'verdict.by': 'said by {name}, {at}',
  'verdict.false_alarm': 'False alarm',
  'verdict.genuine': 'Real event',
  'verdict.open': 'Nobody has said it yet.',
  'verdict.sentence': 'When a rule is tried on the past, its figures rest on this: how many of its alarms were real, and how many real events it found.',
  'verdict.title': 'What it turned out to be',
};
