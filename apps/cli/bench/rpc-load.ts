/** ERC-20 transfers to a devnet over JSON-RPC: one at a time, and as many as it takes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keccak256 } from '@basalt/evm';
import {
  deriveDevnetKeys,
  loadSign,
  type Sign,
  signTransaction,
  TEST_MNEMONIC,
} from '@basalt/execution';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const CHAIN_ID = 31_337n;
const TOKEN = new Uint8Array(20).fill(0x70);
/** transfer(address,uint256). */
const TRANSFER = 'a9059cbb';
const SENDERS = 10;
const GWEI = 10n ** 9n;
/** More are refused by the devnet. */
const BATCH = 100;
/** Requests under way at once. */
const CONNECTIONS = 4;

type Hex = `0x${string}`;

/** The chain that a load goes to. */
export interface Target {
  readonly url: string;
}

/** A client with its own count of nonces. */
export interface Load {
  /** Puts the token where its transfers go. */
  prepare(): Promise<void>;
  /** Sends one and waits for its receipt; milliseconds. */
  commitOne(): Promise<number>;
  /** Sends many and has blocks made until all are in one; seconds. */
  commitMany(transactions: number): Promise<number>;
}

export async function createLoad({ url }: Target): Promise<Load> {
  const { accounts } = deriveDevnetKeys(TEST_MNEMONIC, SENDERS);
  const sign = await loadSign();
  const nonces = accounts.map(() => 0n);
  let count = 0;
  const next = (): Hex => {
    const index = count++ % SENDERS;
    const nonce = nonces[index] ?? 0n;
    nonces[index] = nonce + 1n;
    const key = accounts[index]?.privateKey ?? new Uint8Array(32);
    return signedTransfer(sign, key, nonce, count);
  };
  return {
    async prepare() {
      const file = join(ROOT, 'packages/execution/bench/contracts/Token.hex');
      const code = `0x${readFileSync(file, 'utf8').trim()}`;
      await request(url, 'anvil_setCode', [toHex(TOKEN), code]);
      for (const { address } of accounts) {
        const slot = keccak256(Buffer.concat([new Uint8Array(12), address, new Uint8Array(32)]));
        const value = `0x${'0'.repeat(32)}${'f'.repeat(32)}`;
        await request(url, 'anvil_setStorageAt', [toHex(TOKEN), toHex(slot), value]);
      }
    },
    async commitOne() {
      const raw = next();
      const start = performance.now();
      const hash = await request(url, 'eth_sendRawTransaction', [raw]);
      for (;;) {
        const receipt = await request(url, 'eth_getTransactionReceipt', [hash]);
        if (receipt !== null) return performance.now() - start;
      }
    },
    async commitMany(transactions) {
      const raws = Array.from({ length: transactions }, next);
      await request(url, 'evm_setAutomine', [false]);
      const start = performance.now();
      await sendAll(url, raws);
      for (let mined = 0; mined < transactions; ) {
        await request(url, 'evm_mine', []);
        const found = await request(url, 'eth_getBlockTransactionCountByNumber', ['latest']);
        if (Number(found) === 0) throw new Error(`${transactions - mined} were left behind`);
        mined += Number(found);
      }
      const seconds = (performance.now() - start) / 1000;
      await request(url, 'evm_setAutomine', [true]);
      return seconds;
    },
  };
}

/** Each sender's in order: those of one batch are, and batches follow each other. */
async function sendAll(url: string, raws: readonly Hex[]): Promise<void> {
  let at = 0;
  const work = async (): Promise<void> => {
    while (at < raws.length) {
      const part = raws.slice(at, at + BATCH);
      at += BATCH;
      const calls = part.map((raw, id) => ({
        jsonrpc: '2.0',
        id,
        method: 'eth_sendRawTransaction',
        params: [raw],
      }));
      const answers = (await post(url, calls)) as { error?: { message: string } }[];
      for (const { error } of answers) if (error !== undefined) throw new Error(error.message);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
}

function signedTransfer(sign: Sign, key: Uint8Array, nonce: bigint, to: number): Hex {
  const receiver = to.toString(16).padStart(64, '0');
  const data = Buffer.from(`${TRANSFER}${receiver}${'1'.padStart(64, '0')}`, 'hex');
  const fields = {
    type: 2 as const,
    nonce,
    gasLimit: 70_000n,
    to: TOKEN,
    value: 0n,
    data: Uint8Array.from(data),
    maxFeePerGas: 100_000n * GWEI,
    maxPriorityFeePerGas: GWEI,
    accessList: [],
  };
  return toHex(signTransaction(fields, CHAIN_ID, key, sign).raw);
}

async function request(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const answer = (await post(url, { jsonrpc: '2.0', id: 1, method, params })) as {
    result?: unknown;
    error?: { message: string };
  };
  if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
  return answer.result;
}

async function post(url: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return response.json();
}

function toHex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
