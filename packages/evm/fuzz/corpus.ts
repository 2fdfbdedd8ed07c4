/** The corpus: every case that ever showed a difference, as a state test with what is right. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesToHex } from '@noble/hashes/utils.js';
import { stateRoot } from '../src/state/trie-root.ts';
import type { StateTest } from '../src/state-test/fixture.ts';
import { logsHash } from '../src/state-test/run-case.ts';
import type { FuzzCase } from './generate-case.ts';
import type { Outcome } from './outcome.ts';

export const CORPUS_FOLDER: string = join(import.meta.dirname, '..', 'test', 'corpus');

/** A case with the oracle's answer as its expectation. */
export function toStateTest({ forkName, test }: FuzzCase, oracle: Outcome): StateTest {
  const expectation = oracle.included
    ? { hash: hex(stateRoot(oracle.state)), logs: hex(logsHash(oracle.logs)) }
    : { hash: '', logs: hex(logsHash([])), expectException: oracle.reason };
  const indexes = { data: 0, gas: 0, value: 0 };
  return { ...test, post: { [forkName]: [{ ...expectation, indexes }] } };
}

/** Writes it as `<name>.json` and says where. */
export function writeCorpus(found: FuzzCase, oracle: Outcome, name: string): string {
  mkdirSync(CORPUS_FOLDER, { recursive: true });
  const path = join(CORPUS_FOLDER, `${name}.json`);
  const { name: _, ...test } = toStateTest(found, oracle);
  writeFileSync(path, `${JSON.stringify({ [name]: test }, null, 1)}\n`);
  return path;
}

function hex(bytes: Uint8Array): string {
  return `0x${bytesToHex(bytes)}`;
}
