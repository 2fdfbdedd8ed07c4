import { GROUP_BLOCKS_MAX, type Ledger } from '@basalt/ledger';
import {
  type AimdInput,
  between,
  type ControlPanel,
  countOf,
  createAimd,
  type Distribution,
  type MetricsRegistry,
  quantile,
} from '@basalt/telemetry';
import type { Look } from './types.ts';

/** Below this a commit is one sync for hardly any work. */
const GROUP_BLOCKS_MIN = 64;
/** What a writer should wait for a commit at most, 99 of 100 (the seeds' latency target). */
const COMMIT_SECONDS = 0.1;
const GROUP_STEP = 256;
/** A commit under the old bound may be under way; its effect is in the next look. */
const GROUP_COOL_DOWN_MS = 3_000;

export interface GroupBlocksParts {
  readonly metrics: MetricsRegistry;
  readonly ledger: Pick<Ledger, 'setGroupBlocksMax'>;
}

/** Blocks of one commit, by how long commits take and how much waits. */
export function groupBlocks(panel: ControlPanel, { metrics, ledger }: GroupBlocksParts): Look {
  let bound = GROUP_BLOCKS_MAX;
  const tunable = panel.add<AimdInput>({
    name: 'ledger.group-blocks',
    help: 'Blocks of one namespace that one commit takes at most, with one sync for all of them.',
    unit: 'blocks',
    rule: 'AIMD',
    controller: createAimd({
      bounds: { min: GROUP_BLOCKS_MIN, max: GROUP_BLOCKS_MAX },
      initial: GROUP_BLOCKS_MAX,
      target: COMMIT_SECONDS,
      step: GROUP_STEP,
      coolDownMs: GROUP_COOL_DOWN_MS,
    }),
    apply(value) {
      bound = value;
      ledger.setGroupBlocksMax(value);
    },
  });
  const seconds = sinceLast(metrics, 'basalt_commit_duration_seconds');
  const blocks = sinceLast(metrics, 'basalt_commit_blocks');
  return () => {
    const times = seconds();
    const sizes = blocks();
    if (times === undefined || sizes === undefined) return tunable.sense(undefined);
    return tunable.sense({
      reading: quantile(times, 0.99) ?? 0,
      usedPart: countOf(sizes) === 0 ? 0 : Math.min(1, (quantile(sizes, 0.9) ?? 0) / bound),
      backlog: (metrics.sum('basalt_queue_blocks') ?? 0) / bound,
    });
  };
}

/** What a histogram took since the last time that it was asked. */
function sinceLast(metrics: MetricsRegistry, name: string): () => Distribution | undefined {
  let before: Distribution | undefined;
  return () => {
    const now = metrics.distribution(name);
    if (now === undefined) return undefined;
    const window = between(before, now);
    before = now;
    return window;
  };
}
