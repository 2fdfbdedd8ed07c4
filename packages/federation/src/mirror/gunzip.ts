import { PeerError } from '../peer/errors.ts';

/** What gzip holds, as long as that is bounded. @throws PeerError `bad-request` */
export async function gunzip(bytes: Uint8Array, bytesMax: number): Promise<Uint8Array> {
  const source = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const reader = source.pipeThrough(new DecompressionStream('gzip')).getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > bytesMax) break;
      pieces.push(value);
    }
  } catch (error) {
    throw new PeerError('bad-request', 'expected gzip in the body', {}, { cause: error });
  }
  if (length > bytesMax) {
    await reader.cancel().catch(() => undefined);
    throw new PeerError('bad-request', `expected at most ${bytesMax} bytes without compression`);
  }
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}
