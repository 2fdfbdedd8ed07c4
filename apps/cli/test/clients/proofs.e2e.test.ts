/** `eth_getProof` against the state root of a header, checked by a trie that is not ours. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadClient } from '../../../../tools/testing/clients.ts';
import { account, type Hex } from './support/accounts.ts';
import { ownContract } from './support/contracts.ts';
import { useDevnet } from './support/devnet.ts';
import {
  connectViem,
  deploy,
  loadViem,
  mined,
  type ViemClient,
  type ViemProof,
} from './support/viem.ts';

interface Mpt {
  verifyMerkleProof(
    key: Uint8Array,
    proof: readonly Uint8Array[],
    options: { root: Uint8Array; useKeyHashing: true },
  ): Promise<Uint8Array | null>;
}

interface Rlp {
  RLP: { decode(data: Uint8Array): Uint8Array | readonly Uint8Array[] };
}

/** keccak256 of the RLP of nothing: the root of a trie without entries. */
const EMPTY_ROOT: Hex = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421';

let client: ViemClient;
const { skip } = useDevnet((running) => {
  client = connectViem(running);
});

function bytes(hex: Hex): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.slice(2), 'hex'));
}

function number(field: Uint8Array | undefined): bigint {
  const digits = Buffer.from(field ?? []).toString('hex');
  return digits === '' ? 0n : BigInt(`0x${digits}`);
}

/** What a proof shows under a root; null: that there is nothing. */
async function proven(root: Hex, key: Hex, proof: readonly Hex[]): Promise<Uint8Array | null> {
  const trie = loadClient('@ethereumjs/mpt') as Mpt;
  const options = { root: bytes(root), useKeyHashing: true } as const;
  return trie.verifyMerkleProof(bytes(key), proof.map(bytes), options);
}

async function assertAccount(root: Hex, address: Hex, proof: ViemProof): Promise<void> {
  const { RLP } = loadClient('@ethereumjs/rlp') as Rlp;
  const value = await proven(root, address, proof.accountProof);
  assert(value !== null, 'the account is there');
  const fields = RLP.decode(value) as readonly Uint8Array[];
  assert.equal(fields.length, 4);
  assert.equal(number(fields[0]), BigInt(proof.nonce));
  assert.equal(number(fields[1]), proof.balance);
  assert.equal(`0x${Buffer.from(fields[2] ?? []).toString('hex')}`, proof.storageHash);
  assert.equal(`0x${Buffer.from(fields[3] ?? []).toString('hex')}`, proof.codeHash);
}

test('accounts with and without code, slots with and without a value', { skip }, async () => {
  const viem = loadViem();
  const { RLP } = loadClient('@ethereumjs/rlp') as Rlp;
  const contract = ownContract('TestToken');
  const address = await deploy(client, contract, ['Proof', 'PRF', 10n ** 30n]);
  const { abi } = contract;
  const holders = Array.from(
    { length: 12 },
    (_, index): Hex => `0x${'0'.repeat(39)}${index.toString(16)}`,
  );
  for (const holder of holders.slice(1)) {
    const args = [holder, 10n ** 18n + BigInt(holder)];
    await mined(
      client,
      await client.writeContract({ address, abi, functionName: 'transfer', args }),
    );
  }
  // The mapping of balances is the token's first slot.
  const slotOf = (holder: Hex): Hex =>
    viem.keccak256(viem.concat([viem.pad(holder), viem.pad('0x0')]));
  const storageKeys = holders.map(slotOf);
  const block = await client.getBlock();
  const proof = await client.getProof({ address, storageKeys, blockNumber: block.number });
  await assertAccount(block.stateRoot, address, proof);
  assert.notEqual(proof.storageHash, EMPTY_ROOT);
  assert.equal(proof.codeHash, viem.keccak256((await client.getCode({ address })) ?? '0x'));
  assert.equal(proof.storageProof.length, holders.length);
  for (const [index, entry] of proof.storageProof.entries()) {
    const value = await proven(proof.storageHash, storageKeys[index] ?? '0x', entry.proof);
    const expected = index === 0 ? 0n : 10n ** 18n + BigInt(index);
    assert.equal(entry.value, expected);
    if (index === 0) assert.equal(value, null);
    else assert.equal(number(RLP.decode(value ?? new Uint8Array(0)) as Uint8Array), expected);
  }
  const plain = await client.getProof({
    address: account(0).address,
    storageKeys: [],
    blockNumber: block.number,
  });
  await assertAccount(block.stateRoot, account(0).address, plain);
  assert.equal(plain.storageHash, EMPTY_ROOT);
});

test('an account that is not there has a proof of that', { skip }, async () => {
  const block = await client.getBlock();
  const address: Hex = `0x${'9d'.repeat(20)}`;
  const proof = await client.getProof({ address, storageKeys: [], blockNumber: block.number });
  assert.equal(await proven(block.stateRoot, address, proof.accountProof), null);
  assert.equal(proof.balance, 0n);
  assert.equal(proof.nonce, 0);
});

test('a proof of an earlier block shows the balance of then', { skip }, async () => {
  const address: Hex = `0x${'8c'.repeat(20)}`;
  await mined(client, await client.sendTransaction({ to: address, value: 1n }));
  const then = await client.getBlock();
  await mined(client, await client.sendTransaction({ to: address, value: 1n }));
  const proof = await client.getProof({ address, storageKeys: [], blockNumber: then.number });
  assert.equal(proof.balance, 1n);
  await assertAccount(then.stateRoot, address, proof);
});

test('a proof with one flipped bit is not taken', { skip }, async () => {
  const block = await client.getBlock();
  const { address } = account(1);
  const proof = await client.getProof({ address, storageKeys: [], blockNumber: block.number });
  const last = Buffer.from(proof.accountProof.at(-1)?.slice(2) ?? '', 'hex');
  last[last.length - 1] = (last.at(-1) ?? 0) ^ 1;
  const flipped: Hex = `0x${last.toString('hex')}`;
  const nodes = [...proof.accountProof.slice(0, -1), flipped];
  await assert.rejects(proven(block.stateRoot, address, nodes));
});
