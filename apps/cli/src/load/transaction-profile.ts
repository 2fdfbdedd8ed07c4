import { toHex } from '../chain/abi.ts';
import { createRpc } from '../chain/rpc.ts';
import type { LoadTransport } from './http.ts';
import type { Outcome } from './open-loop.ts';
import type { LoadParts, Profile } from './types.ts';

/** Accounts of a devnet that have money from the start. */
const SENDERS = 10;
const GWEI = 10n ** 9n;
/** What a transfer offers, whatever the base fee does under load. */
const FEE_MAX = 1_000n * GWEI;

interface Sender {
  readonly key: Uint8Array;
  nonce: bigint;
}

/** Transfers of one wei to fresh addresses, each accepted into the pool before it counts. */
export async function createTransactionProfile(parts: LoadParts): Promise<Profile> {
  const { context, url } = parts;
  const { deriveDevnetKeys, loadSign, signTransaction, TEST_MNEMONIC } = await import(
    '@basalt/execution'
  );
  const rpc = createRpc(url, context.signal);
  const chainId = BigInt(await rpc.call<string>('eth_chainId'));
  const { accounts } = deriveDevnetKeys(TEST_MNEMONIC, SENDERS);
  const sign = await loadSign();
  const senders: Sender[] = [];
  for (const { address, privateKey } of accounts) {
    const nonce = await rpc.call<string>('eth_getTransactionCount', [toHex(address), 'pending']);
    senders.push({ key: privateKey, nonce: BigInt(nonce) });
  }
  let count = 0;
  return {
    noun: 'transaction',
    send(transport) {
      const sender = senders[count++ % senders.length] as Sender;
      const to = new Uint8Array(20);
      new DataView(to.buffer).setUint32(16, count);
      to[0] = 0x10;
      const fields = {
        type: 2 as const,
        nonce: sender.nonce++,
        gasLimit: 21_000n,
        to,
        value: 1n,
        data: new Uint8Array(0),
        maxFeePerGas: FEE_MAX,
        maxPriorityFeePerGas: GWEI,
        accessList: [],
      };
      return submit(transport, toHex(signTransaction(fields, chainId, sender.key, sign).raw));
    },
  };
}

function submit(transport: LoadTransport, raw: string): Promise<Outcome> {
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'eth_sendRawTransaction',
    params: [raw],
  });
  return transport.send({
    method: 'POST',
    path: '/',
    mediaType: 'application/json',
    body,
    check: refusal,
  });
}

function refusal(answer: Buffer): string | undefined {
  const { error } = JSON.parse(answer.toString('utf8')) as { error?: { message?: string } };
  return error === undefined ? undefined : (error.message ?? 'refused').slice(0, 80);
}
