import type { Chain, ExecutionStatistics, Pool, WorldState } from '@basalt/execution';
import { toHex } from '@basalt/protocol';
import { LATENCY_BUCKETS_SECONDS, type MetricsRegistry } from '@basalt/telemetry';

const GAS_BUCKETS = [21e3, 1e5, 5e5, 1e6, 5e6, 1e7, 2e7, 3e7, 6e7, 1e8] as const;

/** What chain, pool and state hold, as metrics; the returned function ends it. */
export function showChain(
  registry: MetricsRegistry,
  { chain, pool, world }: { chain: Chain; pool: Pool; world: WorldState },
): () => void {
  showPool(registry, pool);
  showState(registry, world);
  return countBlocks(registry, chain);
}

function countBlocks(registry: MetricsRegistry, chain: Chain): () => void {
  const blocks = registry.counter({ name: 'basalt_chain_blocks_total', help: 'Blocks kept.' });
  const rewinds = registry.counter({
    name: 'basalt_chain_rewinds_total',
    help: 'Times that blocks were undone.',
  });
  const transactions = registry.counter({
    name: 'basalt_chain_transactions_total',
    help: 'Transactions in blocks that were kept.',
  });
  const gas = registry.histogram({
    name: 'basalt_chain_block_gas',
    help: 'Gas that a block used.',
    buckets: GAS_BUCKETS,
  });
  registry
    .gauge({ name: 'basalt_chain_head', help: 'Number of the newest block.' })
    .collect(() => Number(chain.head().header.number));
  return chain.subscribe(({ kind, block }) => {
    if (kind === 'rewind') {
      rewinds.add(1);
      return;
    }
    blocks.add(1);
    transactions.add(block.transactions.length);
    gas.observe(Number(block.header.gasUsed));
  });
}

/** What the execution of a block took, as metrics. */
export function executionMetrics(
  registry: MetricsRegistry,
): (statistics: ExecutionStatistics) => void {
  const count = (name: string, help: string): ((value: number) => void) => {
    const counter = registry.counter({ name: `basalt_execution_${name}_total`, help });
    return (value) => counter.add(value);
  };
  const executions = count('executions', 'Times that a transaction ran, first or again.');
  const validations = count('validations', 'Checks of what a transaction had read.');
  const aborts = count('aborts', 'Transactions that ran on what another changed afterwards.');
  const suspensions = count('suspensions', 'Transactions that waited for one before them.');
  const misses = count('misses', 'State reads that left shared memory.');
  const fallbacks = registry.counter({
    name: 'basalt_execution_fallbacks_total',
    help: 'Blocks that ran one transaction after another, by reason.',
    labels: ['reason'],
  });
  const hot = registry.counter({
    name: 'basalt_execution_hot_key_aborts_total',
    help: 'Aborts by the account or slot that caused them; the registry bounds how many.',
    labels: ['address', 'slot'],
  });
  const seconds = registry.histogram({
    name: 'basalt_execution_block_duration_seconds',
    help: 'Time to run the transactions of a block.',
    buckets: LATENCY_BUCKETS_SECONDS,
  });
  return (statistics) => {
    executions(statistics.executions);
    validations(statistics.validations);
    aborts(statistics.aborts);
    suspensions(statistics.suspensions);
    misses(statistics.misses);
    if (statistics.fallback !== undefined) fallbacks.add(1, { reason: statistics.fallback });
    seconds.observe(statistics.durationMs / 1000);
    for (const key of statistics.hotKeys) {
      const address = `0x${toHex(key.address)}`;
      const slot = key.slot === undefined ? '' : `0x${toHex(key.slot)}`;
      hot.add(key.aborts, { address, slot });
    }
  };
}

function showPool(registry: MetricsRegistry, pool: Pool): void {
  const show = (name: string, help: string, read: () => number): void =>
    registry.gauge({ name: `basalt_pool_${name}`, help }).collect(read);
  show('pending', 'Transactions that the next block may have.', () => pool.stats().pending);
  show('queued', 'Transactions that wait for another.', () => pool.stats().queued);
  show('bytes', 'Bytes of the transactions that wait.', () => pool.stats().bytes);
  show('senders', 'Senders with transactions that wait.', () => pool.stats().senders);
  registry
    .counter({ name: 'basalt_pool_refused_total', help: 'Transactions that were refused.' })
    .collect(() => Object.values(pool.stats().refused).reduce((sum, count) => sum + count, 0));
}

function showState(registry: MetricsRegistry, world: WorldState): void {
  const show = (name: string, help: string, read: () => number): void =>
    registry.gauge({ name: `basalt_state_${name}`, help }).collect(read);
  show('accounts', 'Accounts in the state.', () => world.stats().accounts);
  show('slots', 'Storage slots in the state.', () => world.stats().slots);
  show('disk_bytes', 'Bytes of the state on disk.', () => world.stats().diskBytes);
  const count = (name: string, help: string, read: () => number): void =>
    registry.counter({ name: `basalt_state_${name}_total`, help }).collect(read);
  count('cache_hits', 'Reads that memory answered.', () => world.stats().cacheHits);
  count('cache_misses', 'Reads that went to the store.', () => world.stats().cacheMisses);
  show('trie_nodes', 'Nodes of the tries in memory.', () => world.stats().trieNodesCached);
}
