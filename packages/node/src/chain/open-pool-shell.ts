import { join } from 'node:path';
import { createEvm, type Evm, EvmError, type Fork, loadRecover, transact } from '@basalt/evm';
import {
  type Chain,
  createBlobVerifier,
  createFullCheck,
  createPool,
  type FullCheckComponents,
  openPoolJournal,
  poolChainOf,
  type Recoverer,
  type TransactionPool,
} from '@basalt/execution';
import { type Clock, toHex } from '@basalt/protocol';
import type { Logger, MetricsRegistry } from '@basalt/telemetry';

export interface OpenPoolComponents {
  readonly chain: Chain;
  readonly recoverer: Recoverer;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Of the chain; undefined: what waits goes with the process. */
  readonly folder: string | undefined;
}

/**
 * The pool of a chain, filled with what its journal holds. One transaction in some is checked in
 * full after the fast path took it; one that should not be there is told and taken out again.
 */
export async function openPool(
  components: OpenPoolComponents,
  stops: (() => unknown)[],
): Promise<TransactionPool> {
  const { chain, recoverer, clock, logger, metrics, folder } = components;
  const blobs = createBlobVerifier();
  stops.push(() => blobs.close());
  const faults = metrics.counter({
    name: 'basalt_pool_fast_path_faults_total',
    help: 'Transactions that the fast path took and the full check refused.',
  });
  const seconds = (): bigint => BigInt(Math.floor(clock.nowMs() / 1000));
  const journal =
    folder === undefined
      ? undefined
      : await openPoolJournal(join(folder, 'pool.journal'), (error) => {
          const reason = error instanceof Error ? error.message : String(error);
          logger.error('the pool can not be written down; a restart would lose it', { reason });
        });
  const pool = await createPool({
    chain: poolChainOf(chain, seconds),
    clock,
    recoverer,
    blobs,
    ...(journal === undefined ? {} : { journal }),
    fullCheck: createFullCheck({ recover: await loadRecover(), ...simulation(chain) }),
    random: Math.random,
    onFault({ transaction, reason }) {
      faults.add(1);
      logger.error('the fast path took a transaction that it should not have taken', {
        hash: toHex(transaction.hash),
        reason,
      });
    },
  });
  stops.push(() => pool.close());
  return pool;
}

/** Runs a transaction after the newest block, whatever the fees there are, and keeps nothing. */
function simulation(chain: Chain): Pick<FullCheckComponents, 'fork' | 'simulate'> {
  let engine: { readonly fork: Fork; readonly evm: Promise<Evm> } | undefined;
  const fork = (): Fork => {
    const { number, timestamp } = chain.head().header;
    return chain.config.forkAt(number + 1n, timestamp + 1n).fork;
  };
  return {
    fork,
    async simulate(transaction) {
      const now = fork();
      if (engine?.fork !== now) engine = { fork: now, evm: createEvm({ fork: now }) };
      const evm = await engine.evm;
      const { header } = chain.head();
      const state = chain.stateAt(Number(header.number));
      if (state === undefined) return undefined;
      const number = header.number + 1n;
      const reader = {
        readAccount: (address: Uint8Array) => state.readAccount(address),
        readStorage: (address: Uint8Array, slot: Uint8Array) => state.readStorage(address, slot),
        readCode: (hash: Uint8Array) => state.readCode(hash),
        hasStorage: (address: Uint8Array) => state.hasStorage(address),
        blockHash: chain.blockHashFor(number),
      };
      // A fee that is too low today is no fault: the transaction may wait for another day.
      const environment = { ...chain.environment(header), number, baseFee: 0n, blobBaseFee: 0n };
      try {
        const result = transact(evm, reader, transaction, environment);
        return result.included ? undefined : result.error;
      } catch (error) {
        // What needs more than this engine has is not wrong for that.
        if (error instanceof EvmError && error.code === 'memory-bound') return undefined;
        throw error;
      }
    },
  };
}
