import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { conformanceDir, skipReason } from '../../../../tools/testing/conformance.ts';
import { decodeBlock, encodeBlock } from '../../src/block/block-codec.ts';
import { decodeHeader, encodeHeader, headerHash } from '../../src/block/header.ts';
import { ommersHash, transactionsRoot, withdrawalsRoot } from '../../src/block/roots.ts';
import type { BlockHeader, Withdrawal } from '../../src/block/types.ts';
import { assembleTransaction } from '../../src/transaction/encode.ts';
import type { TransactionFields } from '../../src/transaction/types.ts';

const skip = skipReason('mainnet-blocks');

/** A block as `eth_getBlockByNumber` gives it. */
type Json = Readonly<Record<string, string>>;
type JsonBlock = Json & {
  readonly transactions: readonly (Json & {
    readonly accessList?: readonly { address: string; storageKeys: readonly string[] }[];
    readonly blobVersionedHashes?: readonly string[];
  })[];
  readonly withdrawals?: readonly Json[];
  readonly uncles: readonly string[];
};

function blocks(): JsonBlock[] {
  const folder = `${conformanceDir() ?? ''}/mainnet-blocks`;
  const names = readdirSync(folder).filter((name) => /^\d+\.json\.gz$/.test(name));
  return names.map((name) => {
    const text = gunzipSync(readFileSync(`${folder}/${name}`)).toString();
    return (JSON.parse(text) as { block: JsonBlock }).block;
  });
}

const bytes = (value: string | undefined): Uint8Array => hexToBytes((value ?? '0x').slice(2));
const optional = (value: string | undefined): Uint8Array | undefined =>
  value === undefined ? undefined : bytes(value);
const amount = (value: string | undefined): bigint => BigInt(value ?? '0x0');

function headerOf(block: JsonBlock): BlockHeader {
  const quantity = (key: string): bigint | undefined =>
    block[key] === undefined ? undefined : BigInt(block[key]);
  return {
    parentHash: bytes(block['parentHash']),
    ommersHash: bytes(block['sha3Uncles']),
    coinbase: bytes(block['miner']),
    stateRoot: bytes(block['stateRoot']),
    transactionsRoot: bytes(block['transactionsRoot']),
    receiptsRoot: bytes(block['receiptsRoot']),
    logsBloom: bytes(block['logsBloom']),
    difficulty: amount(block['difficulty']),
    number: amount(block['number']),
    gasLimit: amount(block['gasLimit']),
    gasUsed: amount(block['gasUsed']),
    timestamp: amount(block['timestamp']),
    extraData: bytes(block['extraData']),
    mixHash: bytes(block['mixHash']),
    nonce: bytes(block['nonce']),
    baseFee: quantity('baseFeePerGas'),
    withdrawalsRoot: optional(block['withdrawalsRoot']),
    blobGasUsed: quantity('blobGasUsed'),
    excessBlobGas: quantity('excessBlobGas'),
    parentBeaconBlockRoot: optional(block['parentBeaconBlockRoot']),
    requestsHash: undefined,
  };
}

function rawOf(json: JsonBlock['transactions'][number]): Uint8Array {
  const type = Number(json['type'] ?? '0x0');
  const v = amount(json['v']);
  const fields = {
    type,
    nonce: amount(json['nonce']),
    gasLimit: amount(json['gas']),
    gasPrice: amount(json['gasPrice']),
    maxFeePerGas: amount(json['maxFeePerGas']),
    maxPriorityFeePerGas: amount(json['maxPriorityFeePerGas']),
    maxFeePerBlobGas: amount(json['maxFeePerBlobGas']),
    to: json['to'] === null ? undefined : optional(json['to']),
    value: amount(json['value']),
    data: bytes(json['input']),
    accessList: (json.accessList ?? []).map(({ address, storageKeys }) => ({
      address: bytes(address),
      slots: storageKeys.map(bytes),
    })),
    blobHashes: (json.blobVersionedHashes ?? []).map(bytes),
  } as unknown as TransactionFields;
  const hasChain = type > 0 || v > 28n;
  const yParity = type > 0 ? Number(v) : hasChain ? Number((v - 35n) % 2n) : Number(v - 27n);
  const signature = {
    yParity: yParity as 0 | 1,
    r: amount(json['r']),
    s: amount(json['s']),
  };
  return assembleTransaction(fields, hasChain ? 1n : undefined, signature).raw;
}

const readWithdrawal = (json: Json): Withdrawal => ({
  index: amount(json['index']),
  validatorIndex: amount(json['validatorIndex']),
  address: bytes(json['address']),
  amount: amount(json['amount']),
});

test('blocks of the main network have their hash, roots and size, and decode', { skip }, () => {
  const all = blocks();
  assert.ok(all.length >= 20);
  for (const json of all) {
    const header = headerOf(json);
    const name = `block ${header.number}`;
    assert.equal(`0x${bytesToHex(headerHash(header))}`, json['hash'], name);
    assert.deepEqual(decodeHeader(encodeHeader(header)), header, name);

    const transactions = json.transactions.map((each) => ({ raw: rawOf(each) }));
    assert.deepEqual(transactionsRoot(transactions), header.transactionsRoot, name);
    const withdrawals = json.withdrawals?.map(readWithdrawal);
    if (withdrawals !== undefined) {
      assert.deepEqual(withdrawalsRoot(withdrawals), header.withdrawalsRoot, name);
    }
    if (json.uncles.length > 0) continue; // their headers are not in the file
    assert.deepEqual(ommersHash([]), header.ommersHash, name);
    const encoded = encodeBlock({ header, transactions, ommers: [], withdrawals });
    assert.equal(encoded.length, Number(json['size']), name);
    const decoded = decodeBlock(encoded);
    assert.deepEqual(decoded.header, header, name);
    assert.deepEqual(decoded.withdrawals, withdrawals, name);
    assert.equal(`0x${bytesToHex(decoded.hash)}`, json['hash'], name);
    assert.deepEqual(
      decoded.transactions.map((raw) => bytesToHex(raw)),
      transactions.map(({ raw }) => bytesToHex(raw)),
      name,
    );
  }
});
