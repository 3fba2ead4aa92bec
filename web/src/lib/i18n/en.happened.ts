// Texts of what happened in an incident and what is near it, in English.

export const enHappened = {
  'alarm.earlier': '{n:show the earlier one|show the # earlier ones}',
  'alarm.further': '{n:One more condition|# more conditions}',
  'alarm.latest': 'latest {ago}',
  'alarm.times': '{n:once|# times}',
  'merge.short': 'Merge…',
  'moment.at.hint': 'Year-month-day hour:minute, or only hour:minute of the day shown',
  'nav.more': 'More',
  'near.readings': '{n:1 reading|# readings} of {of:1 place and kind|# places and kinds}',
  'near.readings.count': '{n:1 reading|# readings}',
  'split.short': 'Split…',
  'task.technical': 'Details for who sets it up',
} as const;
