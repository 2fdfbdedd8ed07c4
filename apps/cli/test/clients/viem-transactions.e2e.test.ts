/** Every type of transaction, made and signed by viem: 0 to 4. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, type Hex } from './support/accounts.ts';
import { blobOf, hexOf, loadKzg } from './support/blobs.ts';
import { ownContract } from './support/contracts.ts';
import { useDevnet } from './support/devnet.ts';
import { rlp } from './support/rlp.ts';
import {
  accountOf,
  CHAIN_ID,
  connectViem,
  deploy,
  loadViem,
  mined,
  type ViemClient,
} from './support/viem.ts';

const NOBODY: Hex = '0x00000000000000000000000000000000000b0b01';
const GAS_PER_BLOB = 131_072n;
const GWEI = 10n ** 9n;

let client: ViemClient;
const { skip, devnet } = useDevnet((running) => {
  client = connectViem(running);
});

test('type 0: with a gas price, bound to the chain', { skip }, async () => {
  const gasPrice = await client.getGasPrice();
  const hash = await client.sendTransaction({ type: 'legacy', to: NOBODY, value: 1n, gasPrice });
  const receipt = await mined(client, hash);
  assert.equal(receipt.type, 'legacy');
  assert.equal(receipt.effectiveGasPrice, gasPrice);
  assert.equal((await client.getTransaction({ hash })).typeHex, '0x0');
});

test('type 1: an access list makes a slot cheap', { skip }, async () => {
  const contract = ownContract('Failures');
  const address = await deploy(client, contract);
  const { abi } = contract;
  const data = loadViem().encodeFunctionData({ abi, functionName: 'increment' });
  const slot: Hex = `0x${'0'.repeat(64)}`;
  const gasPrice = await client.getGasPrice();
  const request = { type: 'eip2930', to: address, data, gas: 100_000n, gasPrice };
  const plain = await mined(client, await client.sendTransaction({ ...request, accessList: [] }));
  const accessList = [{ address, storageKeys: [slot] }];
  const hash = await client.sendTransaction({ ...request, accessList });
  const listed = await mined(client, hash);
  assert.equal(listed.type, 'eip2930');
  // EIP-2930: 2400 and 1900 for the entries; EIP-2929: 2000 saved on the slot. The first made the
  // counter, 17,100 more than changing it.
  assert.equal(listed.gasUsed, plain.gasUsed - 17_100n + 2_400n + 1_900n - 2_000n);
  const transaction = await client.getTransaction({ hash });
  assert.deepEqual(transaction.accessList, [
    { address: address.toLowerCase(), storageKeys: [slot] },
  ]);
});

test('type 2: pays the base fee and the tip, not more', { skip }, async () => {
  const hash = await client.sendTransaction({
    to: NOBODY,
    value: 1n,
    maxFeePerGas: 100n * GWEI,
    maxPriorityFeePerGas: 2n * GWEI,
  });
  const receipt = await mined(client, hash);
  const block = await client.getBlock({ blockHash: receipt.blockHash });
  assert.equal(receipt.type, 'eip1559');
  assert.equal(receipt.effectiveGasPrice, (block.baseFeePerGas ?? 0n) + 2n * GWEI);
});

test('type 3: a contract sees the hash of a blob, its gas is paid apart', { skip }, async () => {
  const viem = loadViem();
  const kzg = loadKzg();
  const contract = ownContract('BlobKeeper');
  const { abi } = contract;
  const address = await deploy(client, contract);
  const data = viem.encodeFunctionData({ abi, functionName: 'keep' });
  const hash = await client.sendTransaction({
    to: address,
    data,
    blobs: [blobOf('a blob of viem')],
    kzg,
    maxFeePerBlobGas: 30n * GWEI,
  });
  const receipt = await mined(client, hash);
  assert.equal(receipt.type, 'eip4844');
  assert.equal(receipt.blobGasUsed, GAS_PER_BLOB);
  const transaction = await client.getTransaction({ hash });
  assert.equal(transaction.blobVersionedHashes?.length, 1);
  const first = await client.readContract({ address, abi, functionName: 'first' });
  assert.equal(first, transaction.blobVersionedHashes?.[0]);
  assert.match(String(first), /^0x01/);
  const fee = await client.readContract({ address, abi, functionName: 'fee' });
  assert.equal(fee, receipt.blobGasPrice);
});

test('type 3 with proofs of cells (EIP-7594), as Osaka has it', { skip }, async () => {
  const viem = loadViem();
  const kzg = loadKzg();
  const blob = blobOf('cells');
  const commitment = kzg.blobToKzgCommitment(blob);
  const { blobVersionedHash } = versionedHash(hexOf(commitment));
  const nonce = await client.getTransactionCount({ address: account(0).address });
  const unsigned = {
    type: 'eip4844',
    chainId: CHAIN_ID,
    nonce,
    to: NOBODY,
    gas: 21_000n,
    maxFeePerGas: 100n * GWEI,
    maxPriorityFeePerGas: GWEI,
    maxFeePerBlobGas: 30n * GWEI,
    blobVersionedHashes: [blobVersionedHash],
  };
  const signed = await client.account.signTransaction({ ...unsigned, sidecars: false });
  // Without its blobs it is type and list; with them the list stands first in another.
  const body = Buffer.from(signed.slice(4), 'hex');
  const wrapped = Buffer.concat([
    Buffer.of(3),
    rlp([{ encoded: body }, Buffer.of(1), [blob], [commitment], [...kzg.cellProofs(blob)]]),
  ]);
  const hash = await client.sendRawTransaction({ serializedTransaction: hexOf(wrapped) });
  assert.equal(hash, viem.keccak256(signed));
  assert.equal((await mined(client, hash)).blobGasUsed, GAS_PER_BLOB);
});

test('type 3 with a proof of another blob is refused', { skip }, async () => {
  const kzg = loadKzg();
  const wrong = {
    ...kzg,
    computeBlobKzgProof: () => kzg.computeBlobKzgProof(other, kzg.blobToKzgCommitment(other)),
  };
  const other = blobOf('another');
  const request = { to: NOBODY, blobs: [blobOf('one')], kzg: wrong, maxFeePerBlobGas: 30n * GWEI };
  await assert.rejects(client.sendTransaction(request), /proof|blob|sidecar/i);
});

test('type 3 without its blobs, or with too many, is refused', { skip }, async () => {
  const kzg = loadKzg();
  const { blobVersionedHash } = versionedHash(hexOf(kzg.blobToKzgCommitment(blobOf('gone'))));
  const nonce = await client.getTransactionCount({ address: account(0).address });
  const sign = (blobVersionedHashes: readonly Hex[]): Promise<Hex> =>
    client.account.signTransaction({
      type: 'eip4844',
      chainId: CHAIN_ID,
      nonce,
      to: NOBODY,
      gas: 21_000n,
      maxFeePerGas: 100n * GWEI,
      maxPriorityFeePerGas: GWEI,
      maxFeePerBlobGas: 30n * GWEI,
      blobVersionedHashes,
      sidecars: false,
    });
  const send = async (raw: Promise<Hex>): Promise<Hex> =>
    client.sendRawTransaction({ serializedTransaction: await raw });
  await assert.rejects(send(sign([blobVersionedHash])), /blob|sidecar/i);
  await assert.rejects(send(sign(Array.from({ length: 30 }, () => blobVersionedHash))), /blob/i);
  // EIP-7594: six in one transaction at most.
  const blobs = Array.from({ length: 7 }, (_, index) => blobOf(`blob ${index}`));
  const request = { to: NOBODY, blobs, kzg, maxFeePerBlobGas: 30n * GWEI };
  if (devnet().kind === 'basalt') {
    await assert.rejects(client.sendTransaction({ ...request, gas: 21_000n }), /blob|size|large/i);
  }
});

test('type 4: an account takes on code, sends two calls at once, drops it', { skip }, async () => {
  const contract = ownContract('Delegate');
  const { abi } = contract;
  const delegate = await deploy(client, contract);
  const me = connectViem(devnet(), { account: 2 });
  const address = account(2).address;
  const calls = [
    { to: NOBODY, value: 3n, data: '0x' },
    { to: account(3).address, value: 4n, data: '0x' },
  ];
  const before = await client.getBalance({ address: account(3).address });
  const authorization = await me.signAuthorization({
    contractAddress: delegate,
    executor: 'self',
  });
  const hash = await me.writeContract({
    address,
    abi,
    functionName: 'execute',
    args: [calls],
    authorizationList: [authorization],
  });
  const receipt = await mined(me, hash);
  assert.equal(receipt.type, 'eip7702');
  assert.equal(receipt.logs[0]?.address.toLowerCase(), address.toLowerCase());
  assert.equal(await client.getBalance({ address: account(3).address }), before + 4n);
  // EIP-7702: 0xef0100 and the address.
  const code = await client.getCode({ address });
  assert.equal(code, `0xef0100${delegate.slice(2).toLowerCase()}`);
  const transaction = await client.getTransaction({ hash });
  assert.equal(transaction.authorizationList?.[0]?.address.toLowerCase(), delegate.toLowerCase());

  const clearing = await me.signAuthorization({
    contractAddress: '0x0000000000000000000000000000000000000000',
    executor: 'self',
  });
  await mined(me, await me.sendTransaction({ to: address, authorizationList: [clearing] }));
  assert.equal(await client.getCode({ address }), undefined);
});

test('type 4 for another: who signs need not send', { skip }, async () => {
  const contract = ownContract('Delegate');
  const delegate = await deploy(client, contract);
  const poor = accountOf(`0x${'42'.repeat(32)}`);
  const authorization = await client.signAuthorization({
    account: poor,
    contractAddress: delegate,
  });
  const request = { to: poor.address, value: 5n, authorizationList: [authorization] };
  await mined(client, await client.sendTransaction(request));
  assert.equal(await client.getBalance({ address: poor.address }), 5n);
  assert.match((await client.getCode({ address: poor.address })) ?? '', /^0xef0100/);
  assert.equal(await client.getTransactionCount({ address: poor.address }), 1);
});

function versionedHash(commitment: Hex): { readonly blobVersionedHash: Hex } {
  const viem = loadViem() as unknown as {
    commitmentToVersionedHash(options: { commitment: Hex }): Hex;
  };
  return { blobVersionedHash: viem.commitmentToVersionedHash({ commitment }) };
}
