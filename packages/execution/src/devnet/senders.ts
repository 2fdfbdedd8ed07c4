import { secp256k1 } from '@noble/curves/secp256k1.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { ExecutionError } from '../errors.ts';
import type { DevnetAccount } from './types.ts';

/** Who may send here: whoever's key is here, and whoever is impersonated. */
export class Senders {
  readonly #keys: ReadonlyMap<string, Uint8Array>;
  readonly #impersonated = new Set<string>();
  #impersonatesAll = false;

  constructor(accounts: readonly DevnetAccount[]) {
    this.#keys = new Map(
      accounts.map(({ address, privateKey }) => [bytesToHex(address), privateKey]),
    );
  }

  keyOf(address: Uint8Array): Uint8Array | undefined {
    return this.#keys.get(bytesToHex(address));
  }

  isImpersonated(address: Uint8Array): boolean {
    return this.#impersonatesAll || this.#impersonated.has(bytesToHex(address));
  }

  impersonate(address: Uint8Array): void {
    this.#impersonated.add(bytesToHex(address));
  }

  stopImpersonating(address: Uint8Array): void {
    this.#impersonated.delete(bytesToHex(address));
  }

  setAutoImpersonate(isOn: boolean): void {
    this.#impersonatesAll = isOn;
  }

  clear(): void {
    this.#impersonated.clear();
    this.#impersonatesAll = false;
  }

  /**
   * @returns 65 bytes: r, s, 27 or 28
   * @throws ExecutionError `invalid` when the key is not here
   */
  sign(address: Uint8Array, digest: Uint8Array): Uint8Array {
    const key = this.keyOf(address);
    if (key === undefined) {
      const message = `there is no key of 0x${bytesToHex(address)} here`;
      throw new ExecutionError('invalid', message, { address: bytesToHex(address) });
    }
    const bytes = secp256k1.sign(digest, key, { prehash: false, format: 'recovered' });
    // noble puts the parity first, Ethereum last and 27 higher.
    const signature = new Uint8Array(65);
    signature.set(bytes.subarray(1));
    signature[64] = 27 + (bytes[0] ?? 0);
    return signature;
  }
}
