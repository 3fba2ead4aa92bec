// Marks on the time line.

import type { Incident, Severity } from '../lib/wire';

const MINUTE = 60_000;
const steps = [1, 5, 10, 30, 60, 180, 360].map((minutes) => minutes * MINUTE);

/** Round moments between start and end, at most so many, away from the edges. */
export function ticks(start: number, end: number, most = 8): number[] {
  const step = steps.find((size) => (end - start) / size <= most) ?? 24 * 60 * MINUTE;
  const found: number[] = [];
  const margin = (end - start) * 0.03;
  for (let at = Math.ceil(start / step) * step; at < end; at += step) if (at > start + margin && at < end - margin) found.push(at);
  return found;
}

const MOST_MARKS = 200;

/** When incidents opened. */
export function marks(incidents: readonly Incident[], start: number, end: number): { id: string; at: number; severity: Severity }[] {
  return incidents
    .map((incident) => ({ id: incident.id, at: Date.parse(incident.opened), severity: incident.severity }))
    .filter((mark) => mark.at >= start && mark.at <= end)
    .slice(0, MOST_MARKS);
}

/** For an input of type datetime-local: local time without zone. */
export function local(unix: number): string {
  const shifted = new Date(unix - new Date(unix).getTimezoneOffset() * MINUTE);
  return shifted.toISOString().slice(0, 19);
}

/**
 * What somebody typed as a moment, in local time on a clock of 24 hours: "2026-05-04 13:05:30", with or without the seconds,
 * or only the time of the day that is shown. Null where it is none.
 */
export function typedMoment(text: string, shown: number): number | null {
  const found = /^(?:(\d{4}-\d{2}-\d{2})[ T])?(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text.trim());
  if (!found) return null;
  const [, day = local(shown).slice(0, 10), hour = '', minute = '', second = '00'] = found;
  const at = Date.parse(`${day}T${hour.padStart(2, '0')}:${minute}:${second}`);
  return Number.isNaN(at) ? null : at;
}
