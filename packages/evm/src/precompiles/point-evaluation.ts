import { bls12_381 } from '@noble/curves/bls12-381.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { hexToBytes } from '@noble/hashes/utils.js';
import { toBigInt } from './bytes.ts';
import type { Precompile } from './types.ts';

const { G1, G2, fields } = bls12_381;
const INPUT_LENGTH = 192;
const VERSION_KZG = 1;

/** FIELD_ELEMENTS_PER_BLOB and BLS_MODULUS, 32 bytes each (EIP-4844). */
const OUTPUT = hexToBytes(
  `${(4096).toString(16).padStart(64, '0')}${fields.Fr.ORDER.toString(16).padStart(64, '0')}`,
);

/**
 * The secret of the KZG ceremony in G2, `g2_monomial[1]` of the trusted setup: all of the setup
 * that checking one evaluation takes.
 */
const TAU_G2 =
  'b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d' +
  '2914e5870cb452d2afaaab24f3499f72185cbfee53492714734429b7b38608e2' +
  '3926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2';

type PointG1 = typeof G1.Point.BASE;
type PointG2 = typeof G2.Point.BASE;
let tauG2: PointG2 | undefined;

/** EIP-4844: a polynomial committed to by a blob takes the value y at z. */
export const pointEvaluation: Precompile = {
  name: 'pointEvaluation',
  address: 0x0a,
  since: 'cancun',
  gas: () => 50_000n,
  run(input) {
    if (input.length !== INPUT_LENGTH) return undefined;
    const commitmentBytes = input.subarray(96, 144);
    const versionedHash = sha256(commitmentBytes);
    versionedHash[0] = VERSION_KZG;
    if (!versionedHash.every((byte, index) => byte === input[index])) return undefined;
    const z = toBigInt(input.subarray(32, 64));
    const y = toBigInt(input.subarray(64, 96));
    if (z >= fields.Fr.ORDER || y >= fields.Fr.ORDER) return undefined;
    const commitment = readCompressed(commitmentBytes);
    const proof = readCompressed(input.subarray(144, 192));
    if (commitment === undefined || proof === undefined) return undefined;
    return isEvaluation(commitment, z, y, proof) ? OUTPUT.slice() : undefined;
  },
};

/** e(commitment - [y], [1]) = e(proof, [tau - z]), as one product. */
function isEvaluation(commitment: PointG1, z: bigint, y: bigint, proof: PointG1): boolean {
  tauG2 ??= G2.Point.fromHex(TAU_G2);
  const left = commitment.subtract(G1.Point.BASE.multiplyUnsafe(y));
  const right = tauG2.subtract(G2.Point.BASE.multiplyUnsafe(z));
  const pairs = [
    { g1: left, g2: G2.Point.BASE.negate() },
    { g1: proof, g2: right },
  ].filter(({ g1, g2 }) => !g1.is0() && !g2.is0());
  return fields.Fp12.eql(bls12_381.pairingBatch(pairs), fields.Fp12.ONE);
}

/** Infinity is a valid point here; one outside the subgroup is not. */
function readCompressed(bytes: Uint8Array): PointG1 | undefined {
  try {
    const point = G1.Point.fromBytes(bytes);
    point.assertValidity();
    return point;
  } catch {
    return undefined;
  }
}
