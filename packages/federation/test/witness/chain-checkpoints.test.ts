import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CheckpointGate, Ledger } from '@basalt/ledger';
import {
  type CheckpointPayload,
  checkCheckpointPayload,
  checkpointImprint,
  checkpointPayloadNote,
  cosign,
  createCosigner,
  decodeCheckpointPayload,
  decodeEntry,
  formatNote,
  formatVerifierKey,
  type NamespaceId,
  openByPolicy,
  PAYLOAD_TYPE,
  parseNote,
  parsePolicy,
  utf8,
} from '@basalt/protocol';
import {
  type ChainCheckpoints,
  createChainCheckpoints,
} from '../../src/witness/chain-checkpoints.ts';
import { provider, seededSigner } from '../support/fake-log.ts';
import { createGatedLedger, type GatedLedger } from '../support/gated-ledger.ts';
import { genesisPayload, settle } from '../support/node.ts';

const signer = seededSigner(1);
const logSigner = seededSigner(200);
const cosigner = createCosigner('w.example', seededSigner(9));

interface Found {
  readonly index: number;
  readonly payload: CheckpointPayload;
}

/** Every checkpoint in a chain, each checked against the tree of the blocks before it. */
async function checkpointsIn(ledger: Ledger, namespace: NamespaceId): Promise<Found[]> {
  const info = await ledger.info(namespace);
  const found: Found[] = [];
  for (let index = 0; index < (info?.size ?? 0); index++) {
    const block = await ledger.blockAt(namespace, index);
    assert.ok(block?.payload !== undefined);
    const { header } = decodeEntry(block.entry);
    if (header.payloadType !== PAYLOAD_TYPE.checkpoint) continue;
    const payload = decodeCheckpointPayload(block.payload);
    const { root } = await ledger.snapshot(namespace, index);
    checkCheckpointPayload(payload, header, root);
    found.push({ index, payload });
  }
  return found;
}

interface Setup extends GatedLedger {
  readonly namespace: NamespaceId;
  readonly start: (more?: Partial<More>) => ChainCheckpoints;
  readonly append: (count: number) => Promise<void>;
}

async function setup(
  options: { everyBlocks?: number; everyMs?: number; gate?: CheckpointGate } = {},
): Promise<Setup> {
  const made = await createGatedLedger(options.gate);
  const { ledger, time } = made;
  const writer = await ledger.createNamespace(genesisPayload(signer), signer);
  const { namespace } = writer;
  const append = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await writer.append([{ payload: utf8(`block ${i}`) }]);
    await time.advance(1_000);
  };
  const { everyBlocks = 8, everyMs = 3_600_000 } = options;
  const start = (more: Partial<More> = {}): ChainCheckpoints =>
    createChainCheckpoints([{ namespace, signer, everyBlocks, everyMs, ...more.chain }], {
      ledger,
      clock: time,
      scheduler: time,
      ...more.parts,
    });
  return { ...made, namespace, start, append };
}

interface More {
  readonly chain: { readonly namespace: NamespaceId; readonly signer: typeof signer };
  readonly parts: {
    readonly timestamps?: { stamp(message: Uint8Array): Promise<never> };
    readonly aggregate?: () => Promise<Uint8Array>;
  };
}

test('every so many blocks a chain gets a checkpoint of all that is before it', async () => {
  const { ledger, namespace, start, append } = await setup();
  const checkpoints = start();
  await append(3);
  assert.equal((await checkpointsIn(ledger, namespace)).length, 0);
  await append(6);
  assert.deepEqual(
    (await checkpointsIn(ledger, namespace)).map(({ index }) => index),
    [10],
  );
  // A checkpoint alone is no reason for another one.
  await append(0);
  await append(7);
  assert.equal((await checkpointsIn(ledger, namespace)).length, 1);
  await append(1);
  assert.deepEqual(
    (await checkpointsIn(ledger, namespace)).map(({ index }) => index),
    [10, 19],
  );
  assert.equal(checkpoints.status()[0]?.written, 2);
  await checkpoints.stop();
  await ledger.close();
});

test('after so long too; a restart does not write what is there', async () => {
  const { ledger, namespace, start, append, time } = await setup({
    everyBlocks: 1000,
    everyMs: 60_000,
  });
  const first = start();
  await append(2);
  await time.advance(58_000);
  assert.equal((await checkpointsIn(ledger, namespace)).length, 0);
  await time.advance(2_000);
  assert.equal((await checkpointsIn(ledger, namespace)).length, 1);
  await first.stop();
  const second = start();
  await time.advance(200_000);
  assert.equal((await checkpointsIn(ledger, namespace)).length, 1);
  assert.equal(second.status()[0]?.lastIndex, 3);
  await second.stop();
  await ledger.close();
});

test('the super-log gets its witnessed checkpoints with their lines', async () => {
  const gate: CheckpointGate = {
    holds: (origin) => origin.endsWith('/super'),
    release: async ({ note }) => {
      await settle();
      return formatNote(cosign(parseNote(note), cosigner, 1_800_000_000));
    },
  };
  const { ledger, start, append } = await setup({ gate, everyBlocks: 3 });
  const namespace = ledger.superNamespace();
  const checkpoints = start({ chain: { namespace, signer: logSigner } });
  for (let i = 0; i < 12; i++) await append(1);
  const found = await checkpointsIn(ledger, namespace);
  assert.ok(found.length >= 3, `${found.length} checkpoints`);
  const witness = formatVerifierKey(cosigner.key);
  const policy = parsePolicy(
    `log ${ledger.verifierKey('super')}\nwitness w ${witness}\nquorum w\n`,
  );
  for (const { payload } of found) {
    const note = checkpointPayloadNote(payload);
    assert.ok(note !== undefined);
    assert.deepEqual(openByPolicy(note, policy, provider).witnesses, ['w']);
  }
  await checkpoints.stop();
  await ledger.close();
});

test('stamp and aggregate are kept; an authority that is away delays nothing', async () => {
  const { ledger, namespace, start, append } = await setup();
  const asked: Uint8Array[] = [];
  let isAway = false;
  const stamp = async (message: Uint8Array): Promise<never> => {
    if (isAway) throw new Error('the authority is away');
    asked.push(message);
    return { token: Uint8Array.of(1, 2, 3) } as never;
  };
  const aggregate = async (): Promise<Uint8Array> => Uint8Array.of(9);
  const checkpoints = start({ parts: { timestamps: { stamp }, aggregate } });
  await append(9);
  const [first] = await checkpointsIn(ledger, namespace);
  assert.deepEqual(first?.payload.timestampToken, Uint8Array.of(1, 2, 3));
  assert.deepEqual(first.payload.aggregate, Uint8Array.of(9));
  assert.deepEqual(provider.sha256(asked[0] as Uint8Array), checkpointImprint(first.payload));
  isAway = true;
  await append(9);
  const [, second] = await checkpointsIn(ledger, namespace);
  assert.equal(second?.payload.timestampToken, undefined);
  const [status] = checkpoints.status();
  assert.equal(status?.unstamped, 1);
  assert.match(status.problem ?? '', /away/);
  await checkpoints.stop();
  await ledger.close();
});

test('a writer that is faster than the authority gets its checkpoint without a stamp', async () => {
  const made = await setup();
  const { ledger, namespace, start, append } = made;
  const writer = await ledger.openWriter(namespace, signer);
  let stamps = 0;
  const stamp = async (): Promise<never> => {
    stamps++;
    await writer.append([{ payload: utf8('meanwhile') }]);
    return { token: Uint8Array.of(1) } as never;
  };
  const checkpoints = start({ parts: { timestamps: { stamp } } });
  await append(9);
  for (let i = 0; i < 8; i++) await append(0);
  const found = await checkpointsIn(ledger, namespace);
  assert.equal(found.length, 1);
  assert.equal(found[0]?.payload.timestampToken, undefined);
  assert.equal(stamps, 4);
  assert.equal(checkpoints.status()[0]?.missed, 4);
  await checkpoints.stop();
  await ledger.close();
});
