import { malformedRlp, type RlpReader } from '../rlp/reader.ts';
import { RlpWriter } from '../rlp/writer.ts';
import { WITHDRAWALS_MAX } from './limits.ts';
import type { Withdrawal } from './types.ts';

const INTEGER_BYTES = 8;

/** Adds a withdrawal to what was written (EIP-4895). */
export function writeWithdrawal(writer: RlpWriter, withdrawal: Withdrawal): void {
  const list = writer.openList();
  writer.writeInteger(withdrawal.index);
  writer.writeInteger(withdrawal.validatorIndex);
  writer.writeBytes(withdrawal.address);
  writer.writeInteger(withdrawal.amount);
  writer.closeList(list);
}

/** RLP of one withdrawal, a leaf of the withdrawals trie. */
export function encodeWithdrawal(withdrawal: Withdrawal): Uint8Array {
  const writer = new RlpWriter(64);
  writeWithdrawal(writer, withdrawal);
  return writer.toBytes();
}

/**
 * Reads the list of a block's withdrawals.
 *
 * @throws ExecutionError `malformed-rlp`
 */
export function readWithdrawals(reader: RlpReader): Withdrawal[] {
  const outer = reader.enterList();
  const withdrawals: Withdrawal[] = [];
  while (!reader.isAtEnd) {
    if (withdrawals.length === WITHDRAWALS_MAX) {
      throw malformedRlp(reader.position, `more than ${WITHDRAWALS_MAX} withdrawals`);
    }
    const item = reader.enterList();
    withdrawals.push({
      index: reader.readInteger(INTEGER_BYTES),
      validatorIndex: reader.readInteger(INTEGER_BYTES),
      address: reader.readFixed(20).slice(),
      amount: reader.readInteger(INTEGER_BYTES),
    });
    reader.leaveList(item);
  }
  reader.leaveList(outer);
  return withdrawals;
}
