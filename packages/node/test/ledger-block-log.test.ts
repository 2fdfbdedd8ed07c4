import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNativeProvider } from '@basalt/crypto';
import { createLedger, type Ledger } from '@basalt/ledger';
import { ALGORITHM, createSigner, utf8 } from '@basalt/protocol';
import { createLogStore, createMemoryEngine } from '@basalt/store';
import { openLedgerBlockLog } from '../src/chain/ledger-block-log-shell.ts';

const provider = createNativeProvider();
const START_MS = 1_800_000_000_000;

function signerOf(seed: number): ReturnType<typeof createSigner> {
  const bytes = new Uint8Array(32).fill(seed);
  return createSigner(provider.suite(ALGORITHM.ed25519).keyPairFromSeed(bytes), provider);
}

/** A disk whose next write fails; `persisted`: the bytes are there all the same. */
class FaultyDisk {
  fault: { readonly persisted: boolean } | undefined;
  /** Time goes on after a failure, so that the ledger tries again. */
  nowMs = START_MS;

  async open(): Promise<Ledger> {
    const engine = createMemoryEngine({
      commitFault: () => {
        const { fault } = this;
        this.fault = undefined;
        return fault === undefined ? undefined : { code: 'io', ...fault };
      },
    });
    const components = {
      store: await createLogStore(engine),
      crypto: provider,
      verifier: { verify: () => Promise.reject(new Error('nothing comes from elsewhere')) },
      clock: { nowMs: () => this.nowMs },
      scheduler: { after: () => () => undefined },
      random: { bytes: (length: number) => new Uint8Array(length).fill(3) },
      logSigner: signerOf(200),
      recordPublished: async () => undefined,
    };
    return await createLedger(components, { origin: 'test.example/log' });
  }
}

for (const persisted of [false, true]) {
  const what = persisted ? 'that reached the disk all the same' : 'that left nothing';
  test(`a failed append ${what}: the length says so`, async () => {
    const disk = new FaultyDisk();
    const ledger = await disk.open();
    const log = await openLedgerBlockLog({ ledger, signer: signerOf(1), crypto: provider });
    assert.deepEqual(await log.append(utf8('block 1')), { index: 0 });
    disk.fault = { persisted };
    await assert.rejects(log.append(utf8('block 2')));
    const { size } = (await ledger.info(log.namespace)) ?? { size: 0 };
    assert.equal(size, persisted ? 3 : 2);
    assert.equal(log.length, persisted ? 2 : 1);
    await ledger.close();
  });
}

test('nothing is written on top of a block whose failed write nobody could look at', async () => {
  const disk = new FaultyDisk();
  const ledger = await disk.open();
  let isBlind = false;
  const blind: Pick<Ledger, 'createNamespace' | 'info' | 'payload'> = {
    createNamespace: (payload, signer) => ledger.createNamespace(payload, signer),
    payload: (namespace, index) => ledger.payload(namespace, index),
    info: (namespace) =>
      isBlind ? Promise.reject(new Error('no answer')) : ledger.info(namespace),
  };
  const log = await openLedgerBlockLog({ ledger: blind, signer: signerOf(1), crypto: provider });
  await log.append(utf8('block 1'));
  isBlind = true;
  disk.fault = { persisted: true };
  await assert.rejects(log.append(utf8('block 2')));
  disk.nowMs += 60_000;
  await assert.rejects(log.append(utf8('another block 2')), /no answer/);
  isBlind = false;
  await assert.rejects(log.append(utf8('another block 2')), /is there though its write failed/);
  assert.equal(log.length, 2);
  assert.equal((await ledger.info(log.namespace))?.size, 3);
  await ledger.close();
});
