import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockHash, fromBase64, toBase64, toHex } from '@basalt/protocol';
import fc from 'fast-check';
import { ClientError } from '../src/index.ts';
import { binary, json } from './fake-node.ts';
import { createSetup } from './setup.ts';

/** Whose answers are changed: which request, and how often it is asked in one `get`. */
const TARGETS = {
  block: (path: string) => /\/blocks\/\d+$|^\/blocks\/[0-9a-f]+$/.test(path),
  keys: (path: string) => path.endsWith('/keys'),
  proof: (path: string) => path.includes('/proof?') || path.endsWith('/proof'),
  proofs: (path: string) => path.includes('/proofs?'),
} as const;

const RUNS = { numRuns: 80 };

test('no flipped bit in a block on the wire goes through', async () => {
  const setup = createSetup(6);
  const { namespace } = setup.chain;
  const stored = setup.chain.blocks[4];
  assert.ok(stored);
  const length = stored.entry.bytes.length + (stored.payload?.length ?? 0);
  await fc.assert(
    fc.asyncProperty(fc.nat(length * 8 - 1), fc.boolean(), async (bit, byHash) => {
      setup.node.intercept = flipping(TARGETS.block, bit);
      const hash = toHex(blockHash(stored.entry));
      const reference = byHash ? hash : { namespace, index: 4 };
      await assert.rejects(setup.another().get(reference), isRefused);
    }),
    RUNS,
  );
});

test('no flipped bit in a key block goes through', async () => {
  const setup = createSetup(2);
  const { namespace } = setup.chain;
  const genesis = setup.chain.blocks[0];
  assert.ok(genesis);
  const length = genesis.entry.bytes.length + (genesis.payload?.length ?? 0);
  await fc.assert(
    fc.asyncProperty(fc.nat(length * 8 - 1), async (bit) => {
      setup.node.intercept = flipping(TARGETS.keys, bit);
      await assert.rejects(setup.another().get({ namespace, index: 1 }), isRefused);
    }),
    RUNS,
  );
});

test('no changed field of a proof goes through', async () => {
  const setup = createSetup(9);
  const { namespace } = setup.chain;
  const field = fc.constantFrom('namespace', 'index', 'size', 'root', 'leafHash', 'checkpoint');
  await fc.assert(
    fc.asyncProperty(field, fc.nat(), async (name, seed) => {
      setup.node.intercept = changing(TARGETS.proof, (object) => {
        object[name] = mutate(object[name], seed);
      });
      await assert.rejects(setup.another().get({ namespace, index: 5 }), isRefused);
    }),
    RUNS,
  );
});

test('no changed, missing or added hash of a proof goes through', async () => {
  const setup = createSetup(9);
  const { namespace } = setup.chain;
  const change = fc.constantFrom('flip', 'drop', 'add', 'swap', 'none');
  await fc.assert(
    fc.asyncProperty(change, fc.nat(3), fc.nat(255), async (kind, place, bit) => {
      setup.node.intercept = changing(TARGETS.proof, (object) => {
        const hashes = object['hashes'] as string[];
        const at = place % hashes.length;
        const one = hashes[at] as string;
        if (kind === 'flip') hashes[at] = flipHex(one, bit);
        if (kind === 'drop') hashes.splice(at, 1);
        if (kind === 'add') hashes.splice(at, 0, one);
        if (kind === 'swap') hashes.reverse();
      });
      const asked = setup.another().get({ namespace, index: 5 });
      if (kind === 'none') assert.equal((await asked).status, 'verified');
      else await assert.rejects(asked, isRefused);
    }),
    RUNS,
  );
});

test('no flipped bit of a compact proof goes through', async () => {
  const setup = createSetup(9);
  const { namespace } = setup.chain;
  let length = 0;
  setup.node.intercept = changing(TARGETS.proofs, (object) => {
    length = fromBase64(object['proof'] as string).length;
  });
  await setup.another().list({ namespace, from: 2, count: 4 });
  assert.ok(length > 20);
  await fc.assert(
    fc.asyncProperty(fc.nat(length * 8 - 1), async (bit) => {
      setup.node.intercept = changing(TARGETS.proofs, (object) => {
        const bytes = fromBase64(object['proof'] as string);
        const at = bit % (bytes.length * 8);
        bytes[at >> 3] = (bytes[at >> 3] as number) ^ (1 << (at & 7));
        object['proof'] = toBase64(bytes);
      });
      await assert.rejects(setup.another().list({ namespace, from: 2, count: 4 }), isRefused);
    }),
    RUNS,
  );
});

test('no changed character of a checkpoint goes through', async () => {
  const setup = createSetup(4);
  const { namespace } = setup.chain;
  const note = setup.node.noteFor(setup.chain);
  await fc.assert(
    fc.asyncProperty(fc.nat(note.length - 1), fc.integer({ min: 33, max: 126 }), async (at, to) => {
      const changed = note.slice(0, at) + String.fromCharCode(to) + note.slice(at + 1);
      setup.node.intercept = (request) =>
        request.path.endsWith('/checkpoint') ? new Response(changed) : undefined;
      const asked = setup.another().checkpoint(namespace);
      if (changed === note) assert.equal((await asked).note, note);
      else await assert.rejects(asked, isRefused);
    }),
    RUNS,
  );
});

test('another block, however genuine, is not the one that was asked for', async () => {
  const { another, node, chain } = createSetup(9);
  const { namespace } = chain;
  const [third, fourth] = [chain.blocks[3], chain.blocks[4]];
  assert.ok(third && fourth);
  node.intercept = async (request, answer) =>
    TARGETS.block(request.path)
      ? binary(new Uint8Array([...fourth.entry.bytes, ...(fourth.payload ?? [])]))
      : answer();
  const hash = toHex(blockHash(third.entry));
  for (const reference of [hash, { namespace, index: 3 }]) {
    const report = await another().examine(reference);
    assert.ok(report.status === 'refused');
    assert.equal(report.error.code, 'wrong-block');
  }
});

test('whatever bytes come, only ClientError is thrown', async () => {
  const setup = createSetup(3);
  const { namespace } = setup.chain;
  const bytes = fc.uint8Array({ maxLength: 400 });
  const value = fc.oneof(bytes, fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(value, fc.constantFrom(...Object.values(TARGETS)), async (body, target) => {
      setup.node.intercept = (request) => {
        if (!target(request.path)) return undefined;
        return body instanceof Uint8Array ? binary(body) : json(body);
      };
      await assert
        .rejects(setup.another().get({ namespace, index: 2 }), (error) => {
          assert.ok(error instanceof ClientError, String(error));
          return true;
        })
        .catch((error: unknown) => {
          // Only the answers that this call does not ask for may leave it whole.
          if (target !== TARGETS.block && target !== TARGETS.proof) return;
          throw error;
        });
    }),
    RUNS,
  );
});

function isRefused(error: unknown): boolean {
  assert.ok(error instanceof ClientError, String(error));
  assert.equal(error.kind, 'refused', `${error.code}: ${error.message}`);
  return true;
}

type Target = (path: string) => boolean;

function flipping(
  target: Target,
  bit: number,
): NonNullable<ReturnType<typeof createSetup>['node']['intercept']> {
  return async (request, answer) => {
    const response = await answer();
    if (!target(request.path)) return response;
    const bytes = new Uint8Array(await response.arrayBuffer());
    bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
    return binary(bytes);
  };
}

function changing(
  target: Target,
  change: (object: Record<string, unknown>) => void,
): NonNullable<ReturnType<typeof createSetup>['node']['intercept']> {
  return async (request, answer) => {
    const response = await answer();
    if (!target(request.path)) return response;
    const object = (await response.json()) as Record<string, unknown>;
    change(object);
    return json(object);
  };
}

function mutate(value: unknown, seed: number): unknown {
  if (typeof value === 'number') return value + 1 + (seed % 7);
  const text = String(value);
  const at = seed % text.length;
  const replacement = text[at] === '0' ? '1' : '0';
  return text.slice(0, at) + replacement + text.slice(at + 1);
}

function flipHex(text: string, bit: number): string {
  const at = (bit >> 2) % text.length;
  const digit = Number.parseInt(text[at] as string, 16) ^ (1 << (bit & 3));
  return text.slice(0, at) + digit.toString(16) + text.slice(at + 1);
}
