import { type CheckpointGate, createLedger, type Ledger } from '@basalt/ledger';
import { verifySignature } from '@basalt/protocol';
import { createLogStore, createMemoryEngine } from '@basalt/store';
import { provider, seededSigner } from './fake-log.ts';
import { TestTime } from './node.ts';

export interface GatedLedger {
  readonly ledger: Ledger;
  readonly time: TestTime;
}

/** The real ledger over a store in memory, its checkpoints behind a gate where one is given. */
export async function createGatedLedger(
  gate?: CheckpointGate,
  time: TestTime = new TestTime(),
): Promise<GatedLedger> {
  let drawn = 0;
  const ledger = await createLedger(
    {
      store: await createLogStore(createMemoryEngine()),
      crypto: provider,
      verifier: {
        verify: async (items) =>
          items.map(({ entry, publicKey, payload }) =>
            verifySignature(entry, publicKey, payload, provider),
          ),
      },
      clock: time,
      scheduler: time,
      random: { bytes: (length) => new Uint8Array(length).fill(++drawn) },
      logSigner: seededSigner(200),
      recordPublished: async () => undefined,
      ...(gate === undefined ? {} : { gate }),
    },
    { origin: 'test.example/log' },
  );
  return { ledger, time };
}
