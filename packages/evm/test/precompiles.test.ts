import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Common, Mainnet } from '@ethereumjs/common';
import { createEVM, type ExecResult, getActivePrecompiles } from '@ethereumjs/evm';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { KZG_STUB } from '../fuzz/oracle.ts';
import { precompileInput } from '../fuzz/precompile-input.ts';
import { createRandom } from '../fuzz/random.ts';
import { precompilesOf } from '../src/precompiles/index.ts';
import { loadRecover, recoverPortable } from '../src/precompiles/recover.ts';
import type { Fork } from '../src/types.ts';

const ORDER = secp256k1.Point.Fn.ORDER;

/** Cheap ones many times, curves a few. */
const RUNS: Readonly<Record<string, number>> = { bn254Pairing: 6, bls12Pairing: 6, bls12G2Msm: 6 };
const RUNS_OTHERWISE = 25;
const GAS_LIMIT = 300_000n;

async function compareWithEthereumJS(fork: Fork, seed: number): Promise<number> {
  const common = new Common({
    chain: Mainnet,
    hardfork: fork,
    customCrypto: { kzg: KZG_STUB },
  });
  const evm = await createEVM({ common });
  const theirs = getActivePrecompiles(common);
  const ours = precompilesOf(fork);
  assert.equal(ours.length, theirs.size);
  let compared = 0;
  for (const precompile of ours) {
    const run = theirs.get(precompile.address.toString(16).padStart(40, '0'));
    assert(run !== undefined, precompile.name);
    for (let index = 0; index < (RUNS[precompile.name] ?? RUNS_OTHERWISE); index++) {
      const random = createRandom(seed + precompile.address, index);
      const input = precompileInput(random, precompile.address);
      const context = { data: input, gasLimit: GAS_LIMIT, common, _EVM: evm };
      const expected: ExecResult = await run(context);
      const gas = precompile.gas(input, fork);
      const output = gas > GAS_LIMIT ? undefined : precompile.run(input, fork);
      const where = `${precompile.name} ${fork} ${bytesToHex(input)}`;
      const failed = expected.exceptionError !== undefined;
      assert.equal(output === undefined, failed, where);
      if (output === undefined) continue;
      assert.equal(bytesToHex(output), bytesToHex(expected.returnValue), where);
      assert.equal(gas, expected.executionGasUsed, where);
      compared++;
    }
  }
  return compared;
}

test('precompiles of Osaka: output, failure and gas are those of EthereumJS', async () => {
  assert((await compareWithEthereumJS('osaka', 1)) > 150);
});

test('precompiles of Byzantium, Istanbul and Berlin: prices of their time', async () => {
  for (const fork of ['byzantium', 'istanbul', 'berlin'] as const) {
    assert((await compareWithEthereumJS(fork, 2)) > 60);
  }
});

test('native and portable recovery accept the same signatures and find the same key', async (t) => {
  const native = await loadRecover();
  if (native === recoverPortable) {
    t.skip('no binary of secp256k1 for this machine');
    return;
  }
  const word = (value: bigint): string => value.toString(16).padStart(64, '0');
  const hash = hexToBytes(word(0x1234n));
  const signature = secp256k1.sign(hash, hexToBytes(word(7n)), { prehash: false });
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)].map(bytesToHex) as [
    string,
    string,
  ];
  const highS = word(ORDER - BigInt(`0x${s}`));
  const parts = [r, s, highS, word(0n), word(1n), word(2n), word(ORDER - 1n), word(ORDER)];
  parts.push(word(ORDER + 1n), word(2n ** 256n - 1n), word(secp256k1.Point.Fp.ORDER));
  let recovered = 0;
  for (const first of parts) {
    for (const second of parts) {
      for (const parity of [0, 1]) {
        const both = hexToBytes(first + second);
        const one = native(hash, both, parity);
        const other = recoverPortable(hash, both, parity);
        const text = (key: Uint8Array | undefined) => key && bytesToHex(key);
        assert.equal(text(one), text(other), `r ${first} s ${second} parity ${parity}`);
        if (one !== undefined) recovered++;
      }
    }
  }
  assert(recovered > 10);
});

test('a hash of zero recovers alike', async () => {
  const native = await loadRecover();
  const zero = new Uint8Array(32);
  const signature = new Uint8Array(64).fill(1);
  assert.deepEqual(native(zero, signature, 0), recoverPortable(zero, signature, 0));
});

test('inputs of every length up to a few hundred bytes throw nothing', () => {
  for (const fork of ['byzantium', 'osaka'] as const) {
    for (const precompile of precompilesOf(fork)) {
      for (let length = 0; length <= 400; length += 1) {
        const input = new Uint8Array(length);
        const gas = precompile.gas(input, fork);
        assert(gas >= 0n);
        if (gas <= 60_000n) precompile.run(input, fork);
      }
    }
  }
});

test('modexp with operands of absurd lengths costs more than any gas limit or fails', () => {
  const huge = new Uint8Array(96).fill(0xff);
  for (const fork of ['byzantium', 'berlin', 'osaka'] as const) {
    const modexp = precompilesOf(fork).find(({ name }) => name === 'modexp');
    assert(modexp !== undefined);
    assert(modexp.gas(huge, fork) > 2n ** 64n, fork);
  }
});
