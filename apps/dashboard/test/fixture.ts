import type {
  NetworkNode,
  NetworkStatus,
  NodeStatus,
  StatusSample,
  TunableState,
} from '@basalt/telemetry';

/** A node in full swing, the same for each test; times are relative to `nowMs`. */

export function sampleAt(nowMs: number, at: number): StatusSample {
  const wave = Math.sin(at / 40);
  const spike = at % 97 === 0 ? 3 : 1;
  return {
    atMs: nowMs,
    blocksPerSecond: 420 + 60 * wave,
    requestsPerSecond: 1_830 + 240 * wave,
    transactionsPerSecond: 96 + 12 * Math.cos(at / 25),
    finalityP50Seconds: 0.118 + 0.01 * wave,
    finalityP99Seconds: (0.236 + 0.03 * wave) * spike,
    requestP50Seconds: 0.0011,
    requestP99Seconds: 0.0094 * spike,
    eventLoopDelaySeconds: 0.0021,
    cpuCores: 0.84,
    memoryBytes: 214_000_000 + at * 20_000,
    queueBlocks: 37,
  };
}

export function historyOf(nowMs: number, count = 600): StatusSample[] {
  return Array.from({ length: count }, (_, at) => sampleAt(nowMs - (count - 1 - at) * 1_000, at));
}

const NAMESPACES = ['rides', 'host', 'audit', 'sensors-north', 'sensors-south', 'orders', ''];

function hotNamespaces(): NodeStatus['shards']['hot'] {
  return NAMESPACES.map((label, at) => ({
    key: `1487919c-04b7-8e70-9b5b-be71a8e4a5e${at}`,
    label,
    weight: 9_400 / (at + 1) ** 1.4,
    error: at === 0 ? 0 : 12,
  }));
}

export function tunablesAt(nowMs: number): TunableState[] {
  const change = (agoSeconds: number, from: number, to: number, reason: string) => ({
    atMs: nowMs - agoSeconds * 1_000,
    from,
    to,
    reason,
  });
  return [
    {
      name: 'ledger.batch-blocks',
      help: 'Blocks of one commit at most.',
      unit: 'blocks',
      controller: 'AIMD',
      bounds: { min: 16, max: 4_096 },
      value: 512,
      initial: 256,
      mode: 'automatic',
      reading: 'p99 62 ms, 410 waiting',
      changeCount: 14,
      reversalCount: 2,
      changes: [
        change(520, 256, 320, 'p99 41 ms below 100 ms and blocks wait: raised'),
        change(400, 320, 384, 'p99 48 ms below 100 ms and blocks wait: raised'),
        change(260, 384, 192, 'p99 180 ms over 100 ms: halved'),
        change(180, 192, 448, 'p99 44 ms below 100 ms and blocks wait: raised'),
        change(70, 448, 512, 'p99 62 ms below 100 ms and blocks wait: raised'),
      ],
    },
    {
      name: 'gateway.cache-bytes',
      help: 'Memory of prepared answers.',
      unit: 'bytes',
      controller: 'shadow cache',
      bounds: { min: 1_000_000, max: 268_000_000 },
      value: 64_000_000,
      initial: 64_000_000,
      mode: 'held',
      reading: 'hit rate 0.93, twice the size would give 0.94',
      changeCount: 0,
      reversalCount: 0,
      changes: [],
    },
    {
      name: 'execution.parallel-threshold',
      help: 'Transactions of a block from which threads share the work.',
      unit: '',
      controller: 'two cost lines',
      bounds: { min: 2, max: 512 },
      value: 24,
      initial: 32,
      mode: 'off',
      reading: '',
      changeCount: 1,
      reversalCount: 0,
      changes: [change(900, 32, 24, 'threads cost less from 24 transactions on')],
    },
  ];
}

export function statusAt(nowMs: number, at = 599): NodeStatus {
  return {
    name: 'basalt',
    version: '0.1.0',
    origin: 'log.example.org',
    roles: ['origin', 'witness'],
    startedMs: nowMs - 93_600_000,
    nowMs,
    health: {
      isReady: true,
      state: 'good',
      checks: [
        { name: 'process', state: 'good', words: 'The node runs.' },
        { name: 'writes', state: 'good', words: 'Blocks are taken.' },
        { name: 'disk', state: 'good', words: '41.2 GiB free.' },
      ],
    },
    now: sampleAt(nowMs, at),
    totals: { blocks: 18_432_117, namespaces: 1_204, storeBytes: 5_120_000_000, peers: 7 },
    shards: {
      hot: hotNamespaces(),
      flow: {
        labels: ['rides (1487919c)', 'host (0a1b2c3d)', 'audit (77aa88bb)', '9f9e9d9c'],
        counts: [
          [0, 12.4, 0, 310],
          [4, 0, 57, 0],
          [0, 0, 0, 9],
          [1_250, 0, 88, 0],
        ],
      },
    },
    execution: {
      chainId: 1_337,
      height: 20_418,
      workers: 4,
      blocksParallel: 15_210,
      blocksSequential: 5_208,
      executionsPerTransaction: 1.13,
      conflicts: 4_211,
      gasPerSecond: 21_400_000,
      hotCells: Array.from({ length: 24 }, (_, i) => ({
        key: `0xdac17f958d2ee523a2206206994597c13d831ec${i % 3} ${
          i < 3 ? 'account' : `0x${i.toString(16).padStart(64, '0')}`
        }`,
        label: '',
        weight: 880 / (i + 1),
        error: 0,
      })),
      hotWrites: [
        { key: `0x${'ab'.repeat(20)} 0xa7..`, label: '', weight: 420, error: 3 },
        { key: `0x${'ab'.repeat(20)} account`, label: '', weight: 66, error: 3 },
        { key: `0x${'cd'.repeat(20)} 0x05`, label: '', weight: 12, error: 0 },
      ],
      hotContracts: Array.from({ length: 8 }, (_, i) => ({
        key: `0x${String(i).repeat(40)}`,
        label: '',
        weight: 3_100 / (i + 1),
        error: 0,
      })),
    },
    tunables: tunablesAt(nowMs),
  };
}

const STATES = ['good', 'good', 'good', 'good', 'good', 'good', 'good', 'slow', 'away'] as const;

/** `count` nodes in groups of regions, three links each; two of them have lied. */
export function networkOf(count: number, groupCount = 12): NetworkStatus {
  const nodes = Array.from({ length: count }, (_, i): NetworkNode => {
    const group = i % groupCount;
    return {
      id: `node-${String(i).padStart(5, '0')}`,
      url: `https://n${i}.region-${group}.example.org`,
      roles: i % 5 === 0 ? ['archive'] : ['relay'],
      group: `region-${String(group).padStart(2, '0')}`,
      state:
        i === 13 || i === 4_711
          ? 'lying'
          : (STATES[((i * 7_919) % 1_009) % STATES.length] ?? 'good'),
      rttSeconds: i === 0 ? null : 0.004 + (i % 90) / 1_000,
      ...(i === 4_711 ? { problem: 'two trees of one size' } : {}),
    };
  });
  const links = Array.from({ length: count * 3 }, (_, i) => {
    const from = i % count;
    // Two of three within the region, one to another.
    const step = i < 2 * count ? groupCount * (1 + ((i * 31) % 17)) : 1 + ((i * 131) % count);
    return [from, (from + step) % count] as const;
  });
  return { self: nodes[0]?.id ?? '', nodes, links };
}

export function alertsAt(nowMs: number): Record<string, unknown>[] {
  return [
    {
      name: 'BasaltQueueLong',
      severity: 'ticket',
      state: 'pending',
      words: '58,000 blocks waited at one time; above 65,536 they are refused with 503.',
      sinceMs: nowMs - 20_000,
    },
    {
      name: 'BasaltDiskAlmostFull',
      severity: 'page',
      state: 'firing',
      words: '0.2 GiB free: make room now, or writes will be refused.',
      sinceMs: nowMs - 780_000,
    },
  ];
}
