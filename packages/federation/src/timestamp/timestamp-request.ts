import { assert } from '@basalt/protocol';
import { TimestampError } from './errors.ts';
import { TOKEN_BYTES_MAX } from './limits.ts';

export const SHA256_OID = '2.16.840.1.101.3.4.2.1';

/** PKIStatus granted and grantedWithMods (RFC 3161 section 2.4.2). */
const GRANTED: ReadonlySet<number> = /* @__PURE__ */ new Set([0, 1]);

/**
 * A time-stamp request (RFC 3161 section 2.4.1) that asks for the certificates too.
 *
 * @param imprint 32 bytes, SHA-256 of what is to be stamped
 * @param nonce random bytes, at least one; the first bit is cleared so that the integer is positive
 * @returns DER, `application/timestamp-query`
 */
export async function createTimestampRequest(
  imprint: Uint8Array,
  nonce: Uint8Array,
): Promise<Uint8Array> {
  assert(imprint.length === 32, 'an imprint has 32 bytes');
  const pkijs = await import('pkijs');
  const asn1js = await import('asn1js');
  const algorithm = new pkijs.AlgorithmIdentifier({
    algorithmId: SHA256_OID,
    algorithmParams: new asn1js.Null(),
  });
  const request = new pkijs.TimeStampReq({
    version: 1,
    messageImprint: new pkijs.MessageImprint({
      hashAlgorithm: algorithm,
      hashedMessage: new asn1js.OctetString({ valueHex: bufferOf(imprint) }),
    }),
    nonce: new asn1js.Integer({ valueHex: bufferOf(nonceBytes(nonce)) }),
    certReq: true,
  });
  return new Uint8Array(request.toSchema().toBER());
}

/**
 * The token in a time-stamp response; nothing about it is verified.
 *
 * @param bytes DER, `application/timestamp-reply`
 * @throws TimestampError `malformed`, `not-granted`
 */
export async function readTimestampResponse(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length > TOKEN_BYTES_MAX) {
    throw new TimestampError('malformed', 'expected a shorter time-stamp response');
  }
  const { TimeStampResp } = await import('pkijs');
  const asn1js = await import('asn1js');
  let response: InstanceType<typeof TimeStampResp>;
  let token: Uint8Array | undefined;
  try {
    response = TimeStampResp.fromBER(bufferOf(bytes));
    const { result } = asn1js.fromBER(bufferOf(bytes));
    // As it came: encoding it anew could change bytes that others have hashed.
    token = result instanceof asn1js.Sequence ? bytesOf(result.valueBlock.value[1]) : undefined;
  } catch (error) {
    throw new TimestampError('malformed', 'expected a time-stamp response', { cause: error });
  }
  const { status } = response.status;
  if (!GRANTED.has(status) || token === undefined) {
    throw new TimestampError('not-granted', `the authority refused: PKI status ${status}`);
  }
  return token;
}

function bytesOf(
  value: { readonly valueBeforeDecodeView: Uint8Array } | undefined,
): Uint8Array | undefined {
  return value === undefined ? undefined : new Uint8Array(value.valueBeforeDecodeView);
}

/** Bytes of the nonce as a positive integer in its shortest form (DER). */
export function nonceBytes(nonce: Uint8Array): Uint8Array {
  assert(nonce.length > 0, 'a nonce has bytes');
  const bytes = new Uint8Array(nonce);
  // The first byte from 0x40 to 0x7f: positive, and no leading zeros to be dropped on the way.
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return bytes;
}

/** A buffer of exactly these bytes; `slice` of a Buffer would share one with others. */
export function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
