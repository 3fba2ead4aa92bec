// Names for the generated types of /api/v1 (api.gen.ts, by `npm run gen` from schemas/openapi.json). Shapes
// are narrowed here, none is written by hand.

import type { Scenario, ScenarioTarget } from '../exercises/scenario';
import type { components } from './api.gen';

type Schemas = components['schemas'];

export type Account = Schemas['Account'];
export type AccountMade = Schemas['AccountMade'];
export type Agency = Schemas['Agency'];
export type Alarm = Omit<Schemas['Alarm'], 'causes'> & { causes: Observation[] };
export type Asset = Required<Omit<Schemas['Asset'], 'view'>> & Pick<Schemas['Asset'], 'view'>;
export type AuditEntry = Schemas['AuditEntry'];
export type Call = Schemas['Call'];
export type CallerRole = Schemas['CallerRole'];
export type CauseLink = Schemas['CauseLink'];
export type Correlation = Required<Omit<Schemas['Correlation'], 'first' | 'second' | 'shares'>> & { first: CorrelationSide; second: CorrelationSide | null; shares: Required<Schemas['Share']>[] };
export type CorrelationSide = Required<Schemas['CorrelationSide']>;
export type City = Schemas['City'];
export type Debrief = Omit<Schemas['Debrief'], 'targets'> & { targets: DebriefTarget[] };
export type DebriefIncident = Schemas['DebriefIncident'];
export type DebriefStep = Schemas['DebriefStep'];
export type DebriefTarget = Omit<Schemas['DebriefTarget'], 'target'> & { target: ScenarioTarget };
export type Diagnostic = Schemas['Fault'];
export type Exercise = Omit<Schemas['Exercise'], 'scenario'> & { scenario: Scenario };
export type FieldOfView = Schemas['View'];
export type Geometry = Schemas['Place'];
export type Incident = Schemas['Incident'];
export type IncidentState = Schemas['IncidentState'];
export type IncidentTemplate = Required<Schemas['IncidentSpec']>;
export type Kind = Required<Schemas['Kind']>;
export type Link = Schemas['Link'];
export type Nearby = Omit<Schemas['Nearby'], 'alarms' | 'assets' | 'readings'> & { alarms: Alarm[]; assets: Asset[]; readings: { newest: Observation; count: number }[] };
export type Observation = Omit<Schemas['Observation'], 'value'> & { value: number | boolean | string };
export type Offer = Schemas['Offer'];
export type Picture = Omit<Schemas['Picture'], 'alarms' | 'observations'> & { alarms: Alarm[]; observations: Observation[] };
export type Playbook = Required<Schemas['Playbook']>;
export type PlaybookAction = Schemas['Action'];
export type PlaybookOwnAction = Schemas['OwnAction'];
export type PlaybookStep = Schemas['Step'];
export type PlaybookTemplate = Omit<Schemas['PlaybookTemplate'], 'playbook'> & { playbook: Playbook };
export type Position = number[];
export type Priority = Schemas['Priority'];
export type RelationWord = Schemas['RelationWord'];
export type Role = Schemas['Role'];
export type Room = Schemas['Room'];
export type RuleCheck = Schemas['Check'];
export type Session = Schemas['Session'];
export type Setting = Schemas['Setting'];
export type Severity = Schemas['Severity'];
export type Source = Schemas['Source'];
export type SourceHealth = Schemas['Health'];
export type System = Schemas['System'];
export type Task = Schemas['Task'];
export type TaskKind = Schemas['TaskKind'];
export type TaskKindSetting = Schemas['TaskSetting'];
export type TaskKindWords = Schemas['TaskKindWords'];
export type TaskState = Schemas['TaskState'];
export type TimelineEntry = Schemas['TimelineEntry'];
export type Token = Schemas['Token'];
export type TokenMade = Schemas['TokenMade'];
export type TourStep = Schemas['TourStop'];
export type TryResult = Omit<Schemas['Tried'], 'observations'> & { observations: Partial<Observation>[] };
export type Verdict = Schemas['Verdict'];
export type Zone = Required<Schemas['Zone']>;

/** One page of a list. */
export interface Page<T> { items: T[]; next?: string | null }
/** The purposes that `X-Purpose` may state. */
export type Purpose = 'operations' | 'investigation' | 'planning' | 'oversight' | 'administration';

type KeysOfEach<T> = T extends T ? keyof T : never;
export type DetectorName = KeysOfEach<Schemas['Detector']>;
/** The fields of one detector. */
export type DetectorOf<K extends DetectorName> = Required<Extract<Schemas['Detector'], Record<K, unknown>>[K]>;
/** A detector by name: exactly one of these is there. */
export type Detector = { [K in DetectorName]?: DetectorOf<K> };
/** A rule as the platform answers it: what may be left out when writing is always there. */
export type Rule = Required<Omit<Schemas['Rule'], 'alarm' | 'detector' | 'incident'>> & { alarm: Required<Schemas['AlarmText']>; detector: Detector; incident: IncidentTemplate | null };
export type RuleVersion = Omit<Schemas['RuleVersion'], 'rule'> & { rule: Rule };
export type Stage = Schemas['Stage'];
/** Which readings a part of a pattern means. */
export type Part = Schemas['Part'];
/** What the condition of a rule was tried on. */
export type RuleTrial = Schemas['RuleTrial'];
/** What a rule would have done over a span of history. */
export type TrialReport = Omit<Schemas['BackTestReport'], 'typical'> & { typical: Alarm[] };
export type TrialBucket = Schemas['BackTestBucket'];
export type TrialPlace = Schemas['BackTestPlace'];
export type TrialMarks = Schemas['BackTestMarks'];
export type TrialSuggestion = Schemas['BackTestSuggestion'];
/** Rows of Unix ms, smallest, mean and largest value. */
export type Series = Omit<Schemas['Series'], 'points'> & { points: [number, number, number, number][] };
