/**
 * Registry of payload types: 0x0000-0x00FF core, 0x0100-0x7FFF standard, 0x8000-0xFFFF user. The
 * field has 32 bits; values above 0xFFFF are not allocated. An unknown type is stored as it is.
 */
export const PAYLOAD_TYPE = {
  empty: 0x00,
  opaque: 0x01,
  namespaceGenesis: 0x02,
  keyRotation: 0x03,
  recovery: 0x04,
  crossReference: 0x05,
  namespaceClose: 0x06,
  transactionBatch: 0x10,
  beacon: 0x11,
  rollupBatch: 0x12,
  dataAvailability: 0x13,
  forkProof: 0xfe,
  checkpoint: 0xff,
} as const;

const NAMES: ReadonlyMap<number, string> = /* @__PURE__ */ new Map(
  Object.entries(PAYLOAD_TYPE).map(([name, value]) => [value, name]),
);

/** Name for people: a core name, else the range and the number, e.g. `user 0x8001`. */
export function payloadTypeName(payloadType: number): string {
  const name = NAMES.get(payloadType);
  if (name !== undefined) return name;
  const number = `0x${payloadType.toString(16).padStart(4, '0')}`;
  if (payloadType <= 0xff) return `core ${number}`;
  if (payloadType <= 0x7fff) return `standard ${number}`;
  return payloadType <= 0xffff ? `user ${number}` : `unallocated ${number}`;
}
