/** Selectors of what Solidity puts in front of a reason (its ABI specification, "Errors"). */
const ERROR_SELECTOR = '0x08c379a0';
const PANIC_SELECTOR = '0x4e487b71';

/** "Panic via assert" and so on in the documentation of Solidity. */
const PANICS: Readonly<Record<number, string>> = {
  0x01: 'an assertion failed',
  0x11: 'arithmetic overflow or underflow',
  0x12: 'division by zero',
  0x21: 'no such value of an enum',
  0x22: 'storage is damaged',
  0x31: 'pop of an empty array',
  0x32: 'index out of bounds',
  0x41: 'out of memory',
  0x51: 'call of a function that is not set',
};

/**
 * Why a call was reverted, for a person, from what it returned: Error(string) and Panic(uint256) in
 * words, anything else as its selector; undefined where it returned nothing.
 */
export function revertReason(data: string): string | undefined {
  if (!/^0x(?:[0-9a-f]{2})+$/i.test(data)) return undefined;
  const selector = data.slice(0, 10).toLowerCase();
  const body = Buffer.from(data.slice(10), 'hex');
  if (selector === ERROR_SELECTOR && body.length >= 64) {
    const length = Number(BigInt(`0x${body.subarray(32, 64).toString('hex')}`));
    if (length <= body.length - 64) return body.subarray(64, 64 + length).toString();
  }
  if (selector === PANIC_SELECTOR && body.length >= 32) {
    const code = body.readUInt32BE(28);
    return `panic 0x${code.toString(16)}: ${PANICS[code] ?? 'unknown'}`;
  }
  if (body.length % 32 === 0) return `custom error ${selector}`;
  return data.length > 66 ? `${data.slice(0, 66)}…` : data;
}
