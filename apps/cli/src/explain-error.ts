import type { ClientError } from '@basalt/client';
import type { CryptoError } from '@basalt/crypto';
import type { LedgerError } from '@basalt/ledger';
import type { NodeError } from '@basalt/node';
import type { ProtocolError } from '@basalt/protocol';
import type { StoreError } from '@basalt/store';
import { CliError } from './errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

type KnownError = ClientError | CryptoError | LedgerError | NodeError | ProtocolError | StoreError;

const KNOWN: ReadonlySet<string> = new Set([
  'ClientError',
  'CryptoError',
  'LedgerError',
  'NodeError',
  'ProtocolError',
  'StoreError',
]);

/**
 * By name: to load all those packages for `instanceof` would cost each command a tenth of a second.
 */
function isKnown(error: unknown): error is KnownError {
  return error instanceof Error && KNOWN.has(error.name) && 'code' in error;
}

/** Whatever went wrong as an error for a person: what happened, the exit code, what to do. */
export function explainError(error: unknown): CliError {
  if (error instanceof CliError) return error;
  if (!isKnown(error)) return explainSystemError(error);
  switch (error.name) {
    case 'ClientError':
      return explainClientError(error as ClientError);
    case 'NodeError':
      return explainNodeError(error as NodeError);
    case 'StoreError': {
      const isLocked = error.code === 'locked';
      const hint = isLocked ? 'ask the running node instead, with --url' : undefined;
      const exitCode = isLocked ? EXIT.refused : EXIT.damaged;
      return new CliError(exitCode, error.code, error.message, hint, { cause: error });
    }
    case 'LedgerError':
      return new CliError(EXIT.damaged, error.code, error.message, undefined, { cause: error });
    default:
      return new CliError(EXIT.failedCheck, error.code, error.message, undefined, { cause: error });
  }
}

const NODE_EXIT: Readonly<Record<NodeError['code'], ExitCode>> = {
  'bad-config': EXIT.usage,
  'port-in-use': EXIT.usage,
  'cannot-listen': EXIT.usage,
  'data-in-use': EXIT.refused,
  'data-damaged': EXIT.damaged,
  'disk-full': EXIT.refused,
  'key-damaged': EXIT.damaged,
  'upstream-away': EXIT.unreachable,
};

function explainNodeError(error: NodeError): CliError {
  const hint =
    error.code === 'data-damaged'
      ? '`basalt fsck` tells what is wrong'
      : error.code === 'data-in-use'
        ? 'a node runs there already: append, prove and list talk to it'
        : undefined;
  return new CliError(NODE_EXIT[error.code], error.code, error.message, hint, { cause: error });
}

function explainClientError(error: ClientError): CliError {
  const { code, message } = error;
  const make = (exitCode: ExitCode, text: string, hint?: string): CliError =>
    new CliError(exitCode, code, text, hint, { cause: error });
  switch (error.kind) {
    case 'unavailable':
      if (code === 'network' || code === 'timeout') {
        return make(
          EXIT.unreachable,
          message,
          'is a node running? `npm start` starts one; another address: --url or BASALT_URL',
        );
      }
      if (isAway(error)) return make(EXIT.unreachable, message, AWAY_HINT);
      return make(EXIT.refused, message, REJECTED_HINTS[code] ?? 'the node is busy: try again');
    case 'rejected':
      return make(EXIT.refused, message, REJECTED_HINTS[code]);
    case 'refused':
      return make(EXIT.failedCheck, `what the node sent does not hold: ${message}`);
    case 'usage':
      return make(EXIT.usage, message);
    default:
      return make(EXIT.usage, message);
  }
}

const AWAY_HINT =
  'a cache or proxy answered, and the node behind it is away: it has what was read before; ' +
  'another address: --url or BASALT_URL';

/** Who answered is not the node and says that it did not: by a gateway's status, or its code. */
function isAway({ metadata }: ClientError): boolean {
  const { status, type } = metadata;
  return status === 502 || status === 504 || type === 'urn:basalt:error:unavailable';
}

const REJECTED_HINTS: Readonly<Record<string, string>> = {
  unauthorized: 'this node takes new namespaces from its administrators only: give --token-file',
  'unknown-namespace': '`basalt namespaces` lists what is there',
  'not-found': '`basalt namespaces` and `basalt list --namespace <name>` show what is there',
  'namespace-frozen': 'a fork was proven; a recovery block has to name the branch that counts',
  'too-far-in-future':
    'the clock of this computer is probably wrong: `basalt doctor --url` of the node compares them',
  unfinished: 'run `basalt snapshot fetch` on the stopped node again: it goes on',
  'read-only': 'the disk of the node is full: make room, it goes on by itself',
  internal: 'the log of the node says more about this failure',
  'too-many-requests': 'this address has asked too much: wait a moment',
};

function explainSystemError(error: unknown): CliError {
  if (error instanceof Error && 'syscall' in error && 'code' in error) {
    const code = String(error.code);
    return new CliError(EXIT.usage, code, error.message, undefined, { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new CliError(
    EXIT.failedCheck,
    'internal',
    `something that should not happen: ${message}`,
    'please report it with the command and BASALT_DEBUG=1 set',
    { cause: error },
  );
}
