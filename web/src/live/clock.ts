// The platform's present. What is shown is judged by its clock: that of this machine may be minutes off.

/** A difference up to this is the way of the answer, and no reason to jump. */
const TOLERATED_MS = 2000;

let aheadMs = 0;

/** Unix ms by the platform's clock. */
export const platformNow = (): number => Date.now() + aheadMs;

/** Takes what the platform says of itself: when it started, and how long ago that is. */
export function heardClock(started: string, uptimeS: number, here = Date.now()): void {
  const ahead = Date.parse(started) + uptimeS * 1000 - here;
  aheadMs = Math.abs(ahead) > TOLERATED_MS ? ahead : 0;
}
