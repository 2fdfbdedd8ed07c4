import { assert, equalBytes, toHex } from '@basalt/protocol';
import type { Condition, WriteOperation } from '../engine.ts';
import { StoreError } from '../errors.ts';
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../limits.ts';

/** Bounds that each engine keeps; breaking one is the layout's mistake, not the input's. */
export function checkOperations(operations: readonly WriteOperation[]): void {
  for (const operation of operations) {
    const { length } = operation.key;
    assert(length >= 1 && length <= KEY_BYTES_MAX, 'a key has 1 to 512 bytes');
    if (operation.type === 'put') {
      const bytes = operation.value.length;
      assert(bytes >= 1 && bytes <= VALUE_BYTES_MAX, 'a value has 1 byte to 32 MiB');
    }
  }
}

export function conditionHolds(condition: Condition, value: Uint8Array | undefined): boolean {
  if (condition.value === undefined || value === undefined) return condition.value === value;
  return equalBytes(condition.value, value);
}

export function conflict(condition: Condition): StoreError {
  return new StoreError(
    'conflict',
    `expected another value at ${condition.table}/${toHex(condition.key)}: somebody else wrote it`,
    { table: condition.table },
  );
}
