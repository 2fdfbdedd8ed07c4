import { type HashFunction, sha256, toHex } from '@basalt/protocol';

/** Short name of a node in paths and lists: `n` and 32 hex digits of SHA-256(public key). */
export type NodeId = string;

/** @param publicKey 32 bytes, Ed25519 */
export function nodeId(publicKey: Uint8Array, hash: HashFunction = sha256): NodeId {
  return `n${toHex(hash(publicKey)).slice(0, 32)}`;
}

export function isNodeId(text: string): boolean {
  return /^n[0-9a-f]{32}$/.test(text);
}
