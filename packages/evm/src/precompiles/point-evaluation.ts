import { sha256 } from '@noble/hashes/sha2.js';
import { hexToBytes } from '@noble/hashes/utils.js';
import { fromBigInt, toBigInt } from './bytes.ts';
import { BLS12_381_ORDER, bls12Curve } from './curves/bls12-381.ts';
import type { GroupName } from './curves/curve.ts';
import type { Precompile } from './types.ts';

const INPUT_LENGTH = 192;
const VERSION_KZG = 1;
const ONE = fromBigInt(1n, 32);

/** FIELD_ELEMENTS_PER_BLOB and BLS_MODULUS, 32 bytes each (EIP-4844). */
const OUTPUT = hexToBytes(
  `${(4096).toString(16).padStart(64, '0')}${BLS12_381_ORDER.toString(16).padStart(64, '0')}`,
);

// Compressed points: the base of G1, that of G2 with its sign changed, and the secret of the KZG
// ceremony in G2, `g2_monomial[1]` of the trusted setup, which is all of the setup that checking
// one evaluation takes.
const BASE_G1 =
  '97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac58' +
  '6c55e83ff97a1aeffb3af00adb22c6bb';
const NEGATED_BASE_G2 =
  'b3e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049' +
  '334cf11213945d57e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051' +
  'c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8';
const TAU_G2 =
  'b5bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d' +
  '2914e5870cb452d2afaaab24f3499f72185cbfee53492714734429b7b38608e2' +
  '3926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2';

interface Constants {
  readonly baseG1: Uint8Array;
  readonly negatedBaseG2: Uint8Array;
  readonly tauG2: Uint8Array;
}

let constants: Constants | undefined;

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
    const z = input.subarray(32, 64);
    const y = toBigInt(input.subarray(64, 96));
    if (toBigInt(z) >= BLS12_381_ORDER || y >= BLS12_381_ORDER) return undefined;
    // Infinity is a valid point here; one outside the subgroup is not.
    const commitment = bls12Curve().decompress('G1', commitmentBytes);
    const proof = bls12Curve().decompress('G1', input.subarray(144, 192));
    if (commitment === undefined || proof === undefined) return undefined;
    return isEvaluation(commitment, z, y, proof) ? OUTPUT.slice() : undefined;
  },
};

/**
 * e(commitment - [y], [1]) = e(proof, [tau - z]). With z on the other side only points of G1 are
 * multiplied: e(commitment - [y] + z proof, -[1]) e(proof, [tau]) = 1.
 */
function isEvaluation(
  commitment: Uint8Array,
  z: Uint8Array,
  y: bigint,
  proof: Uint8Array,
): boolean {
  constants ??= {
    baseG1: decompressConstant('G1', BASE_G1),
    negatedBaseG2: decompressConstant('G2', NEGATED_BASE_G2),
    tauG2: decompressConstant('G2', TAU_G2),
  };
  const { baseG1, negatedBaseG2, tauG2 } = constants;
  const terms = [
    { point: commitment, scalar: ONE },
    { point: baseG1, scalar: fromBigInt(BLS12_381_ORDER - y, 32) },
    { point: proof, scalar: z },
  ];
  const sum = bls12Curve().sumOfProducts('G1', terms, 'curve');
  if (sum === undefined) return false;
  const pairs = [
    { g1: sum, g2: negatedBaseG2, membershipG1: 'curve' },
    { g1: proof, g2: tauG2, membershipG1: 'curve' },
  ] as const;
  return bls12Curve().isPairingProductOne(pairs) === true;
}

function decompressConstant(group: GroupName, hex: string): Uint8Array {
  const point = bls12Curve().decompress(group, hexToBytes(hex));
  if (point === undefined) throw new Error('a constant is not a point');
  return point;
}
