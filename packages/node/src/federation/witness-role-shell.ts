import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type BlsSigner, createBlsSigner, type NativeProvider } from '@basalt/crypto';
import {
  createFetchTransport,
  createWitness,
  parseLogList,
  type Route,
  storeRecords,
  WitnessError,
  type WitnessedLog,
} from '@basalt/federation';
import {
  ALGORITHM,
  algorithmName,
  createCosigner,
  createSigner,
  equalBytes,
  type KeyPair,
  type NoteSigner,
  type PlainAlgorithmId,
  ProtocolError,
  parseVerifierKey,
  type Signer,
  toHex,
} from '@basalt/protocol';
import type { LogStore } from '@basalt/store';
import type { Logger } from '@basalt/telemetry';
import type { NodeConfig } from '../config.ts';
import { NodeError } from '../errors.ts';
import type { WitnessAlgorithm } from '../federation-config.ts';
import { CARD_BYTES_MAX, WITNESS_REQUESTS_PER_DAY } from '../limits.ts';
import { openKeyPair } from '../node-keys-shell.ts';
import { systemClock, systemScheduler } from '../system-shell.ts';
import { isFileError } from './witnesses-shell.ts';

export interface WitnessRoleParts {
  readonly dataDir: string;
  readonly origin: string;
  readonly store: LogStore;
  readonly provider: NativeProvider;
  /** Of the node's own log. */
  readonly signer: Signer;
  readonly logger: Logger;
  readonly passphrase: string | undefined;
}

const ALGORITHMS: Readonly<Record<WitnessAlgorithm, PlainAlgorithmId>> = {
  ed25519: ALGORITHM.ed25519,
  'ml-dsa-44': ALGORITHM.mlDsa44,
};

export interface OpenWitness {
  readonly routes: readonly Route[];
  readonly verifierKeys: readonly string[];
}

/**
 * The witness role: keys of its own, made at first start, and a list of logs that decides for whom
 * it cosigns. Without a list one is made of what the upstreams tell at first contact; afterwards
 * the file decides.
 *
 * @throws NodeError `bad-config`, `key-damaged`, `upstream-away`
 */
export async function openWitnessRole(
  config: NodeConfig,
  parts: WitnessRoleParts,
): Promise<OpenWitness> {
  const { dataDir, provider, logger } = parts;
  const signers = await openSigners(config, parts);
  const bls = await openBlsSigner(config, parts, signers);
  const listFile = resolve(config.witnessLogsFile ?? join(dataDir, 'witness-logs.txt'));
  try {
    const role = createWitness(
      {
        signers,
        ...(bls === undefined ? {} : { bls }),
        logs: await readLogs(listFile, config, provider),
      },
      {
        storage: storeRecords(parts.store),
        suites: provider,
        clock: systemClock,
        sha256: provider.sha256,
        onFork: (proof, origin) =>
          logger.error('a log showed two histories', { origin, forkProof: toHex(proof) }),
      },
    );
    const { verifierKeys } = role.status();
    return { routes: role.routes, verifierKeys };
  } catch (error) {
    if (!(error instanceof WitnessError || error instanceof ProtocolError)) throw error;
    throw new NodeError('bad-config', `${listFile}: ${error.message}`, { cause: error });
  }
}

/** One cosigner for each algorithm, all of one name. */
async function openSigners(config: NodeConfig, parts: WitnessRoleParts): Promise<NoteSigner[]> {
  const { dataDir, provider, passphrase } = parts;
  const name = config.witnessName ?? `${parts.origin}/witness`;
  const files: Readonly<Record<WitnessAlgorithm, string>> = {
    ed25519: config.witnessKeyFile ?? join(dataDir, 'witness.key'),
    'ml-dsa-44': config.witnessMlDsaKeyFile ?? join(dataDir, 'witness-ml-dsa-44.key'),
  };
  const signers: NoteSigner[] = [];
  for (const wanted of config.witnessAlgorithms) {
    const path = resolve(files[wanted]);
    const keyPair = await openKeyPair(path, ALGORITHMS[wanted], provider, passphrase);
    if (keyPair.algorithm !== ALGORITHMS[wanted]) {
      const found = algorithmName(keyPair.algorithm);
      throw new NodeError('bad-config', `${path}: expected a key of ${wanted}, found ${found}`);
    }
    signers.push(createCosigner(name, createSigner(keyPair, provider)));
  }
  return signers;
}

/** Key files know no BLS: KeyGen makes the key of the secret of one that signs nothing else. */
async function openBlsSigner(
  config: NodeConfig,
  parts: WitnessRoleParts,
  signers: readonly NoteSigner[],
): Promise<BlsSigner | undefined> {
  if (config.witnessBlsKeyFile === undefined) return undefined;
  const { provider, passphrase } = parts;
  const path = resolve(config.witnessBlsKeyFile);
  const pair = await openKeyPair(path, ALGORITHM.ed25519, provider, passphrase);
  const others = [...signers.map(({ signer }) => signer), parts.signer, ...(await ownKeys(parts))];
  if (others.some(({ publicKey }) => equalBytes(publicKey, pair.publicKey))) {
    throw new NodeError('bad-config', `${path}: expected a key that signs nothing else`);
  }
  return createBlsSigner(pair.secretKey);
}

/** What else signs for this node, whether or not it does now. */
async function ownKeys({ dataDir, provider, passphrase }: WitnessRoleParts): Promise<KeyPair[]> {
  const paths = ['mirror.key', 'host.key'].map((name) => join(dataDir, name));
  const there = paths.filter((path) => existsSync(path));
  return await Promise.all(
    there.map((path) => openKeyPair(path, ALGORITHM.ed25519, provider, passphrase)),
  );
}

async function readLogs(
  path: string,
  config: NodeConfig,
  { sha256 }: NativeProvider,
): Promise<WitnessedLog[]> {
  try {
    return parseLogList(await readFile(path, 'utf8'), sha256);
  } catch (error) {
    if (!isFileError(error) || error.code !== 'ENOENT' || config.upstreams.length === 0) {
      if (!isFileError(error)) throw error;
      const hint = 'name a list of logs with witnessLogsFile, or nodes with --upstream';
      throw new NodeError('bad-config', `${path}: ${error.message}; ${hint}`, { cause: error });
    }
  }
  const items = await Promise.all(config.upstreams.map(readUpstream));
  const text = `logs/v0\n\n${items.join('\n')}`;
  const logs = parseLogList(text, sha256);
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  return logs;
}

/** The super-log of a node, as it names it now, as an item of a log list. */
async function readUpstream(upstream: string): Promise<string> {
  const url = upstream.replace(/\/+$/, '');
  const transport = createFetchTransport({ fetch: globalThis.fetch, scheduler: systemScheduler });
  try {
    const reply = await transport({
      url,
      method: 'GET',
      target: '/.well-known/basalt',
      fields: { accept: 'application/json' },
      bytesMax: CARD_BYTES_MAX,
    });
    const card = JSON.parse(new TextDecoder().decode(reply.body)) as Record<string, unknown>;
    const key = parseVerifierKey(String(card['superVerifierKey']));
    const lines = [
      `vkey ${String(card['superVerifierKey'])}`,
      `origin ${key.name}`,
      `qpd ${WITNESS_REQUESTS_PER_DAY}`,
      `contact ${url}`,
    ];
    return `${lines.join('\n')}\n`;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new NodeError('upstream-away', `the upstream ${url} does not name its log: ${reason}`, {
      cause: error,
    });
  }
}
