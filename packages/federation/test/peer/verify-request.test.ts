import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALGORITHM, createSigner, nobleProvider, type Signer, utf8 } from '@basalt/protocol';
import { PeerError } from '../../src/peer/errors.ts';
import { nodeId } from '../../src/peer/node-id.ts';
import { formatPath, parsePath } from '../../src/peer/path-list.ts';
import { ReplayGuard } from '../../src/peer/replay-guard.ts';
import { signRequest, type UnsignedRequest } from '../../src/peer/sign-request.ts';
import { type PeerCall, type VerifyParts, verifyRequest } from '../../src/peer/verify-request.ts';

const NOW = 1_800_000_000_000;
const signer = signerOf(1);

function signerOf(seed: number): Signer {
  const suite = nobleProvider.suite(ALGORITHM.ed25519);
  return createSigner(suite.keyPairFromSeed(new Uint8Array(32).fill(seed)), nobleProvider);
}

let drawn = 0;
const random = { bytes: (length: number) => new Uint8Array(length).fill(++drawn) };

interface Change {
  readonly request?: Partial<UnsignedRequest>;
  readonly sentMs?: number;
  readonly after?: (call: Mutable) => void;
}

type Mutable = { -readonly [K in keyof UnsignedRequest]: UnsignedRequest[K] } & {
  fields: Record<string, string>;
};

/** A signed call, changed on its way. */
function call(change: Change = {}): PeerCall {
  const request: UnsignedRequest = {
    method: 'POST',
    target: '/announce',
    authority: 'Node-B.example:443',
    fields: { 'basalt-path': formatPath([nodeId(signer.publicKey)]) },
    body: utf8('{"a":1}'),
    ...change.request,
  };
  const nowMs = change.sentMs ?? NOW;
  const sent: Mutable = { ...request, fields: signRequest(request, { signer, random, nowMs }) };
  change.after?.(sent);
  return { ...sent, header: (name) => sent.fields[name] };
}

function parts(more: Partial<VerifyParts> = {}): VerifyParts {
  return {
    suites: nobleProvider,
    replays: new ReplayGuard(),
    nowMs: NOW,
    authorities: ['node-b.example'],
    ...more,
  };
}

function refused(code: string): (error: unknown) => boolean {
  return (error) => error instanceof PeerError && error.code === code;
}

test('a signed call tells who made it', () => {
  const caller = verifyRequest(call(), parts());
  assert.equal(caller.id, nodeId(signer.publicKey));
  assert.deepEqual(caller.publicKey, signer.publicKey);
});

test('a query is covered too', () => {
  const target = '/super-tree?depth=3';
  verifyRequest(call({ request: { method: 'GET', target, body: new Uint8Array(0) } }), parts());
  const changed = call({
    request: { method: 'GET', target, body: new Uint8Array(0) },
    after: (sent) => {
      sent.target = '/super-tree?depth=4';
    },
  });
  assert.throws(() => verifyRequest(changed, parts()), refused('signature-invalid'));
});

const changes: readonly [string, string, (sent: Mutable) => void][] = [
  ['another method', 'signature-invalid', (sent) => Object.assign(sent, { method: 'GET' })],
  ['another path', 'signature-invalid', (sent) => Object.assign(sent, { target: '/relay' })],
  ['another host', 'signature-invalid', (sent) => Object.assign(sent, { authority: 'c.example' })],
  ['another body', 'digest-mismatch', (sent) => Object.assign(sent, { body: utf8('{"a":2}') })],
  [
    'a shorter path of nodes',
    'signature-invalid',
    (sent) => Object.assign(sent.fields, { 'basalt-path': formatPath([]) }),
  ],
  [
    'a query that nobody signed',
    'signature-malformed',
    (sent) => Object.assign(sent, { target: '/announce?x=1' }),
  ],
  ['no signature', 'signature-missing', (sent) => delete sent.fields['signature']],
  [
    'a signature that does not cover the body',
    'signature-malformed',
    (sent) => {
      const input = sent.fields['signature-input'] ?? '';
      sent.fields['signature-input'] = input.replace(' "content-digest"', '');
    },
  ],
  [
    'fields that are no structured fields',
    'signature-malformed',
    (sent) => Object.assign(sent.fields, { 'signature-input': 'basalt=("@method"' }),
  ],
  [
    'a signature for another purpose',
    'signature-malformed',
    (sent) => {
      const input = sent.fields['signature-input'] ?? '';
      sent.fields['signature-input'] = input.replace('basalt-peer', 'other');
    },
  ],
];

for (const [what, code, after] of changes) {
  test(`refused: ${what}`, () => {
    assert.throws(() => verifyRequest(call({ after }), parts()), refused(code));
  });
}

test('a call to one node cannot be played to another, whatever Host says', () => {
  const elsewhere = parts({ authorities: ['node-c.example'] });
  assert.throws(() => verifyRequest(call(), elsewhere), refused('signature-invalid'));
});

test('a clock that is ten minutes off is named, in both directions', () => {
  for (const [sentMs, side] of [
    [NOW - 600_000, 'behind'],
    [NOW + 600_000, 'ahead of'],
  ] as const) {
    assert.throws(
      () => verifyRequest(call({ sentMs }), parts()),
      (error) =>
        refused('clock-skew')(error) &&
        (error as Error).message.includes(`600 s ${side}`) &&
        (error as Error).message.includes('set the clock'),
    );
  }
  for (const sentMs of [NOW - 299_000, NOW + 299_000]) {
    verifyRequest(call({ sentMs }), parts());
  }
});

test('a call is taken once, from its first moment to the end of its window', () => {
  const replays = new ReplayGuard();
  const ahead = call({ sentMs: NOW + 290_000 });
  verifyRequest(ahead, parts({ replays }));
  for (const nowMs of [NOW, NOW + 300_000, NOW + 590_000]) {
    assert.throws(() => verifyRequest(ahead, parts({ replays, nowMs })), refused('replayed'));
  }
  assert.throws(
    () => verifyRequest(ahead, parts({ replays, nowMs: NOW + 590_001 })),
    refused('clock-skew'),
  );
});

test('nonces are bounded: a full memory refuses, and empties with time', () => {
  const replays = new ReplayGuard({ noncesMax: 3 });
  for (let i = 0; i < 3; i++) verifyRequest(call(), parts({ replays }));
  assert.throws(() => verifyRequest(call(), parts({ replays })), refused('too-many-calls'));
  assert.equal(replays.size, 3);
  const nowMs = NOW + 300_001;
  verifyRequest(call({ sentMs: nowMs }), parts({ replays, nowMs }));
  assert.equal(replays.size, 1);
  const own = new ReplayGuard({ noncesPerPeerMax: 1 });
  verifyRequest(call(), parts({ replays: own }));
  assert.throws(() => verifyRequest(call(), parts({ replays: own })), refused('too-many-calls'));
});

test('only known keys, where only those are asked for; strangers fill no memory', () => {
  const replays = new ReplayGuard();
  const isKnown = (): boolean => false;
  assert.throws(() => verifyRequest(call(), parts({ replays, isKnown })), refused('unknown-peer'));
  assert.equal(replays.size, 0);
});

test('paths are lists of node ids, and nothing else', () => {
  const ids = [1, 2, 3].map((seed) => nodeId(signerOf(seed).publicKey));
  assert.deepEqual(parsePath(formatPath(ids)), ids);
  assert.deepEqual(parsePath(undefined), []);
  for (const bad of ['x', 'n123', '"n1"', `${ids[0]},,`, Array(33).fill(ids[0]).join(', ')]) {
    assert.throws(() => parsePath(bad), refused('bad-request'), bad);
  }
});
