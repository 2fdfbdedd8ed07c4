/** RLP (Yellow Paper, appendix B), written anew so that tests do not lean on what they test. */
export type RlpValue = Uint8Array | { readonly encoded: Uint8Array } | readonly RlpValue[];

/** Bytes, lists of values, and parts that are encoded already. */
export function rlp(value: RlpValue): Buffer {
  if (value instanceof Uint8Array) {
    if (value.length === 1 && (value[0] ?? 0) < 0x80) return Buffer.from(value);
    return Buffer.concat([header(0x80, value.length), value]);
  }
  if ('encoded' in value) return Buffer.from(value.encoded);
  const body = Buffer.concat(value.map(rlp));
  return Buffer.concat([header(0xc0, body.length), body]);
}

function header(offset: number, length: number): Buffer {
  if (length <= 55) return Buffer.of(offset + length);
  const digits = length.toString(16);
  const size = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return Buffer.concat([Buffer.of(offset + 55 + size.length), size]);
}
