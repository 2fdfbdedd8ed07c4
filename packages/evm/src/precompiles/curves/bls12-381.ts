import { BLS12_381 } from 'mcl-wasm/dist/constants.js';
import { Curve } from './curve.ts';

/** Of the subgroup (EIP-2537). */
export const BLS12_381_ORDER: bigint =
  0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;

let loaded: Curve | undefined;

/** The curve of EIP-2537, loaded when first asked for: few chains need it. */
export function bls12Curve(): Curve {
  loaded ??= new Curve({
    mclCurve: BLS12_381,
    fieldOrder: BigInt(
      '0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f624' +
        '1eabfffeb153ffffb9feffffffffaaab',
    ),
    elementLength: 64,
    isImaginaryFirst: false,
  });
  return loaded;
}
