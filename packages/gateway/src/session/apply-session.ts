import type { IncomingMessage, OutgoingHttpHeader, ServerResponse } from 'node:http';
import type { PreferenceLimits, WriteConsistency } from '@basalt/protocol';
import { GatewayError } from '../errors.ts';
import { acceptsCoding, negotiateCoding } from '../http/accept.ts';
import type { WaitPreference } from '../http/prefer.ts';
import type { Session } from './session-table.ts';

/** Request field that carries the token, in the spelling of Node's `headers`. */
export const SESSION_FIELD = 'basalt-session';

const sessions = new WeakMap<IncomingMessage, Session>();

const PREFER: Record<WriteConsistency, WaitPreference> = {
  immediate: 'wait-checkpoint',
  durable: 'durable',
  eventual: 'respond-async',
};

/**
 * A session stands for what its client would else write into every request: where Accept or Prefer
 * say nothing, they say what was negotiated; of the codings that Accept-Encoding allows, the
 * negotiated ones in their order. So a session can change the form of an answer and how long a
 * submission waits, and it cannot reach anything else: no rule about who may do what reads it.
 */
export function applySession(
  request: IncomingMessage,
  response: ServerResponse,
  session: Session,
): void {
  const { headers } = request;
  const { mediaTypes, codings, consistency } = session.negotiated;
  sessions.set(request, session);
  const chosen = new Set<string>();
  if (headers.accept === undefined || headers.accept === '*/*') {
    headers.accept = `${ranked(mediaTypes)}, */*;q=0.001`;
    chosen.add('accept');
  }
  const allowed = headers['accept-encoding'];
  headers['accept-encoding'] = ranked(
    codings.filter((coding) => allowed === undefined || acceptsCoding(allowed, coding)),
  );
  if (negotiateCoding(allowed) !== negotiateCoding(headers['accept-encoding'])) {
    chosen.add('accept-encoding');
  }
  const [first] = consistency;
  if (headers['prefer'] === undefined && first !== undefined && Object.hasOwn(PREFER, first)) {
    headers['prefer'] = PREFER[first as WriteConsistency];
  }
  if (chosen.size > 0) addVary(response, chosen);
}

/**
 * A limit that both sides have agreed on; without a session the server's own limit stands alone.
 *
 * @throws GatewayError `body-too-large` for a submission, else `bad-request`
 */
export function assertWithinSession(
  request: IncomingMessage,
  name: keyof PreferenceLimits,
  found: number,
): void {
  const max = sessions.get(request)?.negotiated.limits[name];
  if (max === undefined || found <= max) return;
  const code = request.method === 'POST' ? 'body-too-large' : 'bad-request';
  throw new GatewayError(code, `expected at most ${max}, as negotiated (${name})`, { [name]: max });
}

/**
 * A count that a request names, held against what was negotiated; where it names none, the usual
 * one or as many as were negotiated.
 *
 * @throws GatewayError `bad-request`
 */
export function countWithinSession(
  request: IncomingMessage,
  name: keyof PreferenceLimits,
  asked: number | undefined,
  usual: number,
): number {
  if (asked === undefined) {
    const max = sessions.get(request)?.negotiated.limits[name];
    return max === undefined ? usual : Math.min(usual, max);
  }
  assertWithinSession(request, name, asked);
  return asked;
}

/** `a;q=1, b;q=0.97 ...`: 32 items, the most that a list has, stay above 0. */
function ranked(items: readonly string[]): string {
  return items.map((item, rank) => `${item};q=${(1 - rank * 0.03).toFixed(2)}`).join(', ');
}

/**
 * Where an answer varies with a field that the session chose, a shared cache has to be told. Where
 * it does not, sessions share what the cache holds with everybody.
 */
function addVary(response: ServerResponse, chosen: ReadonlySet<string>): void {
  const writeHead = response.writeHead.bind(response);
  // The gateway writes all its heads as a list, names and values in turn.
  response.writeHead = ((status: number, fields: readonly OutgoingHttpHeader[] = []) => {
    const own: OutgoingHttpHeader[] = [...fields];
    const place = own.findIndex(
      (name, at) => at % 2 === 0 && String(name).toLowerCase() === 'vary',
    );
    const vary = place === -1 ? '' : String(own[place + 1]);
    if (vary.split(',').some((name) => chosen.has(name.trim().toLowerCase()))) {
      own[place + 1] = `${vary}, Basalt-Session`;
    }
    return writeHead(status, own);
  }) as ServerResponse['writeHead'];
}
