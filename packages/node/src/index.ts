/**
 * One composition root: reads the configuration, opens the data folder and its keys, wires store,
 * cryptography, ledger, gateway and, where asked for, roles for other nodes and a chain with its
 * JSON-RPC, and stops them in the right order. Contains no protocol logic.
 *
 * Invariants:
 * - One process per data folder; the second is refused before it touches anything.
 * - Unknown keys of the configuration are refused; no secret is a setting (files hold them).
 * - Keys that a node makes for itself have mode 0600 and are unencrypted unless a passphrase is
 *   given, since it starts without a person.
 * - A witness has a key of its own and a list of logs, both in the data folder; which log has which
 *   key is learnt from the upstreams once, afterwards the list decides.
 * - A chain is a namespace of the ledger; its blocks are durable there before its state knows them.
 * - `stop` answers what is under way, covers it with a checkpoint and leaves nothing open.
 *
 * @example
 * const { config } = resolveConfig({ flags: { dataDir: '/var/lib/basalt', port: 0 } });
 * await using node = await startNode(config, { logger, version: '0.1.0' });
 * node.info.url; // http://127.0.0.1:38211
 *
 * Limits: a change of the configuration needs a new start; a cache is a process of its own
 * (`startCache`) and has no rate limit for each address.
 *
 * @module
 */
export type { ChainInfo, DevnetInfo } from './chain/chain-info.ts';
export {
  type ChainStateInfo,
  type ChainStateOptions,
  exportChainState,
  importChainState,
} from './chain/chain-state-shell.ts';
export {
  type ImportChainOptions,
  type ImportedChainInfo,
  importChain,
} from './chain/import-chain-shell.ts';
export { CHAIN_LABEL } from './chain/ledger-block-log-shell.ts';
export type { ChainExtras } from './chain/start-chain-shell.ts';
export {
  CONFIG_KEYS,
  type ConfigInputs,
  type ConfigKey,
  type ConfigRow,
  type ConfigSource,
  configRows,
  environmentName,
  type NodeConfig,
  type ResolvedConfig,
  readText,
  resolveConfig,
} from './config.ts';
export {
  type NodeComponents,
  type NodeInfo,
  type RunningNode,
  startNode,
} from './create-node-shell.ts';
export { NodeError, type NodeErrorCode } from './errors.ts';
export { type RunningCache, startCache } from './federation/start-cache-shell.ts';
export { HOST_LABEL } from './host-readings-shell.ts';
export { PORT_DEFAULT } from './limits.ts';
export { DISK_FULL_BYTES, DISK_LOW_BYTES } from './observe/health.ts';
export { retentionOf } from './retention-config.ts';
