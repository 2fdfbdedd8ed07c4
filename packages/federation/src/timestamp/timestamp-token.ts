import { equalBytes, sha256, toHex } from '@basalt/protocol';
import type { Certificate, SignedData, SignerInfo, TSTInfo } from 'pkijs';
import { TimestampError, type TimestampErrorCode } from './errors.ts';
import { CERTIFICATES_MAX, TOKEN_BYTES_MAX } from './limits.ts';
import { bufferOf, nonceBytes, SHA256_OID } from './timestamp-request.ts';

type Pkijs = typeof import('pkijs');

const OID = {
  signedData: '1.2.840.113549.1.7.2',
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  contentType: '1.2.840.113549.1.9.3',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  extendedKeyUsage: '2.5.29.37',
  timeStamping: '1.3.6.1.5.5.7.3.8',
} as const;

/** What a token is checked against. */
export interface ExpectedTimestamp {
  /** What was stamped, e.g. a note text in UTF-8; its SHA-256 is the imprint. */
  readonly message: Uint8Array;
  /** Nonce of the request; undefined for a token that was stored. */
  readonly nonce?: Uint8Array;
  /** Certificates that are believed, DER. */
  readonly trusted: readonly Uint8Array[];
  /**
   * When the signer's certificate must be valid beside the time of the token itself, milliseconds;
   * undefined for a token that was stored.
   */
  readonly validAtMs?: number;
}

/** What a checked token says. */
export interface VerifiedTimestamp {
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** Object identifier of the authority's policy. */
  readonly policy: string;
  /** Serial number, hex. */
  readonly serial: string;
}

/**
 * Checks a time-stamp token (RFC 3161 section 2.4.2, RFC 5816): imprint, nonce, signature over the
 * signed attributes, the signing-certificate attribute, the chain to a trusted certificate at the
 * time of the token, and that the signer's only, critical extended key usage is time stamping.
 * Revocation lists are not fetched.
 *
 * @throws TimestampError with any code but `clock-skew`, `not-granted` and `unreachable`
 */
export async function verifyTimestampToken(
  token: Uint8Array,
  expected: ExpectedTimestamp,
): Promise<VerifiedTimestamp> {
  const pkijs = await import('pkijs');
  const { signed, info } = readToken(pkijs, token);
  checkInfo(info, expected);
  const [signer] = signed.signerInfos;
  if (signer === undefined || signed.signerInfos.length !== 1) {
    refuse('malformed', 'expected one signer');
  }
  const certificate = signerCertificate(pkijs, signed, signer);
  checkUsage(pkijs, certificate);
  checkValidity(certificate, info.genTime.getTime(), 'at the time of the token');
  if (expected.validAtMs !== undefined) checkValidity(certificate, expected.validAtMs, 'now');
  checkAttributes(signer);
  await checkSigningCertificate(signer, certificate);
  await checkSignature(pkijs, signed, expected);
  return {
    timeMs: info.genTime.getTime(),
    policy: info.policy,
    serial: toHex(info.serialNumber.valueBlock.valueHexView),
  };
}

function readToken(pkijs: Pkijs, token: Uint8Array): { signed: SignedData; info: TSTInfo } {
  if (token.length > TOKEN_BYTES_MAX) refuse('malformed', 'expected a shorter token');
  try {
    const content = pkijs.ContentInfo.fromBER(bufferOf(token));
    if (content.contentType !== OID.signedData) throw new Error('no signed data');
    const signed = new pkijs.SignedData({ schema: content.content });
    const { eContentType, eContent } = signed.encapContentInfo;
    if (eContentType !== OID.tstInfo || eContent === undefined) throw new Error('no TSTInfo');
    return { signed, info: pkijs.TSTInfo.fromBER(eContent.getValue()) };
  } catch (error) {
    throw new TimestampError('malformed', 'expected a time-stamp token', { cause: error });
  }
}

function checkInfo(info: TSTInfo, { message, nonce }: ExpectedTimestamp): void {
  const { hashAlgorithm, hashedMessage } = info.messageImprint;
  const isSha256 = hashAlgorithm.algorithmId === SHA256_OID;
  if (!isSha256 || !equalBytes(hashedMessage.valueBlock.valueHexView, sha256(message))) {
    refuse('wrong-imprint', 'expected a stamp over the SHA-256 of this message');
  }
  if (nonce === undefined) return;
  const found = info.nonce?.valueBlock.valueHexView;
  if (found === undefined || !equalBytes(found, nonceBytes(nonce))) {
    refuse('wrong-nonce', 'expected the nonce of the request');
  }
}

function signerCertificate(pkijs: Pkijs, signed: SignedData, signer: SignerInfo): Certificate {
  const { certificates = [] } = signed;
  if (certificates.length > CERTIFICATES_MAX) refuse('malformed', 'expected fewer certificates');
  const { sid } = signer;
  if (!(sid instanceof pkijs.IssuerAndSerialNumber)) {
    return refuse('malformed', 'expected a signer by issuer and serial number');
  }
  const found = certificates.find(
    (one): one is Certificate =>
      one instanceof pkijs.Certificate &&
      one.issuer.isEqual(sid.issuer) &&
      one.serialNumber.isEqual(sid.serialNumber),
  );
  return found ?? refuse('untrusted-certificate', 'expected the certificate of the signer');
}

/** RFC 3161 section 2.3: one purpose, and critical. */
function checkUsage(pkijs: Pkijs, certificate: Certificate): void {
  const usage = certificate.extensions?.find(({ extnID }) => extnID === OID.extendedKeyUsage);
  const parsed: unknown = usage?.parsedValue;
  const purposes = parsed instanceof pkijs.ExtKeyUsage ? parsed.keyPurposes : [];
  const isTimeStamping = purposes.length === 1 && purposes[0] === OID.timeStamping;
  if (usage?.critical !== true || !isTimeStamping) {
    refuse('wrong-usage', 'expected a certificate for time stamping only, marked critical');
  }
}

function checkValidity(certificate: Certificate, atMs: number, when: string): void {
  const { notBefore, notAfter } = certificate;
  if (atMs < notBefore.value.getTime() || atMs > notAfter.value.getTime()) {
    refuse('expired-certificate', `expected a certificate that is valid ${when}`);
  }
}

function checkAttributes(signer: SignerInfo): void {
  const type = attribute(signer, OID.contentType);
  if (String(type?.valueBlock?.toString?.() ?? '') !== OID.tstInfo) {
    refuse('malformed', 'expected the content type among the signed attributes');
  }
}

/** The certificate is named under the signature, so that no other one can take its place. */
async function checkSigningCertificate(
  signer: SignerInfo,
  certificate: Certificate,
): Promise<void> {
  const der = new Uint8Array(certificate.toSchema(false).toBER());
  const v2 = attribute(signer, OID.signingCertificateV2);
  const v1 = attribute(signer, OID.signingCertificate);
  const first = firstCertificateId(v2 ?? v1);
  const [head, next] = first;
  // ESSCertIDv2: the algorithm is left out where it is SHA-256; ESSCertID is always SHA-1.
  const named = head?.idBlock?.tagNumber === 16 ? { oid: oidOf(head), hash: next } : undefined;
  const hash = hexOf(named === undefined ? head : named.hash);
  const algorithm = v2 === undefined ? 'SHA-1' : hashName(named?.oid);
  if (algorithm === undefined || hash === undefined) {
    return refuse('malformed', 'expected the signing certificate among the signed attributes');
  }
  const digest = new Uint8Array(await globalThis.crypto.subtle.digest(algorithm, der));
  if (!equalBytes(digest, hash)) {
    refuse('invalid-signature', 'the token was signed under another certificate');
  }
}

async function checkSignature(
  pkijs: Pkijs,
  signed: SignedData,
  { message, trusted }: ExpectedTimestamp,
): Promise<void> {
  const trustedCerts = trusted.map((der) => pkijs.Certificate.fromBER(bufferOf(der)));
  const data = bufferOf(message);
  let isGood = false;
  try {
    const chain = { trustedCerts, checkChain: true, extendedMode: true } as const;
    const { signatureVerified } = await signed.verify({ signer: 0, ...chain, data });
    isGood = signatureVerified === true;
  } catch (error) {
    const isChain = error instanceof pkijs.SignedDataVerifyError && error.code === CHAIN_FAILED;
    const code = isChain ? 'untrusted-certificate' : 'invalid-signature';
    const reason = error instanceof Error ? error.message : String(error);
    throw new TimestampError(code, reason, { cause: error });
  }
  if (!isGood) refuse('invalid-signature', 'the signature of the token does not hold');
}

/** Code of `SignedDataVerifyError` for a chain that does not end in a trusted certificate. */
const CHAIN_FAILED = 5;

/** The little of an ASN.1 value that is looked at by hand. */
interface Asn1Value {
  readonly idBlock?: { readonly tagNumber: number };
  readonly valueBlock?: {
    readonly value?: readonly Asn1Value[];
    readonly valueHexView?: Uint8Array;
    toString?(): string;
  };
}

function attribute({ signedAttrs }: SignerInfo, type: string): Asn1Value | undefined {
  const found = signedAttrs?.attributes.filter((one) => one.type === type) ?? [];
  return found.length === 1 ? (found[0]?.values[0] as Asn1Value | undefined) : undefined;
}

/** Fields of the first ESSCertID in a SigningCertificate. */
function firstCertificateId(value: Asn1Value | undefined): readonly Asn1Value[] {
  return value?.valueBlock?.value?.[0]?.valueBlock?.value?.[0]?.valueBlock?.value ?? [];
}

function oidOf(algorithm: Asn1Value): string | undefined {
  return algorithm.valueBlock?.value?.[0]?.valueBlock?.toString?.();
}

function hexOf(value: Asn1Value | undefined): Uint8Array | undefined {
  return value?.idBlock?.tagNumber === 4 ? value.valueBlock?.valueHexView : undefined;
}

function hashName(oid: string | undefined): string | undefined {
  if (oid === undefined || oid === SHA256_OID) return 'SHA-256';
  if (oid === '2.16.840.1.101.3.4.2.2') return 'SHA-384';
  return oid === '2.16.840.1.101.3.4.2.3' ? 'SHA-512' : undefined;
}

function refuse(code: TimestampErrorCode, message: string): never {
  throw new TimestampError(code, message);
}
