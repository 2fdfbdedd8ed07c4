import { type AccountChange, keccak256 } from '@basalt/evm';

const EMPTY_CODE_HASH = keccak256(new Uint8Array(0));
/** Accounts and slots that blocks write again and again. */
const ACCOUNTS = 300;
const SLOTS = 40;

/** A number that looks random and depends on what it is made of only. */
function mixed(...parts: number[]): number {
  const bytes = new Uint8Array(4 * parts.length);
  const view = new DataView(bytes.buffer);
  for (const [index, part] of parts.entries()) view.setUint32(4 * index, part);
  return new DataView(keccak256(bytes).buffer).getUint32(0);
}

function addressOf(index: number): Uint8Array {
  return keccak256(Uint8Array.of(index >>> 8, index & 0xff)).slice(0, 20);
}

/** Changes of block `number`: always the same, so that two processes can agree about a state. */
export function changesOfBlock(number: number, count = 40): AccountChange[] {
  return Array.from({ length: count }, (_, index) => {
    const pick = mixed(number, index, 1) % ACCOUNTS;
    const kind = mixed(number, index, 2) % 12;
    const storage = Array.from({ length: kind === 0 ? 0 : 3 }, (_each, slot) => ({
      slot: new Uint8Array(32).with(31, mixed(number, index, slot, 3) % SLOTS),
      value: new Uint8Array(32).with(31, mixed(number, index, slot, 4) % 5),
    }));
    return {
      address: addressOf(pick),
      account:
        kind === 0
          ? undefined
          : { nonce: BigInt(number), balance: BigInt(mixed(index)), codeHash: EMPTY_CODE_HASH },
      storageCleared: kind <= 1,
      storage,
    };
  });
}

export function hashOfBlock(number: number): Uint8Array {
  return keccak256(Uint8Array.of(number >>> 16, number >>> 8, number & 0xff));
}
