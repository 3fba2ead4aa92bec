// Texts of what a back-test was asked for, and of leaving what is not saved, in English.

export const enTrial = {
  'trial.area': 'Area',
  'trial.area.all': 'Everywhere',
  'trial.area.label': 'Map of the area that is tried; move it with the arrow keys, zoom with plus and minus',
  'trial.area.map': 'Only what the map shows',
  'trial.area.of': 'latitude {south} to {north}, longitude {west} to {east}',
  'trial.area.says': 'Only readings from places on this map count. Move it and zoom it to choose the area: {area}.',
  'trial.made': 'Made {at}, over {from} to {to}, {area}.',
  'trial.made.all': 'everywhere',
  'trial.stale': 'The rule has changed since: {fields}. Try it again to see what it does now.',
  'unsaved.leave': 'Leave and lose them',
  'unsaved.stay': 'Stay here',
  'unsaved.text': 'Some changes on this page are not saved. They are lost when you leave it.',
  'unsaved.title': 'Leave without saving?',
};
