import type { ExtensionResponse, RouteExtension } from '@basalt/gateway';
import type {
  ControlPanel,
  LogLevel,
  LogLevels,
  NetworkStatus,
  NodeStatus,
  StatusSample,
} from '@basalt/telemetry';
import { LOG_LEVELS } from '@basalt/telemetry';
import type { Alert } from './alerts.ts';
import type { StatusEvent, Watchers } from './watchers.ts';

export interface ObserveParts {
  readonly status: () => NodeStatus;
  readonly history: () => readonly StatusSample[];
  readonly network: () => NetworkStatus;
  readonly alerts: () => readonly Alert[];
  readonly panel: ControlPanel;
  readonly levels: LogLevels | undefined;
  readonly watchers: Watchers;
  /** Whether a request comes from the operator. */
  readonly isAdmin: (authorization: string | undefined) => boolean;
}

const BODY_BYTES_MAX = 4_096;

/** What pages, scripts and operators ask a node about itself. */
export function observeRoutes(parts: ObserveParts): RouteExtension[] {
  const { status, history, network, alerts, panel } = parts;
  return [
    get('/status', 'What this node is, does and holds now', 2, status),
    get('/status/history', 'One sample a second of the last ten minutes', 8, history),
    get('/status/network', 'The nodes that this one knows, for a map', 8, network),
    get('/alerts', 'What a person should know now, and since when', 1, alerts),
    get('/control', 'Every tunable: value, bounds, last changes with their reasons', 2, () =>
      panel.list(),
    ),
    {
      method: 'GET',
      path: '/status/events',
      summary: 'The status each second, and changes of tunables, as server-sent events',
      bodyBytesMax: 0,
      cost: 4,
      handle: async () => ({ status: 200, events: (signal) => stream(parts, signal) }),
    },
    post('/control', 'Hold, release or switch off tunables; needs the admin token', parts, (body) =>
      changeControl(panel, body),
    ),
    get('/log-levels', 'Which log lines are written', 1, () => parts.levels?.list() ?? null),
    post('/log-levels', 'Changes log levels; needs the admin token', parts, (body) =>
      changeLevels(parts.levels, body),
    ),
  ];
}

function get(path: string, summary: string, cost: number, read: () => unknown): RouteExtension {
  const handle = async (): Promise<ExtensionResponse> => json(200, read());
  return { method: 'GET', path, summary, bodyBytesMax: 0, cost, handle };
}

/** What is wrong with the body as text, or fields that tell what was done. */
type Change = string | Readonly<Record<string, unknown>>;

function post(
  path: string,
  summary: string,
  { isAdmin }: ObserveParts,
  change: (body: Readonly<Record<string, unknown>>) => Change,
): RouteExtension {
  return {
    method: 'POST',
    path,
    summary,
    bodyBytesMax: BODY_BYTES_MAX,
    cost: 1,
    async handle(request) {
      if (!isAdmin(request.header('authorization'))) {
        return problem(401, 'expected Authorization: Bearer with the admin token');
      }
      const outcome = change(parse(request.body));
      if (typeof outcome === 'string') return problem(422, outcome);
      return json(200, { done: true, ...outcome });
    },
  };
}

function changeControl(
  panel: ControlPanel,
  { on, name, value }: Readonly<Record<string, unknown>>,
): Change {
  if (typeof on === 'boolean' && name === undefined) {
    panel.setOn(on);
    return {};
  }
  if (typeof name !== 'string') return 'expected {"on": true or false} or {"name", "value"}';
  if (value === null) return panel.release(name) ? {} : `no tunable is named ${name}`;
  if (typeof value !== 'number') return 'expected a number as value, or null to release it';
  const answer = panel.hold(name, value);
  return answer.isHeld ? { value: answer.value, notes: answer.notes } : answer.reason;
}

function changeLevels(
  levels: LogLevels | undefined,
  { part, level }: Readonly<Record<string, unknown>>,
): Change {
  if (levels === undefined) return 'this node was started with a logger of its own';
  if (part !== undefined && typeof part !== 'string') return 'expected a part as text, or none';
  if (level !== null && !LOG_LEVELS.includes(level as LogLevel)) {
    return `expected a level: ${LOG_LEVELS.join(', ')}, or null to follow the others`;
  }
  const wanted = level === null ? undefined : (level as LogLevel);
  if (levels.set(part, wanted)) return {};
  return `no part is named ${part}: there are ${levels.list().known.join(', ')}`;
}

async function* stream(
  { status, watchers }: ObserveParts,
  signal: AbortSignal,
): AsyncGenerator<string> {
  yield format({ kind: 'status', value: status() });
  for await (const event of watchers.watch(signal)) yield format(event);
}

function format({ kind, value }: StatusEvent): string {
  return `event: ${kind}\ndata: ${JSON.stringify(value)}\n\n`;
}

function parse(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function json(status: number, value: unknown): ExtensionResponse {
  return {
    status,
    fields: [
      ['Content-Type', 'application/json'],
      ['Cache-Control', 'no-store'],
    ],
    body: JSON.stringify(value),
  };
}

function problem(status: number, detail: string): ExtensionResponse {
  return {
    status,
    fields: [
      ['Content-Type', 'application/problem+json'],
      ['Cache-Control', 'no-store'],
    ],
    body: JSON.stringify({ status, detail }),
  };
}
