// The picture of a debrief: where things stand on a scale of time that all incidents of the exercise share.

import type { Debrief, DebriefIncident, DebriefStep, TimelineEntry } from '../lib/wire';

/** From the beginning of the exercise to its end, in Unix ms. */
export interface Scale { from: number; to: number }
/** In percent of the width. */
export interface Bar { from: number; width: number; /** Where the deadline stands; null for none within the picture. */ deadline: number | null; /** From where the bar is late. */ late: number | null }
export interface Sign { at: number; sort: 'opened' | 'seen' | 'acknowledged' | 'deed'; label: string; name: string | null; time: string }

export const scaleOf = (debrief: Debrief): Scale => {
  const from = Date.parse(debrief.started);
  return { from, to: Math.max(from + 1000, Date.parse(debrief.until)) };
};

export const percent = (scale: Scale, at: string | number): number =>
  Math.min(100, Math.max(0, (((typeof at === 'string' ? Date.parse(at) : at) - scale.from) / (scale.to - scale.from)) * 100));

const STEPS_S = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];

/** Seconds after the beginning at which the scale is marked, at most so many. */
export function ticks(scale: Scale, most = 5): number[] {
  const length = (scale.to - scale.from) / 1000;
  const step = STEPS_S.find((each) => length / each <= most) ?? 28_800;
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => i * step);
}

/** The bar of a step: from its turn to its end, or to the end of the exercise where it was never done. Null where its turn never came. */
export function bar(step: DebriefStep, scale: Scale): Bar | null {
  if (!step.started) return null;
  const [from, to] = [percent(scale, step.started), percent(scale, step.ended ?? scale.to)];
  const deadline = step.deadline && Date.parse(step.deadline) <= scale.to ? percent(scale, step.deadline) : null;
  const late = deadline !== null && to > deadline ? Math.max(from, deadline) : null;
  return { from, width: Math.max(0.6, to - from), deadline, late };
}

const HANDLED: readonly string[] = ['acknowledged', 'in_progress', 'resolved'];

/** What happened to an incident, oldest first: opened, seen for the first time by each, acknowledged, and other deeds. */
export function signs(incident: DebriefIncident, scale: Scale): Sign[] {
  let acknowledged = false;
  const deeds = incident.deeds.map((deed): Sign => {
    const isFirst = !acknowledged && 'state' in deed.event && HANDLED.includes(deed.event.state.to);
    acknowledged ||= isFirst;
    return { at: percent(scale, deed.at), sort: isFirst ? 'acknowledged' : 'deed', label: deed.by, name: deed.by_name ?? null, time: deed.at };
  });
  const seen = incident.seen.map((sight): Sign => ({ at: percent(scale, sight.at), sort: 'seen', label: sight.by, name: sight.by_name ?? null, time: sight.at }));
  const all: Sign[] = [{ at: percent(scale, incident.opened), sort: 'opened', label: '', name: null, time: incident.opened }, ...seen, ...deeds];
  return all.sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

export interface Row { afterS: number; by: string; name: string | null; sort: 'opened' | 'seen' | 'did'; /** What was done; null for the other two. */ event: TimelineEntry['event'] | null }

/** The same as lines of a table. */
export function rows(incident: DebriefIncident): Row[] {
  const found: Row[] = [
    { afterS: 0, by: '', name: null, sort: 'opened', event: null },
    ...incident.seen.map(({ after_s, by, by_name }): Row => ({ afterS: after_s, by, name: by_name ?? null, sort: 'seen', event: null })),
    ...incident.deeds.map(({ after_s, by, by_name, event }): Row => ({ afterS: after_s, by, name: by_name ?? null, sort: 'did', event })),
  ];
  return found.sort((a, b) => a.afterS - b.afterS);
}
