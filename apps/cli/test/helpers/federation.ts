import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { createNativeProvider } from '@basalt/crypto';
import {
  createNoteKey,
  decodeBundle,
  entriesPath,
  leafHash,
  type NamespaceId,
  type NoteKey,
  openByPolicy,
  openCheckpoint,
  type Policy,
  type PolicyCheckpoint,
  parseVerifierKey,
  RangeBuilder,
} from '@basalt/protocol';

const WAIT_MS = 30_000;
const provider = createNativeProvider();

/** What is read of a node's card. */
export interface Card {
  readonly origin: string;
  readonly roles: readonly string[];
  readonly superVerifierKey: string;
}

export async function json<Value>(url: string): Promise<Value> {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  return (await response.json()) as Value;
}

export async function until(what: string, isDone: () => Promise<boolean>): Promise<void> {
  for (const started = Date.now(); ; await pause(100)) {
    if (await isDone()) return;
    assert.ok(Date.now() - started < WAIT_MS, `within ${WAIT_MS} ms: ${what}`);
  }
}

/** A super-log's checkpoint, signed by its log and cosigned by the quorum, or it throws. */
export async function witnessedCheckpoint(
  policy: Policy,
  url: string,
  key: string,
): Promise<PolicyCheckpoint> {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  const logs = [parseVerifierKey(key)];
  return openByPolicy(await response.text(), { ...policy, logs: [] }, provider, { logs });
}

/** The origin's own note at a copy, and the tree that the copy's bundles make. */
export async function checkMirrored(
  url: string,
  { name, type, publicKey }: NoteKey,
  namespace: NamespaceId,
): Promise<number> {
  const key = createNoteKey(`${name}/ns/${namespace}`, type, publicKey);
  const note = await (await fetch(`${url}/checkpoint`)).text();
  const { checkpoint } = openCheckpoint(note, [key], provider);
  const tree = new RangeBuilder();
  for (let index = 0; 256 * index < checkpoint.size; index++) {
    const width = Math.min(256, checkpoint.size - 256 * index);
    const bundle = await fetch(`${url}/${entriesPath({ index, width })}`);
    const entries = decodeBundle(new Uint8Array(await bundle.arrayBuffer()), width);
    for (const entry of entries) tree.append(leafHash(entry));
  }
  assert.deepEqual(tree.root(), checkpoint.root);
  return checkpoint.size;
}
