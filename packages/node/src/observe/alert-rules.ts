import type { HealthCheck } from '@basalt/telemetry';
import type { AlertReadings } from './alert-readings.ts';

/**
 * A rule as in `ops/prometheus/basalt.rules.yml`, for what a node can know of itself: its name,
 * severity, wait and bounds, which a test holds against that file. Not here: that the node is gone
 * or starts again and again, and what needs hours of history.
 */
export interface AlertRule {
  readonly name: string;
  /** `page`: wake somebody. `ticket`: look at it today. */
  readonly severity: 'page' | 'ticket';
  /** So long it has to be so. */
  readonly forMs: number;
  /** What is so and what to do, where it is so. */
  readonly test: (readings: AlertReadings) => string | undefined;
}

const MINUTE_MS = 60_000;

type Test = AlertRule['test'];

function isFailing({ checks }: AlertReadings, name: string): boolean {
  return checks.some((check) => check.name === name && check.state === 'failing');
}

function words(
  name: string,
  states: readonly HealthCheck['state'][],
  isTold: (readings: AlertReadings) => boolean = () => true,
): Test {
  return (readings) => {
    const found = readings.checks.find((check) => check.name === name);
    if (found === undefined || !states.includes(found.state)) return undefined;
    return isTold(readings) ? found.words : undefined;
  };
}

const failing = (name: string): Test => words(name, ['failing']);
const degraded = (name: string): Test => words(name, ['degraded', 'failing']);
const hasDisk = ({ diskFreeBytes }: AlertReadings): boolean => diskFreeBytes !== undefined;

function page(name: string, minutes: number, test: Test): AlertRule {
  return { name, severity: 'page', forMs: minutes * MINUTE_MS, test };
}

function ticket(name: string, minutes: number, test: Test): AlertRule {
  return { name, severity: 'ticket', forMs: minutes * MINUTE_MS, test };
}

function when(condition: boolean, told: string): string | undefined {
  return condition ? told : undefined;
}

function peersAway(readings: AlertReadings): boolean {
  const all = readings.gauge('basalt_peers_known') ?? 0;
  const away = readings.gauge('basalt_peers_known', ['state', 'away']) ?? 0;
  return all > 0 && away / all > 0.5;
}

function tooManyErrors(readings: AlertReadings): boolean {
  const { perSecond, errorPart } = readings.requests(5);
  return errorPart > 0.05 && perSecond > 0.1;
}

export const ALERT_RULES: readonly AlertRule[] = [
  page('BasaltNotReady', 5, ({ checks }) =>
    when(
      checks.some(({ name, state }) => name !== 'catch-up' && state === 'failing'),
      'The node runs, but requests should not be sent to it. Ask its /healthz which check ' +
        'fails, and follow the alert of that check.',
    ),
  ),
  ticket('BasaltEventLoopSlow', 1, degraded('event-loop')),
  page(
    'BasaltDiskGone',
    0,
    words('disk', ['failing'], (readings) => !hasDisk(readings)),
  ),
  page('BasaltDiskAlmostFull', 0, words('disk', ['failing'], hasDisk)),
  ticket('BasaltDiskLow', 10, words('disk', ['degraded', 'failing'], hasDisk)),
  page('BasaltWritesRefused', 0, failing('writes')),
  page('BasaltCheckpointsStuck', 1, failing('checkpoints')),
  ticket('BasaltCheckpointFailures', 5, (readings) =>
    when(
      readings.growth('checkpointFailures', 10) > 3,
      'More than 3 rounds failed within 10 minutes; each was tried again. The log line ' +
        '"checkpoints cannot be published" names the reason, most often a disk.',
    ),
  ),
  ticket('BasaltFinalitySlow', 5, (readings) =>
    when(
      (readings.p99('finality', 5) ?? 0) > 5,
      'From commit to signed checkpoint takes more than 5 s for one block in a hundred. Look ' +
        'at the disk, the event loop, and checkpointIntervalMs.',
    ),
  ),
  ticket('BasaltQueueLong', 1, degraded('queue')),
  ticket('BasaltQueueRefuses', 2, (readings) =>
    when(
      readings.growth('refusals', 5) > 0 && !isFailing(readings, 'writes'),
      'Writers get 503 because too much waits. They try again by themselves; when it goes on, ' +
        'the node has more writers than its disk or processor bears.',
    ),
  ),
  page('BasaltRequestErrors', 5, (readings) =>
    when(
      tooManyErrors(readings),
      'More than 5 % of the answers are 5xx. The dashboard "Serving" shows which route and ' +
        'status; each 500 names its log line, "a request failed".',
    ),
  ),
  ticket('BasaltRequestsSlow', 5, (readings) =>
    when(
      (readings.p99('requestSeconds', 5) ?? 0) > 1,
      'One request in a hundred takes more than a second. See which route it is, then the ' +
        'event loop, the disk and the queue; clients that upload slowly count as well.',
    ),
  ),
  page('BasaltPeerLying', 0, (readings) =>
    when(
      (readings.gauge('basalt_peers_known', ['state', 'lying']) ?? 0) > 0,
      'A peer served what its own signature or a proof contradicts. It is set aside and ' +
        'nothing of it was taken. Keep the evidence of the log line and speak with its operator.',
    ),
  ),
  ticket('BasaltPeersAway', 10, (readings) =>
    when(
      peersAway(readings),
      'More than half of the known peers are away. When several nodes say so it is a peer; ' +
        'when one does, it is the network of that one.',
    ),
  ),
  ticket('BasaltCatchingUp', 10, failing('catch-up')),
  ticket('BasaltControlReversing', 10, (readings) => {
    const [name] = readings.restless(30, 60);
    return when(
      name !== undefined,
      'Its controller has turned round more than 30 times in an hour. See the reasons with ' +
        `\`basalt control ${name}\`, and hold the value by hand until it is understood.`,
    );
  }),
  page('BasaltChainStuck', 5, (readings) => {
    const pending = readings.gauge('basalt_pool_pending') ?? 0;
    return when(
      pending > 0 && readings.chainStands(5),
      `${pending} transactions could go into a block and none has been made for 5 minutes. See ` +
        'whether writes are taken, whether mining is switched off, and the log lines of the ' +
        'part "chain".',
    );
  }),
  ticket('BasaltChainFallbacks', 15, (readings) => {
    const executed = readings.executed(15);
    return when(
      executed > 0 && readings.growth('fallbacks', 15) / executed > 0.5,
      'More than half of the blocks run one transaction at a time. By reason on the dashboard ' +
        '"Chain": conflict means that the transactions want the same state, memory-bound and ' +
        'worker-lost point at the machine.',
    );
  }),
];
