/** Transactions that a pool must not take, or must not put into a block yet. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { account, type Hex } from './support/accounts.ts';
import { useDevnet } from './support/devnet.ts';
import { NOBODY, nextNonce, signed, type Wanted } from './support/raw-transactions.ts';
import { call, post, type RpcAnswer, result } from './support/rpc.ts';
import { accountOf, connectViem, loadViem, mined, type ViemClient } from './support/viem.ts';

const GWEI = 10n ** 9n;
/** What a server says when it met a fault of its own. */
const INTERNAL_ERROR = -32_603;

let url: string;
let client: ViemClient;
const { skip, devnet } = useDevnet((running) => {
  url = running.url;
  client = connectViem(running);
});

function sendRaw(raw: string): Promise<RpcAnswer> {
  return call(url, 'eth_sendRawTransaction', [raw]);
}

async function send(wanted: Wanted = {}): Promise<RpcAnswer> {
  return sendRaw(await signed(url, wanted));
}

async function assertRefused(answer: Promise<RpcAnswer>, words: RegExp): Promise<void> {
  const { error, result: hash } = await answer;
  assert.equal(hash, undefined, 'it was taken');
  assert.match(error?.message ?? '', words);
  assert.notEqual(error?.code, INTERNAL_ERROR);
}

/** The hash of a transaction that the pool took. */
async function taken(answer: Promise<RpcAnswer>): Promise<Hex> {
  const { error, result: hash } = await answer;
  if (error !== undefined) throw new Error(`refused: ${error.message}`);
  return hash as Hex;
}

async function assertMined(answer: Promise<RpcAnswer>): Promise<void> {
  await mined(client, await taken(answer));
}

/** No block is made by itself while the test runs. */
async function withoutMining(test_: () => Promise<void>): Promise<void> {
  await client.setAutomine(false);
  try {
    await test_();
  } finally {
    await result(url, 'evm_mine');
    await client.setAutomine(true);
  }
}

test('RLP cut short anywhere, with a byte too many, or not canonical', { skip }, async (t) => {
  if (devnet().kind !== 'basalt') return t.skip('Anvil takes it');
  const whole = (await signed(url)).slice(2);
  const cut = Array.from({ length: whole.length / 2 }, (_, bytes) => whole.slice(0, bytes * 2));
  const made = [
    ...cut,
    `${whole}00`,
    // A list that says it is longer than all memory; a list of nothing; a type nobody knows.
    '02ffffffffffffffffff',
    '02c0',
    'c0',
    '05c0',
    '7f',
    // The length of a short list, written as a long one has it.
    `02f80${'1'}80`,
    // Lists without end.
    `02${'c1'.repeat(5_000)}c0`,
  ];
  for (const hex of made) {
    const { error } = await sendRaw(`0x${hex}`);
    assert(error !== undefined, hex.slice(0, 80));
    assert.notEqual(error.code, INTERNAL_ERROR, `${hex.slice(0, 80)}: ${error.message}`);
  }
});

test('a nonce with a zero before it is not a number', { skip }, async () => {
  const viem = loadViem();
  const { r, s, yParity, ...fields } = viem.parseTransaction(await signed(url, { nonce: 200 }));
  const again = viem.serializeTransaction(fields, { r, s, yParity });
  // 0x81c8, two hundred, becomes 0x8200c8; the list grows by a byte.
  const hex = again.slice(2);
  const at = hex.indexOf('81c8');
  const body = `${hex.slice(6, at)}8200c8${hex.slice(at + 4)}`;
  const length = (body.length / 2).toString(16);
  await assertRefused(sendRaw(`0x02f8${length}${body}`), /./);
});

test('the wrong chain', { skip }, async () => {
  await assertRefused(send({ chainId: 1 }), /chain/i);
});

test('a signature of zero, one over the curve, one of the upper half', { skip }, async (t) => {
  if (devnet().kind !== 'basalt') return t.skip('Anvil takes it');
  const viem = loadViem();
  const parsed = viem.parseTransaction(await signed(url));
  const { r, s, yParity, ...fields } = parsed as Record<string, unknown> & {
    r: Hex;
    s: Hex;
    yParity: number;
  };
  const order = 0xffff_ffff_ffff_ffff_ffff_ffff_ffff_fffe_baae_dce6_af48_a03b_bfd2_5e8c_d036_4141n;
  const word = (value: bigint): Hex => viem.toHex(value, { size: 32 });
  const upper = { r, s: word(order - BigInt(s)), yParity: 1 - yParity };
  for (const signature of [
    upper,
    { r: word(order), s, yParity },
    { r, s: word(order), yParity },
    { r: word(0n), s, yParity },
  ]) {
    await assertRefused(sendRaw(viem.serializeTransaction(fields, signature)), /./);
  }
});

test('a nonce that was used', { skip }, async () => {
  await assertMined(send());
  const nonce = (await nextNonce(url, account(0).address)) - 1;
  await assertRefused(send({ nonce, value: 9n }), /nonce too low/i);
});

test('a gap of nonces waits until it is filled', { skip }, async () => {
  const nonce = await nextNonce(url, account(0).address);
  const later = await taken(send({ nonce: nonce + 1 }));
  const pool = await client.getTxpoolStatus();
  assert.deepEqual([pool.pending, pool.queued], [0, 1]);
  assert.equal(await result(url, 'eth_getTransactionReceipt', [later]), null);
  await assertMined(send({ nonce }));
  await mined(client, later);
  assert.equal(await nextNonce(url, account(0).address), nonce + 2);
});

test('less than the balance by one wei is not enough', { skip }, async () => {
  const key: Hex = `0x${'31'.repeat(32)}`;
  const { address } = accountOf(key);
  const cost = 21_000n * 20n * GWEI + 1n;
  await client.setBalance({ address, value: cost - 1n });
  await assertRefused(send({ key }), /insufficient funds/i);
  await client.setBalance({ address, value: cost });
  await assertMined(send({ key }));
});

test('gas: less than the bytes cost, more than a block has, a tip over the fee', {
  skip,
}, async () => {
  await assertRefused(send({ gas: 20_999n }), /intrinsic gas|gas.*too low/i);
  await assertRefused(send({ gas: 40_000_000_000n }), /gas.?limit|exceeds/i);
  const tip = { maxFeePerGas: 10n * GWEI, maxPriorityFeePerGas: 11n * GWEI };
  await assertRefused(
    send(tip).catch((error: Error) => ({
      // viem refuses to sign it.
      jsonrpc: '2.0',
      id: 1,
      error: { code: 0, message: error.message },
    })),
    /tip|priority/i,
  );
});

test('the same again, and a replacement that pays too little more', { skip }, async (t) => {
  if (devnet().kind !== 'basalt') return t.skip('Anvil takes it');
  await withoutMining(async () => {
    const nonce = await nextNonce(url, account(0).address);
    const fees = { maxFeePerGas: 20n * GWEI, maxPriorityFeePerGas: 2n * GWEI };
    const first = await taken(send({ nonce, ...fees }));
    await assertRefused(send({ nonce, ...fees }), /already (known|imported)/i);
    const little = { maxFeePerGas: 21n * GWEI, maxPriorityFeePerGas: (21n * GWEI) / 10n };
    await assertRefused(
      send({ nonce, ...little, value: 2n }),
      /replacement transaction underpriced/i,
    );
    const enough = { maxFeePerGas: 22n * GWEI, maxPriorityFeePerGas: (22n * GWEI) / 10n };
    const second = await taken(send({ nonce, ...enough, value: 3n }));
    assert.equal(await result(url, 'eth_getTransactionByHash', [first]), null);
    await result(url, 'evm_mine');
    await mined(client, second);
  });
});

test('call data beyond the bound of a pool, init code beyond that of a block', {
  skip,
}, async (t) => {
  if (devnet().kind !== 'basalt') return t.skip('Anvil takes it');
  const data: Hex = `0x${'00'.repeat(132 * 1024)}`;
  await assertRefused(send({ data, gas: 10_000_000n }), /oversize|size|limit/i);
  const large: Hex = `0x${'00'.repeat(49_153)}`;
  const creation = await client.account.signTransaction({
    type: 'eip1559',
    chainId: 31_337,
    nonce: await nextNonce(url, account(0).address),
    gas: 10_000_000n,
    data: large,
    maxFeePerGas: 20n * GWEI,
    maxPriorityFeePerGas: GWEI,
  });
  await assertRefused(sendRaw(creation), /init ?code|size/i);
});

test("a sender that floods the pool fills its own place, nobody else's", { skip }, async () => {
  const key = account(1).privateKey;
  const start = await nextNonce(url, account(1).address);
  const count = 3_000;
  const raws: Hex[] = [];
  // All with a gap before them, so that none gets into a block.
  for (let index = 1; index <= count; index++) {
    raws.push(await signed(url, { key, nonce: start + index }));
  }
  let refused = 0;
  for (let at = 0; at < count; at += 100) {
    const batch = raws.slice(at, at + 100).map((raw, id) => ({
      jsonrpc: '2.0',
      id,
      method: 'eth_sendRawTransaction',
      params: [raw],
    }));
    const answers = JSON.parse((await post(url, JSON.stringify(batch))).text) as RpcAnswer[];
    refused += answers.filter(({ error }) => error !== undefined).length;
    assert(answers.every(({ error }) => error?.code !== INTERNAL_ERROR));
  }
  if (devnet().kind === 'basalt') assert(refused > 0, 'the pool is bounded for each sender');
  const pool = await client.getTxpoolStatus();
  assert(pool.queued <= count - refused);
  await assertMined(send());
  assert.equal(await result(url, 'eth_getTransactionCount', [NOBODY, 'latest']), '0x0');
});
