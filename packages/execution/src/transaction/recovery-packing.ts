import { keccak256, type Recover } from '@basalt/evm';
import { decodeTransaction } from './decode.ts';
import { authoritiesOf } from './recover.ts';
import { readSignedPart } from './signed-part.ts';
import type { SignedTransaction } from './types.ts';

/**
 * How a batch travels to a thread and back: one buffer each way, moved and not cloned.
 *
 *   request: u32 count, u32 length of each encoding, the encodings
 *   answer:  for each an identity; for type 4 then one for each authorization
 *   identity: one byte, 1 when there is one, and an address of 20 bytes
 */
const NUMBER_BYTES = 4;
const ADDRESS_LENGTH = 20;
const IDENTITY_BYTES = 1 + ADDRESS_LENGTH;
const SET_CODE_TYPE = 4;

export function packRequest(transactions: readonly SignedTransaction[]): Uint8Array<ArrayBuffer> {
  const count = transactions.length;
  let size = NUMBER_BYTES * (1 + count);
  for (const { raw } of transactions) size += raw.length;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, count);
  let position = NUMBER_BYTES * (1 + count);
  for (let index = 0; index < count; index++) {
    const { raw } = transactions[index] as SignedTransaction;
    view.setUint32(NUMBER_BYTES * (1 + index), raw.length);
    bytes.set(raw, position);
    position += raw.length;
  }
  return bytes;
}

/** What a thread does with a request. */
export function answerRequest(request: Uint8Array, recover: Recover): Uint8Array<ArrayBuffer> {
  const view = new DataView(request.buffer, request.byteOffset, request.length);
  const count = view.getUint32(0);
  const identities: (Uint8Array | undefined)[] = [];
  let position = NUMBER_BYTES * (1 + count);
  for (let index = 0; index < count; index++) {
    const length = view.getUint32(NUMBER_BYTES * (1 + index));
    const raw = request.subarray(position, position + length);
    position += length;
    const { hash, signature, yParity } = readSignedPart(raw);
    const publicKey = recover(hash, signature, yParity);
    identities.push(
      publicKey === undefined ? undefined : keccak256(publicKey).subarray(32 - ADDRESS_LENGTH),
    );
    if (raw[0] === SET_CODE_TYPE) {
      for (const each of authoritiesOf(decodeTransaction(raw), recover)) identities.push(each);
    }
  }
  const answer = new Uint8Array(identities.length * IDENTITY_BYTES);
  identities.forEach((identity, index) => {
    if (identity === undefined) return;
    answer[index * IDENTITY_BYTES] = 1;
    answer.set(identity, index * IDENTITY_BYTES + 1);
  });
  return answer;
}

/** Takes one identity after another from an answer. */
export class AnswerReader {
  readonly #answer: Uint8Array;
  #position = 0;

  constructor(answer: Uint8Array) {
    this.#answer = answer;
  }

  next(): Uint8Array | undefined {
    const from = this.#position;
    this.#position = from + IDENTITY_BYTES;
    // A view: a copy would take twice its memory, and neighbours live about as long.
    return this.#answer[from] === 1
      ? this.#answer.subarray(from + 1, from + IDENTITY_BYTES)
      : undefined;
  }
}
