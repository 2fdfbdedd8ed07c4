import type { RunOutcome, TierDifference } from '@basalt/evm';
import type { BlockExecutorOptions } from '@basalt/execution';
import { equalBytes, toHex } from '@basalt/protocol';
import type { Logger, MetricsRegistry } from '@basalt/telemetry';

/** Bytes of an input or an output in a log line; the log itself cuts at twice the digits. */
const SHOWN_BYTES_MAX = 2_048;

/** What of an executor nobody would notice by its results, as log lines and metrics. */
export function executionFaults(
  logger: Logger,
  metrics: MetricsRegistry,
): Required<Pick<BlockExecutorOptions, 'onWorkerLost'>> & {
  readonly onDifference: (difference: TierDifference) => void;
} {
  const differences = metrics.counter({
    name: 'basalt_execution_differences_total',
    help: 'Runs in which generated code did not do what the interpreter does; its result counted.',
  });
  return {
    onDifference(difference) {
      differences.add(1);
      logger.error(
        'generated code differed from the interpreter, whose result counts: the code is put out ' +
          'of use; a report with this line lets it be mended',
        describe(difference),
      );
    },
    onWorkerLost(reason) {
      logger.warn('a thread was lost in a block, which ran again without threads', { reason });
    },
  };
}

function describe(difference: TierDifference): Readonly<Record<string, unknown>> {
  const { fork, codeHashes, request, tiered, interpreted } = difference;
  return {
    fork,
    codeHashes: codeHashes.map(toHex),
    from: toHex(request.from),
    to: request.to === undefined ? 'a new contract' : toHex(request.to),
    value: String(request.value ?? 0n),
    gasLimit: String(request.gasLimit),
    input: shown(request.data ?? new Uint8Array(0)),
    ...(request.code === undefined ? {} : { code: shown(request.code) }),
    differed:
      tiered === undefined ? { end: 'the generated code trapped' } : differed(tiered, interpreted),
  };
}

/** Of each thing that is not the same: what the generated code left, and what the interpreter. */
function differed(tiered: RunOutcome, interpreted: RunOutcome): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  const compare = (name: string, ours: string, theirs: string): void => {
    if (ours !== theirs) found[name] = `${ours}; interpreter ${theirs}`;
  };
  const [one, other] = [tiered.result, interpreted.result];
  compare('end', one.halt ?? 'done', other.halt ?? 'done');
  compare('gasLeft', String(one.gasLeft), String(other.gasLeft));
  compare('gasRefund', String(one.gasRefund), String(other.gasRefund));
  if (!equalBytes(one.output, other.output)) {
    found['output'] = `${shown(one.output)}; interpreter ${shown(other.output)}`;
  }
  compare('logs', String(tiered.logs.length), String(interpreted.logs.length));
  compare('accounts', String(tiered.changes.length), String(interpreted.changes.length));
  // Equal in number and yet not the same: which log or slot it was shows when it is run again.
  if (Object.keys(found).length === 0) found['state'] = 'logs or changes of the state';
  return found;
}

function shown(bytes: Uint8Array): string {
  if (bytes.length <= SHOWN_BYTES_MAX) return toHex(bytes);
  return `${toHex(bytes.subarray(0, SHOWN_BYTES_MAX))}… of ${bytes.length} bytes`;
}
