/**
 * The same transactions traced by the devnet and by Anvil (revm's inspectors, which follow geth).
 * Steps are compared with geth's own in packages/json-rpc: Anvil records none unless told at start.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Hex } from './support/accounts.ts';
import { ownContract } from './support/contracts.ts';
import { startAnvil, type TestDevnet, useDevnet } from './support/devnet.ts';
import { NOBODY, signed, type Wanted } from './support/raw-transactions.ts';
import { result } from './support/rpc.ts';
import { loadViem } from './support/viem.ts';
import { within } from './support/waiting.ts';

const ETHER = 10n ** 18n;
/** Where the first contracts of the first account lie. */
const FIRST: Hex = '0x5fbdb2315678afecb367f032d93f642f64180aa3';
const SECOND: Hex = '0xe7f1725e7734ce288f8367e1bb143e90bb3f0512';

let anvil: TestDevnet;
let both: readonly [ours: string, theirs: string];
/** Of both chains alike: deploy, deploy, pay, transfer a token, fail, descend. */
const hashes: Hex[] = [];
const { skip } = useDevnet(async (running) => {
  anvil = await startAnvil();
  both = [running.url, anvil.url];
  for (const url of both) await play(url);
});
after(() => anvil?.stop());

async function play(url: string): Promise<void> {
  const failures = ownContract('Failures');
  const token = ownContract('TestToken');
  const viem = loadViem();
  const parameters = [{ type: 'string' }, { type: 'string' }, { type: 'uint256' }] as const;
  const initCode = viem.concat([
    token.bytecode,
    viem.encodeAbiParameters(parameters, ['Same', 'SAME', 1_000n * ETHER]),
  ]);
  const encode = (contract: 'Failures' | 'TestToken', name: string, args: unknown[]): Hex =>
    viem.encodeFunctionData({ abi: ownContract(contract).abi, functionName: name, args });
  const steps: readonly Wanted[] = [
    { data: failures.bytecode, gas: 3_000_000n, to: null, value: 0n },
    { data: initCode, gas: 3_000_000n, to: null, value: 0n },
    { value: ETHER },
    { to: SECOND, value: 0n, gas: 100_000n, data: encode('TestToken', 'transfer', [NOBODY, 5n]) },
    { to: FIRST, value: 0n, gas: 100_000n, data: encode('Failures', 'failAfterWrite', []) },
    { to: FIRST, value: 0n, gas: 300_000n, data: encode('Failures', 'descend', [0n]) },
  ];
  for (const [nonce, step] of steps.entries()) {
    const raw = await signed(url, { ...step, nonce });
    const hash = (await result(url, 'eth_sendRawTransaction', [raw])) as Hex;
    hashes[nonce] = hash;
    const isMined = async (): Promise<boolean> =>
      (await result(url, 'eth_getTransactionReceipt', [hash])) !== null;
    await within('its block', isMined);
  }
}

/** Traces of all transactions on both chains, without what the two may differ in. */
async function traces(options: unknown): Promise<readonly (readonly unknown[])[]> {
  return Promise.all(
    both.map((url) =>
      Promise.all(
        hashes.map(async (hash) =>
          withoutOwn(await result(url, 'debug_traceTransaction', [hash, options])),
        ),
      ),
    ),
  );
}

/**
 * Prices differ, so balances do, and who earns them. Of the outermost call Anvil shows the gas
 * without what the transaction itself costs, geth and we its limit.
 */
function withoutOwn(trace: unknown): unknown {
  const copy = structuredClone(trace) as Record<string, unknown>;
  delete copy['gas'];
  return dropBalances(copy);
}

function dropBalances(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropBalances);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([name]) => name !== 'balance')
    .map(([name, each]): [string, unknown] => [name, dropBalances(each)])
    // Slots that were zero, and who had nothing but a balance, tell nothing here.
    .filter(([, each]) => each !== `0x${'0'.repeat(64)}`)
    .filter(([name, each]) => !(name === 'storage' && isNothing(each)))
    .filter(([name, each]) => !(name.length === 42 && isNothing(each)));
  return Object.fromEntries(entries);
}

function isNothing(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

test('the tree of calls, with logs and without', { skip }, async () => {
  for (const tracerConfig of [{}, { withLog: true }, { onlyTopCall: true }]) {
    const [ours, theirs] = await traces({ tracer: 'callTracer', tracerConfig });
    assert.deepEqual(ours, theirs);
  }
});

test('selectors', { skip }, async () => {
  const [ours, theirs] = await traces({ tracer: '4byteTracer' });
  assert.deepEqual(ours, theirs);
});

test('state before', { skip }, async () => {
  const [ours, theirs] = await traces({ tracer: 'prestateTracer' });
  assert.deepEqual(ours, theirs);
});

test('what changed', { skip }, async () => {
  const tracerConfig = { diffMode: true };
  const [ours, theirs] = await traces({ tracer: 'prestateTracer', tracerConfig });
  assert.deepEqual(ours, theirs);
});
