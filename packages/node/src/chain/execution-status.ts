import { EMPTY_CODE_HASH } from '@basalt/evm';
import type { BlockExecutor, Chain, ExecutedBlock } from '@basalt/execution';
import { equalBytes, fromHex, toHex } from '@basalt/protocol';
import { type ExecutionStatus, type HeatEntry, HeatMap, type TopEntry } from '@basalt/telemetry';
import { WriteHeat } from './write-heat.ts';

/** Contracts and cells that are followed; the hottest hundred are never missed. */
const HEAT_ENTRIES = 512;
const HEAT_HALF_LIFE_MS = 60_000;
const TOP = 24;
/** A transaction without a recipient creates a contract. */
const CREATION = 'new contracts';
/** What a transfer costs: nothing is left to run code with. */
const TRANSFER_GAS = 21_000n;
/** Rates are taken over so many blocks. */
const BLOCKS_KEPT = 64;

/** What a chain's executor does, in figures that a page shows. */
export class ExecutionWatch {
  readonly #contracts: HeatMap;
  readonly #cells: HeatMap;
  readonly #writes: WriteHeat;
  readonly #clock: { nowMs(): number };
  #parallel = 0;
  #sequential = 0;
  #executions = 0;
  #transactions = 0;
  #conflicts = 0;
  /** When blocks came and what they used, oldest first. Bounded by BLOCKS_KEPT. */
  readonly #gas: { readonly atMs: number; readonly gas: number }[] = [];

  constructor(clock: { nowMs(): number }) {
    this.#clock = clock;
    const options = { entriesMax: HEAT_ENTRIES, halfLifeMs: HEAT_HALF_LIFE_MS, clock };
    this.#contracts = new HeatMap(options);
    this.#cells = new HeatMap(options);
    this.#writes = new WriteHeat(new HeatMap(options));
  }

  /** A block was run. */
  executed({ statistics, changes }: ExecutedBlock): void {
    this.#writes.wrote(changes);
    if (statistics.fallback === undefined) this.#parallel++;
    else this.#sequential++;
    this.#executions += statistics.executions;
    this.#conflicts += statistics.aborts;
    for (const { address, slot, aborts } of statistics.hotKeys) {
      const cell = slot === undefined ? 'account' : `0x${toHex(slot)}`;
      this.#cells.touch(`0x${toHex(address)} ${cell}`, aborts);
    }
  }

  /** Counts blocks that are kept; the returned function ends it. */
  follow(chain: Chain): () => void {
    return chain.subscribe(({ kind, block }) => {
      if (kind === 'rewind') return;
      this.#transactions += block.transactions.length;
      this.#gas.push({ atMs: this.#clock.nowMs(), gas: Number(block.header.gasUsed) });
      if (this.#gas.length > BLOCKS_KEPT) this.#gas.shift();
      for (const { transaction } of block.transactions) {
        const { to, data, gasLimit } = transaction;
        // Or a load of transfers to ever new addresses would displace what is called.
        if (to !== undefined && data.length === 0 && gasLimit <= TRANSFER_GAS) continue;
        this.#contracts.touch(to === undefined ? CREATION : `0x${toHex(to)}`);
      }
    });
  }

  status(chain: Chain, executor: Pick<BlockExecutor, 'workers'>): ExecutionStatus {
    return {
      chainId: Number(chain.config.chainId),
      height: Number(chain.head().header.number),
      workers: executor.workers,
      blocksParallel: this.#parallel,
      blocksSequential: this.#sequential,
      executionsPerTransaction:
        this.#transactions === 0 ? 1 : this.#executions / this.#transactions,
      conflicts: this.#conflicts,
      gasPerSecond: this.#gasPerSecond(),
      hotCells: top(this.#cells),
      hotContracts: this.#hotContracts(chain),
      hotWrites: this.#writes.top(TOP).map(withoutLabel),
    };
  }

  /** Of the recipients, those with code: many a transfer offers more gas than it needs. */
  #hotContracts(chain: Chain): TopEntry[] {
    const state = chain.stateAt(Number(chain.head().header.number));
    const found: TopEntry[] = [];
    for (const entry of this.#contracts.top(HEAT_ENTRIES)) {
      if (found.length === TOP) break;
      if (entry.key !== CREATION) {
        const account = state?.readAccount(fromHex(entry.key.slice(2)));
        if (account === undefined || equalBytes(account.codeHash, EMPTY_CODE_HASH)) continue;
      }
      found.push(withoutLabel(entry));
    }
    return found;
  }

  #gasPerSecond(): number {
    const first = this.#gas[0];
    if (first === undefined) return 0;
    const seconds = (this.#clock.nowMs() - first.atMs) / 1_000;
    const gas = this.#gas.reduce((sum, block) => sum + block.gas, 0);
    return gas / Math.max(1, seconds);
  }
}

function top(map: HeatMap): TopEntry[] {
  return map.top(TOP).map(withoutLabel);
}

function withoutLabel(entry: HeatEntry): TopEntry {
  return { ...entry, label: '' };
}
