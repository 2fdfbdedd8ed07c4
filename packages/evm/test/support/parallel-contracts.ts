/** Contracts whose calls get in each other's way, in bytecode for every fork. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { isAtLeast } from '../../src/opcodes.ts';
import type { Fork } from '../../src/types.ts';
import { address, assemble, type Part, word } from './machine.ts';

/** Adds one to the slot that the argument names. */
export const COUNTER: Uint8Array = address(0xc0417e4);
/** Moves an amount from the caller's slot to another; fails where it does not suffice. */
export const TOKEN: Uint8Array = address(0x70ce4);
/** Keeps and logs a balance. */
export const READER: Uint8Array = address(0x4ead);
export const COINBASE_READER: Uint8Array = address(0xc4ead);
/** Calls an address with the value that came along, or without, and keeps whether it went well. */
export const FORWARDER: Uint8Array = address(0xf04d);
export const TOUCHER: Uint8Array = address(0x70c4);
export const DESTRUCTIBLE: Uint8Array = address(0xde57);
/** Makes children; the argument is the salt where there are salts. */
export const FACTORY: Uint8Array = address(0xfac7);
/** Keeps the hash of an account's code, or its size before there were hashes. */
export const HASHER: Uint8Array = address(0x4a54);
/** Reads, writes and then fails. */
export const REVERTER: Uint8Array = address(0x4e4e);
/** Adds three slots up into a fourth. */
export const SUMMER: Uint8Array = address(0x5c33);

/** Code from words: opcodes, numbers to push, `:name` places a label and `@name` pushes it. */
function code(text: string): Uint8Array {
  const parts = text
    .trim()
    .split(/\s+/)
    .map((item): Part => {
      if (item.startsWith(':')) return { label: item.slice(1) };
      if (item.startsWith('@')) return { goto: item.slice(1) };
      return /^\d/.test(item) ? BigInt(item) : item;
    });
  return assemble(...parts);
}

const ARGUMENT = '0 CALLDATALOAD';

/** Counts in slot 0; with call data it destroys itself in favour of its caller. */
const CHILD = code(`
  CALLDATASIZE @end JUMPI
  0 SLOAD 1 ADD 0 SSTORE STOP
  :end CALLER SELFDESTRUCT`);

/** Code that begins with `head`, given where what follows it lies, and goes on with `rest`. */
function withData(head: (offset: number) => Uint8Array, rest: Uint8Array): Uint8Array {
  return Uint8Array.of(...head(head(0x20).length), ...rest);
}

/** Sets slot 1, then leaves CHILD as code. */
export const INIT: Uint8Array = withData(
  (offset) => code(`7 1 SSTORE ${CHILD.length} ${offset} 0 CODECOPY ${CHILD.length} 0 RETURN`),
  CHILD,
);

function factoryCode(hasSalts: boolean): Uint8Array {
  const create = hasSalts ? 'CREATE2' : 'CREATE';
  return withData(
    (offset) =>
      code(`
        ${INIT.length} ${offset} 0 CODECOPY ${hasSalts ? ARGUMENT : ''}
        ${INIT.length} 0 CALLVALUE ${create} 0 SSTORE STOP`),
    INIT,
  );
}

/** Before EIP-150 no gas may be asked for that is not there. */
function forwardCode(value: string): Uint8Array {
  return code(`0 0 0 0 ${value} ${ARGUMENT} 60000 CALL ${ARGUMENT} SSTORE STOP`);
}

export function codesOf(fork: Fork): readonly (readonly [Uint8Array, Uint8Array])[] {
  const hasHashes = isAtLeast(fork, 'constantinople');
  const look = hasHashes ? 'EXTCODEHASH' : 'EXTCODESIZE';
  return [
    [COUNTER, code(`${ARGUMENT} SLOAD 1 ADD ${ARGUMENT} SSTORE STOP`)],
    [
      TOKEN,
      code(`
        32 CALLDATALOAD CALLER SLOAD DUP2 DUP2 LT @poor JUMPI
        DUP2 SWAP1 SUB CALLER SSTORE
        ${ARGUMENT} SLOAD DUP2 ADD ${ARGUMENT} SSTORE
        DUP1 0 MSTORE ${ARGUMENT} CALLER 77 32 0 LOG3 STOP
        :poor 1 JUMP`),
    ],
    [READER, code(`${ARGUMENT} BALANCE DUP1 ${ARGUMENT} SSTORE ${ARGUMENT} 0 0 LOG2 STOP`)],
    [COINBASE_READER, code('COINBASE BALANCE 1 SSTORE STOP')],
    [FORWARDER, forwardCode('CALLVALUE')],
    [TOUCHER, forwardCode('0')],
    [DESTRUCTIBLE, code(`${ARGUMENT} SELFDESTRUCT`)],
    [FACTORY, factoryCode(hasHashes)],
    [HASHER, code(`${ARGUMENT} ${look} ${ARGUMENT} SSTORE STOP`)],
    [REVERTER, code(`${ARGUMENT} BALANCE 2 MOD 0 SSTORE 5 SLOAD 1 ADD JUMP`)],
    [SUMMER, code(`1 SLOAD 2 SLOAD ADD 3 SLOAD ADD ${ARGUMENT} SSTORE`)],
  ];
}

/** Where the factory puts the child of a salt, or of its nonce before there were salts. */
export function childOf(fork: Fork, salt: bigint): Uint8Array {
  const preimage = isAtLeast(fork, 'constantinople')
    ? Uint8Array.of(0xff, ...FACTORY, ...word(salt), ...keccak_256(INIT))
    : Uint8Array.of(0xd6, 0x94, ...FACTORY, Number(salt));
  return keccak_256(preimage).slice(12);
}
