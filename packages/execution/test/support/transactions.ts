import fc from 'fast-check';
import {
  addressOf,
  loadSign,
  type Sign,
  signAuthorization,
  signTransaction,
} from '../../src/transaction/sign.ts';
import { type SignedTransaction, type TransactionFields } from '../../src/transaction/types.ts';

export const sign: Sign = await loadSign();

/** 32 bytes; the numbers 1 to n make distinct keys. */
export function keyOf(index: number): Uint8Array {
  const key = new Uint8Array(32).fill(0x42);
  new DataView(key.buffer).setUint32(28, index);
  return key;
}

export const KEYS: readonly Uint8Array[] = Array.from({ length: 8 }, (_, index) => keyOf(index));
export const ADDRESSES: readonly Uint8Array[] = KEYS.map((key) => addressOf(key));

/** A plain transfer of type 2, with whatever a test wants to be different. */
export function transfer(
  changes: Partial<Extract<TransactionFields, { type: 2 }>> = {},
): Extract<TransactionFields, { type: 2 }> {
  return {
    type: 2,
    nonce: 0n,
    maxPriorityFeePerGas: 1_000_000_000n,
    maxFeePerGas: 30_000_000_000n,
    gasLimit: 21_000n,
    to: new Uint8Array(20).fill(0xee),
    value: 1n,
    data: new Uint8Array(0),
    accessList: [],
    ...changes,
  };
}

/** Compared with what a decoder makes. */
const PLAIN = { noNullPrototype: true } as const;

const bits = (count: number) =>
  fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** BigInt(count) - 1n }),
    fc.nat({ max: count }).map((bit) => 2n ** BigInt(bit) - 1n),
    fc.nat(300).map(BigInt),
  );
const address = fc.uint8Array({ minLength: 20, maxLength: 20 });
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const data = fc.oneof(
  fc.uint8Array({ maxLength: 80 }),
  fc.uint8Array({ minLength: 200, maxLength: 300 }),
);
const accessList = fc.array(
  fc.record({ address, slots: fc.array(hash, { maxLength: 3 }) }, PLAIN),
  {
    maxLength: 3,
  },
);
const common = {
  nonce: bits(63),
  gasLimit: bits(24),
  to: fc.option(address, { nil: undefined }),
  value: bits(256),
  data,
};
/** Priority first: the whole is at least as much. */
const fees = fc.tuple(bits(100), bits(100)).map(([priority, rest]) => ({
  maxPriorityFeePerGas: priority,
  maxFeePerGas: priority + rest,
}));
const authorizations = fc.array(
  fc
    .record({ chainId: bits(64), address, nonce: bits(63), key: fc.constantFrom(...KEYS) })
    .map(({ key, ...fields }) => signAuthorization(fields, key, sign)),
  { minLength: 1, maxLength: 3 },
);

/** Fields of each type, valid as far as a transaction can be by itself. */
export const fieldsOf: Readonly<Record<number, fc.Arbitrary<TransactionFields>>> = {
  0: fc.record({ type: fc.constant(0 as const), ...common, gasPrice: bits(128) }, PLAIN),
  1: fc.record(
    { type: fc.constant(1 as const), ...common, gasPrice: bits(128), accessList },
    PLAIN,
  ),
  2: fc
    .tuple(fc.record({ type: fc.constant(2 as const), ...common, accessList }, PLAIN), fees)
    .map(([rest, fee]) => ({ ...rest, ...fee })),
  3: fc
    .tuple(
      fc.record(
        {
          type: fc.constant(3 as const),
          ...common,
          to: address,
          accessList,
          maxFeePerBlobGas: bits(100),
          blobHashes: fc.array(
            hash.map((bytes) => Uint8Array.from([1, ...bytes.subarray(1)])),
            { minLength: 1, maxLength: 6 },
          ),
        },
        PLAIN,
      ),
      fees,
    )
    .map(([rest, fee]) => ({ ...rest, ...fee })),
  4: fc
    .tuple(
      fc.record(
        {
          type: fc.constant(4 as const),
          ...common,
          to: address,
          accessList,
          authorizations,
        },
        PLAIN,
      ),
      fees,
    )
    .map(([rest, fee]) => ({ ...rest, ...fee })),
};

export const anyFields: fc.Arbitrary<TransactionFields> = fc.oneof(...Object.values(fieldsOf));

/** A signed transaction of any type, with the number of the key that signed. */
export function anySigned(
  chainId: bigint,
): fc.Arbitrary<{ readonly signed: SignedTransaction; readonly signer: number }> {
  return fc
    .tuple(anyFields, fc.nat(KEYS.length - 1), fc.boolean())
    .map(([fields, signer, isBound]) => {
      const chain = fields.type === 0 && !isBound ? undefined : chainId;
      return { signed: signTransaction(fields, chain, KEYS[signer]!, sign), signer };
    });
}
