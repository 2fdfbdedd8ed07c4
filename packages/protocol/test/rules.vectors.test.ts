import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  applyKeyBlock,
  type Block,
  blockHash,
  type ChainTip,
  checkPayload,
  checkSuccession,
  decodeBlock,
  decodeEntry,
  decodeForkProof,
  decodeKeyState,
  ERROR_CODES,
  encodeBlock,
  encodeForkProof,
  encodeKeyState,
  forkProofHash,
  fromHex,
  type Hash32,
  initialKeyState,
  type KeyState,
  ProtocolError,
  tipAfter,
  toHex,
  v1KeyState,
  verifyChunk,
  verifyForkProof,
  verifySignature,
  writerAt,
} from '../src/index.ts';
import { generateAll } from './vectors/generate.ts';

const FOLDER = join(import.meta.dirname, 'vectors');
const rules = JSON.parse(readFileSync(join(FOLDER, 'rules.json'), 'utf8'));

/** `valid`, or the code that was thrown; anything but a ProtocolError fails the test. */
function outcome(run: () => void): string {
  try {
    run();
    return 'valid';
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

test('the generator reproduces every file', () => {
  for (const [name, text] of Object.entries(generateAll())) {
    // Compared by parts: a whole file in an assertion message helps nobody.
    const stored = readFileSync(join(FOLDER, name), 'utf8');
    assert.ok(stored === text, `${name} differs from what generate.ts makes`);
  }
});

test('decoding: right forms are read back byte for byte, wrong ones refused by code', () => {
  for (const vector of rules.decoding) {
    const bytes = fromHex(vector.bytes);
    assert.equal(
      outcome(() => assert.deepEqual(encodeBlock(decodeBlock(bytes)), bytes)),
      vector.expect,
      vector.name,
    );
  }
});

test('signatures: suites, ZIP 215, Merkle paths', () => {
  for (const vector of rules.signatures) {
    const entry = decodeEntry(fromHex(vector.entry));
    const verdict = verifySignature(entry, fromHex(vector.publicKey));
    assert.equal(verdict ?? 'valid', vector.expect, vector.name);
  }
});

test('chunks', () => {
  for (const vector of rules.chunks) {
    const claim = {
      chunk: fromHex(vector.chunk),
      chunkIndex: vector.chunkIndex,
      payloadLength: vector.payloadLength,
      payloadHash: fromHex(vector.payloadHash) as Hash32,
      proof: vector.proof.map(fromHex),
    };
    assert.equal(
      outcome(() => verifyChunk(claim)),
      vector.expect,
      vector.name,
    );
  }
});

test('fork proofs', () => {
  for (const vector of rules.forkProofs) {
    const bytes = fromHex(vector.proof);
    const publicKey = vector.publicKey === null ? undefined : fromHex(vector.publicKey);
    const result = outcome(() => {
      const proof = decodeForkProof(bytes);
      const finding = verifyForkProof(proof, { blockKey: () => publicKey });
      assert.ok(finding.kind === 'blocks');
      assert.equal(finding.namespace, vector.found.namespace);
      assert.equal(finding.index, vector.found.index);
      assert.deepEqual(finding.hashes.map(toHex), vector.found.hashes);
      assert.deepEqual(encodeForkProof(proof), bytes);
      assert.equal(toHex(forkProofHash(bytes)), vector.found.proofHash);
    });
    assert.equal(result, vector.expect, vector.name);
  }
});

interface ChainState {
  readonly tip: ChainTip | undefined;
  readonly keys: KeyState | undefined;
}

/** All the checks of one block in the order that README.md of the vectors names. */
function acceptBlock(state: ChainState, block: Block, nowMs: number | undefined): ChainState {
  const { entry, payload } = block;
  assert.ok(payload !== undefined);
  checkSuccession(state.tip, entry.header, nowMs === undefined ? {} : { nowMs });
  checkPayload(entry, payload);
  const keys = state.keys ?? firstKeys(block);
  if (entry.header.namespace !== keys.namespace) {
    throw new ProtocolError('wrong-namespace', 'another namespace');
  }
  const verdict = verifySignature(entry, writerAt(keys, entry.header).publicKey, payload);
  if (verdict !== undefined) throw new ProtocolError(verdict, 'signature');
  const isFirst = state.tip === undefined;
  const next = isFirst ? keys : applyKeyBlock(keys, entry, payload);
  return { tip: tipAfter(block, blockHash(entry, payload)), keys: next };
}

function firstKeys({ entry, payload }: Block): KeyState {
  return entry.publicKey === undefined
    ? initialKeyState(entry, payload as Uint8Array)
    : v1KeyState(entry.publicKey);
}

test('chains: every step is accepted or refused by its code', () => {
  for (const chain of rules.chains) {
    let state: ChainState = { tip: undefined, keys: undefined };
    for (const step of chain.steps) {
      const result = outcome(() => {
        state = acceptBlock(state, decodeBlock(fromHex(step.block)), step.nowMs);
      });
      assert.equal(result, step.expect, `${chain.name}: ${step.name}`);
      if (state.keys === undefined) continue;
      assert.deepEqual(decodeKeyState(encodeKeyState(state.keys)), state.keys);
    }
  }
});

test('every code that blocks can give is in the vectors', () => {
  const seen = new Set<string>();
  for (const list of [rules.decoding, rules.signatures, rules.chunks, rules.forkProofs]) {
    for (const vector of list) seen.add(vector.expect);
  }
  for (const chain of rules.chains) for (const step of chain.steps) seen.add(step.expect);
  /** Codes that version 2 never gives for a block, or that other parts give. */
  const elsewhere = new Set([
    // Unknown types are stored; history has no age or depth limit.
    'unknown-payload-type',
    'too-old',
    'fork-too-deep',
    // The ledger's answer to a second block at a taken index.
    'fork',
    'inconsistent-checkpoint',
    'invalid-note',
    'policy-unsatisfied',
    'invalid-policy',
    'invalid-reference',
    'stale-checkpoint',
    // Of a key state: keys.property.test.ts.
    'namespace-closed',
    'invalid-handshake',
    'no-common-capability',
    'handshake-downgrade',
  ]);
  for (const code of Object.keys(ERROR_CODES)) {
    assert.ok(seen.has(code) !== elsewhere.has(code), code);
  }
});
