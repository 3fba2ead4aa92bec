// The shapes of /api/v1 as the console uses them.

export type Severity = 'minor' | 'moderate' | 'severe' | 'extreme';
export type Priority = 'p1' | 'p2' | 'p3' | 'p4';
export type IncidentState = 'new' | 'acknowledged' | 'in_progress' | 'resolved' | 'closed' | 'reopened' | 'merged';
export type Role = 'operator' | 'supervisor' | 'analyst' | 'integrator' | 'auditor' | 'administrator';
export type Purpose = 'operations' | 'investigation' | 'planning' | 'oversight' | 'administration';
export type Position = number[];

export type Geometry =
  | { type: 'Point'; coordinates: Position }
  | { type: 'LineString'; coordinates: Position[] }
  | { type: 'Polygon'; coordinates: Position[][] };

export interface Page<T> { items: T[]; next?: string | null }

export interface Observation {
  id: string; kind: string; source: string; asset?: string | null; time: string; arrived: string;
  place?: Geometry | null; value: number | boolean | string; unit: string;
  quality: 'good' | 'doubtful' | 'implausible'; origin: 'live' | 'replayed' | 'simulated';
  attributes: Record<string, string>;
}

export interface FieldOfView { bearing_deg: number; angle_deg: number; range_m: number }

export interface Asset {
  id: string; name: string; class: string; place: Geometry; agency: string; observes: string[];
  view?: FieldOfView | null; attributes: Record<string, string>; version: number;
}

export interface Zone { id: string; name: string; class: string; area: Geometry; agency: string; version: number }

export interface Kind {
  id: string; name: string; quantity: string; unit: string; value_type: 'number' | 'boolean' | 'text';
  min?: number | null; max?: number | null; retention_s: number; personal: boolean; overload: 'wait' | 'shed'; version: number;
}

export interface Alarm {
  id: string; rule: string; rule_version: number; rule_name?: string; key: string; title: string; reason: string;
  severity: Severity; state: 'active' | 'cleared'; kind?: string | null; asset?: string | null; place?: Geometry | null;
  agency: string; raised: string; cleared?: string | null; causes: Observation[]; support: number;
  incident?: string | null; version: number;
}

export type TaskState = 'waiting' | 'running' | 'done' | 'failed' | 'skipped';
export interface Task {
  id: string; title: string; instruction: string; action: 'manual' | 'notify_console' | 'email' | 'webhook';
  state: TaskState; changed?: string | null; outcome?: string | null;
}

export type TimelineEvent =
  | 'opened'
  | { opened: unknown }
  | { alarm_joined: { alarm: string; why: string } }
  | { alarm_cleared: { alarm: string } }
  | { alarm_left: { alarm: string } }
  | { state: { from: IncidentState; to: IncidentState; reason?: string | null } }
  | { priority: { from: Priority; to: Priority } }
  | { note: { text: string } }
  | { task: { title: string; outcome: string } }
  | { absorbed: { incident: string } }
  | { merged_into: { incident: string } }
  | { split_off: { incident: string } };

export interface TimelineEntry { at: string; by?: string | null; event: TimelineEvent }

export interface Incident {
  id: string; number: number; incident_type: string; title: string; state: IncidentState;
  reality: 'actual' | 'exercise' | 'test'; priority: Priority; severity: Severity; place?: Geometry | null; agency: string;
  opened: string; changed: string; alarms: string[]; assets: string[]; playbook?: string | null; tasks: Task[];
  timeline: TimelineEntry[]; merged_into?: string | null; split_from?: string | null; allowed: IncidentState[]; version: number;
}

export interface Picture { at: string; observations: Observation[]; alarms: Alarm[]; incidents: Incident[] }
export interface Nearby { alarms: Alarm[]; incidents: Incident[]; assets: Asset[]; observations: Observation[] }

export interface Threshold { above?: number | null; below?: number | null; clear?: number | null; for_s: number; clear_for_s: number }
export interface RateOfChange { per_s: number; above?: number | null; below?: number | null }
export interface Detector {
  threshold?: Threshold; rate_of_change?: RateOfChange; silent?: { after_s: number };
  geofence?: { zones: string[]; on: 'enter' | 'leave' | 'inside' };
  count?: { window_s: number; at_least: number; distinct?: string | null; radius_m?: number | null };
  condition?: { expression: string; for_s: number };
}
export interface IncidentTemplate {
  incident_type: string; priority: Priority; playbook?: string | null; radius_m: number; window_s: number; title?: string | null;
}
export interface Rule {
  id: string; name: string; description: string; enabled: boolean; version: number; agency: string; author?: string | null;
  kinds: string[]; when?: string | null; key: 'asset' | 'source' | 'zone' | 'all'; detector: Detector;
  alarm: { title: string; severity: Severity }; cooldown_s: number; incident?: IncidentTemplate | null;
}
export interface Diagnostic { path: string; line: number; column: number; message: string }
export interface RuleCheck { ok: boolean; diagnostics: Diagnostic[] }

export interface Playbook { id: string; name: string; steps: unknown[]; version: number }

export interface SourceHealth {
  state: 'live' | 'quiet' | 'failing' | 'never'; last_seen?: string | null; rate_per_s: number; accepted: number;
  rejected: number; shed: number; last_error?: string | null;
}
export interface Source {
  id: string; name: string; door: 'mqtt' | 'http' | 'mqtt_client'; topic?: string | null; url?: string | null;
  mapping?: unknown; enabled: boolean; version: number; health: SourceHealth;
}
export interface TryResult { observations: Partial<Observation>[]; errors: { path: string; message: string }[] }

export interface System {
  version: string; started: string; uptime_s: number;
  rates: { observations_per_s: number; alarms_per_h: number };
  engine: { lag_ms: number; offset: number; rules: number; series: number; open_alarms: number; open_incidents: number; rule_errors: Record<string, number> };
  queues: { name: string; depth: number; capacity: number; shed: number }[];
  storage: { name: string; bytes: number; rows: number }[];
  doors: { name: string; connections: number; rate_per_s: number; rejected: number }[];
  log: { first: number; next: number; bytes: number };
}

export interface TourStep { title: string; text: string; page: string; target?: string | null }
export interface City {
  name: string; demo: boolean; attribution: string[]; centre: Position; zoom: number; bounds?: number[] | null;
  basemap?: string | null; tour: TourStep[]; locales: string[];
}

export interface Session {
  person: { id: string; name: string; roles: Role[]; agency: string; agency_name: string };
  expires: string; purpose: Purpose;
}
export interface Link { use: 'first_administrator' | 'sign_in'; needs_password: boolean; expires: string }
export interface Account { id: string; name: string; roles: Role[]; agency: string; disabled: boolean; version: number }
export interface Agency { id: string; name: string }
export interface Token { id: string; name: string; role: string; source?: string | null; created: string; expires?: string | null; secret?: string }
export interface AuditEntry {
  sequence: number; at: string; actor: string; agency: string; purpose: string; action: string; resource: string;
  outcome: 'allowed' | 'refused'; detail: string; hash: string;
}
export interface Series { asset: string; kind: string; unit: string; points: [number, number, number, number][] }
