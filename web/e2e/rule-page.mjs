// What the tests do on the page of a rule: try it on the past, and move it to a stage.

/** A rule is tried again as long as history holds nothing that it would raise an alarm for, this often at most. */
const TRIALS = 200;

/**
 * Tries the rule on the last day until alarms are found: history holds what was delivered since the start, and a station has
 * reported by the time that its alarm is found.
 */
export async function tryOnThePast(page) {
  await page.getByRole('button', { name: 'Last day' }).click();
  for (let tried = 0; tried < TRIALS; tried += 1) {
    const answered = page.waitForResponse((answer) => answer.url().endsWith('/rules/back-test'));
    await page.getByRole('button', { name: 'Try it on the past' }).click();
    if ((await (await answered).json()).alarms > 0) break;
  }
  await page.locator('[data-trial]:not([data-trial="0"])').waitFor();
}

/** Moves the rule to a stage by its button, with a reason; `tried` is whether the dialog is to say that its condition was tried. */
export async function moveTo(page, stage, reason, tried = true) {
  await page.getByRole('button', { name: `Move to ${stage}` }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator(`[data-tried=${tried}]`).waitFor();
  await dialog.getByRole('textbox').fill(reason);
  await dialog.getByRole('button', { name: `Move to ${stage}` }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.locator('[aria-current=step]', { hasText: stage }).waitFor();
}
