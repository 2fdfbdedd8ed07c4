import { toBase64 } from '@basalt/protocol';
import type { Route, RouteResponse } from '../routes.ts';
import { REQUEST_BYTES_MAX } from './limits.ts';
import {
  type AddCheckpointOutcome,
  Witness,
  type WitnessComponents,
  type WitnessConfig,
  type WitnessStatus,
} from './witness.ts';

export interface WitnessRole {
  readonly routes: readonly Route[];
  status(): WitnessStatus;
}

export interface WitnessRoleConfig extends WitnessConfig {
  /** Submission and monitoring prefix, without a slash at its end; default `/witness`. */
  readonly prefix?: string;
}

const TEXT = ['Content-Type', 'text/plain; charset=utf-8'] as const;
const NOT_STORED = ['Cache-Control', 'no-store'] as const;

/**
 * The witness role: `POST <prefix>/add-checkpoint` and, for monitors,
 * `GET <prefix>/<SHA-256 of the origin>/checkpoint` (c2sp.org/tlog-witness). A log is given
 * `<URL><prefix>` and the verifier keys that `GET <prefix>` tells.
 *
 * @throws WitnessError `invalid-config`
 */
export function createWitness(
  config: WitnessRoleConfig,
  components: WitnessComponents,
): WitnessRole {
  const witness = new Witness(config, components);
  const prefix = config.prefix ?? '/witness';
  const status = (): WitnessStatus => witness.status();
  return { routes: [submitRoute(prefix, witness), ...readRoutes(prefix, witness)], status };
}

function submitRoute(prefix: string, witness: Witness): Route {
  return {
    method: 'POST',
    path: `${prefix}/add-checkpoint`,
    summary: 'Cosign a checkpoint that extends the last one (c2sp.org/tlog-witness)',
    bodyBytesMax: REQUEST_BYTES_MAX,
    cost: 4,
    handle: async ({ body }) => respond(await witness.addCheckpoint(body)),
  };
}

function readRoutes(prefix: string, witness: Witness): Route[] {
  return [
    {
      method: 'GET',
      path: `${prefix}/:origin/checkpoint`,
      summary: 'Newest cosigned checkpoint of the log whose origin has this SHA-256',
      bodyBytesMax: 0,
      cost: 1,
      async handle({ params }) {
        const note = await witness.checkpoint(params['origin'] ?? '');
        if (note === undefined) return text(404, 'no checkpoint of this log was cosigned');
        return { status: 200, fields: [TEXT, ['Cache-Control', 'max-age=1']], body: note };
      },
    },
    {
      method: 'GET',
      path: `${prefix}/:origin/bls`,
      summary: 'Share of a BLS aggregate over the newest cosigned checkpoint, base64',
      bodyBytesMax: 0,
      cost: 8,
      async handle({ params }) {
        const share = await witness.blsShare(params['origin'] ?? '');
        return share === undefined
          ? text(404, 'no checkpoint of this log was cosigned with BLS')
          : text(200, toBase64(share));
      },
    },
    {
      method: 'GET',
      path: prefix,
      summary: 'Name and verifier keys of the witness, and what it answered so far',
      bodyBytesMax: 0,
      cost: 1,
      async handle() {
        const fields = [['Content-Type', 'application/json'], NOT_STORED] as const;
        return { status: 200, fields, body: `${JSON.stringify(witness.status())}\n` };
      },
    },
  ];
}

function respond(outcome: AddCheckpointOutcome): RouteResponse {
  switch (outcome.status) {
    case 200:
      return { status: 200, fields: [TEXT, NOT_STORED], body: outcome.lines };
    case 409:
      if (outcome.size === undefined) return text(409, outcome.message);
      return {
        status: 409,
        fields: [['Content-Type', 'text/x.tlog.size'], NOT_STORED],
        body: `${outcome.size}\n`,
      };
    case 429: {
      const seconds = String(Math.ceil(outcome.retryMs / 1000));
      return { ...text(429, 'slower, please'), fields: [TEXT, ['Retry-After', seconds]] };
    }
    default:
      return text(outcome.status, outcome.message);
  }
}

function text(status: number, message: string): RouteResponse {
  return { status, fields: [TEXT, NOT_STORED], body: `${message}\n` };
}
