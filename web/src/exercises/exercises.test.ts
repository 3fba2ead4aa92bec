import { expect, test, vi } from 'vitest';
import { line } from '../incident/events';
import { settings } from '../lib/settings.svelte';
import type { Debrief, DebriefIncident, DebriefStep, Exercise, Incident, Task } from '../lib/wire';
import { drill } from './drill.svelte';
import { bar, rows, scaleOf, signs, ticks } from './lanes';
import { endOf, excerpt, faultOf, inOrder, lengthOf, phases, type Scenario, type ScenarioTarget } from './scenario';
import { incidentsOf, standing } from './targets';

const START = Date.parse('2026-05-04T03:00:00Z');
const at = (s: number) => new Date(START + s * 1000).toISOString();

const scenario: Scenario = {
  id: 'smog', name: 'Smog', description: '', source: '', targets: [],
  timeline: [
    { after_s: 60, call: { title: 'Smoke', incident_type: 'fire', priority: 'p1', severity: 'severe' } },
    { after_s: 10, reading: { kind: 'air.pm25', value: { Number: 90 }, every_s: 5, until_s: 100, fault: { stuck: { from_s: 40 } } } },
    { after_s: 0, reading: { kind: 'air.pm25', value: { Number: 50 } } },
  ],
};

test('a scenario is as long as its last entry or series', () => {
  expect(lengthOf(scenario)).toBe(100);
  expect(scenario.timeline.map(endOf)).toEqual([60, 100, 0]);
  expect(scenario.timeline.map(faultOf)).toEqual([null, { sort: 'stuck', from: 40 }, null]);
});

test('entries pass, last and come', () => {
  const check = (s: number, expected: string) => expect(phases(inOrder(scenario), s).join(' ')).toBe(expected);
  check(0, 'now next coming');
  check(4, 'now next coming');
  check(5, 'past next coming');
  check(10, 'past now next');
  check(61, 'past now now');
  check(99, 'past now past');
  check(100, 'past past past');
});

test('of a long line the part around the fault is shown, with a mark under its column', () => {
  expect(excerpt('kind = "air"', 8)).toEqual({ text: 'kind = "air"', mark: '       ^' });
  const { text, mark } = excerpt('x'.repeat(200) + 'y' + 'x'.repeat(200), 201);
  expect([text.length, text[mark.indexOf('^')]]).toEqual([60, 'y']);
});

const task = (part: Partial<Task>): Task => ({ id: 't', title: 'Isolate', state: 'running', action: 'manual', after: null, approvals: [], approvals_needed: 0, attempts: 1, escalated: false, instruction: '', options: [], overdue: false, run: 0, tries: 1, ...part });
const incident = (part: Partial<Incident>): Incident => ({
  id: 'inc-1', number: 1, incident_type: 'gas_leak', title: 'Gas', state: 'new', reality: 'exercise', priority: 'p1', severity: 'severe', place: null, agency: 'city', opened: at(20), changed: at(20), alarms: [], assets: [],
  playbook: 'gas-leak', tasks: [task({})], timeline: [{ at: at(20), by: null, event: { opened: {} } }], merged_into: null, split_from: null, witnesses: 0, links: [], related: [], assigned: null, rooms: [], calls: [], involved: [], verdict: null, allowed: [], version: 1, ...part,
});

test('incidents of an exercise are those opened in it, in the order of their numbers', () => {
  const all = [incident({ id: 'b', number: 2 }), incident({ id: 'a' }), incident({ id: 'real', reality: 'actual' }), incident({ id: 'before', opened: at(-5) }), incident({ id: 'after', opened: at(500) })];
  expect(incidentsOf({ started: at(0), ended: at(400) }, all).map(({ id }) => id)).toEqual(['a', 'b']);
  expect(incidentsOf({ started: at(0) }, all).map(({ id }) => id)).toEqual(['a', 'after', 'b']);
});

test('a target waits, runs, is met or missed, and by how much', () => {
  const opened: ScenarioTarget = { opened: { incident_type: 'gas_leak', within_s: 30 } };
  const acknowledged: ScenarioTarget = { acknowledged: { incident_type: 'gas_leak', within_s: 60 } };
  const done: ScenarioTarget = { done: { playbook: 'gas-leak', task: 'Isolate', within_s: 100 } };
  const check = (target: ScenarioTarget, incidents: Incident[], now: number, expected: [string, number | null, number | null]) => {
    const { outcome, took, left } = standing(target, at(0), incidents, START + now * 1000);
    expect([outcome, took, left], JSON.stringify(target)).toEqual(expected);
  };
  check(opened, [], 10, ['running', null, 20]);
  check(opened, [], 30, ['missed', null, 0]);
  check(opened, [], 31, ['missed', null, -1]);
  check(opened, [incident({})], 500, ['met', 20, 10]);
  check(opened, [incident({ opened: at(50) })], 500, ['missed', 50, -20]);
  check(acknowledged, [], 500, ['waiting', null, null]);
  check(acknowledged, [incident({})], 30, ['running', null, 50]);
  const taken = (s: number) => incident({ timeline: [{ at: at(s), by: 'anna', event: { state: { from: 'new', to: 'in_progress', reason: null } } }] });
  check(acknowledged, [taken(80)], 500, ['met', 60, 0]);
  check(acknowledged, [taken(81)], 500, ['missed', 61, -1]);
  check(done, [incident({})], 121, ['missed', null, -1]);
  check(done, [incident({ tasks: [task({ state: 'done', ended: at(70) })] })], 121, ['met', 50, 50]);
  check(done, [incident({ tasks: [task({ state: 'skipped', ended: at(70) })] })], 60, ['running', null, 60]);
});

test('a target is reached in whichever incident comes first, and follows a merge', () => {
  const acknowledged: ScenarioTarget = { acknowledged: { incident_type: 'gas_leak', within_s: 60 } };
  const done: ScenarioTarget = { done: { playbook: 'gas-leak', task: 'Isolate', within_s: 60 } };
  const check = (target: ScenarioTarget, incidents: Incident[], expected: [string, number | null, string | null]) => {
    const { outcome, took, incident: about } = standing(target, at(0), incidents, START + 50_000);
    expect([outcome, took, about?.id ?? null], JSON.stringify(target)).toEqual(expected);
  };
  const taken = (s: number): Incident['timeline'][number] => ({ at: at(s), by: 'anna', event: { state: { from: 'new', to: 'acknowledged', reason: null } } });
  const one = (part: Partial<Incident> = {}) => incident({ id: 'one', ...part });
  const two = (part: Partial<Incident> = {}) => incident({ id: 'two', number: 2, opened: at(25), timeline: [], ...part });
  const merged = (s: number, into = 'two'): Partial<Incident> => ({ state: 'merged', merged_into: into, timeline: [{ at: at(s), by: 'anna', event: { merged_into: { incident: into } } }] });
  const over = (s: number) => [task({ state: 'done', ended: at(s) })];
  check(acknowledged, [one(), two()], ['running', null, 'one']);
  check(acknowledged, [one(), two({ timeline: [taken(30)] })], ['met', 10, 'two']);
  check(acknowledged, [one({ timeline: [taken(40)] }), two({ timeline: [taken(30)] })], ['met', 10, 'two']);
  check(done, [one(), two({ tasks: over(45) })], ['met', 25, 'two']);
  check(done, [one({ tasks: over(40) }), two({ tasks: over(45) })], ['met', 20, 'one']);
  // Another type counts for the playbook, and after a merge.
  check(acknowledged, [one(), two({ incident_type: 'fire', timeline: [taken(30)] })], ['running', null, 'one']);
  check(acknowledged, [one(merged(28)), two({ incident_type: 'fire', timeline: [taken(30)] })], ['met', 10, 'one']);
  check(acknowledged, [one(merged(35)), two({ incident_type: 'fire', timeline: [taken(30)] })], ['met', 15, 'one']);
  check(acknowledged, [one(merged(28)), two({ ...merged(29, 'three'), incident_type: 'fire' }), two({ id: 'three', incident_type: 'fire', timeline: [taken(40)] })], ['met', 20, 'one']);
  check(acknowledged, [one(merged(28)), two({ ...merged(29, 'one') })], ['running', null, 'one']);
  check(acknowledged, [one(merged(28))], ['running', null, 'one']);
  check(done, [one({ ...merged(28), tasks: [task({ state: 'skipped', ended: at(28) })] }), two({ tasks: over(45) })], ['met', 25, 'two']);
});

const debrief: Debrief = { exercise: 'exr-1', started: at(0), until: at(200), targets: [], incidents: [] };
const scale = scaleOf(debrief);
const step = (part: Partial<DebriefStep>): DebriefStep => ({ title: 'Isolate', verdict: 'done', approved_by: [], ...part });

test('a step is a bar from its turn to its end, with its deadline and what is late', () => {
  const check = (part: Partial<DebriefStep>, expected: ReturnType<typeof bar>) => expect(bar(step(part), scale)).toEqual(expected);
  check({ verdict: 'not_reached' }, null);
  check({ started: at(20), ended: at(60), deadline: at(80) }, { from: 10, width: 20, deadline: 40, late: null });
  check({ started: at(20), ended: at(120), deadline: at(80), verdict: 'late' }, { from: 10, width: 50, deadline: 40, late: 40 });
  check({ started: at(20), deadline: at(80), verdict: 'missed' }, { from: 10, width: 90, deadline: 40, late: 40 });
  check({ started: at(20), deadline: at(800), verdict: 'missed' }, { from: 10, width: 90, deadline: null, late: null });
});

test('the scale has few marks on round times', () => {
  const check = (seconds: number, expected: number[]) => expect(ticks({ from: 0, to: seconds * 1000 })).toEqual(expected);
  check(30, [0, 10, 20, 30]);
  check(200, [0, 60, 120, 180]);
  check(1800, [0, 600, 1200, 1800]);
});

const course: DebriefIncident = {
  incident: 'inc-1', number: 1, incident_type: 'gas_leak', title: 'Gas', opened: at(20), opened_after_s: 20, steps: [],
  seen: [{ by: 'anna', at: at(30), after_s: 10 }],
  deeds: [{ by: 'anna', at: at(40), after_s: 20, what: '', event: { state: { from: 'new', to: 'in_progress', reason: null } } }, { by: 'anna', at: at(90), after_s: 70, what: '', event: { state: { from: 'in_progress', to: 'resolved', reason: 'over' } } }, { by: 'ben', at: at(50), after_s: 30, what: '', event: { note: { text: 'new to acknowledged' } } }],
};

test('signs and lines of a course stand in the order of time; the first handling is the acknowledgement', () => {
  expect(signs(course, scale).map(({ sort, label, at: x }) => `${sort} ${label} ${x}`)).toEqual(['opened  10', 'seen anna 15', 'acknowledged anna 20', 'deed ben 25', 'deed anna 45']);
  expect(rows(course).map(({ sort, by, afterS }) => `${afterS} ${sort} ${by}`)).toEqual(['0 opened ', '10 seen anna', '20 did anna', '30 did ben', '70 did anna']);
});

test('what was done is said in the language of the console', () => {
  const names = { alarm: (id: string) => id, incident: (id: string) => `#${id}`, rule: (id: string) => id };
  const said = () => course.deeds.map(({ event }) => line(event, names)).map(({ text, quote }) => `${text}${quote ? `: ${quote}` : ''}`);
  const check = (locale: 'en' | 'de', expected: string[]) => {
    vi.spyOn(settings, 'all', 'get').mockReturnValue({ locale } as typeof settings.all);
    expect(said()).toEqual(expected);
  };
  check('en', ['New → In progress', 'In progress → Resolved: over', 'Note: new to acknowledged']);
  check('de', ['Neu → In Arbeit', 'In Arbeit → Erledigt: over', 'Notiz: new to acknowledged']);
  vi.restoreAllMocks();
});

const exercise = (part: Partial<Exercise>) => ({ id: 'exr-1', name: 'Smog', started: at(0), ended: null, ...part }) as Exercise;

test('the banner follows what the event stream says of exercises', () => {
  const check = (event: Exercise | { id: string; deleted: true }, expected: string | null, round: number) => {
    drill.heard(event);
    expect([drill.now?.id ?? null, drill.round]).toEqual([expected, round]);
  };
  check(exercise({}), 'exr-1', 1);
  check(exercise({}), 'exr-1', 1);
  check(exercise({ id: 'exr-0', ended: at(-9) }), 'exr-1', 1);
  check(exercise({ ended: at(9) }), null, 2);
  check(exercise({ id: 'exr-2' }), 'exr-2', 3);
  check({ id: 'exr-2', deleted: true }, null, 4);
});
