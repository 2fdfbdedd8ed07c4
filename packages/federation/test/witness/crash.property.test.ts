import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CryptoProvider,
  createCosigner,
  parseAddCheckpoint,
  parseCheckpoint,
  sha256,
  toHex,
} from '@basalt/protocol';
import { type CommitFault, createMemoryStorage } from '@basalt/store';
import fc from 'fast-check';
import type { RecordStorage } from '../../src/witness/record-storage.ts';
import { Witness } from '../../src/witness/witness.ts';
import { FakeClock, FakeLog, provider, seededSigner } from '../support/fake-log.ts';
import { memoryRecords } from '../support/memory-records.ts';

const ORIGIN = 'log.example/super';
const SIZES = 12;
const branches = [new FakeLog(ORIGIN, SIZES), new FakeLog(ORIGIN, SIZES, ' b', 5)] as const;
const cosigner = createCosigner('w.example/1', seededSigner(9));
/** Every request that the log can make, signed once: signing is what costs time. */
const requests = branches.map((branch) =>
  Array.from({ length: SIZES }, (_, from) =>
    Array.from({ length: SIZES }, (_unused, to) => branch.request(from, to)),
  ),
);
/** The log's signatures are honest here; what is looked for is in the order of things. */
const suites: Pick<CryptoProvider, 'suite'> = {
  suite: (id) => ({ ...provider.suite(id), verify: () => true }),
};

type Fault = 'none' | 'lost' | 'persisted' | 'killed before' | 'killed after';

interface Step {
  readonly branch: 0 | 1;
  readonly from: number;
  readonly to: number;
  readonly fault: Fault;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    branch: fc.constantFrom<0 | 1>(0, 1),
    from: fc.nat(SIZES - 1),
    to: fc.nat(SIZES - 1),
    fault: fc.constantFrom<Fault>(
      'none',
      'none',
      'lost',
      'persisted',
      'killed before',
      'killed after',
    ),
  }),
  { minLength: 1, maxLength: 24 },
);

/** Runs the steps over one disk; what left the process is told, in order. */
async function run(
  list: readonly Step[],
  wrap: (storage: RecordStorage) => RecordStorage,
): Promise<{ size: number; root: string }[]> {
  const storage = createMemoryStorage();
  const released: { size: number; root: string }[] = [];
  let fault: Fault = 'none';
  const open = async (): Promise<Witness> => {
    const records = await memoryRecords({
      storage,
      commitFault: (): CommitFault | undefined =>
        fault === 'none' || fault === 'killed after'
          ? undefined
          : { code: 'io', persisted: fault === 'persisted' },
    });
    const components = { storage: wrap(records), suites, clock: new FakeClock(), sha256 };
    const logs = [{ origin: ORIGIN, keys: [branches[0].signer.key] }];
    return new Witness({ signers: [cosigner], logs }, components);
  };
  let witness = await open();
  for (const step of list) {
    fault = step.fault;
    const body = requests[step.branch]?.[step.from]?.[step.to] as Uint8Array;
    const outcome = await witness.addCheckpoint(body);
    const killed = step.fault === 'killed before' || step.fault === 'killed after';
    if (outcome.status === 200) {
      const { size, root } = parseCheckpoint(parseAddCheckpoint(body).note.text);
      // A process that died after the commit may have got its answer out or not: take that it did.
      released.push({ size, root: toHex(root) });
    }
    fault = 'none';
    if (killed) witness = await open();
  }
  return released;
}

function assertOneHistory(released: readonly { size: number; root: string }[]): void {
  let last = 0;
  const rootOf = new Map<number, string>();
  for (const { size, root } of released) {
    assert.ok(size >= last, `cosigned size ${size} after ${last}`);
    assert.equal(root, rootOf.get(size) ?? root, `two roots at size ${size}`);
    rootOf.set(size, root);
    last = size;
  }
  const fits = branches.some((branch) =>
    [...rootOf].every(([size, root]) => toHex(branch.checkpoint(size).root) === root),
  );
  assert.ok(fits, 'the cosigned sizes are of one history');
}

test('whatever the disk does and whenever it dies, one history is cosigned', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      assertOneHistory(await run(list, (storage) => storage));
    }),
    { numRuns: 60 },
  );
});

test('the check above finds a witness that releases before its state is durable', async () => {
  const careless = (storage: RecordStorage): RecordStorage => ({
    read: (name) => storage.read(name),
    write: (name, value) => storage.write(name, value).catch(() => undefined),
  });
  await assert.rejects(
    fc.assert(
      fc.asyncProperty(steps, async (list) => {
        assertOneHistory(await run(list, careless));
      }),
      { numRuns: 200, endOnFailure: true },
    ),
  );
});
