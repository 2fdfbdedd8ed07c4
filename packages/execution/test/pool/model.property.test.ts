import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { ExecutionError } from '../../src/errors.ts';
import type { PoolComponents } from '../../src/pool/create-pool.ts';
import { FAST_PATH, type FastPath } from '../../src/pool/fast-path.ts';
import type { PoolLimits } from '../../src/pool/limits.ts';
import type { PoolErrorCode } from '../../src/pool/types.ts';
import type { SignedTransaction } from '../../src/transaction/types.ts';
import { addressAt, pretend, testPool } from '../support/pool.ts';
import { transfer } from '../support/transactions.ts';

/**
 * The pool against a model that keeps one plain list and finds out everything anew by sorting and
 * walking it. Whatever is done, both take, refuse, hold, offer and evict the same.
 */
const SENDERS = 4;
const GAS = 21_000n;
const LIMITS: Partial<PoolLimits> = { transactions: 8, senderTransactions: 6, senderQueued: 3 };

interface ModelEntry {
  readonly sender: number;
  readonly nonce: bigint;
  readonly feeCap: bigint;
  readonly tipCap: bigint;
  readonly cost: bigint;
  readonly sequence: number;
  readonly hash: string;
}

class Model {
  readonly nonces: bigint[] = Array(SENDERS).fill(0n);
  readonly balances: bigint[] = Array(SENDERS).fill(0n);
  baseFee = 0n;
  entries: ModelEntry[] = [];
  #sequence = 0;

  of(sender: number): ModelEntry[] {
    return this.entries
      .filter((each) => each.sender === sender)
      .sort((a, b) => Number(a.nonce - b.nonce));
  }

  executable(sender: number): ModelEntry[] {
    const reached: ModelEntry[] = [];
    let nonce = this.nonces[sender]!;
    let money = this.balances[sender]!;
    for (const each of this.of(sender)) {
      if (each.nonce !== nonce || each.cost > money) break;
      reached.push(each);
      nonce++;
      money -= each.cost;
    }
    return reached;
  }

  add(entry: Omit<ModelEntry, 'sequence'>): PoolErrorCode | undefined {
    const { sender, nonce, feeCap, tipCap, cost, hash } = entry;
    if (this.entries.some((each) => each.hash === hash)) return 'already-known';
    const sequence = this.#sequence++;
    if (tipCap > feeCap) return 'invalid';
    if (nonce < this.nonces[sender]!) return 'nonce-too-low';
    if (cost > this.balances[sender]!) return 'insufficient-funds';
    if (nonce >= this.nonces[sender]! + 6n) return 'nonce-too-far';
    const old = this.entries.find((each) => each.sender === sender && each.nonce === nonce);
    const isBumped = (fee: bigint, before: bigint) => fee > before && fee * 10n >= before * 11n;
    if (old && !(isBumped(feeCap, old.feeCap) && isBumped(tipCap, old.tipCap))) {
      return 'replacement-underpriced';
    }
    const before = this.entries;
    this.entries = [...before.filter((each) => each !== old), { ...entry, sequence }];
    const waits = this.of(sender).length - this.executable(sender).length;
    const isReached = this.executable(sender).some((each) => each.hash === hash);
    if (!old && !isReached && waits > 3) {
      this.entries = before;
      return 'nonce-too-far';
    }
    if (this.entries.length <= 8) return undefined;
    const worst = this.#worst();
    this.entries = this.entries.filter((each) => each !== worst);
    return worst.hash === hash ? 'pool-full' : undefined;
  }

  advance(): void {
    this.entries = this.entries.filter((each) => each.nonce >= this.nonces[each.sender]!);
  }

  best(): string[] {
    const heads = Array.from({ length: SENDERS }, (_, sender) => this.executable(sender));
    const offered: string[] = [];
    for (;;) {
      const next = heads
        .map(([first]) => first)
        .filter((each) => each !== undefined && each.feeCap >= this.baseFee)
        .sort((a, b) => Number(this.#tip(b!) - this.#tip(a!)) || a!.sequence - b!.sequence)[0];
      if (next === undefined) return offered;
      offered.push(next.hash);
      heads[next.sender]!.shift();
    }
  }

  #tip({ feeCap, tipCap }: Pick<ModelEntry, 'feeCap' | 'tipCap'>): bigint {
    return feeCap - this.baseFee < tipCap ? feeCap - this.baseFee : tipCap;
  }

  /** Of the last of each sender: waiting first, then least tip on its way, then youngest. */
  #worst(): ModelEntry {
    const tails = Array.from({ length: SENDERS }, (_, sender) => this.of(sender))
      .filter((all) => all.length > 0)
      .map((all) => {
        const entry = all.at(-1)!;
        const isReached = this.executable(entry.sender).includes(entry);
        const caps = (key: 'feeCap' | 'tipCap') =>
          all.map((each) => each[key]).reduce((a, b) => (a < b ? a : b));
        return {
          entry,
          isReached,
          tip: this.#tip({ feeCap: caps('feeCap'), tipCap: caps('tipCap') }),
        };
      });
    tails.sort(
      (a, b) =>
        Number(a.isReached) - Number(b.isReached) ||
        Number(a.tip - b.tip) ||
        b.entry.sequence - a.entry.sequence,
    );
    return tails[0]!.entry;
  }
}

type Step =
  | { kind: 'add'; sender: number; ahead: number; feeCap: number; tipCap: number; value: number }
  | { kind: 'again'; index: number }
  | { kind: 'remove'; index: number }
  | { kind: 'block'; sender: number; nonces: number; money: number; baseFee: number };

const sender = fc.nat(SENDERS - 1);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      sender,
      ahead: fc.integer({ min: -1, max: 6 }),
      feeCap: fc.nat(30),
      tipCap: fc.nat(20),
      value: fc.nat(3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('again' as const), index: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), index: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('block' as const),
      sender,
      nonces: fc.integer({ min: -1, max: 2 }),
      money: fc.nat(80),
      baseFee: fc.nat(25),
    }),
  },
);

const manySteps = fc.array(steps, { minLength: 20, maxLength: 80, size: 'max' });

async function run(
  all: readonly Step[],
  components: Partial<PoolComponents> = {},
): Promise<Record<string, number>> {
  const { pool, chain } = await testPool(components, { limits: LIMITS });
  const model = new Model();
  const seen: Record<string, number> = {};
  const sent: SignedTransaction[] = [];
  const send = async (transaction: SignedTransaction, from: number) => {
    const { fields, hash, raw } = transaction;
    assert(fields.type === 2);
    const { nonce, maxFeePerGas: feeCap, maxPriorityFeePerGas: tipCap, value } = fields;
    const expected = model.add({
      sender: from,
      nonce,
      feeCap,
      tipCap,
      cost: GAS * feeCap + value,
      hash: hex(hash),
    });
    const found = await pool.add(raw).then(
      () => undefined,
      (error: unknown) => {
        assert(error instanceof ExecutionError);
        return error.code;
      },
    );
    assert.equal(found, expected, `sender ${from}, nonce ${nonce}`);
    seen[String(expected)] = (seen[String(expected)] ?? 0) + 1;
  };
  const owners = new Map<SignedTransaction, number>();
  for (let index = 0; index < SENDERS; index++) {
    model.balances[index] = GAS * 60n;
    chain.set(addressAt(index), { balance: GAS * 60n });
  }
  for (const step of all) {
    if (step.kind === 'add') {
      const nonce = model.nonces[step.sender]! + BigInt(step.ahead);
      if (nonce < 0n) continue;
      const fields = transfer({
        nonce,
        maxFeePerGas: BigInt(step.feeCap),
        maxPriorityFeePerGas: BigInt(step.tipCap),
        value: BigInt(step.value),
      });
      const transaction = pretend(fields, addressAt(step.sender));
      sent.push(transaction);
      owners.set(transaction, step.sender);
      await send(transaction, step.sender);
    } else if (step.kind === 'again') {
      const transaction = sent[step.index];
      if (transaction !== undefined) await send(transaction, owners.get(transaction)!);
    } else if (step.kind === 'remove') {
      const transaction = sent[step.index];
      if (transaction === undefined) continue;
      const key = hex(transaction.hash);
      const isThere = model.entries.some((each) => each.hash === key);
      assert.equal(pool.remove(transaction.hash), isThere);
      model.entries = model.entries.filter((each) => each.hash !== key);
    } else {
      const nonce = model.nonces[step.sender]! + BigInt(step.nonces);
      if (nonce >= 0n) model.nonces[step.sender] = nonce;
      model.balances[step.sender] = GAS * BigInt(step.money);
      model.baseFee = BigInt(step.baseFee);
      const at = addressAt(step.sender);
      chain.set(at, { nonce: model.nonces[step.sender]!, balance: model.balances[step.sender]! });
      chain.baseFee = model.baseFee;
      chain.number++;
      pool.advance([], [at]);
      model.advance();
    }
    compare(model, pool);
  }
  return seen;
}

function compare(model: Model, pool: Awaited<ReturnType<typeof testPool>>['pool']): void {
  const held = pool.all().map(({ transaction }) => hex(transaction.hash));
  assert.deepEqual(new Set(held), new Set(model.entries.map(({ hash }) => hash)));
  const offer = pool.best({ baseFee: model.baseFee, blobBaseFee: 0n, gas: 10n ** 9n });
  assert.deepEqual(
    offer.map(({ hash }) => hex(hash)),
    model.best(),
  );
  const pending = Array.from({ length: SENDERS }, (_, each) => model.executable(each));
  const stats = pool.stats();
  assert.equal(stats.pending, pending.flat().length);
  assert.equal(stats.queued, model.entries.length - stats.pending);
  assert.equal(stats.senders, new Set(model.entries.map((each) => each.sender)).size);
  const bytes = pool.all().reduce((sum, { transaction }) => sum + transaction.raw.length, 0);
  assert.equal(stats.bytes, bytes);
  pending.forEach((executable, index) => {
    const next = executable.length === 0 ? undefined : executable.at(-1)!.nonce + 1n;
    assert.equal(pool.nextNonce(addressAt(index)), next);
  });
  for (const { transaction, isExecutable } of pool.all()) {
    const isReached = pending.flat().some(({ hash }) => hash === hex(transaction.hash));
    assert.equal(isExecutable, isReached);
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

suite('pool against a model', () => {
  test('takes, refuses, holds, offers and evicts the same, whatever is done', async () => {
    const seen: Record<string, number> = {};
    await fc.assert(
      fc.asyncProperty(
        fc.array(steps, { minLength: 20, maxLength: 80, size: 'max' }),
        async (all) => {
          for (const [code, count] of Object.entries(await run(all))) {
            seen[code] = (seen[code] ?? 0) + count;
          }
        },
      ),
      { numRuns: 150 },
    );
    for (const code of [
      'undefined',
      'already-known',
      'invalid',
      'nonce-too-low',
      'nonce-too-far',
      'insufficient-funds',
      'replacement-underpriced',
      'pool-full',
    ]) {
      assert((seen[code] ?? 0) > 5, `${code}: ${seen[code]} times`);
    }
  });

  test('finds a seeded fault: accounts that seem to own a little more', async () => {
    const fastPath: FastPath = {
      ...FAST_PATH,
      checkSender(transaction, head) {
        const { nonce, balance } = FAST_PATH.checkSender(transaction, head);
        return { nonce, balance: balance + GAS * 5n };
      },
    };
    const property = fc.asyncProperty(manySteps, async (all) => {
      await run(all, { fastPath });
    });
    await assert.rejects(fc.assert(property, { numRuns: 150, endOnFailure: true }));
  });
});
